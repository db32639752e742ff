//! Forgetting the series that nobody needs any more.
//!
//! Every snapshot of the registry looks, when it is done, at the series of families with open labels. One that nobody
//! holds a handle to, and that holds what it held at each such look for the length of the timeout, is removed. A series
//! that is held stays, recorded in or not.
//!
//! What a series held is in a snapshot before it goes. For that, looks and the beginnings of snapshots draw numbers
//! from one counter: a look draws after it has seen what the series hold, a snapshot before it reads anything. A
//! snapshot removes only what an earlier look, by these numbers, has seen already, and so has read at least that much
//! itself.

use std::{collections::HashMap, time::Duration};

use quanta::Instant;

use crate::{
    clock, size,
    sync::{Arc, AtomicU64, Mutex, Ordering, lock},
};

/// The numbers that looks and snapshots of a registry draw.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<AtomicU64>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }

    /// The next number. Acquire and Release: what a look has read before it drew is what a snapshot that drew later
    /// reads, or newer.
    pub(crate) fn draw(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel)
    }
}

/// The unheld series of one family.
#[derive(Debug)]
pub(crate) struct Idle {
    timeout: Duration,
    turns: Turns,
    /// By key.
    seen: Mutex<HashMap<Box<[u8]>, Seen>>,
}

/// What a series held, and since when it has done so.
#[derive(Clone, Copy, Debug)]
struct Seen {
    fingerprint: u64,
    since: Instant,
    turn: u64,
}

impl Idle {
    pub(crate) fn new(timeout: Duration, turns: Turns) -> Self {
        Self { timeout, turns, seen: Mutex::new(HashMap::new()) }
    }

    /// What is kept of series that nobody holds: the table, and the text of its keys.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let seen = lock(&self.seen);
        let table = size::table(seen.capacity(), size_of::<(Box<[u8]>, Seen)>());
        (table, seen.keys().map(|key| key.len()).sum())
    }

    /// Takes the keys of all series that nobody holds now, with what they hold, and returns those whose time is up. The
    /// snapshot that asks began with the turn `begun`.
    pub(crate) fn expired(&self, unheld: Vec<(Box<[u8]>, u64)>, begun: u64) -> Vec<(Box<[u8]>, u64)> {
        let (turn, now) = (self.turns.draw(), clock::now());
        let mut seen = lock(&self.seen);
        let mut still = HashMap::with_capacity(unheld.len());
        let mut expired = Vec::new();
        for (key, fingerprint) in unheld {
            let new = Seen { fingerprint, since: now, turn };
            let before = seen.get(&key).filter(|before| before.fingerprint == fingerprint).unwrap_or(&new);
            if before.turn < begun && now.saturating_duration_since(before.since) >= self.timeout {
                expired.push((key, fingerprint));
            } else {
                still.insert(key, *before);
            }
        }
        *seen = still;
        expired
    }
}
