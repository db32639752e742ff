//! The half that ships: `std`, atomic-float, portable-atomic, crossbeam and dashmap.

use std::{borrow::Borrow, hash::Hash};

use crossbeam_utils::CachePadded;

use crate::size;

pub(crate) use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, Ordering, fence},
};

pub(crate) use atomic_float::AtomicF64;
pub(crate) use crossbeam_queue::SegQueue as Queue;
pub(crate) use portable_atomic::AtomicU128;
pub(crate) use std::sync::OnceLock as Once;

/// A 64-bit cell of a shard: written by the shard's owner alone, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Cell64(AtomicU64);

impl Cell64 {
    /// The owner's load of its own cell. Relaxed: nobody else writes it.
    #[inline(always)]
    pub(crate) fn owner_load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The owner's store.
    #[inline(always)]
    pub(crate) fn owner_store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    /// A reader's load.
    #[inline(always)]
    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
}

/// A map from label sets to series. The slow lane: it locks one of its internal shards.
///
/// The keys are short, and `std`'s hash would be most of a look-up. This one is seeded at random too, and the number of
/// keys is limited.
#[derive(Debug)]
pub(crate) struct Map<K: Eq + Hash, V>(dashmap::DashMap<K, V, foldhash::fast::RandomState>);

/// Parts of a map, each with a lock of its own and padded to 128 bytes. By default there are four for each processor,
/// which is much for a family of one series.
const PARTS: usize = 8;

impl<K: Eq + Hash, V: Clone> Map<K, V> {
    pub(crate) fn new() -> Self {
        Self(dashmap::DashMap::with_hasher_and_shard_amount(Default::default(), PARTS))
    }

    /// What `read` makes of the value under `key`, if there is one. Under the lock.
    pub(crate) fn get<Q: Eq + Hash + ?Sized, R>(&self, key: &Q, read: impl FnOnce(&V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|entry| read(entry.value()))
    }

    /// The value under `key`, made by `make` when there is none. Two callers never both make one.
    pub(crate) fn get_or_try_insert<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        Ok(self.0.entry(key).or_try_insert_with(make)?.value().clone())
    }

    /// Removes the entry under `key` if `agree` says so. Who makes one under it waits meanwhile.
    pub(crate) fn remove_if<Q: Eq + Hash + ?Sized>(&self, key: &Q, agree: impl FnOnce(&V) -> bool) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove_if(key, |_, value| agree(value)).is_some()
    }

    /// Removes the entries that `keep` does not want.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|key, value| keep(key, value));
    }

    /// What the map takes of memory, without what keys and values own: an estimate.
    pub(crate) fn bytes(&self) -> usize {
        PARTS * size_of::<CachePadded<Self>>() + size::table(self.0.capacity(), size_of::<(K, V)>())
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(&K, &V)) {
        for entry in &self.0 {
            visit(entry.key(), entry.value());
        }
    }
}

/// Declares thread-locals. Loom's own macro rejects `const { }`, which the fast path of `std` wants.
macro_rules! per_thread {
    ($($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;)*) => {
        std::thread_local! { $($(#[$attr])* static $name: $ty = const { $init };)* }
    };
}
pub(crate) use per_thread;

/// Declares a value that the process has one of, made when it is first needed.
macro_rules! process_wide {
    ($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;) => {
        $(#[$attr])* static $name: std::sync::LazyLock<$ty> = std::sync::LazyLock::new(|| $init);
    };
}
pub(crate) use process_wide;

/// Declares a value that the process has one of and that a constant makes: there from the start, behind no lock.
macro_rules! process_wide_const {
    ($(#[$attr:meta])* static $name:ident: $ty:ty = $init:expr;) => {
        $(#[$attr])* static $name: $ty = $init;
    };
}
pub(crate) use process_wide_const;

/// Makes a function `const`, so that a `static` can call it. Loom's primitives cannot be made in constants.
macro_rules! const_fn {
    ($(#[$attr:meta])* $vis:vis fn $($rest:tt)*) => {
        $(#[$attr])* $vis const fn $($rest)*
    };
}
pub(crate) use const_fn;

/// An array with an element of its own, made by the same constant expression, in each place.
macro_rules! array_of {
    ($element:expr; $count:expr) => {
        [const { $element }; $count]
    };
}
pub(crate) use array_of;
