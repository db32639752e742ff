//! Many counters, of which each thread records a few.

use std::{sync::Barrier, thread};

use tachometer::{Counter, Registry};

use crate::SERIES_LABELS;

/// Families that the series are divided among.
const FAMILIES: usize = 100;

/// What the shards take when each of so many threads has recorded all of one family.
pub(super) fn shard_bytes(series: usize, threads: usize) -> usize {
    let registry = Registry::builder().build().expect("legal");
    let families: Vec<Vec<Counter>> =
        (0..FAMILIES).map(|number| family(&registry, number, series / FAMILIES)).collect();
    // All threads live until all have recorded, so that none adopts the shard of another.
    let all_recorded = Barrier::new(threads);
    thread::scope(|scope| {
        for family in families.iter().cycle().take(threads) {
            let all_recorded = &all_recorded;
            scope.spawn(move || {
                family.iter().for_each(Counter::inc);
                all_recorded.wait();
            });
        }
    });
    registry.memory().shard_bytes
}

fn family(registry: &Registry, number: usize, series: usize) -> Vec<Counter> {
    let name = format!("records_{number}_total");
    let family = registry.counter_family(&name, "Records.", [SERIES_LABELS[0]]).expect("the name is new");
    (0..series).map(|i| family.with([(SERIES_LABELS[0], &*i.to_string())]).expect("cells")).collect()
}
