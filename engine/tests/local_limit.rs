//! Where a thread cannot keep a shard, its local handles record as ordinary ones do, and nothing is lost.
//!
//! One test alone, because the shards that it takes are the process's.
#![forbid(unsafe_code)]

use std::{mem, thread};

use tachometer::{DropReason, Registry, dropped_records, shards_made};

/// Shards that threads keep at most.
const MAX_KEPT: u64 = 4_096;
/// Threads beyond them.
const MORE: u64 = 10;
const RECORDS: u64 = 1_000;

#[test]
fn local_handles_beyond_the_shard_limit_lease_and_lose_nothing() {
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    let size = registry.histogram("size", "Size.").unwrap();
    let on_a_thread = |body: &(dyn Fn() + Sync)| thread::scope(|scope| scope.spawn(body).join().unwrap());
    let leak = || {
        on_a_thread(&|| {
            let leaked = counter.local();
            leaked.inc();
            mem::forget(leaked);
        });
    };
    (0..MAX_KEPT).for_each(|_| leak());
    assert_eq!(shards_made() as u64, MAX_KEPT);
    // This one keeps none.
    leak();
    for _ in 0..MORE {
        on_a_thread(&|| {
            let (counter, size) = (counter.local(), size.local());
            for _ in 0..RECORDS {
                counter.inc();
                size.observe(2.0);
            }
        });
    }
    // One shard beyond the limit serves the leases of all of them, who came one after the other.
    assert_eq!(shards_made() as u64, MAX_KEPT + 1);
    assert_eq!(counter.value(), MAX_KEPT + 1 + MORE * RECORDS);
    assert_eq!((size.value().count, size.value().sum), (MORE * RECORDS, 2.0 * (MORE * RECORDS) as f64));
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7]);
}
