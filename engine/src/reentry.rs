//! Look-ups that must not happen inside one another.

use std::cell::Cell;

use crate::sync::per_thread;

per_thread! {
    /// Whether this thread is looking something up.
    static LOOKING_UP: Cell<bool> = Cell::new(false);
}

/// Looks something up, unless this thread is at it already: then it is an allocator that records, asked for memory
/// under a lock for which the inner look-up would wait for ever.
///
/// Look-ups of all kinds count as one: threads that took the locks of two kinds in turns could wait for each other.
pub(crate) fn one_at_a_time<R>(look_up: impl FnOnce() -> R) -> Option<R> {
    /// Says that it is over, also when something panicked.
    struct Over;

    impl Drop for Over {
        fn drop(&mut self) {
            let _ = LOOKING_UP.try_with(|looking_up| looking_up.set(false));
        }
    }

    if LOOKING_UP.try_with(|looking_up| looking_up.replace(true)).unwrap_or(false) {
        return None;
    }
    let _over = Over;
    Some(look_up())
}
