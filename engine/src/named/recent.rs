//! The names that a thread used last, so that it finds them again without a lock.
//!
//! A name, once declared, keeps its meaning for as long as its [`NamedMetrics`](super::NamedMetrics) lives, and the
//! number of that one is never given to another. So an entry is right for ever and owns nothing. That is why this is
//! not the collectors' [`Cache`](crate::collector::cache): it needs no copy of the key, no destructor, and no care when
//! an entry is old.

use std::{
    cell::Cell,
    hash::{BuildHasher, Hasher},
};

use foldhash::fast::FixedState;

use super::identity::Identity;
use crate::sync::per_thread;

/// Sets of two, so that two names of one hash do not take turns. A program that uses more names than this at once finds
/// the rest in the map.
const SETS: usize = 128;

/// What a name means to one [`NamedMetrics`](super::NamedMetrics).
#[derive(Clone, Copy)]
struct Entry {
    owner: u64,
    identity: &'static Identity,
}

type Set = [Cell<Option<Entry>>; 2];

per_thread! {
    /// Without destructors, so that it is there as long as the thread is, and cells, so that nothing is ever borrowed.
    static RECENT: [Set; SETS] = [const { [const { Cell::new(None) }; 2] }; SETS];
}

/// What the name means to this owner, if the thread knows it.
#[inline]
pub(super) fn find(owner: u64, name: &str) -> Option<&'static Identity> {
    with_set(owner, name, |set| {
        let known = |entry: &Entry| entry.owner == owner && *entry.identity.key == *name;
        let entry = set.iter().filter_map(Cell::get).find(known);
        entry.map(|entry| entry.identity)
    })?
}

/// Remembers what a name means, in the place of what its set has had for longer.
pub(super) fn remember(owner: u64, identity: &'static Identity) {
    let _ = with_set(owner, identity.key, |[last, before]| {
        before.set(last.replace(Some(Entry { owner, identity })));
    });
}

#[inline]
fn with_set<R>(owner: u64, name: &str, work: impl FnOnce(&Set) -> R) -> Option<R> {
    // A fixed seed will do, because what collides is merely found later.
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(name.as_bytes());
    let set = hasher.finish().wrapping_add(owner) as usize % SETS;
    RECENT.try_with(|sets| work(&sets[set])).ok()
}
