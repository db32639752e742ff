//! Loom's primitives.

use std::cell::RefCell;

pub(crate) use loom::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence},
    },
    thread,
};

/// Nothing: loom does not reorder a thread's own accesses, which is all that a compiler fence is about.
pub(crate) fn compiler_fence(_order: Ordering) {}

/// The load of a cell's owner: loom fails the model when another thread's write is concurrent with it.
#[allow(unsafe_code)]
pub(crate) fn owner_load(cell: &AtomicU64) -> u64 {
    // SAFETY: the cell belongs to the calling thread's shard, so no other thread writes it; loom checks just that
    // in every execution. The load exists under loom only, because an ordinary one would blind loom's search.
    // Model: every file of `loom-tests`; the minimum of executions that each asserts fails without it.
    unsafe { cell.unsync_load() }
}

/// The store of a cell's owner. The load before it makes loom fail the model when another thread's store is not ordered
/// with this one.
pub(crate) fn owner_store(cell: &AtomicU64, value: u64, order: Ordering) {
    owner_load(cell);
    cell.store(value, order);
}

macro_rules! per_thread {
    ($($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;)*) => {
        loom::thread_local! { $($(#[$attr])* static $name: $ty = $init;)* }
    };
}
pub(crate) use per_thread;

/// One value an execution, which outlives the execution until the next one's replaces it.
///
/// Loom drops its lazy statics when the model returns, and destructors of thread-locals may run after that. What goes
/// through their `&'static` must not be freed under them, and leaking it would cost gigabytes in a long model.
#[derive(Debug)]
pub(crate) struct ProcessWide<T: 'static> {
    /// Boxed, so that it stays where it is when it moves to the grave.
    value: Option<Box<T>>,
    grave: &'static std::thread::LocalKey<RefCell<Option<Box<T>>>>,
}

impl<T> ProcessWide<T> {
    pub(crate) fn new(value: T, grave: &'static std::thread::LocalKey<RefCell<Option<Box<T>>>>) -> Self {
        Self { value: Some(Box::new(value)), grave }
    }
}

impl<T> std::ops::Deref for ProcessWide<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("the value leaves in drop only")
    }
}

impl<T> Drop for ProcessWide<T> {
    fn drop(&mut self) {
        // Loom runs all threads of a model, one execution after the other, on the thread that checks it.
        let last = self.grave.try_with(|grave| grave.replace(self.value.take()));
        drop(last);
    }
}

macro_rules! process_wide {
    ($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;) => {
        loom::lazy_static! {
            $(#[$attr])*
            static ref $name: crate::sync::ProcessWide<$ty> = {
                std::thread_local! {
                    static GRAVE: std::cell::RefCell<Option<Box<$ty>>> = const { std::cell::RefCell::new(None) };
                }
                crate::sync::ProcessWide::new($init, &GRAVE)
            };
        }
    };
}
pub(crate) use process_wide;

macro_rules! limit {
    ($ships:expr, loom: $loom:expr, shuttle: $shuttle:expr) => {
        $loom
    };
}
pub(crate) use limit;
