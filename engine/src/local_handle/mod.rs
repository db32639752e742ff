//! Local handles: a metric's cell in the shard of one thread, for the thread's tightest loops.
//!
//! An ordinary handle asks at each record where the thread's cells lie. A local handle has asked when it was made, and
//! keeps the answer good:
//!
//! - it never leaves its thread;
//! - it keeps the metric's cells, with an ordinary handle;
//! - it keeps the thread's shard, with a share in it ([`Keeper`]), also when it outlives the thread's own guard.
//!
//! Where a thread cannot keep a shard there is no cell to hold, and each record goes to the ordinary handle.

mod counter;
mod histogram;

pub use counter::{LocalCounter, LocalFloatCounter, LocalUpDownCounter};
pub use histogram::LocalHistogram;

use std::fmt;

use crate::{
    cells::{SumCell, replace},
    shard::{Keeper, local, table::offset_of},
    sync::Cell64,
};

/// The cell of a counter in the calling thread's shard: what the local counters have in common.
struct LocalCell {
    /// `None` for a no-op, and where the thread has no shard to keep.
    cell: Option<&'static Cell64>,
    _keeper: Option<Keeper>,
    handle: SumCell,
}

impl LocalCell {
    fn new(handle: &SumCell) -> Self {
        let slot = handle.slot();
        let kept = local::keep(slot).map(|(page, keeper)| (page.cell(offset_of(slot)), keeper));
        let (cell, keeper) = kept.unzip();
        Self { cell, _keeper: keeper, handle: handle.clone() }
    }

    /// Replaces the value of the cell by `change` of it.
    #[inline(always)]
    fn update(&self, change: impl Fn(u64) -> u64) {
        match self.cell {
            Some(cell) => replace(cell, change),
            None if self.handle.is_noop() => {}
            None => self.update_by_handle(change),
        }
    }

    #[cold]
    #[inline(never)]
    fn update_by_handle(&self, change: impl Fn(u64) -> u64) {
        self.handle.update(change);
    }
}

impl fmt::Debug for LocalCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}
