//! Snapshots: what all metrics of a registry were worth at one time, and the only thing an exporter sees.
//!
//! A snapshot is a schema (names, help, labels, bounds), shared by all snapshots until something is registered or a
//! callback answers other series, and one flat column of values. Families are sorted by name, series by their labels.

use std::{fmt, sync::Arc as Shared};

use crate::{exemplar::Placed, sync::Arc};

mod batch;
pub(crate) mod build;
pub(crate) mod callback;
mod cell_plan;
pub(crate) mod changed;
pub(crate) mod claims;
pub(crate) mod collect;
pub(crate) mod known;
mod nested;
pub(crate) mod number;
pub(crate) mod observer;
pub(crate) mod own;
pub(crate) mod quantile;
pub(crate) mod registered;
pub(crate) mod schema;
pub(crate) mod since;
pub(crate) mod view;
pub(crate) mod workers;

use number::Number;
use schema::{Schema, SchemaId};
use view::{FamilyView, HistogramView, MetricKind, SeriesView, Value};

/// The values of all metrics of a registry, or of metrics built by hand with [`Snapshot::builder`].
///
/// Cloning copies the values and shares the schema. A snapshot of a registry keeps the cells of its series from being
/// reused while it lives, so drop it when it has served.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let sent = registry.counter_family("records_sent_total", "Records sent.", ["stream_name"])?;
/// let orders = sent.with([("stream_name", "orders")])?;
/// orders.add(3);
/// let before = registry.snapshot();
/// orders.add(4);
/// let after = registry.snapshot();
/// assert_eq!(after.counter("records_sent_total", &[("stream_name", "orders")]), Some(7));
/// assert_eq!(after.since(&before).counter("records_sent_total", &[("stream_name", "orders")]), Some(4));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    schema: Arc<Schema>,
    values: Box<[u64]>,
    /// Series without a value this time: their callback failed, or the gauge was not set yet; ascending.
    missing: Box<[u32]>,
    /// By series and bucket, ascending.
    exemplars: Shared<[Placed]>,
}

impl Snapshot {
    pub(crate) fn new(
        schema: Arc<Schema>,
        values: Box<[u64]>,
        missing: Box<[u32]>,
        mut exemplars: Vec<Placed>,
    ) -> Self {
        exemplars.sort_by_key(|placed| (placed.series, placed.bucket));
        let exemplars = if exemplars.is_empty() { Shared::default() } else { exemplars.into() };
        Self { schema, values, missing, exemplars }
    }

    /// Names the schema: two snapshots with equal ids have the same families and series at the same indices.
    ///
    /// Exporters keep what they made of the schema under this id.
    #[must_use]
    pub fn schema_id(&self) -> SchemaId {
        self.schema.id
    }

    /// Whether the two have the same series: equal ids of their schemas, and the same series without a value, because
    /// their callback failed or a gauge was not set yet. What an exporter made of the one then differs from that of the
    /// other in values alone. Costs two comparisons where every series has a value.
    #[must_use]
    pub fn has_series_of(&self, other: &Self) -> bool {
        self.schema.id == other.schema.id && self.missing == other.missing
    }

    /// All families, sorted by name.
    #[must_use]
    pub fn families(&self) -> impl ExactSizeIterator<Item = FamilyView<'_>> {
        self.schema.families.iter().map(|family| FamilyView::new(self, family))
    }

    /// The family with this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<FamilyView<'_>> {
        let families = &self.schema.families;
        let at = families.binary_search_by(|family| (*family.name).cmp(name)).ok()?;
        Some(FamilyView::new(self, &families[at]))
    }

    /// The series with this name and exactly these labels, in any order, constant labels included. Compares the
    /// labels of one series of the family after the other, as do the look-ups below; walk
    /// [`families`](Self::families) to read many.
    #[must_use]
    pub fn series(&self, name: &str, labels: &[(&str, &str)]) -> Option<SeriesView<'_>> {
        self.family(name)?.series().find(|series| series.has_labels(labels))
    }

    /// The series with this [index](SeriesView::index), if it has a value here. Finds it at once, however many there
    /// are.
    #[inline]
    #[must_use]
    pub fn series_at(&self, index: usize) -> Option<SeriesView<'_>> {
        let families = &self.schema.families;
        let family = families.partition_point(|family| family.series.end as usize <= index);
        FamilyView::new(self, families.get(family)?).series_at(index)
    }

    /// The value of an integer counter, for tests.
    #[must_use]
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        match self.number(MetricKind::Counter, name, labels)? {
            Number::U64(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a float counter, for tests.
    #[must_use]
    pub fn float_counter(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        match self.number(MetricKind::Counter, name, labels)? {
            Number::F64(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an up-down counter, for tests.
    #[must_use]
    pub fn up_down_counter(&self, name: &str, labels: &[(&str, &str)]) -> Option<i64> {
        match self.number(MetricKind::Gauge, name, labels)? {
            Number::I64(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a gauge, or of an up-down counter as a float, for tests.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.number(MetricKind::Gauge, name, labels).map(Number::as_f64)
    }

    /// A histogram, for tests and reports.
    #[must_use]
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<HistogramView<'_>> {
        match self.series(name, labels)?.value() {
            Value::Histogram(histogram) => Some(histogram),
            _ => None,
        }
    }

    /// The number that a series of a family of this kind holds.
    fn number(&self, kind: MetricKind, name: &str, labels: &[(&str, &str)]) -> Option<Number> {
        let family = self.family(name).filter(|family| family.kind() == kind)?;
        match family.series().find(|series| series.has_labels(labels))?.value() {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn values(&self) -> &[u64] {
        &self.values
    }

    /// The exemplars of the series with this index, by bucket.
    #[inline]
    pub(crate) fn exemplars_of(&self, series: u32) -> &[Placed] {
        // Almost always empty, which costs one compare.
        if self.exemplars.is_empty() {
            return &[];
        }
        let first = self.exemplars.partition_point(|placed| placed.series < series);
        let own = self.exemplars[first..].partition_point(|placed| placed.series == series);
        &self.exemplars[first..first + own]
    }

    #[inline]
    pub(crate) fn is_missing(&self, series: u32) -> bool {
        // Almost always empty, which costs one compare.
        !self.missing.is_empty() && self.missing.binary_search(&series).is_ok()
    }
}

/// Equal when they hold the same families, series, values and exemplars. Floats are compared bit by bit, so NaN equals
/// itself.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        (self.schema.id == other.schema.id || self.schema.describes_the_same(&other.schema))
            && self.values == other.values
            && self.missing == other.missing
            && self.exemplars == other.exemplars
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.families().map(|family| (family.name(), family))).finish()
    }
}
