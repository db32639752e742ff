//! What a reader of a snapshot sees: families, series and values.

use std::{fmt, ops::Range, time::SystemTime};

use super::{
    Snapshot,
    number::Number,
    quantile,
    schema::{Family, Shape},
};
use crate::Exemplar;

/// The type of a family, as an exposition names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Counts by bucket, and a sum.
    Histogram,
    /// Quantiles computed by whoever made it.
    Summary,
    /// Labels that describe something; the value is 1.
    Info,
    /// One or more of a fixed set of states.
    StateSet,
    /// A number of which nothing is known.
    Unknown,
}

impl MetricKind {
    /// The name of the type, in OpenMetrics' spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// The label that an exposition adds to samples of this kind, and that the family's own must not be named like.
    /// (`quantile`, of a summary, is no legal label name at all.)
    pub(crate) fn added_label(self, family: &str) -> Option<&str> {
        match self {
            Self::Histogram => Some("le"),
            Self::StateSet => Some(family),
            _ => None,
        }
    }
}

/// What a series holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Of a counter, a gauge or an unknown.
    Number(Number),
    /// Of a histogram.
    Histogram(HistogramView<'a>),
    /// Of a summary.
    Summary(SummaryView<'a>),
    /// Of an info: the labels say it all.
    Info,
    /// Of a state set.
    StateSet(StateSetView<'a>),
}

/// A family of a snapshot.
#[derive(Clone, Copy)]
pub struct FamilyView<'a> {
    snapshot: &'a Snapshot,
    family: &'a Family,
}

impl<'a> FamilyView<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, family: &'a Family) -> Self {
        Self { snapshot, family }
    }

    /// The full name, with the registry's namespace and subsystem.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.family.name
    }

    /// The help text; a family built by hand may have none.
    #[must_use]
    pub fn help(&self) -> Option<&'a str> {
        self.family.help.as_deref()
    }

    /// The unit, if one was declared.
    #[must_use]
    pub fn unit(&self) -> Option<&'a str> {
        self.family.unit.as_deref()
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        self.family.kind
    }

    /// The [indices](SeriesView::index) of its series, those without a value among them.
    #[must_use]
    pub fn indices(&self) -> Range<usize> {
        self.family.series.start as usize..self.family.series.end as usize
    }

    /// The series with this [index](SeriesView::index), if it is one of the family's and has a value. Cheaper than
    /// [`Snapshot::series_at`], which looks for the family.
    #[inline]
    #[must_use]
    pub fn series_at(&self, index: usize) -> Option<SeriesView<'a>> {
        let Self { snapshot, family } = *self;
        let index = u32::try_from(index).ok().filter(|index| family.series.contains(index))?;
        (!snapshot.is_missing(index)).then(|| SeriesView::new(snapshot, family, index))
    }

    /// The series that have a value, sorted by their labels.
    pub fn series(&self) -> impl Iterator<Item = SeriesView<'a>> + use<'a> {
        let Self { snapshot, family } = *self;
        let has_value = move |index: &u32| !snapshot.is_missing(*index);
        family.series.clone().filter(has_value).map(move |index| SeriesView::new(snapshot, family, index))
    }
}

impl fmt::Debug for FamilyView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().as_str())?;
        f.write_str(" ")?;
        let entries = self.series().map(|series| (LabelSet(series), series.value()));
        f.debug_map().entries(entries).finish()
    }
}

/// Labels as `{a="b"}`, for debug output.
struct LabelSet<'a>(SeriesView<'a>);

impl fmt::Debug for LabelSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.0.labels().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

/// A series of a snapshot.
#[derive(Clone, Copy)]
pub struct SeriesView<'a> {
    index: u32,
    family: &'a Family,
    snapshot: &'a Snapshot,
}

impl<'a> SeriesView<'a> {
    #[inline]
    pub(super) fn new(snapshot: &'a Snapshot, family: &'a Family, index: u32) -> Self {
        Self { index, family, snapshot }
    }

    /// The position among all series of the schema, which begins at 0 and follows the order of families and series.
    /// It is the same in every snapshot with this schema, also when a series before it has no value.
    #[must_use]
    #[inline]
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Names and values of the labels, sorted by name, constant labels included.
    #[must_use]
    #[inline]
    pub fn labels(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + use<'a> {
        self.family.labels(self.index)
    }

    /// The value.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        match self.family.shape(self.index) {
            Shape::U64 => Value::Number(Number::U64(self.first_value())),
            Shape::I64 => Value::Number(Number::I64(self.first_value() as i64)),
            Shape::F64 => Value::Number(Number::F64(f64::from_bits(self.first_value()))),
            Shape::Histogram(bounds) => Value::Histogram(HistogramView { bounds, values: self.values() }),
            Shape::Summary(quantiles) => Value::Summary(SummaryView { quantiles, values: self.values() }),
            Shape::Info => Value::Info,
            Shape::StateSet(states) => Value::StateSet(StateSetView { states, values: self.values() }),
        }
    }

    /// The time of the sample in milliseconds since the Unix epoch, if whoever built the family by hand gave one.
    #[inline]
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<i64> {
        let end = self.column() + self.family.shape(self.index).columns();
        self.family.is_timed(self.index).then(|| self.snapshot.values()[end] as i64)
    }

    /// When the series began, if the registry [keeps that](crate::RegistryBuilder::created), or whoever built the
    /// family by hand gave it: for a counter, a histogram or a summary the time from which on it has counted.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        self.family.created(self.index)
    }

    /// The exemplars of the series, each with the index of its bucket, ascending; that of a counter is 0. None unless
    /// the registry [records them](crate::RegistryBuilder::exemplars), or whoever built the family by hand gave some.
    ///
    /// Each is of a record that is in the value. It may be older than the snapshot before, and it may change where the
    /// value has not, if that snapshot came between a record and its exemplar;
    /// [`changed_since`](Snapshot::changed_since) tells such series too.
    #[inline]
    #[must_use]
    pub fn exemplars(&self) -> impl ExactSizeIterator<Item = (usize, &'a Exemplar)> + use<'a> {
        let placed = self.snapshot.exemplars_of(self.index).iter();
        placed.map(|placed| (placed.bucket as usize, &placed.exemplar))
    }

    #[inline]
    fn first_value(&self) -> u64 {
        self.snapshot.values()[self.column()]
    }

    #[inline]
    fn values(&self) -> &'a [u64] {
        &self.snapshot.values()[self.column()..][..self.family.shape(self.index).columns()]
    }

    #[inline]
    fn column(&self) -> usize {
        self.family.column(self.index)
    }

    pub(super) fn has_labels(&self, labels: &[(&str, &str)]) -> bool {
        self.labels().len() == labels.len() && self.labels().all(|label| labels.contains(&label))
    }
}

impl fmt::Debug for SeriesView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entry(&LabelSet(*self), &self.value()).finish()
    }
}

/// A histogram of a snapshot.
#[derive(Clone, Copy)]
pub struct HistogramView<'a> {
    pub(super) bounds: &'a [f64],
    pub(super) values: &'a [u64],
}

impl<'a> HistogramView<'a> {
    /// The finite upper bounds, ascending and inclusive. The last bucket, up to +Inf, has none here.
    #[must_use]
    pub fn bounds(&self) -> &'a [f64] {
        self.bounds
    }

    /// Observations by bucket, each counted once; one longer than [`bounds`](Self::bounds).
    #[must_use]
    pub fn counts(&self) -> &'a [u64] {
        &self.values[..=self.bounds.len()]
    }

    /// Upper bound and number of observations at or below it, bucket by bucket; the last bound is +Inf.
    #[must_use]
    pub fn cumulative(&self) -> impl ExactSizeIterator<Item = (f64, u64)> + use<'a> {
        let mut total = 0_u64;
        let bounds = self.bounds;
        self.counts().iter().enumerate().map(move |(bucket, count)| {
            total = total.wrapping_add(*count);
            (bounds.get(bucket).copied().unwrap_or(f64::INFINITY), total)
        })
    }

    /// Observations in all. In a snapshot of a registry it is the sum of [`counts`](Self::counts), always.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.values[self.bounds.len() + 1]
    }

    /// The sum of exactly those observations.
    #[must_use]
    pub fn sum(&self) -> f64 {
        f64::from_bits(self.values[self.bounds.len() + 2])
    }

    /// The `q`-quantile as PromQL's `histogram_quantile` computes it: linear within a bucket, from 0 in the first one,
    /// and the greatest finite bound when it falls beyond. NaN without observations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        quantile::classic(q, self)
    }

    /// The `q`-quantile through an hdrhistogram, for a layout from [`Buckets::log_linear`](crate::Buckets::log_linear).
    ///
    /// The answer is the upper bound of the bucket that holds the quantile, so it is never too low, and too high by
    /// at most one bucket's width (a `1 / steps` part of the value) plus one thousandth. Observations at or below the
    /// first bound answer that bound; beyond the last one, the last. NaN without observations, or with `q` not in 0
    /// to 1.
    #[must_use]
    pub fn hdr_quantile(&self, q: f64) -> f64 {
        quantile::hdr(q, self)
    }
}

impl fmt::Debug for HistogramView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("sum", &self.sum())
            .field("bounds", &self.bounds)
            .field("counts", &self.counts())
            .finish()
    }
}

/// A summary of a family built by hand.
#[derive(Clone, Copy)]
pub struct SummaryView<'a> {
    quantiles: &'a [f64],
    values: &'a [u64],
}

impl<'a> SummaryView<'a> {
    /// Quantile and value at it, in the order they were given.
    #[must_use]
    pub fn quantiles(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + use<'a> {
        let bits = self.values.iter().copied().map(f64::from_bits);
        self.quantiles.iter().copied().zip(bits)
    }

    /// Observations in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.values[self.quantiles.len()]
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        f64::from_bits(self.values[self.quantiles.len() + 1])
    }
}

impl fmt::Debug for SummaryView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary")
            .field("count", &self.count())
            .field("sum", &self.sum())
            .field("quantiles", &self.quantiles().collect::<Vec<_>>())
            .finish()
    }
}

/// A state set of a family built by hand.
#[derive(Clone, Copy)]
pub struct StateSetView<'a> {
    states: &'a [Box<str>],
    values: &'a [u64],
}

impl<'a> StateSetView<'a> {
    /// Each state and whether it is on.
    #[must_use]
    pub fn states(&self) -> impl ExactSizeIterator<Item = (&'a str, bool)> + use<'a> {
        self.states.iter().map(|state| &**state).zip(self.values.iter().map(|on| *on != 0))
    }
}

impl fmt::Debug for StateSetView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.states()).finish()
    }
}
