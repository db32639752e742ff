//! A counter: threads that record through their thread-locals and end, against snapshots.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use tachometer::{Counter, Registry, model::Shard};
use tachometer_loom_tests::{check, check_within, control};

/// Records on a thread of its own, which ends. The handle comes back: loom would explore the order of the drops.
fn record(counter: &Counter, times: usize) -> thread::JoinHandle<Counter> {
    let counter = counter.clone();
    thread::spawn(move || {
        (0..times).for_each(|_| counter.inc());
        counter
    })
}

/// Starts last, as readers do in all these models: loom lets a load see every value that is not ordered away, so a
/// reader that runs behind the writers meets all of their states.
fn two_snapshots(registry: Registry, most: u64) -> thread::JoinHandle<Registry> {
    thread::spawn(move || {
        let [first, second] = [(); 2].map(|()| registry.snapshot().counter("events_total", &[]).unwrap());
        assert!(first <= second, "the counter went back from {first} to {second}");
        assert!(second <= most, "{second} events of {most}");
        registry
    })
}

#[test]
fn a_counter_never_goes_backwards() {
    check("a counter never goes backwards", 1_000, || {
        let registry = Registry::new();
        let counter = registry.counter("events_total", "").unwrap();
        let recorder = record(&counter, 3);
        let reader = two_snapshots(registry, 3);
        let _handle = recorder.join().unwrap();
        let _registry = reader.join().unwrap();
        assert_eq!(counter.value(), 3, "an event was lost or counted twice");
    });
}

/// Two threads come and go: each adopts the free shard, or the one that the other has returned, or makes one. At three
/// preemptions this model takes minutes; `shards.rs` has the parts of it at that bound.
#[test]
fn a_counter_of_threads_that_end_is_exact() {
    check_within(2, "a counter of threads that end is exact", 220_000, || {
        let registry = Registry::new();
        let counter = registry.counter("events_total", "").unwrap();
        Shard::acquire().unwrap().release();
        let recorders = [(); 2].map(|()| record(&counter, 1));
        let reader = {
            let counter = counter.clone();
            thread::spawn(move || {
                let [first, second] = [(); 2].map(|()| counter.value());
                assert!(first <= second, "the counter went back from {first} to {second}");
                assert!(second <= 2, "{second} events of 2");
                counter
            })
        };
        let _handles = recorders.map(|recorder| recorder.join().unwrap());
        let _handle = reader.join().unwrap();
        assert_eq!(
            registry.snapshot().counter("events_total", &[]),
            Some(2),
            "an event was lost or counted twice"
        );
    });
}

/// A float's additions take the same way, and its snapshots round as its value does.
#[test]
fn a_float_counter_never_goes_backwards() {
    check("a float counter never goes backwards", 700, || {
        let registry = Registry::new();
        let seconds = registry.float_counter("busy_seconds_total", "").unwrap();
        let recorder = {
            let seconds = seconds.clone();
            thread::spawn(move || {
                for amount in [0.5, -1.0, 0.25] {
                    seconds.add(amount);
                }
                seconds
            })
        };
        let reader = thread::spawn(move || {
            let read = || registry.snapshot().float_counter("busy_seconds_total", &[]).unwrap();
            let [first, second] = [(); 2].map(|()| read());
            assert!(first <= second, "the counter went back from {first} to {second}");
            assert!([0.0, 0.5, 0.75].contains(&second), "{second}");
            registry
        });
        let _handle = recorder.join().unwrap();
        let _registry = reader.join().unwrap();
        assert_eq!(seconds.value(), 0.75);
    });
}

/// Two threads that own the same shard: the rule on which every record rests is broken.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_two_writers_of_one_shard_are_seen() {
    control("two writers of one shard", || {
        let counter = Registry::new().counter("events_total", "").unwrap();
        let shard = Shard::acquire().unwrap();
        shard.wear();
        counter.add(0);
        let second = {
            let counter = counter.clone();
            thread::spawn(move || {
                shard.wear();
                counter.inc();
                counter
            })
        };
        counter.inc();
        let _handle = second.join().unwrap();
    });
}

/// A thread that ends moves its cell into a common total, as engines do whose cells are freed: a reader between the two
/// steps counts the event twice, and the next one goes backwards.
#[test]
#[should_panic(expected = "went back")]
fn control_a_cell_moved_into_a_total_is_seen() {
    control("a cell moved into a total", || {
        let counter = Registry::new().counter("events_total", "").unwrap();
        let total = Arc::new(AtomicU64::new(0));
        let ends = {
            let (counter, total) = (counter.clone(), Arc::clone(&total));
            thread::spawn(move || {
                counter.inc();
                total.fetch_add(1, Ordering::Release);
                counter.add(1_u64.wrapping_neg());
                (counter, total)
            })
        };
        let reader = thread::spawn(move || {
            let read = || total.load(Ordering::Acquire) + counter.value();
            let [first, second] = [(); 2].map(|()| read());
            assert!(first <= second, "the counter went back from {first} to {second}");
            (counter, total)
        });
        let _ends = ends.join().unwrap();
        let _reader = reader.join().unwrap();
    });
}
