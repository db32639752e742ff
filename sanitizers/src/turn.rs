//! Turns: who calls the control plane.
//!
//! The standard library that comes with the compiler is built without the thread sanitizer, which therefore sees nothing
//! of what happens in it: a lock of a contended `Mutex`, the end of a `OnceLock`'s initialisation. (Nor does it know
//! fences, as the last drop of an `Arc` has one.) It would report all that they protect. So registrations, removals and
//! snapshots take turns here, by a lock that the sanitizer sees, and never meet each other. They meet the records of
//! all other threads, which take no turns.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Calls the control plane when it is this thread's turn.
pub(crate) fn in_turn<R>(work: impl FnOnce() -> R) -> R {
    while TAKEN.swap(true, Ordering::Acquire) {
        thread::yield_now();
    }
    let _end = End;
    work()
}

/// Ends the turn, also when an assertion fails.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        TAKEN.store(false, Ordering::Release);
    }
}
