//! The schema of a snapshot: everything about the metrics but their values.

use std::{ops::Range, sync::Arc as Shared};

use super::{collect::Plan, view::MetricKind};
use crate::{
    name::ConstantLabel,
    size,
    sync::{AtomicU64, Ordering, process_wide},
};

/// Names a schema, for caches. Ids are never used twice in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(u64);

process_wide! {
    static NEXT_ID: AtomicU64 = AtomicU64::new(0);
}

impl SchemaId {
    fn next() -> Self {
        // Relaxed: the ids only have to differ.
        Self(NEXT_ID.fetch_add(1, Ordering::Relaxed))
    }
}

/// A series' labels, sorted by name, constant labels included.
pub(crate) type Labels = Box<[(Shared<str>, Shared<str>)]>;

/// These labels and the constant ones.
pub(crate) fn with_constant_labels(
    labels: impl Iterator<Item = (Shared<str>, Shared<str>)>,
    constant: &[ConstantLabel],
) -> Labels {
    let constant = constant.iter().map(|(name, value)| (name.shared(), Shared::clone(value)));
    let mut labels: Labels = labels.chain(constant).collect();
    labels.sort();
    labels
}

/// Families sorted by name, series sorted by labels, and where the values of each lie.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) id: SchemaId,
    pub(crate) families: Box<[Family]>,
    pub(crate) series: Box<[Series]>,
    /// Values of a snapshot.
    pub(crate) columns: usize,
    pub(crate) plan: Plan,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Family {
    pub(crate) name: Shared<str>,
    pub(crate) help: Option<Shared<str>>,
    pub(crate) unit: Option<Shared<str>>,
    pub(crate) kind: MetricKind,
    /// Its series, in [`Schema::series`].
    pub(crate) series: Range<u32>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    pub(crate) shape: Shape,
    /// Whether a time follows its values, in milliseconds since the Unix epoch.
    pub(crate) timed: bool,
    /// Where its values begin.
    pub(crate) column: usize,
}

/// What the values of a series are. Floats lie in the column as their bits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    U64,
    I64,
    F64,
    /// One count for each bucket, not cumulative, the one up to +Inf included; then the count of all, then the sum.
    Histogram(Shared<[f64]>),
    /// One value for each quantile; then the count, then the sum.
    Summary(Shared<[f64]>),
    Info,
    /// 0 or 1 for each state.
    StateSet(Shared<[Box<str>]>),
}

impl Series {
    /// Where its values end, the time included if there is one.
    pub(crate) fn end(&self) -> usize {
        self.column + self.shape.columns() + usize::from(self.timed)
    }
}

impl Shape {
    pub(crate) fn columns(&self) -> usize {
        match self {
            Self::U64 | Self::I64 | Self::F64 => 1,
            Self::Histogram(bounds) => bounds.len() + 1 + 2,
            Self::Summary(quantiles) => quantiles.len() + 2,
            Self::Info => 0,
            Self::StateSet(states) => states.len(),
        }
    }
}

/// A family on its way into a schema; `S` says where the values of a series come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FamilyDraft<S> {
    pub(crate) name: Shared<str>,
    pub(crate) help: Option<Shared<str>>,
    pub(crate) unit: Option<Shared<str>>,
    pub(crate) kind: MetricKind,
    pub(crate) series: Vec<SeriesDraft<S>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeriesDraft<S> {
    pub(crate) labels: Labels,
    pub(crate) shape: Shape,
    pub(crate) timed: bool,
    pub(crate) source: S,
}

impl<S> FamilyDraft<S> {
    pub(crate) fn map<T>(self, series: impl FnMut(SeriesDraft<S>) -> SeriesDraft<T>) -> FamilyDraft<T> {
        let Self { name, help, unit, kind, series: drafts } = self;
        FamilyDraft { name, help, unit, kind, series: drafts.into_iter().map(series).collect() }
    }
}

impl<S> SeriesDraft<S> {
    pub(crate) fn with_source<T>(self, source: impl FnOnce(S) -> T) -> SeriesDraft<T> {
        let Self { labels, shape, timed, source: from } = self;
        SeriesDraft { labels, shape, timed, source: source(from) }
    }

    /// Its values, and the time if there is one.
    pub(crate) fn columns(&self) -> usize {
        self.shape.columns() + usize::from(self.timed)
    }
}

impl Schema {
    /// Sorts families and series and lays their values out, calling `place` with the index, the first column and the
    /// source of each series.
    pub(crate) fn assemble<S>(
        mut drafts: Vec<FamilyDraft<S>>,
        mut place: impl FnMut(u32, usize, S),
    ) -> (Box<[Family]>, Box<[Series]>, usize) {
        drafts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut families = Vec::with_capacity(drafts.len());
        let mut series = Vec::new();
        let mut columns = 0;
        for mut draft in drafts {
            draft.series.sort_by(|a, b| a.labels.cmp(&b.labels));
            let first = series.len() as u32;
            for series_draft in draft.series {
                let width = series_draft.columns();
                let SeriesDraft { labels, shape, timed, source } = series_draft;
                place(series.len() as u32, columns, source);
                series.push(Series { labels, shape, timed, column: columns });
                columns += width;
            }
            let FamilyDraft { name, help, unit, kind, .. } = draft;
            families.push(Family { name, help, unit, kind, series: first..series.len() as u32 });
        }
        (families.into(), series.into(), columns)
    }

    pub(crate) fn new(
        (families, series, columns): (Box<[Family]>, Box<[Series]>, usize),
        plan: Plan,
    ) -> Self {
        Self { id: SchemaId::next(), families, series, columns, plan }
    }

    /// What the schema takes of memory. It shares names and bounds with the families, and the values of constant
    /// labels.
    pub(crate) fn bytes(&self, constant_labels: &[ConstantLabel]) -> usize {
        let constant = |label: &str| constant_labels.iter().any(|(name, _)| name.as_str() == label);
        let labels = |series: &Series| {
            let own = series.labels.iter().filter(|(name, _)| !constant(name));
            size_of_val(&*series.labels) + own.map(|(_, value)| size::shared(&**value)).sum::<usize>()
        };
        size::shared(self)
            + size_of_val(&*self.families)
            + size_of_val(&*self.series)
            + self.series.iter().map(labels).sum::<usize>()
            + self.plan.bytes()
    }

    /// Whether the other schema has the same families and series.
    pub(crate) fn describes_the_same(&self, other: &Self) -> bool {
        self.families == other.families && self.series == other.series
    }
}
