//! Series that are removed, begun again or forgotten, against records through handles and against snapshots.
#![cfg(tachometer_loom)]

use std::time::Duration;

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tachometer::{
    Buckets, Counter, DynamicFamily, Family, Histogram, Registry, Snapshot,
    model::{self, Shard},
};
use tachometer_loom_tests::{PREEMPTIONS, check, check_both_ways, check_within, control, shards::two_shards};

const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];
const CLICKS: [(&str, &str); 1] = [("stream_name", "clicks")];

fn family(registry: &Registry) -> DynamicFamily<Counter> {
    registry.counter_family("sent_total", "", ["stream_name"]).unwrap()
}

/// The events that a snapshot shows under the old name, of at most `most`, and under the new one, of 7.
fn assert_own_names(snapshot: &Snapshot, most: u64) {
    let old = snapshot.counter("sent_total", &ORDERS);
    assert!(old <= Some(most), "{old:?} under the old name");
    let new = snapshot.counter("sent_total", &CLICKS);
    assert!([None, Some(0), Some(7)].contains(&new), "{new:?} under the new name");
}

/// Removes a series and makes another one, which takes its cells if they are free by then, and records 7 in `shard`.
fn replace(family: &DynamicFamily<Counter>, shard: Shard) -> Counter {
    assert!(family.remove(ORDERS));
    let new = family.with(CLICKS).unwrap();
    assert_eq!(new.value(), 0, "a new series does not begin at zero");
    shard.wear();
    new.add(7);
    assert_eq!(new.value(), 7);
    new
}

#[test]
fn what_is_recorded_in_a_removed_series_never_appears_under_another_name() {
    check_both_ways(
        2,
        "what is recorded in a removed series never appears under another name",
        60_000,
        || {
            let [first, second] = two_shards();
            let registry = Registry::new();
            let family = family(&registry);
            let old = family.with(ORDERS).unwrap();
            let old_slot = model::slot(&old);
            let recorder = thread::spawn(move || {
                first.wear();
                old.inc();
                drop(old);
            });
            let remover = thread::spawn(move || (replace(&family, second), family));
            let reader = thread::spawn(move || {
                assert_own_names(&registry.snapshot(), 1);
                registry
            });
            recorder.join().unwrap();
            let (new, _family) = remover.join().unwrap();
            let registry = reader.join().unwrap();
            let snapshot = registry.snapshot();
            assert_eq!(snapshot.counter("sent_total", &ORDERS), None);
            assert_eq!(snapshot.counter("sent_total", &CLICKS), Some(7));
            model::slot(&new) == old_slot
        },
    );
}

/// The same with a schema from before the removal: its cells come back when the last snapshot that has it is gone.
#[test]
fn a_snapshot_holds_the_slots_of_series_that_are_removed() {
    check_both_ways(PREEMPTIONS, "a snapshot holds the slots of series that are removed", 3_500, || {
        let [_, second] = two_shards();
        let registry = Registry::new();
        let family = family(&registry);
        let old = family.with(ORDERS).unwrap();
        old.inc();
        let old_slot = model::slot(&old);
        drop((old, registry.snapshot()));
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || {
                (0..2).for_each(|_| assert_own_names(&registry.snapshot(), 1));
                registry
            })
        };
        let new = replace(&family, second);
        let _registry = reader.join().unwrap();
        assert_eq!(registry.snapshot().counter("sent_total", &CLICKS), Some(7));
        model::slot(&new) == old_slot
    });
}

/// A family whose series are begun again, in a registry whose schema is cached already.
fn closed<M: tachometer::Metric>(registry: &Registry) -> Family<bool, M> {
    let buckets = Buckets::explicit([1.0]);
    let declaration = registry.declare("metric", "").label("retried");
    let declaration = if std::any::type_name::<M>().ends_with("Histogram") {
        declaration.buckets(buckets)
    } else {
        declaration
    };
    let family = declaration.register().unwrap();
    let _ = registry.snapshot();
    family
}

/// One thread records before and after it learns whether the series was begun again, another begins it again, a third
/// takes snapshots.
#[test]
fn each_record_comes_before_a_restart_or_after_it() {
    check_within(2, "each record comes before a restart or after it", 60_000, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let family: Family<bool, Counter> = closed(&registry);
        let kept = family[true].clone();
        let (recorded, restarted) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let recorder = {
            let (kept, recorded, restarted) = (kept.clone(), Arc::clone(&recorded), Arc::clone(&restarted));
            thread::spawn(move || {
                first.wear();
                kept.inc();
                recorded.store(1, Ordering::Release);
                let after = restarted.load(Ordering::Acquire) == 1;
                kept.inc();
                (kept, after)
            })
        };
        let restarter = thread::spawn(move || {
            second.wear();
            let before = recorded.load(Ordering::Acquire) == 1;
            assert!(family.remove(&true));
            restarted.store(1, Ordering::Release);
            (family, before)
        });
        let reader = {
            let kept = kept.clone();
            thread::spawn(move || {
                let seen =
                    [registry.snapshot().counter("metric", &[("retried", "true")]), Some(kept.value())];
                assert!(seen.iter().all(|seen| *seen <= Some(2)), "{seen:?} events of 2");
                (registry, kept)
            })
        };
        let (_kept, after) = recorder.join().unwrap();
        let (_family, before) = restarter.join().unwrap();
        let (registry, _kept) = reader.join().unwrap();
        let value = kept.value();
        assert!(value >= u64::from(after), "a record after the restart was lost");
        assert!(value <= 2 - u64::from(before), "a record before the restart came after it");
        let seen = registry.snapshot().counter("metric", &[("retried", "true")]);
        assert_eq!(seen, Some(value), "a snapshot that begins after the restart does not know of it");
    });
}

#[test]
fn of_two_restarts_the_later_one_counts() {
    check("of two restarts the later one counts", 700, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let family: Family<bool, Counter> = closed(&registry);
        let records = {
            let family = family.clone();
            thread::spawn(move || {
                first.wear();
                family[true].inc();
                assert!(family.remove(&true));
                family
            })
        };
        let restarts = {
            let family = family.clone();
            thread::spawn(move || {
                second.wear();
                assert!(family.remove(&true));
                family
            })
        };
        let _families = [records, restarts].map(|thread| thread.join().unwrap());
        assert_eq!(family[true].value(), 0, "a restart with an older zero has come to count");
        assert_eq!(registry.snapshot().counter("metric", &[("retried", "true")]), Some(0));
    });
}

#[test]
fn counts_and_sums_agree_over_a_restart() {
    check("counts and sums agree over a restart", 130_000, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let family: Family<bool, Histogram> = closed(&registry);
        let kept = family[true].clone();
        kept.observe(0.5);
        let recorder = {
            let kept = kept.clone();
            thread::spawn(move || {
                first.wear();
                kept.observe(0.5);
                kept
            })
        };
        let restarter = thread::spawn(move || {
            second.wear();
            assert!(family.remove(&true));
            family
        });
        let reader = thread::spawn(move || {
            let snapshot = registry.snapshot();
            let seen = snapshot.histogram("metric", &[("retried", "true")]).unwrap();
            assert!(seen.count() <= 2, "{seen:?}");
            assert_eq!(seen.counts(), [seen.count(), 0]);
            assert_eq!(seen.sum(), 0.5 * seen.count() as f64, "count and sum do not agree");
            drop(snapshot);
            registry
        });
        let _kept = recorder.join().unwrap();
        let _family = restarter.join().unwrap();
        let registry = reader.join().unwrap();
        let value = kept.value();
        assert!(value.count <= 1 && value.sum == 0.5 * value.count as f64, "{value:?}");
        let snapshot = registry.snapshot();
        let seen = snapshot.histogram("metric", &[("retried", "true")]).unwrap();
        assert_eq!((seen.count(), seen.sum()), (value.count, value.sum));
    });
}

/// Read through a handle: what is subtracted must not be newer than what it is subtracted from.
#[test]
fn the_value_of_a_histogram_that_begins_again_is_that_of_whole_observations() {
    check("the value of a histogram that begins again is that of whole observations", 5_800, || {
        let [first, second] = two_shards();
        let registry = Registry::new();
        let family: Family<bool, Histogram> = closed(&registry);
        let kept = family[true].clone();
        first.wear();
        kept.observe(0.5);
        let restarter = thread::spawn(move || {
            second.wear();
            family[true].observe(0.5);
            assert!(family.remove(&true));
            family[true].observe(0.5);
            family
        });
        let value = kept.value();
        assert!(value.count <= 3, "{value:?}");
        assert_eq!(value.sum, 0.5 * value.count as f64, "count and sum do not agree");
        let _family = restarter.join().unwrap();
        assert_eq!(kept.value().count, 1);
    });
}

/// A registry that forgets a series as soon as it may, and a series of it that holds 4.
fn forgetful() -> (Registry, DynamicFamily<Counter>, Counter) {
    let registry = Registry::builder().idle_timeout(Duration::ZERO).build().unwrap();
    let family = family(&registry);
    let counter = family.with(ORDERS).unwrap();
    counter.add(4);
    (registry, family, counter)
}

/// Takes snapshots on a thread of its own.
fn snapshots(registry: &Registry, number: usize) -> thread::JoinHandle<Vec<Snapshot>> {
    let registry = registry.clone();
    thread::spawn(move || (0..number).map(|_| registry.snapshot()).collect())
}

/// Checks that the 1 that a thread has recorded is in a snapshot: in the series that held 4, or in one made again.
fn assert_seen(snapshots: &[Snapshot]) {
    let seen: Vec<_> = snapshots.iter().map(|snapshot| snapshot.counter("sent_total", &ORDERS)).collect();
    assert!(seen.iter().all(|seen| [None, Some(0), Some(1), Some(4), Some(5)].contains(seen)), "{seen:?}");
    let has_record = |seen: &Option<u64>| [Some(1), Some(5)].contains(seen);
    assert!(seen.iter().any(has_record), "the record went with its series: {seen:?}");
}

#[test]
fn what_the_last_handle_recorded_is_seen_before_the_series_goes() {
    check("what the last handle recorded is seen before the series goes", 900, || {
        let [_, second] = two_shards();
        let (registry, _family, last) = forgetful();
        let recorder = thread::spawn(move || {
            second.wear();
            last.inc();
            drop(last);
        });
        let reader = snapshots(&registry, 2);
        recorder.join().unwrap();
        let mut seen = reader.join().unwrap();
        seen.push(registry.snapshot());
        assert_seen(&seen);
    });
}

#[test]
fn what_a_look_up_recorded_is_seen_before_the_series_goes() {
    check("what a look-up recorded is seen before the series goes", 200, || {
        let [_, second] = two_shards();
        let (registry, family, last) = forgetful();
        drop(last);
        let first = registry.snapshot();
        let recorder = thread::spawn(move || {
            second.wear();
            family.with(ORDERS).unwrap().inc();
            family
        });
        let reader = snapshots(&registry, 1);
        let _family = recorder.join().unwrap();
        let mut seen = reader.join().unwrap();
        seen.push(first);
        seen.push(registry.snapshot());
        assert_seen(&seen);
    });
}

/// A look-up that makes the series: until it has its handle, nobody holds one.
#[test]
fn what_a_look_up_that_made_the_series_recorded_is_seen_while_it_is_held() {
    check("what a look-up that made the series recorded is seen while it is held", 2_500, || {
        let [_, second] = two_shards();
        let registry = Registry::builder().idle_timeout(Duration::ZERO).build().unwrap();
        let family = family(&registry);
        let recorder = thread::spawn(move || {
            second.wear();
            let made = family.with(ORDERS).unwrap();
            made.inc();
            (family, made)
        });
        let reader = snapshots(&registry, 2);
        let _held = recorder.join().unwrap();
        let _seen = reader.join().unwrap();
        let seen = registry.snapshot().counter("sent_total", &ORDERS);
        assert_eq!(seen, Some(1), "the series went before the look-up had a handle to it");
    });
}

/// Two threads that take snapshots, one of which may have begun long ago when it looks.
#[test]
fn an_old_snapshot_does_not_let_a_series_go() {
    check_within(2, "an old snapshot does not let a series go", 65_000, || {
        let [_, second] = two_shards();
        let (registry, _family, last) = forgetful();
        let recorder = thread::spawn(move || {
            second.wear();
            last.inc();
            drop(last);
        });
        let readers = [(); 2].map(|()| snapshots(&registry, 1));
        recorder.join().unwrap();
        let mut seen: Vec<_> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
        seen.push(registry.snapshot());
        assert_seen(&seen);
    });
}

/// Handles that are counted with Relaxed alone.
#[test]
#[should_panic(expected = "a record was missed")]
fn control_a_last_handle_that_releases_nothing_is_seen() {
    control("a last handle that releases nothing", || {
        let [_, second] = two_shards();
        let counter = Registry::new().counter("sent_total", "").unwrap();
        let holders = Arc::new(AtomicU32::new(2));
        let recorder = {
            let (counter, holders) = (counter.clone(), Arc::clone(&holders));
            thread::spawn(move || {
                second.wear();
                counter.inc();
                holders.fetch_sub(1, Ordering::Relaxed);
                (counter, holders)
            })
        };
        if holders.load(Ordering::Relaxed) == 1 {
            assert_eq!(counter.value(), 1, "a record was missed");
        }
        let _handle = recorder.join().unwrap();
    });
}
