//! Who asks callbacks: a worker thread, so that one that never returns holds up nobody for ever.
//!
//! In the models of loom, which has no time, callbacks run on the thread that takes the snapshot.

use std::cell::Cell;

use crate::sync::per_thread;

#[cfg(not(tachometer_loom))]
pub(crate) use super::workers::Runner;
#[cfg(tachometer_loom)]
pub(crate) use inline::Runner;

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

#[cfg(tachometer_loom)]
mod inline {
    use std::time::Duration;

    use super::{
        super::callback::{Answer, Callbacks},
        at_depth, next_depth,
    };

    /// Asks the callbacks of a registry on the calling thread.
    pub(crate) struct Runner;

    impl Runner {
        pub(crate) fn new(_timeout: Duration) -> Self {
            Self
        }

        /// The answer of each callback; `None` if it failed.
        pub(crate) fn run(&self, callbacks: &Callbacks) -> Vec<Option<Answer>> {
            let depth = next_depth();
            let ask = |depth| at_depth(depth, || callbacks.iter().map(|callback| callback.ask()).collect());
            depth.map_or_else(|| callbacks.iter().map(|_| None).collect(), ask)
        }
    }
}
