//! Who keeps a thread's shard: the guard that returns it when the thread ends, and the thread's local handles.

use std::marker::PhantomData;

use super::{Arena, Shard};

/// A share in the shard that the calling thread keeps. The last one that is dropped returns the shard.
///
/// The guard's is gone with the guard. A local handle in a thread-local that was made before the guard is destroyed
/// after it, and still writes its cell: were the shard free by then, another thread would write there too.
///
/// Neither `Send` nor `Sync`: all shares of a shard stay on one thread, which counts them in the shard itself. They do
/// not need a thread-local, which may be gone before they are.
pub(crate) struct Keeper {
    arena: &'static Arena,
    shard: &'static Shard,
    stays_on_its_thread: PhantomData<*const ()>,
}

impl Keeper {
    /// The first share in a shard that the calling thread takes now, if it may keep one.
    pub(super) fn first(arena: &'static Arena) -> Option<Self> {
        arena.acquire_kept().map(|shard| Self::of(arena, shard))
    }

    /// Another share in the calling thread's shard.
    pub(super) fn another(arena: &'static Arena, shard: &'static Shard) -> Self {
        shard.add_keeper();
        Self::of(arena, shard)
    }

    pub(super) fn shard(&self) -> &'static Shard {
        self.shard
    }

    fn of(arena: &'static Arena, shard: &'static Shard) -> Self {
        Self { arena, shard, stays_on_its_thread: PhantomData }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.shard.remove_keeper() {
            self.arena.release_kept(self.shard);
        }
    }
}
