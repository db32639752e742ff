//! Pages: the 4 KiB blocks of cells that a shard maps when one of their metrics is first recorded.

use std::ops::Range;

use crossbeam_utils::CachePadded;

use crate::sync::{Cell64, limit};

/// Cells in a page: 512 of eight bytes make 4 KiB. Models use small pages, because they track every cell.
pub(crate) const PAGE_CELLS: usize = limit!(512, loom: 8, shuttle: 32);

const OFFSET_MASK: usize = PAGE_CELLS - 1;

/// One page of a shard.
///
/// Padded to the pair of cache lines that neighbouring prefetch pulls in together: without it the last cells of one
/// thread's page would share a line with the first cells of another's, and both would pay for each other's writes.
/// Cells within a page have one writer and may share lines.
#[derive(Debug)]
pub(crate) struct Page(CachePadded<[Cell64; PAGE_CELLS]>);

impl Page {
    fn new() -> Self {
        Self(CachePadded::new(std::array::from_fn(|_| Cell64::default())))
    }

    /// The cell at `offset`. The mask never changes a legal offset (a metric's cells do not straddle a page); it only
    /// tells the compiler so, which removes the bounds check.
    #[inline(always)]
    pub(crate) fn cell(&self, offset: usize) -> &Cell64 {
        &self.0[offset & OFFSET_MASK]
    }

    /// The cells at these offsets.
    pub(crate) fn cells(&self, offsets: Range<usize>) -> &[Cell64] {
        &self.0[offsets]
    }
}

/// A single heap value whose allocation may be refused.
///
/// `Box::try_new` is not stable; a vector of one element that gave up its spare capacity is the same allocation.
#[derive(Debug)]
pub(crate) struct TryBox<T>(Box<[T; 1]>);

impl<T> TryBox<T> {
    /// Moves what `make` returns to the heap, or returns `None` when the allocator refuses.
    pub(crate) fn new(make: impl FnOnce() -> T) -> Option<Self> {
        let mut one = Vec::new();
        one.try_reserve_exact(1).ok()?;
        one.push(make());
        one.into_boxed_slice().try_into().ok().map(Self)
    }
}

impl<T> std::ops::Deref for TryBox<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0[0]
    }
}

impl<T> std::ops::DerefMut for TryBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0[0]
    }
}

impl TryBox<Page> {
    /// A zeroed page, or `None` when memory is refused.
    pub(crate) fn page() -> Option<Self> {
        Self::new(Page::new)
    }
}
