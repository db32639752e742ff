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

/// Acquires two shards. The calling thread wears the first one.
///
/// # Panics
///
/// When there are no more.
pub fn two_shards() -> [Shard; 2] {
    let shards = [(); 2].map(|()| Shard::acquire().unwrap());
    shards[0].wear();
    shards
}

/// Registers a counter, which takes the cells of an old metric if they are free by then, and records 7 in `shard`.
///
/// # Panics
///
/// When another metric's events are in it.
pub fn new_counter(registry: &Registry, shard: Shard) -> Counter {
    let counter = registry.counter("new_total", "").unwrap();
    assert_eq!(counter.value(), 0, "a new metric does not begin at zero");
    shard.wear();
    counter.add(7);
    assert_eq!(counter.value(), 7);
    counter
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
