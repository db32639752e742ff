//! What the models in `loom-tests` and `shuttle-tests` reach beyond the public API. Exists under their cfgs alone.
//!
//! No protocol is repeated here: a model records through the public handles, on a shard that this module puts under
//! the calling thread, and the raw reads serve the controls, which leave a protocol out and must be caught.

use std::time::Duration;

use crate::{
    Counter, Histogram, Registry, StaticCounter, StaticGauge, StaticHistogram,
    exemplar::{LabelText, Slot},
    pairs,
    shard::{self, CellBlock, Page, arena, local, table::offset_of},
    sync::{self, Ordering},
};

/// From here on only the next `stores` stores of the calling thread to its cells happen: what a reader sees of a
/// writer that was killed, or preempted for ever, between two of them.
pub fn stop_after(stores: usize) {
    sync::stop_after(stores);
}

/// A shard of the arena. Whoever acquired it owns it until the release; that it is `Copy` lets a control break just
/// that rule.
#[derive(Clone, Copy, Debug)]
pub struct Shard(&'static shard::Shard);

impl Shard {
    /// Takes a shard off the free list, or makes one.
    pub fn acquire() -> Option<Self> {
        arena().acquire().ok().map(Self)
    }

    /// Takes a shard off the free list.
    pub fn adopt() -> Option<Self> {
        arena().adopt().map(Self)
    }

    /// Puts the shard on the free list.
    pub fn release(self) {
        arena().release(self.0);
    }

    /// Tells one shard from another.
    pub fn index(self) -> u16 {
        self.0.index()
    }

    /// Makes this the shard that the calling thread records in. The thread does not return it when it ends.
    pub fn wear(self) {
        local::wear(self.0);
    }
}

/// Does now what the end of the thread does: returns its shard. From here on its records lease.
///
/// Loom's `join` returns before the destructors of thread-locals have run, so a model that counts free shards after
/// the join ends its threads with this.
pub fn end_thread() {
    local::end_thread();
}

/// Lets time pass for those who wait for callbacks. Nothing else does.
pub fn pass(time: Duration) {
    sync::pass(time);
}

/// Calls of callbacks that were given up and have not returned yet.
pub fn late_calls(registry: &Registry) -> u32 {
    registry.late_calls()
}

/// How often something has left the registry, as far as the calling thread knows.
pub fn removals(registry: &Registry) -> u64 {
    registry.removals().so_far()
}

/// The end of a registry with a fault: its workers are woken before they are told to end.
pub fn end_workers_too_late(registry: &Registry) {
    registry.end_workers_too_late();
}

/// A registration with a fault: what the early cell holds is loaded, and the cell closed by a store.
pub fn register_without_swap(counter: &StaticCounter, registry: &Registry) {
    counter.register_without_swap(registry);
}

/// A registration with a fault: the early count of a bucket is taken in one step and its sum in another.
pub fn register_by_halves(histogram: &StaticHistogram, registry: &Registry) {
    histogram.register_by_halves(registry);
}

/// A registration with a fault: the early cell is closed before its value is set.
pub fn register_closing_first(gauge: &StaticGauge, registry: &Registry) {
    gauge.register_closing_first(registry);
}

/// Where the cells of a counter lie in every shard.
pub fn slot(counter: &Counter) -> Option<u32> {
    counter.0.block().map(|block| block.slot())
}

/// The cells of one metric in one shard.
#[derive(Clone, Copy, Debug)]
pub struct Cells {
    page: &'static Page,
    offset: usize,
}

impl Cells {
    /// Those of a counter, in every shard that has recorded it.
    pub fn of_counter(counter: &Counter) -> Vec<Self> {
        counter.0.block().map_or_else(Vec::new, |block| Self::of_block(block))
    }

    /// Those of a histogram, in every shard that has recorded it.
    pub fn of_histogram(histogram: &Histogram) -> Vec<Self> {
        histogram.core().map_or_else(Vec::new, |core| Self::of_block(core.block()))
    }

    fn of_block(block: &CellBlock) -> Vec<Self> {
        let (slot, offset) = (block.slot(), offset_of(block.slot()));
        block.arena().shards().filter_map(|shard| Some(Self { page: shard.page(slot)?, offset })).collect()
    }

    /// Whether the first of these is the first of the others.
    pub fn is(self, others: Self) -> bool {
        std::ptr::eq(self.page, others.page) && self.offset == others.offset
    }

    /// Reads a bucket of a histogram by the protocol: its count, its sum, and the tries.
    pub fn bucket(self, bucket: usize) -> (u64, f64, u32) {
        let reading = pairs::read(self.page, self.offset, bucket);
        (reading.count, f64::from_bits(reading.sum), reading.tries)
    }

    /// For controls: zeroes the cell with this index, whoever owns it.
    pub fn zero(self, cell: usize) {
        self.page.cell(self.offset + cell).owner_store(0, Ordering::Relaxed);
    }

    /// Loads the cell with this index, by no protocol at all.
    pub fn load(self, cell: usize) -> u64 {
        self.page.cell(self.offset + cell).load(Ordering::Acquire)
    }
}

/// A place of one exemplar, without a series around it.
#[derive(Clone, Debug)]
pub struct ExemplarPlace(sync::Arc<Slot>);

impl ExemplarPlace {
    /// A place where nothing was put yet.
    pub fn new() -> Self {
        Self(sync::Arc::new(Slot::new()))
    }

    /// Puts an exemplar there that says `number` as its value and its label, which has so many characters. Says whether
    /// it was kept.
    pub fn put(&self, number: u64, characters: usize) -> bool {
        let labels = LabelText::of([("n", format!("{number:0characters$}"))]);
        labels.is_ok_and(|labels| self.0.write(&labels, number as f64, number).is_ok())
    }

    /// The number, as value and label say it.
    pub fn read(&self) -> Option<(f64, String)> {
        let exemplar = self.0.read()?;
        let label = exemplar.labels().map(|(_, value)| value.to_owned()).collect();
        Some((exemplar.value(), label))
    }
}

impl Default for ExemplarPlace {
    fn default() -> Self {
        Self::new()
    }
}
