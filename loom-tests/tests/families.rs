//! Families: closed labels by index, open ones by look-up, and the limit of series.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tachometer::{Counter, DynamicFamily, Family, Registry, Snapshot, model};
use tachometer_loom_tests::{PREEMPTIONS, check, check_both_ways, check_within, control, spawn};

/// Streams whose series lie under two locks of the family's map, and one whose lies under the first one's.
const A: [(&str, &str); 1] = [("stream_name", "a")];
const B: [(&str, &str); 1] = [("stream_name", "b")];
const C: [(&str, &str); 1] = [("stream_name", "c")];

/// A registry whose families have so many series at most.
fn limited(series: usize) -> Registry {
    Registry::builder().max_series_per_family(series).build().unwrap()
}

fn dynamic(registry: &Registry) -> DynamicFamily<Counter> {
    registry.counter_family("sent_total", "", ["stream_name"]).unwrap()
}

fn dense(registry: &Registry) -> Family<bool, Counter> {
    registry.declare("sent_total", "").label("retried").register().unwrap()
}

/// How many series the snapshot has, and what they hold in all.
fn series_and_sum(snapshot: &Snapshot) -> (usize, u64) {
    let Some(family) = snapshot.family("sent_total") else { return (0, 0) };
    let values = family.series().map(|series| match series.value() {
        tachometer::Value::Number(number) => number.as_f64() as u64,
        other => panic!("{other:?} in a family of counters"),
    });
    (family.series().count(), values.sum())
}

/// The group of a family appears whole, beside snapshots, and who has it records by index.
#[test]
fn closed_labels_have_all_their_series_in_a_snapshot_or_none() {
    check_both_ways(2, "closed labels have all their series in a snapshot or none", 6_000, || {
        let registry = Registry::new();
        let records = {
            let registry = registry.clone();
            thread::spawn(move || {
                let family = dense(&registry);
                family[true].inc();
                family[false].add(2);
                (family, registry)
            })
        };
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || {
                let [first, second] = [(); 2].map(|()| series_and_sum(&registry.snapshot()));
                assert!(first <= second, "{first:?}, then {second:?}");
                assert!([0, 2].contains(&first.0) && [0, 2].contains(&second.0), "{first:?}, {second:?}");
                assert!(second.1 <= 3, "{second:?}");
                (first.0 == 0, registry)
            })
        };
        let _handles = records.join().unwrap();
        let (early, _registry) = reader.join().unwrap();
        assert_eq!(series_and_sum(&registry.snapshot()), (2, 3));
        early
    });
}

/// Two threads register a family of closed labels, and each thinks that it is the first.
#[test]
fn two_first_look_ups_of_a_group_find_the_same_series() {
    check_within(2, "two first look-ups of a group find the same series", 5_200, || {
        let registry = Registry::new();
        let finders = [(); 2].map(|()| {
            spawn(&registry, |registry| {
                let family = dense(registry);
                family[true].inc();
            })
        });
        let _registries = finders.map(|thread| thread.join().unwrap());
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("sent_total", &[("retried", "true")]), Some(2), "two groups were made");
        assert_eq!(series_and_sum(&snapshot), (2, 2));
    });
}

/// Whoever comes second finds the family full, by the very series that it looks for.
#[test]
fn two_look_ups_of_one_label_set_find_the_same_series() {
    check("two look-ups of one label set find the same series", 8_000, || {
        let registry = limited(1);
        let family = dynamic(&registry);
        let finders = [(); 2].map(|()| find(&family, A));
        let [first, second] = finders.map(|thread| thread.join().unwrap());
        assert_eq!(model::slot(&first.1), model::slot(&second.1), "one label set has two series");
        let snapshot = registry.snapshot();
        assert_eq!((snapshot.counter("sent_total", &A), series_and_sum(&snapshot)), (Some(2), (1, 2)));
        assert!(family.remove(A));
        assert!(!is_beyond_the_limit(&registry, &family, B), "one series was counted twice");
    });
}

/// Two that lie under two locks of the map.
#[test]
fn two_look_ups_of_different_label_sets_find_different_series() {
    check_within(2, "two look-ups of different label sets find different series", 14_000, || {
        let registry = limited(3);
        let family = dynamic(&registry);
        let finders = [A, B].map(|labels| find(&family, labels));
        let [first, second] = finders.map(|thread| thread.join().unwrap());
        assert_ne!(model::slot(&first.1), model::slot(&second.1), "two label sets have one series");
        let snapshot = registry.snapshot();
        assert_eq!([A, B].map(|labels| snapshot.counter("sent_total", &labels)), [Some(1); 2]);
        assert!(!is_beyond_the_limit(&registry, &family, C), "two series were counted as three");
    });
}

/// Looks a series up and records in it, on a thread of its own.
fn find(
    family: &DynamicFamily<Counter>,
    labels: [(&'static str, &'static str); 1],
) -> thread::JoinHandle<(DynamicFamily<Counter>, Counter)> {
    let family = family.clone();
    thread::spawn(move || {
        let counter = family.with(labels).unwrap();
        counter.inc();
        (family, counter)
    })
}

/// Whether there is no place for one more series, which is looked up for that.
fn is_beyond_the_limit(
    registry: &Registry,
    family: &DynamicFamily<Counter>,
    labels: [(&str, &str); 1],
) -> bool {
    let _counter = family.with(labels).unwrap();
    registry.snapshot().counter("sent_total", &[("overflow", "true")]).is_some()
}

/// The looked-up series is the one that goes, or a new one; its place is free again, or taken again, once.
#[test]
fn a_look_up_beside_a_removal_finds_the_old_series_or_a_new_one() {
    check_both_ways(PREEMPTIONS, "a look-up beside a removal finds the old series or a new one", 200, || {
        let registry = limited(2);
        let family = dynamic(&registry);
        family.with(A).unwrap().add(4);
        let remover = spawn(&family, |family| assert!(family.remove(A)));
        let finder = find(&family, A);
        let _family = remover.join().unwrap();
        let (_family, counter) = finder.join().unwrap();
        let seen = registry.snapshot().counter("sent_total", &A);
        let is_new = counter.value() == 1;
        assert_eq!(seen, is_new.then_some(1), "the handle is to a series that holds {}", counter.value());
        assert!(!is_beyond_the_limit(&registry, &family, B), "a removal has not freed its place");
        assert_eq!(is_beyond_the_limit(&registry, &family, C), is_new, "a place was freed twice");
        is_new
    });
}

#[test]
fn the_last_free_place_is_given_to_one_of_two_threads() {
    check_both_ways(2, "the last free place is given to one of two threads", 80_000, || {
        let registry = limited(2);
        let family = dynamic(&registry);
        let _first = family.with(C).unwrap();
        let finders = [A, B].map(|labels| find(&family, labels));
        let _found = finders.map(|thread| thread.join().unwrap());
        let snapshot = registry.snapshot();
        let got = [A, B].map(|labels| snapshot.counter("sent_total", &labels));
        assert!([[Some(1), None], [None, Some(1)]].contains(&got), "{got:?} of one place");
        assert_eq!(snapshot.counter("sent_total", &[("overflow", "true")]), Some(1));
        assert_eq!(series_and_sum(&snapshot), (3, 2), "an event was lost or counted twice");
        // The place is there once: it can be freed and taken again, and then there is none left.
        assert!(family.remove(if got[0].is_some() { A } else { B }));
        let [again, beyond] = [A, B].map(|labels| family.with(labels).unwrap());
        again.inc();
        beyond.inc();
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("sent_total", &A), Some(1), "a refused series has kept its place");
        assert_eq!(snapshot.counter("sent_total", &B), None, "a place was freed twice");
        got[0].is_some()
    });
}

#[test]
fn two_label_sets_beyond_the_limit_share_one_series() {
    check("two label sets beyond the limit share one series", 14_500, || {
        let registry = limited(1);
        let family = dynamic(&registry);
        let _first = family.with(C).unwrap();
        let finders = [A, B].map(|labels| find(&family, labels));
        let [first, second] = finders.map(|thread| thread.join().unwrap());
        assert_eq!(model::slot(&first.1), model::slot(&second.1), "there are two series beyond the limit");
        assert_eq!(series_and_sum(&registry.snapshot()), (2, 2), "an event was lost or counted twice");
    });
}

/// A limit whose count is looked at in one step and raised in another.
#[test]
#[should_panic(expected = "of one place")]
fn control_a_place_that_is_looked_at_and_then_taken_is_seen() {
    control("a place that is looked at and then taken", || {
        let registry = Registry::new();
        let family = dynamic(&registry);
        let taken = Arc::new(AtomicU32::new(0));
        let finders = [A, B].map(|labels| {
            let taken = Arc::clone(&taken);
            spawn(&family, move |family| {
                if taken.load(Ordering::Relaxed) == 0 {
                    taken.store(1, Ordering::Relaxed);
                    family.with(labels).unwrap().inc();
                }
            })
        });
        let _families = finders.map(|thread| thread.join().unwrap());
        assert_eq!(series_and_sum(&registry.snapshot()).0, 1, "of one place");
    });
}
