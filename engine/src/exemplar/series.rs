//! The slots of a series, and which of its records are sampled.

use std::sync::Arc as Shared;

use super::{Exemplar, ExemplarProblem as Problem, LabelText, slot::Slot, source::Source};
use crate::{
    clock,
    sync::{AtomicBool, Once, Ordering},
};

/// The slots of a series: one of a counter, one for each bucket of a histogram.
#[derive(Debug)]
pub(crate) struct SeriesExemplars {
    source: Shared<Source>,
    /// Made when the first record is sampled. A series that records none takes no memory for them.
    slots: Once<Box<[Slot]>>,
    /// Whether a thread is making them, or has.
    claimed: AtomicBool,
}

/// A bucket of a series, by its index, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) at: usize,
    pub(crate) of: usize,
}

impl Bucket {
    /// The only one, of a counter.
    pub(crate) const ONLY: Self = Self { at: 0, of: 1 };
}

impl SeriesExemplars {
    pub(crate) fn new(source: &Shared<Source>) -> Self {
        Self { source: Shared::clone(source), slots: Once::new(), claimed: AtomicBool::new(false) }
    }

    /// Keeps an exemplar of a value that was just recorded, with labels of the hook, if the record is sampled and there
    /// is a trace.
    #[inline]
    pub(crate) fn trace(&self, bucket: Bucket, value: f64) {
        if self.is_due(bucket) {
            self.sample(bucket, value, || self.source.ask());
        }
    }

    /// The same with these labels.
    #[inline]
    pub(crate) fn offer<'a, V: std::fmt::Display>(
        &self,
        bucket: Bucket,
        value: f64,
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        if self.is_due(bucket) {
            self.sample(bucket, value, || Source::read(labels));
        }
    }

    #[inline]
    fn is_due(&self, bucket: Bucket) -> bool {
        let slot = self.slots.get().and_then(|slots| slots.get(bucket.at));
        slot.is_none_or(|slot| slot.is_due(self.source.round())) || self.source.draws()
    }

    #[cold]
    fn sample(
        &self,
        bucket: Bucket,
        value: f64,
        labels: impl FnOnce() -> Result<Option<LabelText>, Problem>,
    ) {
        let sampled = self.slot(bucket).and_then(|slot| {
            let round = self.source.round();
            let labels = labels();
            // Without a trace the next record asks again; what is wrong is not tried again at once.
            if !matches!(labels, Ok(None)) {
                slot.sampled(round);
            }
            labels?.map_or(Ok(()), |labels| slot.write(&labels, value, clock::unix_milliseconds()))
        });
        if let Err(problem) = sampled {
            self.source.count(problem);
        }
    }

    fn slot(&self, bucket: Bucket) -> Result<&Slot, Problem> {
        if self.slots.get().is_none() {
            self.make(bucket.of)?;
        }
        self.slots.get().and_then(|slots| slots.get(bucket.at)).ok_or(Problem::Busy)
    }

    /// Makes the slots, if no other thread is about to: who came second would wait.
    fn make(&self, count: usize) -> Result<(), Problem> {
        // Relaxed: the slots are published by their `Once`.
        if self.claimed.swap(true, Ordering::Relaxed) {
            return Err(Problem::Busy);
        }
        let mut slots = Vec::new();
        if slots.try_reserve_exact(count).is_err() {
            self.claimed.store(false, Ordering::Relaxed);
            return Err(Problem::Memory);
        }
        slots.resize_with(count, Slot::new);
        self.slots.set(slots.into()).map_err(|_| Problem::Busy)
    }

    /// Takes all exemplars away. One that a thread is just recording may stay.
    pub(crate) fn clear(&self) {
        self.all().iter().for_each(Slot::clear);
    }

    /// Calls `visit` with each bucket that has an exemplar.
    pub(crate) fn read(&self, mut visit: impl FnMut(u32, Exemplar)) {
        for (bucket, slot) in (0..).zip(self.all()) {
            if let Some(exemplar) = slot.read() {
                visit(bucket, exemplar);
            }
        }
    }

    /// What the slots take of memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.all()) + self.all().iter().map(Slot::far_bytes).sum::<usize>()
    }

    fn all(&self) -> &[Slot] {
        self.slots.get().map_or(&[], |slots| slots)
    }
}
