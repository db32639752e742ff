//! A shard: the two-level table of the pages that its owner has touched.

use super::page::{PAGE_CELLS, Page, TryBox};
use crate::sync::{AtomicU32, AtomicU64, Cell64, Once, Ordering, limit};

/// Entries on each level. Two levels of 256 reach all 65,536 pages, and a new shard costs 4 KiB; a flat table would
/// cost a mebibyte.
const FANOUT: usize = limit!(256, loom: 2, shuttle: 4);

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
    /// Records that threads without a shard of their own have made in this one.
    leased: Cell64,
    /// Keepers of this shard besides one; 0 while it is free.
    more_keepers: Cell64,
    /// Bytes of the tables and pages below.
    taken: AtomicU64,
    root: Table<Table<Page>>,
}

impl Shard {
    /// A shard that has no place in an arena yet.
    pub(super) fn new() -> Self {
        Self {
            index: 0,
            next_free: AtomicU32::new(0),
            leased: Cell64::default(),
            more_keepers: Cell64::default(),
            taken: AtomicU64::new(0),
            root: empty_table(),
        }
    }

    pub(super) fn set_index(&mut self, index: u16) {
        self.index = index;
    }

    pub(crate) fn index(&self) -> u16 {
        self.index
    }

    /// Counts a record that was made through a lease. For the owner only.
    pub(super) fn count_lease(&self) {
        // Relaxed, here and below: the number stands for itself.
        self.leased.owner_store(self.leased.owner_load().wrapping_add(1), Ordering::Relaxed);
    }

    pub(super) fn leased_records(&self) -> u64 {
        self.leased.load(Ordering::Relaxed)
    }

    /// Counts one more [`Keeper`](super::Keeper). For the owner only.
    pub(super) fn add_keeper(&self) {
        // Relaxed, here and below: the owner's pushing the shard on the free list orders it before the next one.
        self.more_keepers.owner_store(self.more_keepers.owner_load() + 1, Ordering::Relaxed);
    }

    /// Counts one less, and says whether it was the last. For the owner only.
    pub(super) fn remove_keeper(&self) -> bool {
        match self.more_keepers.owner_load() {
            0 => true,
            more => {
                self.more_keepers.owner_store(more - 1, Ordering::Relaxed);
                false
            }
        }
    }

    /// What the shard has taken from the allocator, tables and pages included.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.taken.load(Ordering::Relaxed) as usize
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
        let table = &self.root[(number >> FANOUT_BITS) as usize % FANOUT];
        let pages = self.get_or_set(table, || TryBox::new(empty_table))?;
        Some(&**self.get_or_set(&pages[number as usize % FANOUT], TryBox::page)?)
    }

    fn get_or_set<'a, T>(
        &self,
        once: &'a Once<TryBox<T>>,
        make: impl FnOnce() -> Option<TryBox<T>>,
    ) -> Option<&'a TryBox<T>> {
        if once.get().is_none() {
            // There is one setter at a time, the shard's owner; were it already set, the value there would serve.
            let _ = once.set(make()?);
            // Relaxed: the number stands for itself.
            self.taken.fetch_add(size_of::<T>() as u64, Ordering::Relaxed);
        }
        once.get()
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
