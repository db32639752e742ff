//! The arena: every shard of the process, the list of free ones, and the slots of their cells.

use std::collections::HashMap;

use super::{
    Shard,
    free_list::FreeList,
    page::TryBox,
    slots::{Baseline, CellBlock, Extent, SlotAllocator},
    table::offset_of,
};
use crate::{
    drops::DropReason,
    sync::{AtomicU32, Mutex, Once, Ordering, Queue, limit, lock, process_wide},
};

/// Shards a process can have, kept by threads or made for leases: their index has 16 bits, and one value means none.
pub(super) const MAX_SHARDS: u32 = limit!(65_535, loom: 6, shuttle: 32);

/// Shards that threads may keep at once. A thread beyond it leases a shard for each record: correct, but tens of
/// nanoseconds instead of one. It bounds memory: a kept shard holds every page that its thread ever touched.
pub(crate) const MAX_KEPT_SHARDS: u32 = limit!(4_096, loom: 4_096, shuttle: 6);

/// Shards in a chunk. The first chunk lies in the arena; another is made as soon as the one before it is used.
const CHUNK: usize = limit!(256, loom: 2, shuttle: 16);
const MORE_CHUNKS: usize = (MAX_SHARDS as usize).div_ceil(CHUNK) - 1;

type Chunk = [Once<TryBox<Shard>>; CHUNK];

/// Every shard of the process. A value, so that a loom model can have its own.
#[derive(Debug)]
pub(crate) struct Arena {
    first: Chunk,
    more: [Once<TryBox<Chunk>>; MORE_CHUNKS],
    /// Indices given out. A shard may be published a little later, or never when memory was refused.
    claimed: AtomicU32,
    /// 1 while a thread makes a chunk. Never waited for: who finds it taken does without.
    growing: AtomicU32,
    kept: AtomicU32,
    free: FreeList,
    slots: Mutex<SlotAllocator>,
    retired: Queue<Extent>,
    /// By the first slot of the series that were reset; seldom any.
    baselines: Mutex<HashMap<u32, Baseline>>,
}

process_wide! {
    /// The arena that all registries of the process share. It exists from the first registration on, so a record
    /// never waits for it to be made.
    static ARENA: Arena = Arena::new();
}

/// The process's arena.
pub(crate) fn arena() -> &'static Arena {
    &ARENA
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self {
            first: empty_chunk(),
            more: std::array::from_fn(|_| Once::new()),
            claimed: AtomicU32::new(0),
            growing: AtomicU32::new(0),
            kept: AtomicU32::new(0),
            free: FreeList::new(),
            slots: Mutex::new(SlotAllocator::default()),
            retired: Queue::new(),
            baselines: Mutex::new(HashMap::new()),
        }
    }

    /// A shard for the calling thread to own until [`Arena::release`]: a free one, or else a new one.
    ///
    /// Fails when there are 65,535 already or memory is refused. Lock-free, but for the allocator when it makes one.
    pub(crate) fn acquire(&self) -> Result<&Shard, DropReason> {
        self.free.pop(self).map_or_else(|| self.make(), Ok)
    }

    /// A free shard, and never a new one.
    #[cfg(any(tachometer_loom, tachometer_shuttle))]
    pub(crate) fn adopt(&self) -> Option<&Shard> {
        self.free.pop(self)
    }

    /// Gives a shard back. Its cells keep what was recorded in them.
    pub(crate) fn release(&self, shard: &Shard) {
        self.free.push(shard);
    }

    /// Like [`Arena::acquire`], but counted against the number of shards that threads may keep. For [`super::Keeper`].
    pub(crate) fn acquire_kept(&self) -> Option<&Shard> {
        // Relaxed, here and below: the count orders nothing.
        if self.kept.fetch_add(1, Ordering::Relaxed) < MAX_KEPT_SHARDS
            && let Ok(shard) = self.acquire()
        {
            return Some(shard);
        }
        self.kept.fetch_sub(1, Ordering::Relaxed);
        None
    }

    /// Gives back a shard from [`Arena::acquire_kept`], which nobody on its thread keeps any more.
    pub(crate) fn release_kept(&self, shard: &Shard) {
        self.release(shard);
        self.kept.fetch_sub(1, Ordering::Relaxed);
    }

    /// Every shard that was ever made, in the order in which they were made.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &Shard> {
        // Relaxed: the shards are published one by one, with Release, by the `Once` that holds each.
        let claimed = self.claimed.load(Ordering::Relaxed) as u16;
        (0..claimed).filter_map(|index| self.shard(index))
    }

    /// Records made in leased shards so far.
    pub(crate) fn leased_records(&self) -> u64 {
        self.shards().fold(0, |sum, shard| sum.wrapping_add(shard.leased_records()))
    }

    /// What the shards and their pages take from the allocator. The first chunk of them lies in the arena.
    pub(crate) fn shard_bytes(&self) -> usize {
        let chunks = self.more.iter().take_while(|chunk| chunk.get().is_some()).count() * size_of::<Chunk>();
        chunks + self.shards().map(Shard::bytes).sum::<usize>()
    }

    /// The shard with this index, if it exists.
    pub(super) fn shard(&self, index: u16) -> Option<&Shard> {
        self.place(usize::from(index))?.get().map(|shard| &**shard)
    }

    fn place(&self, index: usize) -> Option<&Once<TryBox<Shard>>> {
        match (index / CHUNK).checked_sub(1) {
            None => self.first.get(index),
            Some(chunk) => self.more.get(chunk)?.get()?.get(index % CHUNK),
        }
    }

    /// Makes a shard: takes memory for it, claims the next index, then publishes it under that.
    ///
    /// In this order, because an index that was claimed in vain would be lost for good. An index has one claimant, so
    /// no `set` here ever meets another and waits; that also holds in the child of a fork, where a thread that was
    /// half-way through may have vanished.
    #[cold]
    fn make(&self) -> Result<&Shard, DropReason> {
        let mut shard = TryBox::new(Shard::new).ok_or(DropReason::Memory)?;
        let (index, place) = self.claim()?;
        shard.set_index(index as u16);
        self.grow_behind(index);
        let _ = place.set(shard);
        self.shard(index as u16).ok_or(DropReason::Memory)
    }

    /// Claims the next index, if there is a place for its shard.
    fn claim(&self) -> Result<(usize, &Once<TryBox<Shard>>), DropReason> {
        let mut next = self.claimed.load(Ordering::Relaxed);
        loop {
            let index = next as usize;
            if index >= MAX_SHARDS as usize {
                return Err(DropReason::Shards);
            }
            let Some(place) = self.place(index) else {
                // Memory for the chunk was refused so far, or the thread that makes it has not come to it while a whole
                // chunk of others passed by. It is asked for again, also by later records.
                self.grow_behind(index - 1);
                if self.place(index).is_none() {
                    return Err(DropReason::Memory);
                }
                continue;
            };
            match self.claimed.compare_exchange_weak(next, next + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok((index, place)),
                Err(seen) => next = seen,
            }
        }
    }

    /// Makes the chunk after the one that `index` lies in, unless it is there.
    ///
    /// One thread at a time tries and the others pass by: the chunk is not needed before this one is full.
    fn grow_behind(&self, index: usize) {
        let Some(next) = self.more.get(index / CHUNK) else { return };
        if next.get().is_some() {
            return;
        }
        // Acquire and Release make the flag a try-lock around `set`, which therefore has one caller.
        if self.growing.swap(1, Ordering::Acquire) == 0 {
            if next.get().is_none()
                && let Some(chunk) = TryBox::new(empty_chunk)
            {
                let _ = next.set(chunk);
            }
            self.growing.store(0, Ordering::Release);
        }
    }

    /// Takes `len` cells of one page, zero in every shard, or `None` when the process has no slots left.
    pub(crate) fn take_cells(&'static self, len: u16) -> Option<CellBlock> {
        let mut slots = lock(&self.slots);
        while let Some(extent) = self.retired.pop() {
            slots.give(extent);
        }
        let extent = slots.take(len)?;
        lock(&self.baselines).remove(&extent.slot);
        self.zero(extent);
        Some(CellBlock::new(self, extent))
    }

    /// What a series held when it was last reset.
    pub(super) fn baseline(&self, slot: u32) -> Option<Baseline> {
        lock(&self.baselines).get(&slot).cloned()
    }

    /// Sets it to what `read` loads, under the lock: of two resets the later one has the higher values.
    pub(super) fn set_baseline(&self, slot: u32, read: impl FnOnce() -> Baseline) {
        let mut baselines = lock(&self.baselines);
        let values = read();
        baselines.insert(slot, values);
    }

    /// Queues cells that no handle and no snapshot can reach any more. Lock-free, for any thread.
    pub(super) fn retire(&self, extent: Extent) {
        self.retired.push(extent);
    }

    /// Zeroes cells of other threads' shards.
    ///
    /// Nobody else writes or reads them: the last `Arc` of their block is gone, and its drop (Release, then the
    /// Acquire of the thread that dropped the last one), the queue and the slots' lock order every earlier access
    /// before these stores. Whoever is handed the new metric's handle is ordered after them in turn.
    fn zero(&self, extent: Extent) {
        for shard in self.shards() {
            if let Some(page) = shard.page(extent.slot) {
                let offset = offset_of(extent.slot);
                for cell in offset..offset + usize::from(extent.len) {
                    page.cell(cell).owner_store(0, Ordering::Relaxed);
                }
            }
        }
    }
}

/// Shards that the process has made so far, which is the most that were in use at once. For the engine's own tests.
#[doc(hidden)]
#[must_use]
pub fn shards_made() -> usize {
    arena().shards().count()
}

fn empty_chunk() -> Chunk {
    std::array::from_fn(|_| Once::new())
}

#[cfg(all(test, not(any(tachometer_loom, tachometer_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn shards_take_their_memory_and_that_of_the_chunks_behind_the_first() {
        let arena = Arena::new();
        assert_eq!(arena.shard_bytes(), 0);
        let shards: Vec<&Shard> = (0..=CHUNK).map(|_| arena.acquire().unwrap()).collect();
        // Each chunk is made when the one before it is begun.
        let chunks = 2 * size_of::<Chunk>();
        assert_eq!(arena.shard_bytes(), chunks + shards.into_iter().map(Shard::bytes).sum::<usize>());
    }

    #[test]
    fn a_chunk_that_was_not_made_in_time_is_made_when_it_is_needed() {
        let arena = Arena::new();
        // As if another thread were making it.
        arena.growing.store(1, Ordering::Relaxed);
        (0..CHUNK).for_each(|_| assert!(arena.acquire().is_ok()));
        assert_eq!(arena.acquire().unwrap_err(), DropReason::Memory);
        arena.growing.store(0, Ordering::Relaxed);
        assert_eq!(usize::from(arena.acquire().unwrap().index()), CHUNK);
    }
}
