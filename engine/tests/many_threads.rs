//! More threads at once than may keep a shard: the others lease one for each record, and nothing is lost.
//!
//! One test alone, because the shards that it counts are the process's.
#![forbid(unsafe_code)]

use std::{
    sync::{
        Barrier, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tachometer::{DropReason, Registry, dropped_records, shards_made};

/// Shards that threads keep at most.
const MAX_KEPT: usize = 4_096;
const THREADS: usize = MAX_KEPT + 104;

#[test]
fn threads_beyond_the_shard_limit_lease_and_lose_nothing() {
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    let histogram = registry.histogram("size", "Size.").unwrap();
    let gate = RwLock::new(());
    let too_few = AtomicBool::new(false);
    let end = Barrier::new(THREADS);
    let body = || {
        counter.inc();
        drop(gate.read());
        if too_few.load(Ordering::Relaxed) {
            return;
        }
        for _ in 0..10 {
            counter.inc();
            histogram.observe(2.0);
        }
        end.wait();
    };
    thread::scope(|scope| {
        let _closed = gate.write();
        for started in 0..THREADS {
            let thread = thread::Builder::new().stack_size(64 << 10);
            if thread.spawn_scoped(scope, body).is_err() {
                println!("skipped: this machine allows {started} threads, and {THREADS} are needed");
                return too_few.store(true, Ordering::Relaxed);
            }
        }
        // Until everybody who can keep a shard has one.
        while counter.value() < THREADS as u64 {
            thread::yield_now();
        }
    });
    if too_few.load(Ordering::Relaxed) {
        return;
    }
    let size = histogram.value();
    println!("{} shards for {THREADS} threads", shards_made());
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7]);
    assert_eq!(counter.value(), 11 * THREADS as u64);
    assert_eq!((size.count, size.sum), (10 * THREADS as u64, 20.0 * THREADS as f64));
    assert!((MAX_KEPT..=THREADS).contains(&shards_made()), "{} shards", shards_made());
}
