//! How deep callbacks lie in one another: one may take a snapshot, which asks callbacks in turn.

use std::cell::Cell;

use crate::sync::per_thread;

/// How deep callbacks are asked within callbacks. One that takes a snapshot of its own registry would never end.
pub(super) const MAX_NESTED: u32 = 4;

per_thread! {
    /// Callbacks that this thread is in, one taking the snapshot that asks the next. A worker begins with those of the
    /// thread that it works for.
    static NESTED: Cell<u32> = Cell::new(0);
}

/// How deep callbacks lie that this thread asks now; `None` if that is too deep.
pub(super) fn next_depth() -> Option<u32> {
    let nested = NESTED.try_with(Cell::get).unwrap_or(0);
    (nested < MAX_NESTED).then_some(nested + 1)
}

/// Lets the thread ask callbacks at this depth.
pub(super) fn at_depth<R>(depth: u32, work: impl FnOnce() -> R) -> R {
    let before = NESTED.try_with(|nested| nested.replace(depth)).unwrap_or(0);
    let result = work();
    let _ = NESTED.try_with(|nested| nested.set(before));
    result
}
