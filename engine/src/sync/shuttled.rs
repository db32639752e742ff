//! Shuttle's primitives. It switches threads before and after every access to one, and knows no order but the one in
//! which they happen: what a wrong `Ordering` does is left to loom.

pub(crate) use shuttle::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, compiler_fence, fence},
    },
    thread,
};

/// The load of a cell's owner. Others run between it and the store, so that two owners of one cell lose each other's
/// additions.
pub(crate) fn owner_load(cell: &AtomicU64) -> u64 {
    cell.load(Ordering::Relaxed)
}

/// The store of a cell's owner.
pub(crate) fn owner_store(cell: &AtomicU64, value: u64, order: Ordering) {
    cell.store(value, order);
}

macro_rules! per_thread {
    ($($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;)*) => {
        shuttle::thread_local! { $($(#[$attr])* static $name: $ty = $init;)* }
    };
}
pub(crate) use per_thread;

// One value an execution. Shuttle drops it when all threads have ended, their thread-locals too.
macro_rules! process_wide {
    ($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;) => {
        shuttle::lazy_static! {
            $(#[$attr])*
            static ref $name: $ty = $init;
        }
    };
}
pub(crate) use process_wide;

macro_rules! limit {
    ($ships:expr, loom: $loom:expr, shuttle: $shuttle:expr) => {
        $shuttle
    };
}
pub(crate) use limit;
