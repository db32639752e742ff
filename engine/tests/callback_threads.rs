//! The threads that ask callbacks: none without need, one for snapshots in a row, and none when the registry is gone.
//!
//! One test alone, because the threads that it counts are the process's.
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

#[path = "common/panics.rs"]
mod panics;
#[path = "common/plain.rs"]
mod plain;

use std::{
    fs,
    sync::{
        Arc, Mutex,
        mpsc::{Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use panics::expect_panics;
use plain::plain;
use tachometer::Registry;

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// Threads end a little after whatever ends them.
fn wait_for(expected: usize) {
    let begin = Instant::now();
    while threads() != expected {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} threads instead of {expected}", threads());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn there_are_as_many_threads_as_callbacks_need() {
    expect_panics();
    let before = threads();
    for _ in 0..100 {
        let silent = plain();
        silent.counter("events_total", "Events.").unwrap().inc();
        assert_eq!(silent.snapshot().counter("events_total", &[]), Some(1));
        let disabled = Registry::disabled();
        disabled.gauge_fn("level", "Level.", || 1.0).unwrap();
        let _ = disabled.snapshot();
        let never_asked = plain();
        never_asked.gauge_fn("level", "Level.", || 1.0).unwrap();
        assert_eq!(threads(), before);
    }
    registries_in_a_row(before);
    snapshots_in_a_row(before);
    snapshots_within(before);
    a_stuck_callback(before);
}

fn registries_in_a_row(before: usize) {
    for _ in 0..100 {
        let registry = plain();
        registry.gauge_fn("level", "Level.", || 1.0).unwrap();
        assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
        drop(registry);
        wait_for(before);
    }
}

fn snapshots_in_a_row(before: usize) {
    // One callback, because behind a slow one a second worker would come.
    let registry = plain();
    registry.gauge_fn("level", "Level.", || panic!("on purpose")).unwrap();
    for turn in 1..=1_000 {
        assert_eq!(registry.snapshot().gauge("level", &[]), None);
        assert_eq!(registry.callback_errors(), turn);
        assert_eq!(threads(), before + 1);
    }
    drop(registry);
    wait_for(before);
}

fn snapshots_within(before: usize) {
    let registry = plain();
    let inner = Arc::new(Mutex::new(Some(registry.clone())));
    let asked = Arc::clone(&inner);
    let callback = move || {
        let inner = asked.lock().unwrap().clone();
        inner.map_or(0, |registry| registry.snapshot().families().len() as u64)
    };
    registry.counter_fn("seen", "Families seen.", callback).unwrap();
    for _ in 0..100 {
        assert_eq!(registry.snapshot().counter("seen", &[]), Some(1));
        assert_eq!(threads(), before + 4, "one for each snapshot within");
    }
    *inner.lock().unwrap() = None;
    drop(registry);
    wait_for(before);
}

fn a_stuck_callback(before: usize) {
    let registry =
        Registry::builder().self_metrics(false).callback_timeout(Duration::from_millis(50)).build().unwrap();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let stuck = move || {
        let _ = released.lock().unwrap().recv();
        1.0
    };
    registry.gauge_fn("stuck", "Stuck.", stuck).unwrap();
    for _ in 0..100 {
        assert_eq!(registry.snapshot().gauge("stuck", &[]), None);
    }
    wait_for(before + 2);
    end_while_stuck(registry, release, before);
}

/// The registry is gone while its callback is stuck; the thread is there until that returns.
fn end_while_stuck(registry: Registry, release: Sender<()>, before: usize) {
    drop(registry);
    wait_for(before + 1);
    drop(release);
    wait_for(before);
}
