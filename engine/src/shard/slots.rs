//! Slots: which cells, the same in every shard, belong to which metric.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arena, PAGE_CELLS, table::page_of};
use crate::{
    size,
    sync::{AtomicBool, Cell64, Ordering, limit},
};

/// Pages a process can have: 65,536, which is 33 million cells.
const MAX_PAGES: u32 = limit!(1 << 16, loom: 4, shuttle: 16);

/// The slot of a handle that records nothing.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// The cells `slot .. slot + len` of every shard, for as long as this value lives.
///
/// Dropping it only queues the cells, so that the last handle of a metric may be dropped on a producer's thread. The
/// registration that takes them again zeroes them in every shard first ([`Arena::take_cells`]). Whoever may still load
/// the cells, a handle or a snapshot's schema, holds an `Arc` of what this lies in.
#[derive(Debug)]
pub(crate) struct CellBlock {
    slot: u32,
    len: u16,
    /// Whether the cells have a baseline, which the arena keeps.
    reset: AtomicBool,
    /// The arena is a static of the process, except that loom's are gone before the last block.
    #[cfg(tachometer_loom)]
    arena: &'static Arena,
}

impl CellBlock {
    #[cfg_attr(not(tachometer_loom), expect(unused_variables, reason = "it is the process's"))]
    pub(super) fn new(arena: &'static Arena, Extent { slot, len }: Extent) -> Self {
        Self {
            slot,
            len,
            reset: AtomicBool::new(false),
            #[cfg(tachometer_loom)]
            arena,
        }
    }

    /// What the cells held in all when the series was last reset. Load this before the cells: they never fall below it.
    pub(crate) fn baseline(&self) -> Option<Baseline> {
        // The flag spares the lock of the baselines, which also sees to it that the cells, loaded after this, are no
        // older than the baseline. Relaxed, because who sees the flag takes the lock after the reset that has set it:
        // had it taken it before, its load of the flag would have come before the store.
        if self.reset.load(Ordering::Relaxed) { self.arena().baseline(self.slot) } else { None }
    }

    /// Makes what the cells hold the zero of their series. `read` loads it.
    pub(crate) fn reset(&self, read: impl FnOnce() -> Baseline) {
        self.arena().set_baseline(self.slot, read);
        // Relaxed: see `baseline`. Who must see the flag is told by something else, as snapshots are by the version.
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Bytes of the cells, in all shards that have mapped their page.
    pub(crate) fn mapped_bytes(&self) -> usize {
        let mapped = self.arena().shards().filter(|shard| shard.page(self.slot).is_some()).count();
        mapped * usize::from(self.len) * size_of::<Cell64>()
    }

    /// What is kept of the series because it was reset: its values, and their place in a table.
    pub(crate) fn baseline_bytes(&self) -> usize {
        self.baseline().map_or(0, |values| size::shared(&*values) + size_of::<(u32, Baseline)>())
    }

    #[inline(always)]
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }

    #[cfg(not(tachometer_loom))]
    pub(crate) fn arena(&self) -> &'static Arena {
        super::arena()
    }

    #[cfg(tachometer_loom)]
    pub(crate) fn arena(&self) -> &'static Arena {
        self.arena
    }
}

impl Drop for CellBlock {
    fn drop(&mut self) {
        self.arena().retire(Extent { slot: self.slot, len: self.len });
    }
}

/// The values of a series, as a snapshot would hold them.
pub(crate) type Baseline = std::sync::Arc<[u64]>;

/// A run of slots within one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) slot: u32,
    pub(crate) len: u16,
}

/// Which slots are free: best fit, lowest first, merged with their neighbours when they come back.
#[derive(Debug, Default)]
pub(crate) struct SlotAllocator {
    /// Length of each free extent, by its first slot.
    by_slot: BTreeMap<u32, u16>,
    /// The same extents, smallest first.
    by_len: BTreeSet<(u16, u32)>,
    pages: u32,
}

impl SlotAllocator {
    /// Takes `len` slots of one page, or `None` when every page of the process is full.
    pub(crate) fn take(&mut self, len: u16) -> Option<Extent> {
        let (have, slot) = match self.by_len.range((len, 0)..).next() {
            Some(&extent) => extent,
            None => self.open_page()?,
        };
        self.remove(slot, have);
        if have > len {
            self.insert(slot + u32::from(len), have - len);
        }
        Some(Extent { slot, len })
    }

    /// Gives an extent back.
    pub(crate) fn give(&mut self, extent: Extent) {
        let Extent { mut slot, mut len } = extent;
        if let Some((&before, &before_len)) = self.by_slot.range(..slot).next_back()
            && before + u32::from(before_len) == slot
            && page_of(before) == page_of(slot)
        {
            self.remove(before, before_len);
            slot = before;
            len += before_len;
        }
        let after = slot + u32::from(len);
        if let Some(&after_len) = self.by_slot.get(&after)
            && page_of(after) == page_of(slot)
        {
            self.remove(after, after_len);
            len += after_len;
        }
        self.insert(slot, len);
    }

    fn open_page(&mut self) -> Option<(u16, u32)> {
        if self.pages == MAX_PAGES {
            return None;
        }
        let slot = self.pages * PAGE_CELLS as u32;
        self.pages += 1;
        self.insert(slot, PAGE_CELLS as u16);
        Some((PAGE_CELLS as u16, slot))
    }

    fn insert(&mut self, slot: u32, len: u16) {
        self.by_slot.insert(slot, len);
        self.by_len.insert((len, slot));
    }

    fn remove(&mut self, slot: u32, len: u16) {
        self.by_slot.remove(&slot);
        self.by_len.remove(&(len, slot));
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_metric_never_straddle_a_page() {
        let mut slots = SlotAllocator::default();
        for len in [1, 25, 511, 3, 512, 25, 100, 511, 1, 1] {
            let extent = slots.take(len).unwrap();
            assert_eq!(page_of(extent.slot), page_of(extent.slot + u32::from(len) - 1), "{extent:?}");
        }
    }

    #[test]
    fn slots_given_back_merge_into_a_whole_page() {
        let mut slots = SlotAllocator::default();
        let taken: Vec<Extent> = (0..512).map(|_| slots.take(1).unwrap()).collect();
        // Every second one first, so that both neighbours are met.
        for extent in taken.iter().step_by(2).chain(taken.iter().skip(1).step_by(2)) {
            slots.give(*extent);
        }
        assert_eq!(slots.take(512), Some(Extent { slot: 0, len: 512 }));
    }

    #[test]
    fn a_full_process_says_so() {
        let mut slots = SlotAllocator::default();
        for _ in 0..MAX_PAGES {
            assert!(slots.take(PAGE_CELLS as u16).is_some());
        }
        assert_eq!(slots.take(1), None);
        slots.give(Extent { slot: 512 * 7, len: 512 });
        assert_eq!(slots.take(3), Some(Extent { slot: 512 * 7, len: 3 }));
    }
}
