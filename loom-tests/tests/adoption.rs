//! Thread exit and adoption: a shard goes from the thread that ends, as it is, to the next one.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use tachometer::{
    Counter, Registry,
    model::{self, Shard},
};
use tachometer_loom_tests::{
    check, control,
    shards::{counter_and, every_shard_is_there_once, record_in, registered_in},
    spawn,
};

/// Takes a shard, records in it, and gives it back.
fn adopt_record_release(counter: &Counter) {
    let shard = Shard::acquire().unwrap();
    record_in(shard, counter);
    shard.release();
}

#[test]
fn adoption_between_two_snapshots_neither_loses_nor_repeats() {
    check("adoption between two snapshots neither loses nor repeats", 15_000, || {
        let registry = Registry::new();
        let (counter, [kept, free]) = registered_in(&registry);
        free.release();
        let exits = spawn(&counter, move |counter| {
            record_in(kept, counter);
            kept.release();
        });
        let adopts = spawn(&counter, adopt_record_release);
        let reader = thread::spawn(move || {
            let [first, second] = [(); 2].map(|()| registry.snapshot().counter("events_total", &[]).unwrap());
            assert!(first <= second, "the counter went back from {first} to {second}");
            assert!(second <= 2, "{second} events of 2");
            registry
        });
        let _handles = [exits, adopts].map(|thread| thread.join().unwrap());
        let _registry = reader.join().unwrap();
        assert_eq!(counter.value(), 2, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// The same from the thread-locals: the second thread adopts what the end of the first returned, or makes a shard.
#[test]
fn threads_that_end_return_their_shards() {
    check("threads that end return their shards", 14_000, || {
        let (counter, []) = counter_and();
        let threads = [(); 2].map(|()| {
            spawn(&counter, |counter| {
                counter.inc();
                model::end_thread();
                counter.inc();
            })
        });
        let _handles = threads.map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 4, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// A shard that changes hands past the list, by a flag that orders nothing.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_shard_handed_over_without_release_and_acquire_is_seen() {
    control("a shard handed over without release and acquire", || {
        let (counter, [shard]) = counter_and();
        let handed_over = Arc::new(AtomicU64::new(0));
        let exits = {
            let handed_over = Arc::clone(&handed_over);
            spawn(&counter, move |counter| {
                record_in(shard, counter);
                handed_over.store(1, Ordering::Relaxed);
            })
        };
        let adopts = spawn(&counter, move |counter| {
            if handed_over.load(Ordering::Relaxed) == 1 {
                record_in(shard, counter);
            }
        });
        let _handles = [exits, adopts].map(|thread| thread.join().unwrap());
    });
}
