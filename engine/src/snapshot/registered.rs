//! The series of a registered family, as a schema has them: alike but for the values of their labels.
//!
//! A schema keeps no copy of what tells them apart. A value that is known beforehand lies in the family's description,
//! any other in the key of the series, which the schema shares with the family and the handles. Sharing the entry also
//! keeps the cells from being reused until the last snapshot with this schema is gone.

use std::{sync::Arc as Shared, time::SystemTime};

use super::{
    collect::Source,
    schema::{SeriesDraft, Shape},
};
use crate::{
    clock,
    labels::{
        key::{self, OVERFLOW, OVERFLOW_LABEL},
        label::Label,
    },
    name::ConstantLabel,
    registry::{
        entry::Entry,
        metric::{AnySeries, Series},
    },
    size,
    sync::Arc,
};

/// The series of a registered family, sorted by their labels.
pub(crate) struct Registered {
    names: LabelNames,
    pub(crate) shape: Shape,
    /// What each lies in.
    entries: Box<[Entry]>,
    /// The index of each one's closed labels' values; empty when all are 0.
    indices: Box<[u32]>,
    /// When each was begun, in milliseconds since the Unix epoch; empty where the registry does not keep it.
    created: Box<[u64]>,
}

/// The labels of a family's series, sorted by name.
struct LabelNames {
    own: Box<[LabelSource]>,
    /// Those of the one series beyond the limit; none when there is none.
    overflow: Box<[LabelSource]>,
}

/// A label, and where a series has its value.
struct LabelSource {
    name: Shared<str>,
    value: Value,
}

enum Value {
    Constant(Shared<str>),
    /// The key has it, behind so many others.
    InKey(usize),
    /// It is one of the known ones: as many combinations as are given have it, then as many the next one.
    Known(Shared<[Shared<str>]>, usize),
}

impl Registered {
    /// The series of a family with these labels. `width` is the number of combinations of the closed ones' values.
    pub(crate) fn new(
        constant_labels: &[ConstantLabel],
        labels: &[Label],
        width: usize,
        series: Vec<(Entry, u32)>,
    ) -> Self {
        let first = series.first().and_then(|(entry, index)| entry.series_at(*index as usize));
        // A family without series has no values.
        let shape = first.map_or(Shape::Info, Series::shape);
        let has_overflow = series.iter().any(|(entry, _)| entry.key() == OVERFLOW);
        let names = LabelNames::new(constant_labels, labels, width, has_overflow);
        let (entries, indices): (Vec<Entry>, Vec<u32>) = names.sorted(series).unzip();
        let indices = if indices.iter().all(|index| *index == 0) { Vec::new() } else { indices };
        let (entries, indices) = (entries.into(), indices.into());
        let mut registered = Self { names, shape, entries, indices, created: Box::default() };
        // Kept here, because a series may begin again, and this is of the ones whose zero the schema has.
        registered.created = (0..registered.len()).map_while(|at| registered.begun(at)).collect();
        registered
    }

    /// When the series with this position was begun, as it says now.
    fn begun(&self, at: usize) -> Option<u64> {
        self.series(at)?.extras()?.created()
    }

    /// When the series with this position was begun, if that is known.
    pub(super) fn created(&self, at: usize) -> Option<SystemTime> {
        self.created.get(at).copied().map(clock::since_epoch)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The series with this position in the order of their labels.
    pub(super) fn series(&self, at: usize) -> Option<Series<'_>> {
        self.entries[at].series_at(self.index(at) as usize)
    }

    /// How many labels a series has.
    pub(super) fn label_count(&self, at: usize) -> usize {
        self.names.of(&self.entries[at]).len()
    }

    /// The label of a series with this position in the order of the names.
    pub(super) fn label(&self, at: usize, position: usize) -> (&str, &str) {
        let entry = &self.entries[at];
        self.names.of(entry)[position].of(entry, self.index(at))
    }

    fn index(&self, at: usize) -> u32 {
        self.indices.get(at).copied().unwrap_or_default()
    }

    /// State sets, listed: each child registry may have one of the same name, with other states.
    pub(crate) fn state_sets(&self) -> Vec<SeriesDraft<Source>> {
        let set = |(at, entry): (usize, &Entry)| {
            let Entry::One(AnySeries::StateSet(cell)) = entry else { return None };
            let labels = (0..self.label_count(at)).map(|position| self.label(at, position));
            Some(SeriesDraft {
                labels: labels.map(|(name, value)| (name.into(), value.into())).collect(),
                shape: Shape::StateSet(Shared::clone(cell.names())),
                timed: false,
                created: None,
                source: Source::States(Arc::clone(cell)),
            })
        };
        self.entries.iter().enumerate().filter_map(set).collect()
    }

    /// What the schema has of the series beside what it shares with the family.
    pub(super) fn bytes(&self) -> usize {
        self.names.bytes()
            + size_of_val(&*self.entries)
            + size_of_val(&*self.indices)
            + size_of_val(&*self.created)
    }
}

impl LabelNames {
    fn bytes(&self) -> usize {
        let own = size_of_val(&*self.own);
        match &*self.overflow {
            [] => own,
            labels => own + size_of_val(labels) + OVERFLOW_LABEL.map(size::shared).iter().sum::<usize>(),
        }
    }

    fn new(constant_labels: &[ConstantLabel], labels: &[Label], width: usize, has_overflow: bool) -> Self {
        let constant = |(name, value): &ConstantLabel| LabelSource {
            name: name.shared(),
            value: Value::Constant(Shared::clone(value)),
        };
        let (mut in_key, mut combinations) = (0.., width);
        let own = labels.iter().map(|label| {
            let value = match &label.known {
                Some(known) => {
                    combinations = combinations.checked_div(known.len()).unwrap_or_default();
                    Value::Known(Shared::clone(known), combinations)
                }
                None => Value::InKey(in_key.next().unwrap_or_default()),
            };
            LabelSource { name: label.name.shared(), value }
        });
        let beyond = || {
            let [name, value] = OVERFLOW_LABEL;
            LabelSource { name: name.into(), value: Value::Constant(value.into()) }
        };
        let overflow = has_overflow.then(|| sorted(constant_labels.iter().map(constant).chain([beyond()])));
        let own = sorted(constant_labels.iter().map(constant).chain(own));
        Self { own, overflow: overflow.unwrap_or_default() }
    }

    /// The series in the order of their labels. They are moved there, not cloned.
    fn sorted(&self, series: Vec<(Entry, u32)>) -> impl Iterator<Item = (Entry, u32)> {
        // All in one, for there may be a hundred thousand series.
        let mut labels = Vec::with_capacity(series.len() * self.own.len());
        let mut order = Vec::with_capacity(series.len());
        for (at, (entry, index)) in series.iter().enumerate() {
            let begin = labels.len();
            labels.extend(self.of(entry).iter().map(|label| label.of(entry, *index)));
            order.push((begin..labels.len(), at));
        }
        order.sort_unstable_by(|(a, _), (b, _)| labels[a.clone()].cmp(&labels[b.clone()]));
        let order: Vec<usize> = order.into_iter().map(|(_, at)| at).collect();
        let mut series: Vec<_> = series.into_iter().map(Some).collect();
        order.into_iter().filter_map(move |at| series[at].take())
    }

    fn of(&self, entry: &Entry) -> &[LabelSource] {
        if entry.key() == OVERFLOW { &self.overflow } else { &self.own }
    }
}

fn sorted(labels: impl Iterator<Item = LabelSource>) -> Box<[LabelSource]> {
    let mut labels: Box<[LabelSource]> = labels.collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels
}

impl LabelSource {
    #[inline]
    fn of<'a>(&'a self, entry: &'a Entry, index: u32) -> (&'a str, &'a str) {
        let value = match &self.value {
            Value::Constant(value) => value,
            Value::InKey(before) => key::values(entry.key()).nth(*before).unwrap_or_default(),
            Value::Known(known, combinations) => &known[index as usize / combinations % known.len()],
        };
        (&self.name, value)
    }
}
