//! What callbacks put their answers in: observers and collections.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc as Shared,
};

use super::{
    build::{Built, FamilyBuilder},
    callback::{Answer, Outline},
    schema::FamilyDraft,
};
use crate::{
    exemplar::Placed, labels::key::MAX_LABEL_VALUE_BYTES, name::ConstantLabel, name_policy::NamePolicy,
};

/// Takes the values of a family whose callback is asked by every snapshot: see
/// [`Registry::gauge_family_fn`](crate::Registry::gauge_family_fn).
///
/// `T` is the type of the values, and `N` the number of the family's label names.
#[derive(Debug)]
pub struct Observer<T, const N: usize> {
    /// Sorted, so that the order of the calls does not matter.
    seen: BTreeMap<[Shared<str>; N], T>,
    max_series: usize,
    repeated: bool,
    too_many: bool,
    too_long: bool,
}

/// Takes the families of a collector: see [`Registry::collector`](crate::Registry::collector).
#[derive(Debug)]
pub struct Collection {
    families: Vec<FamilyBuilder>,
}

/// What a collector may answer in one snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CollectorLimits {
    pub(crate) families: usize,
    pub(crate) series_per_family: usize,
    /// What names may be. They are not translated.
    pub(crate) names: NamePolicy,
}

impl<T, const N: usize> Observer<T, N> {
    pub(super) fn new(max_series: usize) -> Self {
        Self { seen: BTreeMap::new(), max_series, repeated: false, too_many: false, too_long: false }
    }

    /// Gives the snapshot the value of the series with these label values, which come in the order of the family's
    /// label names.
    ///
    /// Of two values for the same label values the first one counts. Beyond the registry's limit of series the rest
    /// is left out, and so is a series with a label value of more than
    /// [`MAX_LABEL_VALUE_BYTES`](crate::labels::MAX_LABEL_VALUE_BYTES). Each is counted by
    /// [`Registry::callback_errors`](crate::Registry::callback_errors), once for a snapshot.
    pub fn observe(&mut self, label_values: [&str; N], value: T) {
        if label_values.iter().any(|value| value.len() > MAX_LABEL_VALUE_BYTES) {
            self.too_long = true;
            return;
        }
        let full = self.seen.len() == self.max_series;
        match self.seen.entry(label_values.map(Shared::from)) {
            Entry::Occupied(_) => self.repeated = true,
            Entry::Vacant(_) if full => self.too_many = true,
            Entry::Vacant(vacant) => {
                vacant.insert(value);
            }
        }
    }

    pub(super) fn into_answer(self, outline: &Outline, bits: fn(T) -> u64) -> Answer {
        let mut values = Vec::with_capacity(self.seen.len());
        let mut series = Vec::with_capacity(self.seen.len());
        for (label_values, value) in self.seen {
            series.push(outline.series(&label_values));
            values.push(bits(value));
        }
        let errors = [self.repeated, self.too_many, self.too_long].map(u64::from).iter().sum();
        Answer { structure: Some(vec![outline.family(series)]), values, errors, ..Answer::default() }
    }
}

impl Collection {
    pub(super) fn new() -> Self {
        Self { families: Vec::new() }
    }

    /// Gives the snapshot a family, with the registry's constant labels on every series.
    ///
    /// The name is taken as it is, without the registry's prefix, and not translated. A family is left out of the
    /// snapshot, and counted by [`Registry::callback_errors`](crate::Registry::callback_errors), when its name or one
    /// of its samples' belongs to a registered family, to an earlier collector's or to an earlier one of this
    /// collection; when a name is not legal (in UTF-8, where the registry keeps that) or reserved, or a label value
    /// too long; and when [`SnapshotBuilder::build`](crate::SnapshotBuilder::build) would refuse it. Beyond the
    /// registry's limits of families and of series of a family the rest is left out, which counts once.
    pub fn family(&mut self, family: FamilyBuilder) {
        self.families.push(family);
    }

    pub(super) fn into_answer(
        mut self,
        constant_labels: &[ConstantLabel],
        limits: CollectorLimits,
    ) -> Answer {
        let mut answer = Answer::default();
        if self.families.len() > limits.families {
            self.families.truncate(limits.families);
            answer.errors += 1;
        }
        let mut structure = Vec::with_capacity(self.families.len());
        for mut family in self.families {
            answer.errors += u64::from(family.truncate(limits.series_per_family));
            match family.collected(constant_labels, limits.names) {
                Ok(draft) => structure.push(split(draft, &mut answer)),
                Err(_) => answer.errors += 1,
            }
        }
        answer.structure = Some(structure);
        answer
    }
}

/// Takes the values and the exemplars out of a draft.
fn split(draft: FamilyDraft<Built>, answer: &mut Answer) -> FamilyDraft<()> {
    draft.map(|draft| {
        draft.with_source(|Built { values, exemplars }| {
            let series = answer.values.len() as u32;
            answer.exemplars.extend(exemplars.into_iter().map(|(bucket, exemplar)| Placed {
                series,
                bucket,
                exemplar,
            }));
            answer.values.extend(values);
        })
    })
}
