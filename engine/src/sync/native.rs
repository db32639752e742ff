//! The half that ships: `std`, atomic-float, portable-atomic, crossbeam and dashmap.

use std::hash::{BuildHasher, Hash, Hasher};

use dashmap::{DashMap, SharedValue};
use foldhash::fast::RandomState;

use super::Keyed;

pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, compiler_fence, fence},
    },
    thread,
    time::Instant,
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

/// A map of entries by the key in them. The slow lane: it locks one of its parts.
///
/// The keys are short, and `std`'s hash would be most of a look-up. This one is seeded at random too, and the number of
/// keys is limited. An entry lies in the table as it is, without a copy of its key beside it. That takes dashmap's
/// parts themselves: its own interface inserts nothing without an owned key.
#[derive(Debug)]
pub(crate) struct Map<E: Keyed>(DashMap<Slot<E>, (), RandomState>);

/// Parts of a map, each with a lock of its own and padded to 128 bytes. By default there are four for each processor,
/// which is much for a family of few series.
const PARTS: usize = 8;

/// The fewest that dashmap can have.
const FEWEST_PARTS: usize = 2;

impl<E: Keyed> Map<E> {
    pub(crate) fn new() -> Self {
        Self::with_parts(PARTS)
    }

    /// A map for an entry or two.
    pub(crate) fn small() -> Self {
        Self::with_parts(FEWEST_PARTS)
    }

    fn with_parts(parts: usize) -> Self {
        Self(DashMap::with_hasher_and_shard_amount(Default::default(), parts))
    }

    /// What `read` makes of the entry under `key`, if there is one. Under the lock.
    pub(crate) fn get<R>(&self, key: &E::Key, read: impl FnOnce(&E) -> R) -> Option<R> {
        let (hash, part) = self.find(key);
        let table = self.0.shards()[part].read();
        table.get(hash, |(slot, _)| slot.0.key() == key).map(|(slot, _)| read(&slot.0))
    }

    /// What `read` makes of the entry under `key`, which `make` makes when there is none. Both under the lock: two
    /// callers never both make one, and nobody removes it before it is read.
    pub(crate) fn get_or_try_insert<R, Error>(
        &self,
        key: &E::Key,
        make: impl FnOnce() -> Result<E, Error>,
        read: impl FnOnce(&E) -> R,
    ) -> Result<R, Error> {
        let (hash, part) = self.find(key);
        let mut table = self.0.shards()[part].write();
        if let Some((slot, _)) = table.get(hash, |(slot, _)| slot.0.key() == key) {
            return Ok(read(&slot.0));
        }
        let made = (Slot(make()?), SharedValue::new(()));
        let (slot, _) = table.insert_entry(hash, made, |(slot, _)| self.hash(slot.0.key()));
        Ok(read(&slot.0))
    }

    /// Removes the entry under `key` if `agree` says so. Who makes one under it waits meanwhile.
    pub(crate) fn remove_if(&self, key: &E::Key, agree: impl FnOnce(&E) -> bool) -> bool {
        let (hash, part) = self.find(key);
        let mut table = self.0.shards()[part].write();
        let found = table.get(hash, |(slot, _)| slot.0.key() == key);
        found.is_some_and(|(slot, _)| agree(&slot.0))
            && table.remove_entry(hash, |(slot, _)| slot.0.key() == key).is_some()
    }

    /// Removes the entries that `keep` does not want.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&E) -> bool) {
        self.0.retain(|slot, ()| keep(&slot.0));
    }

    /// What the map has taken from the allocator, without what entries own.
    pub(crate) fn bytes(&self) -> usize {
        let tables = self.0.shards().iter().map(|part| part.read().allocation_info().1.size());
        size_of_val(self.0.shards()) + tables.sum::<usize>()
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(&E)) {
        self.0.iter().for_each(|entry| visit(&entry.key().0));
    }

    /// The hash of a key, and the part that the key belongs to.
    fn find(&self, key: &E::Key) -> (u64, usize) {
        let hash = self.hash(key);
        (hash, self.0.determine_shard(hash as usize))
    }

    fn hash(&self, key: &E::Key) -> u64 {
        self.0.hasher().hash_one(key)
    }
}

/// An entry as a key of dashmap's, which is compared and hashed as the key in it.
#[derive(Debug)]
struct Slot<E>(E);

impl<E: Keyed> PartialEq for Slot<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<E: Keyed> Eq for Slot<E> {}

impl<E: Keyed> Hash for Slot<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key().hash(state);
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

/// Makes a function `const`, so that a `static` can call it. Loom's primitives cannot be made in constants, and what a
/// constant makes would outlive an execution of a model.
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

/// A limit: the one that ships, and small ones that models reach.
macro_rules! limit {
    ($ships:expr, loom: $loom:expr, shuttle: $shuttle:expr) => {
        $ships
    };
}
pub(crate) use limit;
