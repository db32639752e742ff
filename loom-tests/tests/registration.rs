//! Registration against snapshots, and against another registration of the same metric.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tachometer::{Counter, DynamicFamily, Registry, Snapshot, Value};
use tachometer_loom_tests::{check, control};

/// Labels that lie in different parts of a map.
const STREAMS: [&str; 2] = ["orders", "visits"];
const LABELS: [(&str, &str); 1] = [("stream_name", "orders")];

/// A family without series, in a registry whose schema is cached already.
fn family() -> (Registry, DynamicFamily<Counter>) {
    let registry = Registry::new();
    let family = registry.counter_family("sent_total", "Records sent.", ["stream_name"]).unwrap();
    assert_eq!(registry.snapshot().counter("sent_total", &LABELS), None);
    (registry, family)
}

/// The events that the snapshot shows of the series, which must be whole if it is there.
fn seen(snapshot: &Snapshot) -> Option<u64> {
    let family = snapshot.family("sent_total").unwrap();
    assert_eq!(family.help(), Some("Records sent."));
    let series: Vec<_> = family.series().collect();
    assert!(series.len() <= 1, "one series was registered");
    let series = series.first()?;
    assert!(series.labels().eq(LABELS));
    assert!(matches!(series.value(), Value::Number(_)), "{:?}", series.value());
    Some(snapshot.counter("sent_total", &LABELS).unwrap())
}

/// One thread adds a series, says so, and records; another takes snapshots. `early` says so before it is true.
fn registration_against_snapshots(early: bool) {
    let (registry, family) = family();
    let registered = Arc::new(AtomicU32::new(0));
    let adds = {
        let registered = Arc::clone(&registered);
        thread::spawn(move || {
            if early {
                registered.store(1, Ordering::Release);
            }
            let counter = family.with(LABELS).unwrap();
            registered.store(1, Ordering::Release);
            counter.inc();
            (family, counter)
        })
    };
    let reader = thread::spawn(move || {
        let first = seen(&registry.snapshot());
        let registered = registered.load(Ordering::Acquire) == 1;
        let second = seen(&registry.snapshot());
        assert!(second.is_some() || !registered, "a registered series is missing");
        assert!(first <= second, "{first:?}, then {second:?}");
        assert!(second <= Some(1), "{second:?} of 1");
        registry
    });
    let _handles = adds.join().unwrap();
    let registry = reader.join().unwrap();
    assert_eq!(seen(&registry.snapshot()), Some(1));
}

#[test]
fn a_series_is_in_a_snapshot_whole_or_not_at_all() {
    check("a series is in a snapshot whole or not at all", 4_000, || registration_against_snapshots(false));
}

/// A registration that is announced before it is made.
#[test]
#[should_panic(expected = "a registered series is missing")]
fn control_a_series_that_is_missing_from_a_snapshot_is_seen() {
    control("a series that is missing from a snapshot", || registration_against_snapshots(true));
}

#[test]
fn two_registrations_of_one_family_are_one() {
    check("two registrations of one family are one", 10_000, || {
        let registry = Registry::new();
        let threads = [(); 2].map(|()| {
            let registry = registry.clone();
            thread::spawn(move || {
                let counter = registry.counter("events_total", "").unwrap();
                counter.inc();
                (registry, counter)
            })
        });
        let _handles = threads.map(|thread| thread.join().unwrap());
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.families().len(), 1);
        assert_eq!(snapshot.counter("events_total", &[]), Some(2));
    });
}

/// Whether the snapshot has the family that is registered, or unregistered, in the next two models.
fn has(snapshot: &Snapshot) -> bool {
    snapshot.family("made_total").is_some()
}

#[test]
fn a_family_that_is_known_to_be_registered_is_in_the_next_snapshot() {
    check("a family that is known to be registered is in the next snapshot", 36, || {
        let registry = Registry::new();
        assert!(!has(&registry.snapshot()));
        let registered = Arc::new(AtomicU32::new(0));
        let adds = {
            let (registry, registered) = (registry.clone(), Arc::clone(&registered));
            thread::spawn(move || {
                // Without series, which would raise the version once more.
                let family = registry.counter_family("made_total", "", ["stream_name"]).unwrap();
                registered.store(1, Ordering::Release);
                (registry, family)
            })
        };
        let _ = registry.snapshot();
        let is_registered = registered.load(Ordering::Acquire) == 1;
        assert!(has(&registry.snapshot()) || !is_registered, "a registered family is missing");
        let _handles = adds.join().unwrap();
        assert!(has(&registry.snapshot()));
    });
}

#[test]
fn a_family_that_is_known_to_be_unregistered_is_not_in_the_next_snapshot() {
    check("a family that is known to be unregistered is not in the next snapshot", 165, || {
        let registry = Registry::new();
        let _counter = registry.counter("made_total", "").unwrap();
        assert!(has(&registry.snapshot()));
        let unregistered = Arc::new(AtomicU32::new(0));
        let removes = {
            let (registry, unregistered) = (registry.clone(), Arc::clone(&unregistered));
            thread::spawn(move || {
                assert!(registry.unregister("made_total"));
                unregistered.store(1, Ordering::Release);
                registry
            })
        };
        let _ = registry.snapshot();
        let is_unregistered = unregistered.load(Ordering::Acquire) == 1;
        assert!(!has(&registry.snapshot()) || !is_unregistered, "an unregistered family is still there");
        let _registry = removes.join().unwrap();
        assert!(!has(&registry.snapshot()));
    });
}

/// Two series of a family at once: the snapshot after both has both.
#[test]
fn two_series_registered_at_once_are_both_in_the_next_snapshot() {
    check("two series registered at once are both in the next snapshot", 28_000, || {
        let (registry, family) = family();
        let threads = STREAMS.map(|stream| {
            let family = family.clone();
            thread::spawn(move || {
                let counter = family.with([("stream_name", stream)]).unwrap();
                (family, counter)
            })
        });
        let reader = thread::spawn(move || {
            let series = registry.snapshot().family("sent_total").unwrap().series().count();
            assert!(series <= 2);
            registry
        });
        let handles = threads.map(|thread| thread.join().unwrap());
        let registry = reader.join().unwrap();
        handles[0].1.add(1);
        handles[1].1.add(2);
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("sent_total", &[("stream_name", "orders")]), Some(1));
        assert_eq!(snapshot.counter("sent_total", &[("stream_name", "visits")]), Some(2));
    });
}

/// Two threads look the same series up, and one of them makes it. Whoever finds it finds it in the next snapshot.
#[test]
fn a_series_that_was_found_is_in_the_next_snapshot() {
    check("a series that was found is in the next snapshot", 70_000, || {
        let (registry, family) = family();
        let threads = [(); 2].map(|()| {
            let (registry, family) = (registry.clone(), family.clone());
            thread::spawn(move || {
                let counter = family.with(LABELS).unwrap();
                counter.inc();
                let seen = seen(&registry.snapshot());
                assert!(seen >= Some(1), "the snapshot misses what this thread has recorded: {seen:?}");
                (registry, family, counter)
            })
        });
        let _handles = threads.map(|thread| thread.join().unwrap());
        assert_eq!(seen(&registry.snapshot()), Some(2));
    });
}
