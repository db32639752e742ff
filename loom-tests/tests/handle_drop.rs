//! The last handle of what is no longer in the registry, dropped during a snapshot, beside a registration that wants
//! its slots.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{
    Buckets, Counter, DynamicFamily, Histogram, Registry,
    model::{self, Cells},
};
use tachometer_loom_tests::{
    check_both_ways, control,
    shards::{new_counter, two_shards},
};

const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

/// A series that holds 1 and is in the last snapshot's schema.
fn series(registry: &Registry) -> (DynamicFamily<Counter>, Counter) {
    let family = registry.counter_family("sent_total", "", ["stream_name"]).unwrap();
    let counter = family.with(ORDERS).unwrap();
    counter.inc();
    assert_eq!(registry.snapshot().counter("sent_total", &ORDERS), Some(1));
    (family, counter)
}

/// Removed, so that nothing but its last handle holds it and the schema of a snapshot that began before.
#[test]
fn the_last_handle_of_a_series_goes_during_a_snapshot() {
    check_both_ways(2, "the last handle of a series goes during a snapshot", 5_900, || {
        let [_, second] = two_shards();
        let registry = Registry::new();
        let (family, last) = series(&registry);
        let old_slot = model::slot(&last);
        let drops = thread::spawn(move || {
            assert!(family.remove(ORDERS));
            drop(last);
            family
        });
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || {
                let seen = registry.snapshot().counter("sent_total", &ORDERS);
                assert!([None, Some(1)].contains(&seen), "{seen:?} under the old name");
                registry
            })
        };
        let new = new_counter(&registry, second);
        let _family = drops.join().unwrap();
        let _registry = reader.join().unwrap();
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("sent_total", &ORDERS), None);
        assert_eq!(snapshot.counter("new_total", &[]), Some(7));
        model::slot(&new) == old_slot
    });
}

/// The same of a metric that is unregistered: a histogram, whose cells the next counter takes one of.
#[test]
fn the_last_handle_of_a_metric_goes_during_a_snapshot() {
    check_both_ways(2, "the last handle of a metric goes during a snapshot", 4_300, || {
        let [_, second] = two_shards();
        let registry = Registry::new();
        let last = registry.histogram_with("size_bytes", "", Buckets::explicit([1.0])).unwrap();
        last.observe(0.5);
        let old_cells = Cells::of_histogram(&last)[0];
        drop(registry.snapshot());
        let drops = spawn_unregister(&registry, last);
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || {
                let snapshot = registry.snapshot();
                if let Some(seen) = snapshot.histogram("size_bytes", &[]) {
                    assert_eq!(
                        (seen.count(), seen.sum()),
                        (1, 0.5),
                        "another metric's count under the old name"
                    );
                }
                drop(snapshot);
                registry
            })
        };
        let new = new_counter(&registry, second);
        let _registries = [drops, reader].map(|thread| thread.join().unwrap());
        assert_eq!(registry.snapshot().counter("new_total", &[]), Some(7));
        assert!(registry.snapshot().histogram("size_bytes", &[]).is_none());
        // The first cell of the histogram is the counter's if the counter came late enough.
        Cells::of_counter(&new).iter().any(|cells| cells.is(old_cells))
    });
}

fn spawn_unregister(registry: &Registry, last: Histogram) -> thread::JoinHandle<Registry> {
    let registry = registry.clone();
    thread::spawn(move || {
        assert!(registry.unregister("size_bytes"));
        drop(last);
        registry
    })
}

/// A snapshot without a schema: it finds the cells, lets go of what holds them, and reads.
#[test]
#[should_panic(expected = "under the old name")]
fn control_a_snapshot_that_holds_no_slots_is_seen() {
    control("a snapshot that holds no slots", || {
        let [_, second] = two_shards();
        let registry = Registry::new();
        let (family, last) = series(&registry);
        assert!(family.remove(ORDERS));
        // The schema of this one has it no more.
        drop(registry.snapshot());
        let reader = thread::spawn(move || {
            let cells = Cells::of_counter(&last);
            drop(last);
            cells.iter().map(|cells| cells.load(0)).sum::<u64>()
        });
        let _new = new_counter(&registry, second);
        let events = reader.join().unwrap();
        assert_eq!(events, 1, "{events} events under the old name");
    });
}
