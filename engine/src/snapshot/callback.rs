//! Callbacks: what a snapshot asks, and what it is answered.
//!
//! Every callback, be it of one gauge, of a family or a whole collector, is one function that gives an [`Answer`]: the
//! structure of its families (everything but the values), and all values in one column. A gauge or a counter without
//! labels always has the structure that it began with and leaves it out of the answer.
//!
//! The callback keeps the structure that it answered last. That is what its answers are compared with, so that a schema
//! is made anew only when there is something new in it, and what the schema has of it while it fails.

use std::sync::Arc as Shared;

use super::{
    observer::{Collection, CollectorLimits, Observer},
    schema::{FamilyDraft, SeriesDraft, Shape, with_constant_labels},
    view::MetricKind,
};
use crate::{
    caught::caught,
    exemplar::Placed,
    name::{ConstantLabel, LabelName},
    sync::{AtomicU32, Mutex, lock},
};

/// All about some families but their values.
pub(crate) type Structure = Vec<FamilyDraft<()>>;

/// Some callbacks, in the order in which their families may claim names.
pub(crate) type Callbacks = Shared<[Shared<Callback>]>;

/// What a callback gave when it was asked.
#[derive(Default)]
pub(crate) struct Answer {
    /// The families; `None` when they are what they always were.
    pub(crate) structure: Option<Structure>,
    /// The values of all series, in the order of the structure.
    pub(crate) values: Vec<u64>,
    /// The exemplars of series, whose indices are where their values begin.
    pub(crate) exemplars: Vec<Placed>,
    /// What had to be left out, counted once for each reason and family.
    pub(crate) errors: u64,
}

/// A function of the program, asked by every snapshot.
pub(crate) struct Callback {
    /// `None` only while it is dropped.
    call: Option<Box<dyn Fn() -> Answer + Send + Sync>>,
    /// The structure of its last answer.
    kept: Mutex<Structure>,
    /// Whether its one family has its names from a registration. A collector's families must not clash with those.
    pub(crate) registered: bool,
    /// Calls that were given up and have not returned yet.
    pub(super) late: AtomicU32,
}

/// The family that a callback answers for, and how.
pub(crate) struct Outline {
    pub(crate) name: Shared<str>,
    pub(crate) help: Shared<str>,
    pub(crate) kind: MetricKind,
    pub(crate) label_names: Box<[LabelName]>,
    /// Those of the registry, and of the child.
    pub(crate) constant_labels: Shared<[ConstantLabel]>,
    pub(crate) max_series: usize,
}

/// A function that answers for a family, not yet registered.
pub(crate) enum FamilyCall {
    /// One series without labels of its own; the value is the bits of a `u64` or an `f64`.
    Single(Box<dyn Fn() -> u64 + Send + Sync>),
    /// As many series as it says, with values of this many label names.
    Many(Box<dyn Fn(&Outline) -> Answer + Send + Sync>),
}

impl FamilyCall {
    /// A function that observes values by label set, whose bits `bits` takes.
    pub(crate) fn many<T: 'static, const N: usize>(
        bits: fn(T) -> u64,
        callback: impl Fn(&mut Observer<T, N>) + Send + Sync + 'static,
    ) -> Self {
        Self::Many(Box::new(move |outline| {
            let mut observer = Observer::new(outline.max_series);
            callback(&mut observer);
            observer.into_answer(outline, bits)
        }))
    }

    /// The callback of a registered family.
    pub(crate) fn register(self, outline: Outline) -> Callback {
        let (call, kept): (Box<dyn Fn() -> Answer + Send + Sync>, _) = match self {
            Self::Single(call) => {
                let kept = outline.family(vec![outline.series(&[])]);
                let answer = move || Answer { values: vec![call()], ..Answer::default() };
                (Box::new(answer), kept)
            }
            Self::Many(call) => {
                let kept = outline.family(Vec::new());
                (Box::new(move || call(&outline)), kept)
            }
        };
        Callback::new(call, vec![kept], true)
    }
}

impl Outline {
    pub(super) fn family(&self, series: Vec<SeriesDraft<()>>) -> FamilyDraft<()> {
        FamilyDraft {
            name: Shared::clone(&self.name),
            help: Some(Shared::clone(&self.help)),
            unit: None,
            kind: self.kind,
            series,
        }
    }

    /// The series with these values of the label names.
    pub(super) fn series(&self, values: &[Shared<str>]) -> SeriesDraft<()> {
        let own = self.label_names.iter().map(LabelName::shared).zip(values.iter().cloned());
        let labels = with_constant_labels(own, &self.constant_labels);
        let shape = if self.kind == MetricKind::Counter { Shape::U64 } else { Shape::F64 };
        SeriesDraft { labels, shape, timed: false, created: None, source: () }
    }
}

impl Callback {
    /// A collector, which has no families yet.
    pub(crate) fn collector(
        constant_labels: Shared<[ConstantLabel]>,
        limits: CollectorLimits,
        callback: impl Fn(&mut Collection) + Send + Sync + 'static,
    ) -> Self {
        let call = move || {
            let mut collection = Collection::new();
            callback(&mut collection);
            collection.into_answer(&constant_labels, limits)
        };
        Self::new(Box::new(call), Structure::new(), false)
    }

    fn new(call: Box<dyn Fn() -> Answer + Send + Sync>, kept: Structure, registered: bool) -> Self {
        Self { call: Some(call), kept: Mutex::new(kept), registered, late: AtomicU32::new(0) }
    }

    /// Calls the function on this thread; `None` if it panicked.
    pub(super) fn ask(&self) -> Option<Answer> {
        let call = self.call.as_ref()?;
        caught(call)
    }

    /// Keeps a structure that was answered. Whether it differs from the one before.
    pub(crate) fn keep(&self, structure: Structure) -> bool {
        let mut kept = lock(&self.kept);
        let differs = *kept != structure;
        if differs {
            *kept = structure;
        }
        differs
    }

    /// Reads the structure of the last answer.
    pub(crate) fn with_structure<R>(&self, read: impl FnOnce(&Structure) -> R) -> R {
        read(&lock(&self.kept))
    }
}

/// The function is dropped by whoever has it last, perhaps a snapshot, which must not panic.
impl Drop for Callback {
    fn drop(&mut self) {
        let call = self.call.take();
        caught(|| drop(call));
    }
}
