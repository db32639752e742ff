//! The schema of a snapshot: everything about the metrics but their values.

use std::{fmt, ops::Range, sync::Arc as Shared, time::SystemTime};

use super::{collect::Plan, registered::Registered, view::MetricKind};
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
    /// Values of a snapshot.
    pub(crate) columns: usize,
    pub(crate) plan: Plan,
}

pub(crate) struct Family {
    pub(crate) name: Shared<str>,
    pub(crate) help: Option<Shared<str>>,
    pub(crate) unit: Option<Shared<str>>,
    pub(crate) kind: MetricKind,
    /// The indices of its series among those of all families.
    pub(crate) series: Range<u32>,
    /// Where the values of the first one begin.
    first_column: usize,
    pub(super) members: Members,
}

/// The series of a family.
pub(super) enum Members {
    Registered(Registered),
    /// Of callbacks, of the engine's own, and built by hand: each by itself.
    Listed(Box<[Series]>),
}

/// A series that is listed.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    labels: Labels,
    shape: Shape,
    /// Whether a time follows its values, in milliseconds since the Unix epoch.
    timed: bool,
    created: Option<SystemTime>,
    /// Where its values begin.
    column: usize,
}

impl Family {
    /// The labels of the series with this index among those of all families, which is one of this family's.
    #[inline]
    pub(super) fn labels(&self, index: u32) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        let at = self.at(index);
        let count = match &self.members {
            Members::Registered(registered) => registered.label_count(at),
            Members::Listed(series) => series[at].labels.len(),
        };
        (0..count).map(move |position| match &self.members {
            Members::Registered(registered) => registered.label(at, position),
            Members::Listed(series) => {
                let (name, value) = &series[at].labels[position];
                (&**name, &**value)
            }
        })
    }

    #[inline]
    pub(super) fn shape(&self, index: u32) -> &Shape {
        match &self.members {
            Members::Registered(registered) => &registered.shape,
            Members::Listed(series) => &series[self.at(index)].shape,
        }
    }

    /// Whether a time follows the values of the series.
    #[inline]
    pub(super) fn is_timed(&self, index: u32) -> bool {
        match &self.members {
            Members::Registered(_) => false,
            Members::Listed(series) => series[self.at(index)].timed,
        }
    }

    /// When the series was begun, if that is known.
    pub(super) fn created(&self, index: u32) -> Option<SystemTime> {
        let at = self.at(index);
        match &self.members {
            Members::Registered(registered) => registered.created(at),
            Members::Listed(series) => series[at].created,
        }
    }

    /// Where the values of the series begin.
    #[inline]
    pub(super) fn column(&self, index: u32) -> usize {
        let at = self.at(index);
        match &self.members {
            Members::Registered(registered) => self.first_column + at * registered.shape.columns(),
            Members::Listed(series) => series[at].column,
        }
    }

    /// Where the values of all its series lie.
    pub(super) fn columns(&self) -> Range<usize> {
        let end = match &self.members {
            Members::Registered(registered) => {
                self.first_column + registered.len() * registered.shape.columns()
            }
            Members::Listed(series) => series.last().map_or(self.first_column, Series::end),
        };
        self.first_column..end
    }

    /// Which of its series, counted from its first, has this column, and where the values of that one end.
    pub(super) fn at_column(&self, column: usize) -> (usize, usize) {
        match &self.members {
            Members::Registered(registered) => {
                let width = registered.shape.columns();
                let at = (column - self.first_column) / width;
                (at, self.first_column + (at + 1) * width)
            }
            Members::Listed(series) => {
                let at = series.partition_point(|series| series.end() <= column);
                (at, series[at].end())
            }
        }
    }

    #[inline]
    fn at(&self, index: u32) -> usize {
        (index - self.series.start) as usize
    }

    /// What it takes of memory, without what it shares with a registered family and the values of constant labels.
    fn bytes(&self, constant_labels: &[ConstantLabel]) -> usize {
        let series = match &self.members {
            Members::Registered(registered) => return registered.bytes(),
            Members::Listed(series) => series,
        };
        let constant = |label: &str| constant_labels.iter().any(|(name, _)| name.as_str() == label);
        let labels = |series: &Series| {
            let own = series.labels.iter().filter(|(name, _)| !constant(name));
            size_of_val(&*series.labels) + own.map(|(_, value)| size::shared(&**value)).sum::<usize>()
        };
        size_of_val(&**series) + series.iter().map(labels).sum::<usize>()
    }
}

/// Equal when they hold the same, wherever it lies.
impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        let heading = |family: &Self| {
            let Self { name, help, unit, kind, series, first_column, .. } = family;
            (name.clone(), help.clone(), unit.clone(), *kind, series.clone(), *first_column)
        };
        let same = |index| {
            self.labels(index).eq(other.labels(index))
                && self.shape(index) == other.shape(index)
                && self.is_timed(index) == other.is_timed(index)
                && self.created(index) == other.created(index)
        };
        heading(self) == heading(other) && self.series.clone().all(same)
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).field("series", &self.series).finish()
    }
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

/// A family on its way into a schema; `S` says where the values of a listed series come from.
pub(crate) enum Draft<S> {
    Registered(RegisteredDraft),
    Listed(FamilyDraft<S>),
}

/// A registered family.
pub(crate) struct RegisteredDraft {
    pub(crate) name: Shared<str>,
    pub(crate) help: Shared<str>,
    pub(crate) unit: Option<Shared<str>>,
    pub(crate) kind: MetricKind,
    pub(crate) series: Registered,
}

/// A family whose series are listed.
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
    pub(crate) created: Option<SystemTime>,
    pub(crate) source: S,
}

impl<S> Draft<S> {
    /// The same, with a source of another type for listed series.
    pub(crate) fn map<T>(self, mut source: impl FnMut(S) -> T) -> Draft<T> {
        match self {
            Self::Registered(family) => Draft::Registered(family),
            Self::Listed(family) => Draft::Listed(family.map(|series| series.with_source(&mut source))),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Registered(family) => &family.name,
            Self::Listed(family) => &family.name,
        }
    }
}

impl<S> FamilyDraft<S> {
    pub(crate) fn map<T>(self, series: impl FnMut(SeriesDraft<S>) -> SeriesDraft<T>) -> FamilyDraft<T> {
        let Self { name, help, unit, kind, series: drafts } = self;
        FamilyDraft { name, help, unit, kind, series: drafts.into_iter().map(series).collect() }
    }
}

impl<S> SeriesDraft<S> {
    pub(crate) fn with_source<T>(self, source: impl FnOnce(S) -> T) -> SeriesDraft<T> {
        let Self { labels, shape, timed, created, source: from } = self;
        SeriesDraft { labels, shape, timed, created, source: source(from) }
    }

    /// Its values, and the time if there is one.
    pub(crate) fn columns(&self) -> usize {
        self.shape.columns() + usize::from(self.timed)
    }
}

impl Schema {
    /// Sorts families and series and lays their values out, calling `place` with the index, the first column and the
    /// source of each series that is listed. Returns the families, and how many columns there are.
    pub(crate) fn assemble<S>(
        mut drafts: Vec<Draft<S>>,
        mut place: impl FnMut(u32, usize, S),
    ) -> (Box<[Family]>, usize) {
        drafts.sort_by(|a, b| a.name().cmp(b.name()));
        let mut families = Vec::with_capacity(drafts.len());
        let (mut first, mut first_column) = (0, 0);
        for draft in drafts {
            let (family, columns) = match draft {
                Draft::Registered(draft) => draft.family(first, first_column),
                Draft::Listed(draft) => draft.family(first, first_column, &mut place),
            };
            first = family.series.end;
            first_column += columns;
            families.push(family);
        }
        (families.into(), first_column)
    }

    pub(crate) fn new((families, columns): (Box<[Family]>, usize), plan: Plan) -> Self {
        Self { id: SchemaId::next(), families, columns, plan }
    }

    /// Series of all families.
    pub(crate) fn series(&self) -> usize {
        self.families.last().map_or(0, |family| family.series.end as usize)
    }

    /// What the schema takes of memory. It shares names and bounds with the families, the keys with their series, and
    /// the values of constant labels.
    pub(crate) fn bytes(&self, constant_labels: &[ConstantLabel]) -> usize {
        size::shared(self)
            + size_of_val(&*self.families)
            + self.families.iter().map(|family| family.bytes(constant_labels)).sum::<usize>()
            + self.plan.bytes()
    }

    /// Whether the other schema has the same families and series.
    pub(crate) fn describes_the_same(&self, other: &Self) -> bool {
        self.families == other.families
    }
}

impl RegisteredDraft {
    /// The family, whose series and values begin with these, and how many columns it has.
    fn family(self, first: u32, first_column: usize) -> (Family, usize) {
        let Self { name, help, unit, kind, series } = self;
        let count = series.len();
        let columns = count * series.shape.columns();
        let (help, members) = (Some(help), Members::Registered(series));
        let range = first..first + count as u32;
        (Family { name, help, unit, kind, series: range, first_column, members }, columns)
    }
}

impl<S> FamilyDraft<S> {
    /// The same of series that are listed.
    fn family(
        self,
        first: u32,
        first_column: usize,
        mut place: impl FnMut(u32, usize, S),
    ) -> (Family, usize) {
        let Self { name, help, unit, kind, series: mut drafts } = self;
        drafts.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut column = first_column;
        let series: Box<[Series]> = (first..)
            .zip(drafts)
            .map(|(index, draft)| {
                let begin = column;
                column += draft.columns();
                let SeriesDraft { labels, shape, timed, created, source } = draft;
                place(index, begin, source);
                Series { labels, shape, timed, created, column: begin }
            })
            .collect();
        let range = first..first + series.len() as u32;
        let members = Members::Listed(series);
        (Family { name, help, unit, kind, series: range, first_column, members }, column - first_column)
    }
}
