//! A panic beside a record, in a timer or under a guard costs nothing and poisons nothing.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod on_purpose;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Barrier,
    thread,
};

use on_purpose::expect_panics;
use tachometer::{Counter, DropReason, Family, Operation, Outcome, Registry, dropped_records};

const THREADS: u64 = 1_000;
/// Threads at a time.
const AT_ONCE: u64 = 50;

/// Calls `body` on a thousand threads, in each of which it panics.
fn panic_on_a_thousand_threads(body: impl Fn() + Sync) {
    for _ in 0..THREADS / AT_ONCE {
        let start = Barrier::new(AT_ONCE as usize);
        let caught = || {
            start.wait();
            let result = catch_unwind(AssertUnwindSafe(&body));
            assert_eq!(result.unwrap_err().downcast_ref(), Some(&"on purpose"));
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(caught)).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}

#[test]
fn a_thousand_threads_that_panic_between_records_count_exactly() {
    expect_panics();
    let registry = Registry::new();
    let events = registry.counter("events_total", "").unwrap();
    let time = registry.histogram("time_seconds", "").unwrap();
    let active = registry.up_down_counter("active", "").unwrap();
    let level = registry.gauge("level", "").unwrap();
    let ends: Family<Outcome, Counter> =
        registry.declare("ends_total", "").label("outcome").register().unwrap();
    let operation = Operation::new().in_flight(&active).outcomes(&ends);
    panic_on_a_thousand_threads(|| {
        events.inc();
        let _timer = time.start_timer();
        let _guards = (active.track(), level.track());
        let _ = operation.run(|_| -> Result<(), ()> {
            events.inc();
            panic!("on purpose")
        });
        events.inc();
    });
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("events_total", &[]), Some(2 * THREADS));
    assert_eq!(snapshot.histogram("time_seconds", &[]).unwrap().count(), THREADS);
    assert_eq!((snapshot.up_down_counter("active", &[]), snapshot.gauge("level", &[])), (Some(0), Some(0.0)));
    assert_eq!(snapshot.counter("ends_total", &[("outcome", "panicked")]), Some(THREADS));
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7]);
}

/// Each panics in the midst of something that the registry does for it, with the value of a label or a callback's answer.
#[test]
fn a_thousand_threads_that_panic_in_a_look_up_leave_the_registry_in_order() {
    /// Panics when it is asked for its text.
    struct Panicking;

    impl std::fmt::Display for Panicking {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("on purpose")
        }
    }

    expect_panics();
    let registry = Registry::new();
    let family: Family<String, Counter> =
        registry.declare("sent_total", "").label("stream").register().unwrap();
    panic_on_a_thousand_threads(|| {
        family.with("orders").unwrap().inc();
        let _ = family.with(format_args!("{Panicking}"));
    });
    family.with("returns").unwrap().inc();
    registry.counter("late_total", "").unwrap().inc();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("sent_total", &[("stream", "orders")]), Some(THREADS));
    assert_eq!(snapshot.counter("sent_total", &[("stream", "returns")]), Some(1));
    assert_eq!(snapshot.counter("late_total", &[]), Some(1));
    assert_eq!(snapshot.family("sent_total").unwrap().series().count(), 2);
}
