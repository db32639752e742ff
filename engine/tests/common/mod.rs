//! What several tests use.

use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag when it is dropped: also when an assertion fails, so that no thread goes on without end.
pub(crate) struct Finish<'a>(pub(crate) &'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
