//! A metric of one cell a shard: what the counters have in common.

use std::fmt;

use crate::{
    held::Held,
    shard::{
        CellBlock, NO_SLOT, Page,
        local::{self, OwnPages},
        table::offset_of,
    },
    sync::{Cell64, Ordering},
};

/// One cell in every shard, or nothing at all for a disabled registry.
///
/// 16 bytes: the slot lies beside the pointer, so that a record reads nothing but the handle, the thread-local and the
/// cell.
#[derive(Clone)]
pub(crate) struct SumCell {
    slot: u32,
    block: Option<Held<CellBlock>>,
}

impl SumCell {
    pub(crate) fn new(block: Held<CellBlock>) -> Self {
        Self { slot: block.slot(), block: Some(block) }
    }

    pub(crate) const fn noop() -> Self {
        Self { slot: NO_SLOT, block: None }
    }

    pub(crate) fn block(&self) -> Option<&Held<CellBlock>> {
        self.block.as_ref()
    }

    /// The slot, [`NO_SLOT`] when records go nowhere.
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }

    /// Whether records go nowhere.
    #[inline(always)]
    pub(crate) fn is_noop(&self) -> bool {
        self.slot == NO_SLOT
    }

    /// Replaces the value of the calling thread's cell by `change` of it: a load, `change`, and a store.
    #[inline(always)]
    pub(crate) fn update(&self, change: impl Fn(u64) -> u64) {
        update(self.slot, local::own_page(self.slot), change);
    }

    /// The same, when the thread's pages are at hand.
    #[inline(always)]
    pub(crate) fn update_in(&self, pages: OwnPages<'_>, change: impl Fn(u64) -> u64) {
        update(self.slot, pages.page(self.slot), change);
    }
}

/// What a sum of floats has grown by since it was `before`. A sum that has become infinite stays so.
pub(crate) fn growth(now: f64, before: f64) -> f64 {
    if now.is_infinite() { now } else { now - before }
}

/// Adds to a cell of a page.
#[inline(always)]
pub(crate) fn add_in(page: &Page, offset: usize, n: u64) {
    replace(page.cell(offset), move |value| value.wrapping_add(n));
}

#[inline(always)]
fn update(slot: u32, page: Option<&Page>, change: impl Fn(u64) -> u64) {
    match page {
        Some(page) => replace(page.cell(offset_of(slot)), change),
        None if slot == NO_SLOT => {}
        None => local::record_cold(slot, move |page| replace(page.cell(offset_of(slot)), change)),
    }
}

/// Replaces the value of a cell of the calling thread's own by `change` of it.
#[inline(always)]
pub(crate) fn replace(cell: &Cell64, change: impl Fn(u64) -> u64) {
    // Relaxed: the cell stands for itself; nothing is published through it.
    cell.owner_store(change(cell.owner_load()), Ordering::Relaxed);
}

impl fmt::Debug for SumCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_noop() { f.write_str("noop") } else { write!(f, "slot {}", self.slot) }
    }
}
