//! A shard: the two-level table of the pages that its owner has touched.

use super::page::{PAGE_CELLS, Page, TryBox};
use crate::sync::{AtomicU32, Once};

/// Entries on each level. Two levels of 256 reach all 65,536 pages, and a new shard costs 4 KiB; a flat table would
/// cost a mebibyte.
#[cfg(not(tachometer_loom))]
const FANOUT: usize = 256;
#[cfg(tachometer_loom)]
const FANOUT: usize = 2;

const PAGE_BITS: u32 = PAGE_CELLS.trailing_zeros();
const FANOUT_BITS: u32 = FANOUT.trailing_zeros();

type Table<T> = [Once<TryBox<T>>; FANOUT];

/// One thread's private column of cells.
///
/// Pages are mapped by the owner alone (`Once::set` has one caller at a time, so it never waits) and found by readers
/// with an Acquire load.
#[derive(Debug)]
pub(crate) struct Shard {
    index: u16,
    /// The next shard on the free list, meaningful while this one is on it.
    pub(super) next_free: AtomicU32,
    root: Table<Table<Page>>,
}

impl Shard {
    /// A shard that has no place in an arena yet.
    pub(super) fn new() -> Self {
        Self { index: 0, next_free: AtomicU32::new(0), root: empty_table() }
    }

    pub(super) fn set_index(&mut self, index: u16) {
        self.index = index;
    }

    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    /// The page that holds `slot`, when it has been touched.
    #[inline(always)]
    pub(crate) fn page(&self, slot: u32) -> Option<&Page> {
        let number = page_of(slot);
        let pages = self.root[(number >> FANOUT_BITS) as usize % FANOUT].get()?;
        Some(&**pages[number as usize % FANOUT].get()?)
    }

    /// The page that holds `slot`, mapped now if need be; `None` when memory is refused. For the owner only.
    ///
    /// Memory is taken first and published then, so that an allocator that records with this engine finds no lock and
    /// no half-made page on its way.
    pub(crate) fn page_or_map(&self, slot: u32) -> Option<&Page> {
        let number = page_of(slot);
        let pages =
            get_or_set(&self.root[(number >> FANOUT_BITS) as usize % FANOUT], || TryBox::new(empty_table))?;
        Some(&**get_or_set(&pages[number as usize % FANOUT], TryBox::page)?)
    }
}

/// The number of the page that holds a slot.
#[inline(always)]
pub(crate) fn page_of(slot: u32) -> u32 {
    slot >> PAGE_BITS
}

/// The offset of a slot within its page.
#[inline(always)]
pub(crate) fn offset_of(slot: u32) -> usize {
    slot as usize % PAGE_CELLS
}

fn empty_table<T>() -> Table<T> {
    std::array::from_fn(|_| Once::new())
}

fn get_or_set<T>(once: &Once<TryBox<T>>, make: impl FnOnce() -> Option<TryBox<T>>) -> Option<&TryBox<T>> {
    if once.get().is_none() {
        // There is one setter at a time, the shard's owner; were it already set, the value there would serve.
        let _ = once.set(make()?);
    }
    once.get()
}
