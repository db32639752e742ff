//! Counted handles, for families that forget the series that nobody holds.
//!
//! [`Arc::strong_count`] is a relaxed load and not to be decided on, and schemas and snapshots hold the cells too. So a
//! handle counts itself in what it holds, where the family asks for it; elsewhere it is an `Arc` and no more.
//!
//! - A handle that is dropped counts itself out with Release, and who finds that nobody is left loads the count with
//!   Acquire: it then sees all that was ever recorded through handles.
//! - From one, which is the map's own, the count rises only through a look-up, under the lock of the map. Who holds
//!   that lock and finds one knows that there is no handle, and that none appears.

use std::ops::Deref;

use crate::sync::{Arc, AtomicU32, Ordering};

/// What a handle holds.
pub(crate) trait Counted {
    /// The number of handles, where they are counted.
    fn holders(&self) -> Option<&AtomicU32>;
}

/// An `Arc` that counts itself if its content says so.
#[derive(Debug)]
pub(crate) struct Held<T: Counted>(Arc<T>);

impl<T: Counted> Held<T> {
    pub(crate) fn new(content: Arc<T>) -> Self {
        if let Some(holders) = content.holders() {
            // Relaxed: the count rises under the lock of the map, or beside a handle that is counted already.
            holders.fetch_add(1, Ordering::Relaxed);
        }
        Self(content)
    }

    /// The `Arc`, uncounted.
    pub(crate) fn arc(&self) -> &Arc<T> {
        &self.0
    }

    /// Whether this is the only counted one; false where they are not counted.
    pub(crate) fn is_only(&self) -> bool {
        // Acquire: see the module.
        self.0.holders().is_some_and(|holders| holders.load(Ordering::Acquire) == 1)
    }
}

impl<T: Counted> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.0))
    }
}

impl<T: Counted> Drop for Held<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(holders) = self.0.holders() {
            // Release: see the module.
            holders.fetch_sub(1, Ordering::Release);
        }
    }
}

impl<T: Counted> Deref for Held<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
