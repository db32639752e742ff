//! An operation: the pass that records its end, against snapshots, on a thread that has its shard and on one that has
//! returned it.
#![cfg(tachometer_loom)]

use std::time::Duration;

use loom::thread;
use tachometer::{
    Buckets, Counter, Operation, Outcome, Registry, UpDownCounter,
    model::{self, Shard},
};
use tachometer_loom_tests::{check, control};

/// What an operation takes, where somebody asks. Its bucket is the second one.
const SECONDS: f64 = 1.5;

struct Loads {
    registry: Registry,
    records: Counter,
    active: UpDownCounter,
    operation: Operation,
}

fn loads() -> Loads {
    let registry = Registry::new();
    let records = registry.counter("records_total", "").unwrap();
    let active = registry.up_down_counter("active", "").unwrap();
    let operation = Operation::new().records(&records).in_flight(&active);
    Loads { registry, records, active, operation }
}

/// The handle comes back: loom would explore the order of the drops.
fn load(operation: &Operation, without_a_shard: bool) -> thread::JoinHandle<Operation> {
    let operation = operation.clone();
    thread::spawn(move || {
        let mut guard = operation.start();
        guard.add_records(2);
        guard.took(Duration::from_secs_f64(SECONDS));
        if without_a_shard {
            model::end_thread();
            // It is free, so what follows leases it.
            Shard::adopt().expect("the thread has returned its shard").release();
        }
        guard.end(Outcome::Ok);
        operation
    })
}

/// Takes two snapshots, each of which has both records or none.
fn read_twice(registry: Registry) -> thread::JoinHandle<Registry> {
    thread::spawn(move || {
        let [first, second] = [(); 2].map(|()| registry.snapshot().counter("records_total", &[]).unwrap());
        assert!(first <= second, "the records went back from {first} to {second}");
        assert!(second == 0 || second == 2, "{second} of two records");
        registry
    })
}

fn ends_beside_snapshots(without_a_shard: bool) {
    let Loads { registry, records, active, operation } = loads();
    let worker = load(&operation, without_a_shard);
    let reader = read_twice(registry);
    let _handle = worker.join().unwrap();
    let _registry = reader.join().unwrap();
    assert_eq!((records.value(), active.value()), (2, 0), "a record was lost or counted twice");
}

#[test]
fn the_end_of_an_operation_is_recorded_once() {
    check("the end of an operation is recorded once", 1_500, || ends_beside_snapshots(false));
}

#[test]
fn the_end_of_an_operation_is_recorded_by_leases() {
    check("the end of an operation is recorded by leases", 1_500, || ends_beside_snapshots(true));
}

/// An operation that is timed: its time goes to the histogram by the way that its plan knows, or apart.
fn timed_ends_beside_snapshots(without_a_shard: bool) {
    let registry = Registry::new();
    let latency = registry.histogram_with("latency_seconds", "", Buckets::explicit([1.0])).unwrap();
    let records = registry.counter("records_total", "").unwrap();
    let active = registry.up_down_counter("active", "").unwrap();
    let operation = Operation::new().latency(&latency).records(&records).in_flight(&active);
    let worker = load(&operation, without_a_shard);
    let reader = thread::spawn(move || {
        let counts = [(); 2].map(|()| {
            let snapshot = registry.snapshot();
            let seen = snapshot.histogram("latency_seconds", &[]).unwrap();
            assert_eq!(seen.counts(), [0, seen.count()]);
            assert_eq!(seen.sum(), SECONDS * seen.count() as f64, "count and time do not agree");
            seen.count()
        });
        assert!(counts[0] <= counts[1] && counts[1] <= 1, "{counts:?} operations of 1");
        registry
    });
    let _handle = worker.join().unwrap();
    let _registry = reader.join().unwrap();
    let timed = latency.value();
    assert_eq!((timed.count, timed.sum), (1, SECONDS), "a time was lost or counted twice");
    assert_eq!((records.value(), active.value()), (2, 0), "a record was lost or counted twice");
}

#[test]
fn the_count_and_the_time_of_an_operation_agree() {
    check("the count and the time of an operation agree", 29_000, || timed_ends_beside_snapshots(false));
}

#[test]
fn the_count_and_the_time_of_an_operation_agree_by_leases() {
    check("the count and the time of an operation agree by leases", 29_000, || {
        timed_ends_beside_snapshots(true)
    });
}

/// Records that are counted as they come, and not when the operation ends: a snapshot between the two has one of them.
#[test]
#[should_panic(expected = "of two records")]
fn control_records_that_are_counted_one_by_one_are_seen() {
    control("records that are counted one by one", || {
        let Loads { registry, records, .. } = loads();
        let worker = thread::spawn(move || {
            records.inc();
            records.inc();
            records
        });
        let reader = read_twice(registry);
        let _records = worker.join().unwrap();
        let _registry = reader.join().unwrap();
    });
}
