//! What a snapshot knows from the one before: the schema, and where in it the answers of callbacks belong.
//!
//! What callbacks answer may change from one snapshot to the next, so callbacks are asked first. If all of them
//! answered the structure that they had last time, and nothing was registered meanwhile, the schema is that of last
//! time, and each value goes to the place that is kept here. Otherwise both are made anew. A callback that fails has
//! the structure that it had last, and its series have no value: it may come and go without a new schema.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc as Shared,
};

use super::{
    callback::{Answer, Callback, Callbacks},
    claims::claimed_names,
    collect::{Plan, Source},
    schema::{Draft, FamilyDraft, Schema},
};
use crate::{exemplar::Placed, sync::Arc};

/// A schema, and what it was made of.
#[derive(Clone)]
pub(crate) struct Known {
    /// The registry's count of changes that it follows.
    pub(crate) version: u64,
    pub(crate) callbacks: Callbacks,
    pub(crate) schema: Arc<Schema>,
    /// By callback.
    places: Shared<[Places]>,
}

/// Where the answers of a callback belong.
#[derive(Default)]
struct Places {
    series: Vec<Place>,
    /// Families that clash with others.
    left_out: u64,
}

struct Place {
    series: u32,
    column: usize,
    /// Its values in those of the answer.
    answered: Range<usize>,
}

/// What a snapshot has before it has collected anything.
pub(crate) struct Answered {
    /// The values of callbacks; 0 for everything else.
    pub(crate) values: Box<[u64]>,
    /// The series of the callbacks that failed, in no order.
    pub(crate) missing: Vec<u32>,
    /// Exemplars of callbacks, in no order.
    pub(crate) exemplars: Vec<Placed>,
    pub(crate) errors: u64,
}

/// Where the values of a listed series come from.
enum Origin {
    Here(Source),
    Answer { callback: usize, answered: Range<usize> },
}

impl Known {
    /// Whether this is the schema of a snapshot that asked these callbacks.
    pub(crate) fn is_of(&self, version: u64, asked: &Callbacks) -> bool {
        self.version == version && same(&self.callbacks, asked)
    }

    /// Makes the schema of the registered families and of what the callbacks answered last. `exposes` says which
    /// families of each callback are not left out. A family that is asked for has at most `max_series`.
    pub(crate) fn new(
        version: u64,
        callbacks: Callbacks,
        exposes: &[Vec<bool>],
        max_series: usize,
        registered: impl Iterator<Item = Draft<Source>>,
    ) -> Self {
        let mut drafts = Vec::new();
        let mut places: Vec<Places> = Vec::with_capacity(callbacks.len());
        for (number, (callback, exposes)) in callbacks.iter().zip(exposes).enumerate() {
            drafts.extend(answered_drafts(number, callback, exposes));
            let left_out = exposes.iter().filter(|exposed| !**exposed).count() as u64;
            places.push(Places { left_out, ..Places::default() });
        }
        merge(&mut drafts);
        drafts.iter_mut().for_each(|draft| leave_out_beyond(max_series, draft, &mut places));
        let answered = drafts.into_iter().map(Draft::Listed);
        let mut sources = Vec::new();
        let drafts = registered.map(|draft| draft.map(Origin::Here)).chain(answered).collect();
        let parts = Schema::assemble(drafts, |series, column, origin| match origin {
            Origin::Here(source) => sources.push((column, source)),
            Origin::Answer { callback, answered } => {
                places[callback].series.push(Place { series, column, answered });
            }
        });
        let plan = Plan::new(&parts.0, sources);
        let schema = Arc::new(Schema::new(parts, plan));
        Self { version, callbacks, schema, places: places.into() }
    }

    /// Puts the answers of the callbacks that were asked in their places. `None` is a failure.
    pub(crate) fn place(&self, asked: &Callbacks, answers: Vec<Option<Answer>>) -> Answered {
        let errors = answers.iter().map(|answer| answer.as_ref().map_or(1, |answer| answer.errors)).sum();
        let mut answered = Answered { errors, ..Answered::nothing(&self.schema) };
        if same(&self.callbacks, asked) {
            answers
                .into_iter()
                .zip(&*self.places)
                .for_each(|(answer, places)| places.fill(answer, &mut answered));
            return answered;
        }
        // Callbacks were registered or unregistered while these were asked.
        let mut by_callback: HashMap<*const Callback, _> =
            asked.iter().map(Shared::as_ptr).zip(answers).collect();
        for (callback, places) in self.callbacks.iter().zip(&*self.places) {
            places.fill(by_callback.remove(&Shared::as_ptr(callback)).flatten(), &mut answered);
        }
        answered
    }
}

impl Answered {
    pub(crate) fn nothing(schema: &Schema) -> Self {
        Self { values: vec![0; schema.columns].into(), missing: Vec::new(), exemplars: Vec::new(), errors: 0 }
    }
}

impl Places {
    fn fill(&self, answer: Option<Answer>, answered: &mut Answered) {
        let Some(answer) = answer else {
            return answered.missing.extend(self.series.iter().map(|place| place.series));
        };
        answered.errors += self.left_out;
        let exemplars = answer.exemplars.chunk_by(|a, b| a.series == b.series);
        let exemplars: HashMap<usize, _> = exemplars.map(|some| (some[0].series as usize, some)).collect();
        for Place { series, column, answered: from } in &self.series {
            answered.values[*column..][..from.len()].copy_from_slice(&answer.values[from.clone()]);
            let own = exemplars.get(&from.start).into_iter().flat_map(|own| own.iter().cloned());
            answered.exemplars.extend(own.map(|placed| Placed { series: *series, ..placed }));
        }
    }
}

/// Makes one family of those with one name: the children of a registry may each have a callback for their part of it.
fn merge(drafts: &mut Vec<FamilyDraft<Origin>>) {
    drafts.sort_by(|a, b| a.name.cmp(&b.name));
    drafts.dedup_by(|next, family| {
        let same = next.name == family.name;
        if same {
            family.series.append(&mut next.series);
        }
        same
    });
}

/// Leaves out what callbacks have answered beyond the limit of a family, and counts it for each of them.
fn leave_out_beyond(max_series: usize, draft: &mut FamilyDraft<Origin>, places: &mut [Places]) {
    if draft.series.len() <= max_series {
        return;
    }
    let beyond = draft.series.split_off(max_series);
    let callbacks: HashSet<usize> = beyond
        .iter()
        .filter_map(|series| match series.source {
            Origin::Answer { callback, .. } => Some(callback),
            Origin::Here(_) => None,
        })
        .collect();
    callbacks.into_iter().for_each(|callback| places[callback].left_out += 1);
}

/// Which families of each callback may be exposed: those of registered callbacks, and of the collectors' those whose
/// [names](claimed_names) are neither a registered family's nor an earlier collector's.
pub(crate) fn settle(callbacks: &Callbacks, is_taken: impl Fn(&str) -> bool) -> Vec<Vec<bool>> {
    let mut taken = HashSet::new();
    let mut claim = |family: &FamilyDraft<()>| {
        let names = claimed_names(&family.name, family.kind);
        let free = !names.iter().any(|name| is_taken(name) || taken.contains(name));
        if free {
            taken.extend(names);
        }
        free
    };
    callbacks
        .iter()
        .map(|callback| {
            callback.with_structure(|families| {
                families.iter().map(|family| callback.registered || claim(family)).collect()
            })
        })
        .collect()
}

/// The families that a callback answered last, without those that are left out.
fn answered_drafts(number: usize, callback: &Callback, exposes: &[bool]) -> Vec<FamilyDraft<Origin>> {
    let mut begin = 0;
    let drafts = callback.with_structure(|families| {
        let drafts = families.iter().map(|family| {
            family.clone().map(|series| {
                let end = begin + series.columns();
                let answered = begin..end;
                begin = end;
                series.with_source(|()| Origin::Answer { callback: number, answered })
            })
        });
        // Collected before any is left out, because each counts the values of those before it.
        drafts.collect::<Vec<_>>()
    });
    drafts.into_iter().zip(exposes).filter_map(|(draft, exposed)| exposed.then_some(draft)).collect()
}

fn same(a: &Callbacks, b: &Callbacks) -> bool {
    Shared::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| Shared::ptr_eq(a, b)))
}
