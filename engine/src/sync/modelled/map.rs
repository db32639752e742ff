//! The stand-in for dashmap, with as many parts as it has at least: two entries may lie under one lock or under two, and
//! who visits them all has one part after the other.
//!
//! The relaxed `turn` tells loom that what follows a look-up in vain depends on what others add or remove meanwhile, and
//! orders nothing. Without it loom would search only for what may come before the look-up.

use std::{
    hash::{Hash, Hasher},
    sync::PoisonError,
};

use super::{
    super::Keyed,
    AtomicU32, Ordering,
    primitives::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

const PARTS: usize = 2;

/// A map of entries by the key in them. Its order is the same in every execution, as a replay needs.
#[derive(Debug)]
pub(crate) struct Map<E> {
    parts: [RwLock<Vec<E>>; PARTS],
    turn: AtomicU32,
}

impl<E: Keyed> Map<E> {
    pub(crate) fn new() -> Self {
        Self { parts: std::array::from_fn(|_| RwLock::new(Vec::new())), turn: AtomicU32::new(0) }
    }

    pub(crate) fn small() -> Self {
        Self::new()
    }

    pub(crate) fn get<R>(&self, key: &E::Key, read: impl FnOnce(&E) -> R) -> Option<R> {
        let found = self.read(part_of(key)).iter().find(|entry| entry.key() == key).map(read);
        if found.is_none() {
            self.turn();
        }
        found
    }

    pub(crate) fn get_or_try_insert<R, Error>(
        &self,
        key: &E::Key,
        make: impl FnOnce() -> Result<E, Error>,
        read: impl FnOnce(&E) -> R,
    ) -> Result<R, Error> {
        let mut entries = self.write(part_of(key));
        if let Some(found) = entries.iter().find(|entry| entry.key() == key) {
            return Ok(read(found));
        }
        let made = make()?;
        let answer = read(&made);
        self.turn();
        entries.push(made);
        Ok(answer)
    }

    pub(crate) fn remove_if(&self, key: &E::Key, agree: impl FnOnce(&E) -> bool) -> bool {
        let mut entries = self.write(part_of(key));
        let found = entries.iter().position(|entry| entry.key() == key);
        let at = found.filter(|at| agree(&entries[*at]));
        at.map(|at| {
            self.turn();
            entries.remove(at)
        })
        .is_some()
    }

    pub(crate) fn retain(&self, mut keep: impl FnMut(&E) -> bool) {
        (0..PARTS).for_each(|part| self.write(part).retain(&mut keep));
    }

    pub(crate) fn bytes(&self) -> usize {
        (0..PARTS).map(|part| self.read(part).capacity() * size_of::<E>()).sum()
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(&E)) {
        (0..PARTS).for_each(|part| self.read(part).iter().for_each(&mut visit));
    }

    fn turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, part: usize) -> RwLockReadGuard<'_, Vec<E>> {
        self.parts[part].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, part: usize) -> RwLockWriteGuard<'_, Vec<E>> {
        self.parts[part].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part that a key belongs to, by a sum that no version of `std` changes: `a` and `b` lie in two, `a` and `c` in one.
fn part_of<K: Hash + ?Sized>(key: &K) -> usize {
    let mut sum = Sum(0);
    key.hash(&mut sum);
    sum.finish() as usize % PARTS
}

/// The sum of what is hashed.
struct Sum(u64);

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum + u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
