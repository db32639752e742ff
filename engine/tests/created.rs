//! When series began.
#![forbid(unsafe_code)]

use std::{
    thread,
    time::{Duration, SystemTime},
};

use tachometer::{
    Counter, Family, FamilyBuilder, Histogram, IntegerHistogram, LabelValue, MetricKind, NO_LABELS, Number,
    Registry, Snapshot,
};

fn registry() -> Registry {
    Registry::builder().created(true).self_metrics(false).build().unwrap()
}

fn created(snapshot: &Snapshot, name: &str, labels: &[(&str, &str)]) -> Option<SystemTime> {
    snapshot.series(name, labels).unwrap().created()
}

/// The time now, to the millisecond as registries keep it.
fn now() -> SystemTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch.as_millis() as u64)
}

/// The time now, later than all before.
fn later() -> SystemTime {
    let before = now();
    while now() <= before {
        thread::yield_now();
    }
    now()
}

#[test]
fn what_only_grows_says_when_it_began_and_nothing_else_does() {
    let registry = registry();
    let before = now();
    let _: IntegerHistogram = registry.declare("integers", "H.").register().unwrap();
    let _ = registry.counter("counter_total", "C.").unwrap();
    let _ = registry.float_counter("floats_total", "C.").unwrap();
    let _ = registry.signal_counter("signals_total", "C.").unwrap();
    let _ = registry.histogram("histogram", "H.").unwrap();
    let after = now();
    let _ = registry.up_down_counter("up_down", "U.").unwrap();
    registry.gauge("gauge", "G.").unwrap().set(1.0);
    registry.info("build", "I.", NO_LABELS).unwrap();
    registry.counter_fn("asked_total", "A.", || 1).unwrap();

    let snapshot = registry.snapshot();
    for name in ["counter_total", "floats_total", "signals_total", "histogram", "integers"] {
        let created = created(&snapshot, name, &[]).unwrap();
        assert!(before <= created && created <= after, "{name}: {before:?} {created:?} {after:?}");
    }
    for name in ["up_down", "gauge", "build", "asked_total"] {
        assert_eq!(created(&snapshot, name, &[]), None, "{name}");
    }
}

#[test]
fn nothing_says_so_unless_the_registry_is_told_to_keep_it() {
    let registry = Registry::new();
    let _ = registry.counter("counter_total", "C.").unwrap();
    let _ = registry.histogram("histogram", "H.").unwrap();
    let snapshot = registry.snapshot();
    assert!(snapshot.families().flat_map(|family| family.series()).all(|series| series.created().is_none()));
}

#[test]
fn each_series_began_when_it_was_looked_up_first() {
    let registry = registry();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"]).unwrap();
    let audit = sent.with([("stream", "audit")]).unwrap();
    let between = later();
    let _orders = sent.with([("stream", "orders")]).unwrap();
    let snapshot = registry.snapshot();
    audit.inc();
    let _again = sent.with([("stream", "audit")]).unwrap();
    let next = registry.snapshot();
    let [first, second] =
        ["audit", "orders"].map(|stream| created(&snapshot, "sent_total", &[("stream", stream)]).unwrap());
    assert!(first < between && between <= second, "{first:?} {between:?} {second:?}");
    assert_eq!(created(&next, "sent_total", &[("stream", "audit")]), Some(first), "it is the same series");
    assert_eq!(snapshot.schema_id(), next.schema_id());
}

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[test]
fn a_series_that_begins_again_began_then_and_earlier_snapshots_keep_their_time() {
    let registry = registry();
    let sent: Family<Status, Counter> =
        registry.declare("sent_total", "Sent.").label("status").register().unwrap();
    let size: Family<(), Histogram> = registry.declare("size", "Size.").register().unwrap();
    sent[Status::Ok].inc();
    size[()].observe(1.0);
    let before = registry.snapshot();
    let between = later();
    assert!(sent.remove(&Status::Ok));
    size.clear();
    let after = registry.snapshot();

    let (ok, failed) = (&[("status", "ok")][..], &[("status", "failed")][..]);
    for (name, labels) in [("sent_total", ok), ("size", &[][..])] {
        assert!(created(&before, name, labels).unwrap() < between, "{name}");
        assert!(created(&after, name, labels).unwrap() >= between, "{name}");
    }
    assert_eq!(created(&after, "sent_total", failed), created(&before, "sent_total", failed));
    assert_eq!(after.counter("sent_total", ok), Some(0));
    sent[Status::Failed].inc();
}

#[test]
fn a_series_that_was_removed_and_looked_up_again_is_new() {
    let registry = registry();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"]).unwrap();
    let labels = [("stream", "orders")];
    let _first = sent.with(labels).unwrap();
    let between = later();
    assert!(sent.remove(labels));
    let _second = sent.with(labels).unwrap();
    assert!(created(&registry.snapshot(), "sent_total", &labels).unwrap() >= between);
}

#[test]
fn snapshots_and_collectors_say_what_they_were_given() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_520_872_607_123_456_789);
    let family = move || {
        FamilyBuilder::new("hits_total", MetricKind::Counter)
            .number([("cache", "a")], Number::U64(3))
            .created(time)
            .number([("cache", "b")], Number::U64(4))
    };
    let built = Snapshot::builder().family(family()).build().unwrap();
    let registry = registry();
    registry.collector("caches", move |collection| collection.family(family())).unwrap();
    let (collected, again) = (registry.snapshot(), registry.snapshot());
    for snapshot in [&built, &collected] {
        assert_eq!(created(snapshot, "hits_total", &[("cache", "a")]), Some(time));
        assert_eq!(created(snapshot, "hits_total", &[("cache", "b")]), None);
    }
    assert_eq!(collected.schema_id(), again.schema_id(), "the same time makes no new schema");
    assert_eq!(built, collected);
    let other = Snapshot::builder().family(family().created(time)).build().unwrap();
    assert_ne!(built, other);
}
