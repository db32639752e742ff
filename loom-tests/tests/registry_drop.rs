//! The end of a registry: handles and snapshots keep their cells, and these come back when all of them are gone.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{
    Buckets, Counter, Family, Registry,
    model::{self, Cells},
};
use tachometer_loom_tests::{
    PREEMPTIONS, check, check_both_ways, check_within, control,
    shards::{new_counter, two_shards},
    spawn,
};

/// One thread records, one drops the registry and makes a metric in another, one takes a snapshot: each may be the last
/// that holds the cells.
#[test]
fn cells_are_not_reused_while_a_handle_or_a_snapshot_of_a_dropped_registry_reaches_them() {
    let name = "cells are not reused while a handle or a snapshot of a dropped registry reaches them";
    check_both_ways(2, name, 2_100, || {
        let [first, second] = two_shards();
        let old = Registry::new();
        let counter = old.counter("old_total", "").unwrap();
        counter.inc();
        let old_slot = model::slot(&counter);
        let reader = {
            let old = old.clone();
            move || {
                let snapshot = old.snapshot();
                drop(old);
                let seen = snapshot.counter("old_total", &[]);
                assert!([Some(1), Some(2)].contains(&seen), "{seen:?} events of 2 under the old name");
            }
        };
        let recorder = thread::spawn(move || {
            first.wear();
            counter.inc();
            assert_eq!(counter.value(), 2, "a record was lost with the registry");
        });
        let drops = thread::spawn(move || {
            drop(old);
            new_counter(&Registry::new(), second)
        });
        let reader = thread::spawn(reader);
        recorder.join().unwrap();
        let new = drops.join().unwrap();
        reader.join().unwrap();
        assert_eq!(new.value(), 7, "an event of another metric's");
        model::slot(&new) == old_slot
    });
}

/// A histogram's record is whole though the registry goes under it, and its cells are the next one's when it is over.
#[test]
fn a_record_is_whole_though_its_registry_goes() {
    check_within(2, "a record is whole though its registry goes", 43_000, || {
        let [first, _] = two_shards();
        let buckets = || Buckets::explicit([1.0]);
        let registry = Registry::new();
        let histogram = registry.histogram_with("size_bytes", "", buckets()).unwrap();
        let cells = || Registry::new().histogram_with("size_bytes", "", buckets()).unwrap();
        let recorder = {
            let histogram = histogram.clone();
            thread::spawn(move || {
                first.wear();
                histogram.observe(0.5);
                histogram.observe(2.0);
                histogram
            })
        };
        let drops = thread::spawn(move || drop(registry));
        let reader = spawn(&histogram, |histogram| {
            let seen = histogram.value();
            // The two lie in two buckets, which are not read at one time.
            let whole = [(0, 0.0), (1, 0.5), (1, 2.0), (2, 2.5)];
            assert!(whole.contains(&(seen.count, seen.sum)), "{seen:?}");
        });
        drops.join().unwrap();
        let kept = [recorder, reader].map(|thread| thread.join().unwrap());
        assert_eq!((histogram.value().count, histogram.value().sum), (2, 2.5));
        let beside = cells();
        assert_eq!(beside.value().count, 0, "the cells of a handle that lives");
        drop((histogram, kept));
        let next = cells();
        assert_eq!((next.value().count, next.value().sum), (0, 0.0), "not zeroed");
    });
}

/// A family of closed labels holds its group, and that its series, without the registry.
#[test]
fn a_family_records_on_when_its_registry_is_gone() {
    check_both_ways(PREEMPTIONS, "a family records on when its registry is gone", 1_800, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let family: Family<bool, Counter> =
            registry.declare("sent_total", "").label("retried").register().unwrap();
        let old_slot = model::slot(&family[false]);
        let recorder = thread::spawn(move || {
            first.wear();
            family[true].inc();
            assert_eq!([false, true].map(|retried| family[retried].value()), [0, 1]);
        });
        let drops = thread::spawn(move || {
            drop(registry);
            new_counter(&Registry::new(), second)
        });
        recorder.join().unwrap();
        let new = drops.join().unwrap();
        assert_eq!(new.value(), 7, "an event of another metric's");
        model::slot(&new) == old_slot
    });
}

/// When all is over, the cells of everything are there for new metrics.
#[test]
fn slots_come_back_when_everything_is_gone() {
    check("slots come back when everything is gone", 400, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let counter = registry.counter("old_total", "").unwrap();
        let old_slot = model::slot(&counter);
        let recorder = thread::spawn(move || {
            first.wear();
            counter.inc();
        });
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || drop(registry.snapshot()))
        };
        drop(registry);
        recorder.join().unwrap();
        reader.join().unwrap();
        assert_eq!(
            model::slot(&new_counter(&Registry::new(), second)),
            old_slot,
            "the slot has not come back"
        );
    });
}

/// A reader that has the cells, but neither a handle nor a schema that holds them.
#[test]
#[should_panic(expected = "under the old name")]
fn control_a_reader_whose_registry_has_held_the_cells_is_seen() {
    control("a reader whose registry has held the cells", || {
        let [_, second] = two_shards();
        let registry = Registry::new();
        let cells = {
            let counter = registry.counter("old_total", "").unwrap();
            counter.inc();
            Cells::of_counter(&counter)
        };
        let drops = thread::spawn(move || {
            drop(registry);
            new_counter(&Registry::new(), second)
        });
        let events: u64 = cells.iter().map(|cells| cells.load(0)).sum();
        let _new = drops.join().unwrap();
        assert_eq!(events, 1, "{events} events under the old name");
    });
}
