//! Local handles: a thread that ends while one of them lives keeps its shard, and returns it when the last is dropped.
#![cfg(tachometer_loom)]

use std::mem::ManuallyDrop;

use loom::thread;
use tachometer::{
    Buckets, Counter, Registry,
    model::{self, Shard},
};
use tachometer_loom_tests::{check, control, shards::every_shard_is_there_once, spawn};

/// A counter, and free shards that have its page: threads adopt one and need not make it.
fn counter_and_free_shards(shards: usize) -> Counter {
    let counter = Registry::new().counter("events_total", "").unwrap();
    let free: Vec<Shard> = (0..shards)
        .map(|_| {
            let shard = Shard::acquire().unwrap();
            shard.wear();
            counter.add(0);
            shard
        })
        .collect();
    free.into_iter().for_each(Shard::release);
    counter
}

/// Ends while a local handle lives, as one does in a thread-local that is destroyed after the guard.
fn ends(counter: &Counter) {
    let local = counter.local();
    local.inc();
    model::end_thread();
    local.inc();
}

/// Starts meanwhile, and takes a shard that is free.
fn starts(counter: &Counter) {
    counter.inc();
    model::end_thread();
}

/// Reads twice, behind the threads that record.
fn two_reads(counter: &Counter, most: u64) -> thread::JoinHandle<Counter> {
    spawn(counter, move |counter| {
        let [first, second] = [(); 2].map(|()| counter.value());
        assert!(first <= second, "the counter went back from {first} to {second}");
        assert!(second <= most, "{second} events of {most}");
    })
}

#[test]
fn a_local_handle_that_outlives_the_guard_keeps_the_shard_to_itself() {
    check("a local handle that outlives the guard keeps the shard to itself", 200_000, || {
        let counter = counter_and_free_shards(2);
        let threads = [spawn(&counter, ends), spawn(&counter, starts), two_reads(&counter, 3)];
        let _handles = threads.map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 3, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// The same without the other thread, in fewer executions.
#[test]
fn a_reader_of_a_kept_shard_never_sees_the_counter_go_back() {
    check("a reader of a kept shard never sees the counter go back", 120, || {
        let counter = counter_and_free_shards(1);
        let ends = spawn(&counter, ends);
        let reader = two_reads(&counter, 2);
        let _handles = [ends, reader].map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 2, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// Two local handles, one dropped on each side of the guard, and ordinary records behind it, which lease.
#[test]
fn the_last_of_guard_and_local_handles_returns_the_shard() {
    check("the last of guard and local handles returns the shard", 2_200, || {
        let counter = counter_and_free_shards(2);
        let ends = spawn(&counter, |counter| {
            let (early, late) = (counter.local(), counter.local());
            early.inc();
            drop(early);
            model::end_thread();
            late.inc();
            counter.inc();
            drop(late);
        });
        let starts = spawn(&counter, starts);
        let _handles = [ends, starts].map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 4, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// The pairs of a histogram in a kept shard, and whoever adopts it then.
#[test]
fn a_local_histogram_that_outlives_the_guard_is_read_whole() {
    check("a local histogram that outlives the guard is read whole", 15_000, || {
        let histogram = Registry::new().histogram_with("size", "", Buckets::explicit([1.0])).unwrap();
        let ends = {
            let histogram = histogram.clone();
            thread::spawn(move || {
                let local = histogram.local();
                model::end_thread();
                local.observe(0.5);
                local.observe(0.25);
                drop(local);
                histogram
            })
        };
        let reader = {
            let histogram = histogram.clone();
            thread::spawn(move || {
                let value = histogram.value();
                let whole = [(0, 0.0), (1, 0.5), (2, 0.75)];
                assert!(whole.contains(&(value.count, value.sum)), "{value:?}");
                histogram
            })
        };
        let _handles = [ends, reader].map(|thread| thread.join().unwrap());
        let value = histogram.value();
        assert_eq!((value.count, value.sum), (2, 0.75), "an observation was lost or counted twice");
    });
}

/// The guard returns the shard and does not ask whether a local handle lives.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_shard_returned_while_a_local_handle_lives_is_seen() {
    control("a shard returned while a local handle lives", || {
        let counter = counter_and_free_shards(1);
        let ends = spawn(&counter, |counter| {
            let Some(shard) = Shard::adopt() else { return };
            shard.wear();
            // Dropped by hand: in a thread that loom unwinds the drop would end the program.
            let local = ManuallyDrop::new(counter.local());
            local.inc();
            shard.release();
            local.inc();
            drop(ManuallyDrop::into_inner(local));
        });
        let starts = spawn(&counter, |counter| {
            let Some(shard) = Shard::adopt() else { return };
            shard.wear();
            counter.inc();
            shard.release();
        });
        let _handles = [ends, starts].map(|thread| thread.join().unwrap());
    });
}

/// A local handle that is leaked, which nobody forbids: its shard is not free again.
#[test]
#[should_panic(expected = "a shard was lost")]
fn control_a_share_that_is_never_dropped_is_seen() {
    control("a share that is never dropped", || {
        let counter = counter_and_free_shards(1);
        let ends = spawn(&counter, |counter| {
            std::mem::forget(counter.local());
            model::end_thread();
        });
        let _handle = ends.join().unwrap();
        every_shard_is_there_once(&[]);
    });
}
