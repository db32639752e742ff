//! Code of the program that the engine calls, and whose panics go no further.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs code of the program, and stops its panics here: `None` if it panicked.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|payload| {
            // What it panicked with is its own too, and may panic when it is dropped. What that panics with is never
            // dropped, because this could go on for ever.
            catch_unwind(AssertUnwindSafe(|| drop(payload))).unwrap_or_else(mem::forget);
        })
        .ok()
}
