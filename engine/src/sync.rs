//! The primitives that models must see: atomics, locks, threads and their locals, statics, the time that a thread waits,
//! and the `Arc`s whose last drop matters.
//!
//! They come from `std`, atomic-float, portable-atomic, crossbeam and dashmap, or from loom, or from shuttle. The rest of
//! the engine says `use crate::sync::..`, so that the very code that ships runs under loom with `--cfg tachometer_loom`,
//! which explores all executions of something small, and under shuttle with `--cfg tachometer_shuttle`, which draws
//! executions of something large. What is shared and never changes (names, bounds, callbacks) is an `Arc` of `std`
//! everywhere, called `Shared` where the other is in use too.
//!
//! ```text
//! native      what ships
//! modelled    stand-ins for what no model sees ─┬─ loomed     loom's primitives
//!                                               └─ shuttled   shuttle's
//! ```
//!
//! Two rules come from how models work:
//!
//! - A shard's owner reads its own cells through [`Cell64::owner_load`]. Loom keeps only the last access to an
//!   object; an ordinary load by the owner in front of its store would hide the reader's earlier load from the search,
//!   and a model would explore one execution and prove nothing. `owner_load` is loom's `unsync_load`, which also
//!   makes loom prove that nobody else writes the cell.
//! - What models cannot see (the process-wide statics, `OnceLock`, dashmap, the lock-free queue, the clock) gets a
//!   stand-in with the same guarantees and no stronger ones. Under shuttle all threads are one to the system: a lock of
//!   `std` that is held over an access to a primitive would stop them all.

#[cfg(tachometer_loom)]
mod loomed;
#[cfg(any(tachometer_loom, tachometer_shuttle))]
mod modelled;
#[cfg(not(any(tachometer_loom, tachometer_shuttle)))]
mod native;
#[cfg(tachometer_shuttle)]
mod shuttled;

#[cfg(any(tachometer_loom, tachometer_shuttle))]
pub(crate) use modelled::*;
#[cfg(not(any(tachometer_loom, tachometer_shuttle)))]
pub(crate) use native::*;

/// What lies in a [`Map`]: it knows the key that it lies under.
pub(crate) trait Keyed {
    type Key: Eq + std::hash::Hash + ?Sized;

    fn key(&self) -> &Self::Key;
}

/// Locks a mutex whether or not a thread panicked while it held it.
///
/// No code under the engine's locks runs user code, so a poisoned lock cannot mean half-made state.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
