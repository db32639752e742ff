//! Slots that change their metric: the last handle goes, and a registration takes the cells again.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{
    Counter, Registry,
    model::{self, Cells, Shard},
};
use tachometer_loom_tests::{PREEMPTIONS, check_both_ways, control, shards::new_counter};

/// A counter that has counted one event in the first of two shards. Only the handle keeps its cells: the registry is
/// gone.
fn old_counter() -> (Counter, [Shard; 2]) {
    let counter = Registry::new().counter("old_total", "").unwrap();
    let shards = [1, 0].map(|events| {
        let shard = Shard::acquire().unwrap();
        shard.wear();
        counter.add(events);
        shard
    });
    (counter, shards)
}

#[test]
fn a_count_never_appears_under_another_name() {
    check_both_ways(PREEMPTIONS, "a count never appears under another name", 1_700, || {
        let (old, [first, second]) = old_counter();
        let old_slot = model::slot(&old);
        let registry = Registry::new();
        let recorder = {
            let old = old.clone();
            thread::spawn(move || {
                first.wear();
                old.inc();
                drop(old);
            })
        };
        let registers = thread::spawn(move || (new_counter(&registry, second), registry));
        let reader = thread::spawn(move || {
            let [before, after] = [(); 2].map(|()| old.value());
            assert!(before <= after && after <= 2, "{before}, then {after} under the old name");
            drop(old);
        });
        recorder.join().unwrap();
        let (new, registry) = registers.join().unwrap();
        reader.join().unwrap();
        assert_eq!(registry.snapshot().counter("new_total", &[]), Some(7));
        model::slot(&new) == old_slot
    });
}

/// The same with a snapshot: its schema holds the slots of the registry that goes while it is being taken.
#[test]
fn a_snapshot_holds_the_slots_it_reads() {
    check_both_ways(PREEMPTIONS, "a snapshot holds the slots it reads", 500, || {
        let shard = Shard::acquire().unwrap();
        shard.wear();
        let old = Registry::new();
        let counter = old.counter("old_total", "").unwrap();
        counter.inc();
        let old_slot = model::slot(&counter);
        drop((counter, old.snapshot()));
        let new = Registry::new();
        let drops = {
            let old = old.clone();
            thread::spawn(move || drop(old))
        };
        let registers = thread::spawn(move || (new_counter(&new, shard), new));
        let reader = thread::spawn(move || {
            let snapshot = old.snapshot();
            drop(old);
            assert_eq!(
                snapshot.counter("old_total", &[]),
                Some(1),
                "another metric's count under the old name"
            );
        });
        drops.join().unwrap();
        let (new, registry) = registers.join().unwrap();
        reader.join().unwrap();
        assert_eq!(registry.snapshot().counter("new_total", &[]), Some(7));
        model::slot(&new) == old_slot
    });
}

/// A reader that drops what holds the slots before it loads the cells.
#[test]
#[should_panic(expected = "under the old name")]
fn control_a_reader_without_a_hold_on_the_slots_is_seen() {
    control("a reader without a hold on the slots", || {
        let (old, [_, second]) = old_counter();
        let registry = Registry::new();
        let registers = thread::spawn(move || (new_counter(&registry, second), registry));
        let reader = thread::spawn(move || {
            let cells = Cells::of_counter(&old);
            drop(old);
            let events: u64 = cells.iter().map(|cells| cells.load(0)).sum();
            assert!(events <= 1, "{events} events under the old name");
        });
        let _new = registers.join().unwrap();
        reader.join().unwrap();
    });
}
