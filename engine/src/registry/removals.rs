//! How often something has left a registry: what tells who keeps handles that one of them may be to a series that is
//! gone.

use super::Registry;
use crate::sync::{Arc, AtomicU64, Ordering};

/// The removals of series and families in a registry, counted.
///
/// Each is counted under the lock of the map that it changes, and who reads the count does so before it looks anything
/// up. So a handle that was found after reading `n` is to a series that removal `n` and those before it have spared:
/// either the reader came to the map's lock after the removal, or it had not read `n` yet. As long as the count is `n`,
/// the handle is good; what is removed later raises it.
#[derive(Clone, Debug)]
pub(crate) struct Removals(Arc<AtomicU64>);

impl Removals {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }

    /// Counts one more, under the lock of the map.
    pub(super) fn count(&self) {
        // Relaxed, here and below: the lock orders it. Had who reads the count come to the lock before this removal, its
        // load would have come before this too, and could not have read it.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there have been, as far as this thread knows.
    #[inline]
    pub(crate) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Registry {
    /// The count of this registry and its children.
    pub(crate) fn removals(&self) -> Removals {
        self.catalog.removals.clone()
    }

    /// Whether series go by themselves once nobody holds a handle to them.
    pub(crate) fn forgets_idle_series(&self) -> bool {
        self.catalog.options.idle_timeout.is_some()
    }
}
