//! Shards under the threads of a model, for the models of their changes of owner.

use tachometer::{Counter, Registry, model::Shard, shards_made};

/// A counter, and some shards with its page, that the caller owns.
pub fn counter_and<const SHARDS: usize>() -> (Counter, [Shard; SHARDS]) {
    registered_in(&Registry::new())
}

/// The same, registered in this registry.
///
/// # Panics
///
/// When the name is taken or there are no more shards.
pub fn registered_in<const SHARDS: usize>(registry: &Registry) -> (Counter, [Shard; SHARDS]) {
    let counter = registry.counter("events_total", "").unwrap();
    let shards = [(); SHARDS].map(|()| {
        let shard = Shard::acquire().unwrap();
        shard.wear();
        counter.add(0);
        shard
    });
    (counter, shards)
}

/// Records once in a shard that the calling thread owns.
pub fn record_in(shard: Shard, counter: &Counter) {
    shard.wear();
    counter.inc();
}

/// Checks that the free list and `owned` hold every shard once. Call it when all threads have ended.
///
/// # Panics
///
/// When they do not.
pub fn every_shard_is_there_once(owned: &[Shard]) {
    let free = std::iter::from_fn(|| Some(Shard::adopt()?.index()));
    let shards = no_shard_twice(owned.iter().map(|shard| shard.index()).chain(free));
    assert_eq!(shards.len(), shards_made(), "a shard was lost, there are {shards:?}");
}

/// Collects shards that must all differ.
///
/// # Panics
///
/// When two are the same.
pub fn no_shard_twice(shards: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut seen = Vec::new();
    for shard in shards {
        assert!(!seen.contains(&shard), "shard {shard} has two owners or is free and owned");
        seen.push(shard);
    }
    seen
}
