//! Where no thread can be started no callback is called, which is counted, and everything else is in the snapshot.
//!
//! The test runs itself again with stacks that no machine has, so that every thread fails to start.
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

use std::{
    env,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tachometer::Registry;

const AGAIN: &str = "TACHOMETER_TEST_NO_THREADS";

#[test]
fn without_threads_callbacks_are_missing_and_counted() {
    if env::var_os(AGAIN).is_some() {
        return in_a_process_without_threads();
    }
    let status = Command::new(env::current_exe().unwrap())
        .args(["--test-threads=1", "--nocapture"])
        .env(AGAIN, "1")
        .env("RUST_MIN_STACK", (1_u64 << 60).to_string())
        .status();
    assert!(status.unwrap().success());
}

fn in_a_process_without_threads() {
    assert!(thread::Builder::new().spawn(|| {}).is_err(), "a thread was started");
    // Longer than anything takes but to wait for a thread that there is not.
    let timeout = Duration::from_secs(60);
    let registry = Registry::builder().callback_timeout(timeout).build().unwrap();
    let events = registry.counter("events_total", "Events.").unwrap();
    registry.gauge_fn("level", "Level.", || 1.0).unwrap();
    registry.collector("process", |_| panic!("called")).unwrap();
    let begun = Instant::now();
    for turn in 1..=3 {
        events.inc();
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("events_total", &[]), Some(turn));
        assert_eq!(snapshot.gauge("level", &[]), None);
        assert_eq!(registry.callback_errors(), 2 * turn);
    }
    assert!(begun.elapsed() < timeout, "a snapshot waited for a thread that was not started");
}
