//! Threads that live for a moment lose nothing, and memory follows the peak number of threads, not how many lived.
//!
//! One test alone, because the shards and the memory that it measures are the process's.
#![forbid(unsafe_code)]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use common::Finish;
use tachometer::{Counter, DropReason, Histogram, Registry, Snapshot, UpDownCounter};

const THREADS: u64 = 10_000;
/// Threads of those before memory is measured for the first time.
const WARM_UP: u64 = 1_000;
/// Threads alive at once.
const PEAK: u64 = 8;
const INCREMENTS: u64 = 1_000;
const MAX_GROWTH: u64 = 4 << 20;

#[derive(Clone)]
struct Metrics {
    events: Counter,
    open: UpDownCounter,
    size: Histogram,
}

impl Metrics {
    /// What each thread records.
    fn record(&self) {
        for _ in 0..INCREMENTS {
            self.events.inc();
        }
        self.size.observe(2.0);
        self.open.add(3);
        self.open.sub(2);
    }
}

/// Starts and joins `threads` threads, [`PEAK`] at a time, each of which records.
fn run_short_lived_threads(threads: u64, metrics: &Metrics) {
    thread::scope(|scope| {
        for _ in 0..PEAK {
            scope.spawn(move || {
                for _ in 0..threads / PEAK {
                    let metrics = metrics.clone();
                    thread::spawn(move || metrics.record()).join().unwrap();
                }
            });
        }
    });
}

/// Takes snapshots until `done`, and counts those that went backwards.
fn watch(registry: &Registry, done: &AtomicBool) -> (u64, u64) {
    let (mut snapshots, mut steps_back) = (0, 0);
    let mut earlier = registry.snapshot();
    while !done.load(Ordering::Relaxed) {
        let now = registry.snapshot();
        steps_back += u64::from(!has_grown(&earlier, &now));
        snapshots += 1;
        earlier = now;
    }
    (snapshots, steps_back)
}

fn has_grown(earlier: &Snapshot, now: &Snapshot) -> bool {
    let sizes = [earlier, now].map(|snapshot| snapshot.histogram("size", &[]).unwrap());
    let buckets_grew = sizes[0].counts().iter().zip(sizes[1].counts()).all(|(before, after)| before <= after);
    buckets_grew
        && earlier.counter("events_total", &[]) <= now.counter("events_total", &[])
        && sizes[0].count() <= sizes[1].count()
        && sizes[0].sum() <= sizes[1].sum()
        && sizes[1].sum() == 2.0 * sizes[1].count() as f64
}

/// Resident memory in bytes.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// Not known here: the growth is then 0, and only the number of shards speaks for the memory.
#[cfg(not(target_os = "linux"))]
fn resident() -> u64 {
    0
}

#[test]
fn ten_thousand_short_lived_threads_lose_nothing_and_leave_no_memory_behind() {
    let registry = Registry::new();
    let metrics = Metrics {
        events: registry.counter("events_total", "Events.").unwrap(),
        open: registry.up_down_counter("open", "Open.").unwrap(),
        size: registry.histogram("size", "Size.").unwrap(),
    };
    let done = AtomicBool::new(false);
    let (before, after, (snapshots, steps_back)) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&registry, &done));
        let finish = Finish(&done);
        run_short_lived_threads(WARM_UP, &metrics);
        let before = resident();
        run_short_lived_threads(THREADS - WARM_UP, &metrics);
        let after = resident();
        drop(finish);
        (before, after, watcher.join().unwrap())
    });
    let growth = after.saturating_sub(before);
    let shards = tachometer::shards_made() as u64;
    println!(
        "{snapshots} snapshots, {steps_back} steps back; {shards} shards; {growth} bytes more than after warm-up"
    );

    assert_eq!(metrics.events.value(), THREADS * INCREMENTS);
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(THREADS * INCREMENTS));
    assert_eq!(metrics.open.value(), THREADS as i64);
    let size = metrics.size.value();
    assert_eq!((size.count, size.sum), (THREADS, 2.0 * THREADS as f64));
    assert_eq!(DropReason::ALL.map(tachometer::dropped_records), [0; 7]);
    assert_eq!(steps_back, 0);
    assert!(snapshots > 10, "only {snapshots} snapshots were taken meanwhile");
    // No record was made without a shard of its own, so there were no leases.
    assert!((1..=PEAK).contains(&shards), "{shards} shards for {PEAK} threads at a time");
    assert!(growth <= MAX_GROWTH, "{growth} bytes more than after {WARM_UP} threads");
}
