//! What is removed is gone from snapshots, harmless to whoever still holds it, and begins at 0 when it is made again.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use labels::{Method, Request, Sent, Status};
use plain::plain;
use tachometer::{
    Buckets, Counter, Family, FloatCounter, Gauge, Histogram, Instrument, IntegerHistogram, Metric,
    SignalCounter, Snapshot, StateSet, UpDownCounter, Value,
};

const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

/// A kind of handle, recorded in by whole numbers.
trait Recorded: Metric + Instrument {
    fn record(&self, n: u32);
    fn recorded(&self) -> f64;
}

macro_rules! recorded {
    ($($handle:ident: $record:expr, $recorded:expr;)*) => {$(
        impl Recorded for $handle {
            fn record(&self, n: u32) {
                let record: fn(&Self, u32) = $record;
                record(self, n);
            }

            fn recorded(&self) -> f64 {
                let recorded: fn(&Self) -> f64 = $recorded;
                recorded(self)
            }
        }
    )*};
}

recorded! {
    Counter: |counter, n| counter.add(n.into()), |counter| counter.value() as f64;
    FloatCounter: |counter, n| counter.add(n.into()), FloatCounter::value;
    UpDownCounter: |counter, n| counter.sub(n.into()), |counter| -(counter.value() as f64);
    Gauge: |gauge, n| gauge.add(n.into()), Gauge::value;
    SignalCounter: |counter, n| counter.add(n.into()), |counter| counter.value() as f64;
    Histogram: |histogram, n| histogram.observe(n.into()), |histogram| {
        let value = histogram.value();
        assert_eq!(value.counts.iter().sum::<u64>(), value.count);
        value.sum
    };
}

/// What a snapshot shows of a series, as [`Recorded::recorded`] would.
fn shown(snapshot: &Snapshot, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    match snapshot.series(name, labels)?.value() {
        Value::Number(tachometer::Number::I64(value)) => Some(-(value as f64)),
        Value::Number(number) => Some(number.as_f64()),
        Value::Histogram(histogram) => Some(histogram.sum()),
        other => panic!("{other:?}"),
    }
}

/// Calls the function with each kind of handle.
macro_rules! for_each_handle {
    ($($check:ident)*) => {$(
        #[test]
        fn $check() {
            check::$check::<Counter>();
            check::$check::<FloatCounter>();
            check::$check::<UpDownCounter>();
            check::$check::<Gauge>();
            check::$check::<SignalCounter>();
            check::$check::<Histogram>();
        }
    )*};
}

for_each_handle! {
    a_metric_that_is_unregistered_goes_and_begins_again_at_zero
    a_removed_series_goes_and_begins_again_at_zero
    a_removed_series_of_closed_labels_is_there_at_zero_at_once_with_the_same_handles
    a_series_with_open_and_closed_labels_goes_by_its_open_ones_and_restarts_by_all
    clear_removes_every_series_of_a_family
    restarts_add_up_whatever_was_recorded_before
}

mod check {
    use std::thread;

    use tachometer::{DynamicFamily, NO_LABELS};

    use super::*;

    pub(super) fn a_metric_that_is_unregistered_goes_and_begins_again_at_zero<M: Recorded>() {
        let registry = plain();
        let register = || registry.declare("metric", "").register::<M>().unwrap();
        let held = register();
        for round in 1..4 {
            let metric = register();
            metric.record(round);
            assert_eq!(shown(&registry.snapshot(), "metric", &[]), Some(metric.recorded()));
            assert!(registry.unregister("metric") && !registry.unregister("metric"));
            assert!(registry.snapshot().family("metric").is_none());
            metric.record(100);
            assert_eq!(metric.recorded(), f64::from(round + 100), "a held handle records on");
            let again = register();
            assert_eq!((again.recorded(), shown(&registry.snapshot(), "metric", &[])), (0.0, Some(0.0)));
            assert!(registry.unregister("metric"));
        }
        held.record(1);
        assert_eq!(registry.snapshot().families().len(), 0);
        // The name is free for another kind of metric.
        registry.info("metric", "", [("version", "1.2")]).unwrap();
    }

    pub(super) fn a_removed_series_goes_and_begins_again_at_zero<M: Recorded>() {
        let registry = plain();
        let dynamic =
            registry.declare("dynamic", "").labels(["stream_name"]).register::<DynamicFamily<M>>().unwrap();
        let typed: Family<String, M> = registry.declare("typed", "").label("stream_name").register().unwrap();
        let clicks = [dynamic.with([("stream_name", "clicks")]).unwrap(), typed.with("clicks").unwrap()];
        clicks.iter().for_each(|clicks| clicks.record(7));
        for round in 1..4 {
            let handles = [dynamic.with(ORDERS).unwrap(), typed.with("orders").unwrap()];
            handles.iter().for_each(|handle| handle.record(round));
            let before = registry.snapshot();
            assert!(dynamic.remove(ORDERS) && !dynamic.remove(ORDERS));
            let removed = if round % 2 == 0 { typed.remove(&"orders") } else { typed.remove_with("orders") };
            assert!(removed && !typed.remove(&"orders") && !typed.remove_with("orders"));
            let after = registry.snapshot();
            handles.iter().for_each(|handle| handle.record(100));
            let again = [dynamic.with(ORDERS).unwrap(), typed.with("orders").unwrap()];
            for (index, name) in ["dynamic", "typed"].into_iter().enumerate() {
                assert_eq!(shown(&before, name, &ORDERS), Some(f64::from(round)));
                assert_eq!(shown(&after, name, &ORDERS), None);
                assert_eq!(handles[index].recorded(), f64::from(round + 100));
                assert_eq!(again[index].recorded(), 0.0);
                assert_eq!(shown(&registry.snapshot(), name, &ORDERS), Some(0.0));
            }
            assert!(dynamic.remove(ORDERS) && typed.remove(&"orders"));
        }
        for (clicks, name) in clicks.iter().zip(["dynamic", "typed"]) {
            assert_eq!(clicks.recorded(), 7.0);
            assert_eq!(shown(&registry.snapshot(), name, &[("stream_name", "clicks")]), Some(7.0));
        }
        assert!(!dynamic.remove([("stream", "orders")]) && !dynamic.remove(NO_LABELS));
    }

    pub(super) fn a_removed_series_of_closed_labels_is_there_at_zero_at_once_with_the_same_handles<
        M: Recorded,
    >() {
        let registry = plain();
        let family: Family<Request, M> = registry.declare("metric", "").register().unwrap();
        let request = |method, status| Request { method, status };
        let restarted = request(Method::Read, Status::Failed);
        let texts = [("method", "read"), ("status", "failed")];
        let kept = family[restarted].clone();
        family[request(Method::Write, Status::Failed)].record(5);
        for round in 1..4 {
            kept.record(round);
            family[restarted].record(10);
            assert_eq!(shown(&registry.snapshot(), "metric", &texts), Some(f64::from(round + 10)));
            assert!(family.remove(&restarted));
            assert_eq!((kept.recorded(), family[restarted].recorded()), (0.0, 0.0));
            assert_eq!(shown(&registry.snapshot(), "metric", &texts), Some(0.0));
        }
        assert_eq!(family[request(Method::Write, Status::Failed)].recorded(), 5.0);
        assert_eq!(registry.snapshot().family("metric").unwrap().series().count(), 6);
        assert!(family.remove_with(()));
        assert_eq!(family[request(Method::Write, Status::Failed)].recorded(), 0.0);
        kept.record(3);
        family.clear();
        assert_eq!(
            (kept.recorded(), registry.snapshot().family("metric").unwrap().series().count()),
            (0.0, 6)
        );
    }

    pub(super) fn a_series_with_open_and_closed_labels_goes_by_its_open_ones_and_restarts_by_all<
        M: Recorded,
    >() {
        let registry = plain();
        let family: Family<Sent<String>, M> = registry.declare("metric", "").register().unwrap();
        let orders = family.with("orders").unwrap();
        let failed = [ORDERS[0], ("status", "failed")];
        let kept = orders[Status::Failed].clone();
        family.with("clicks").unwrap()[Status::Failed].record(7);
        kept.record(1);
        orders[Status::Ok].record(2);
        assert!(family.remove(&Sent { stream_name: "orders", status: Status::Failed }));
        let snapshot = registry.snapshot();
        assert_eq!((kept.recorded(), shown(&snapshot, "metric", &failed)), (0.0, Some(0.0)));
        assert_eq!(orders[Status::Ok].recorded(), 2.0);
        kept.record(4);
        assert_eq!(shown(&registry.snapshot(), "metric", &failed), Some(4.0));

        assert!(family.remove_with("orders") && !family.remove_with("orders"));
        assert!(!family.remove(&Sent { stream_name: "orders", status: Status::Ok }));
        assert_eq!(shown(&registry.snapshot(), "metric", &failed), None);
        kept.record(1);
        orders[Status::Ok].record(1);
        let again = family.with("orders").unwrap();
        assert_eq!((again[Status::Failed].recorded(), again[Status::Ok].recorded()), (0.0, 0.0));
        assert_eq!((kept.recorded(), orders[Status::Ok].recorded()), (5.0, 3.0));
        // Of a family that was resolved before its series were removed, nothing is seen.
        orders.clear();
        assert_eq!(kept.recorded(), 0.0);
        let clicks = [("stream_name", "clicks"), ("status", "failed")];
        assert_eq!(shown(&registry.snapshot(), "metric", &clicks), Some(7.0));
    }

    pub(super) fn clear_removes_every_series_of_a_family<M: Recorded>() {
        let registry = plain();
        let dynamic =
            registry.declare("dynamic", "").labels(["stream_name"]).register::<DynamicFamily<M>>().unwrap();
        let mixed: Family<Sent<String>, M> = registry.declare("mixed", "").register().unwrap();
        let other: M = registry.declare("other", "").register().unwrap();
        other.record(3);
        let streams: Vec<String> = (0..100).map(|number| format!("stream {number}")).collect();
        for round in 0..3 {
            for stream in &streams {
                let handle = dynamic.with([("stream_name", &**stream)]).unwrap();
                assert_eq!(handle.recorded(), 0.0, "round {round}");
                handle.record(1);
                mixed.with(stream).unwrap()[Status::Ok].record(1);
            }
            let snapshot = registry.snapshot();
            assert_eq!(snapshot.family("dynamic").unwrap().series().count(), 100);
            assert_eq!(snapshot.family("mixed").unwrap().series().count(), 300);
            dynamic.clear();
            mixed.clear();
            for name in ["dynamic", "mixed"] {
                assert_eq!(registry.snapshot().family(name).unwrap().series().count(), 0);
            }
        }
        assert_eq!(shown(&registry.snapshot(), "other", &[]), Some(3.0));
    }

    pub(super) fn restarts_add_up_whatever_was_recorded_before<M: Recorded>() {
        let registry = plain();
        let family: Family<Status, M> = registry.declare("metric", "").label("status").register().unwrap();
        let failed = [("status", "failed")];
        for round in 0..50 {
            // On another thread as well, so that the zero is one of several shards.
            thread::scope(|scope| drop(scope.spawn(|| family[Status::Failed].record(round))));
            family[Status::Failed].record(1);
            let snapshot = registry.snapshot();
            assert_eq!(family[Status::Failed].recorded(), f64::from(round + 1));
            assert_eq!(shown(&snapshot, "metric", &failed), Some(f64::from(round + 1)));
            assert!(family.remove(&Status::Failed));
            family[Status::Failed].record(round + 2);
            assert_eq!(shown(&registry.snapshot(), "metric", &failed), Some(f64::from(round + 2)));
            assert_eq!(shown(&snapshot, "metric", &failed), Some(f64::from(round + 1)));
            family.clear();
        }
    }
}

#[test]
fn a_gauge_that_was_absent_until_set_is_absent_again() {
    let registry = plain();
    let declare = |name| registry.declare(name, "").absent_until_set();
    let family: Family<Status, Gauge> = declare("family").label("status").register().unwrap();
    let open: Family<String, Gauge> = declare("open").label("stream").register().unwrap();
    let seen = |name, labels: &[(&str, &str)]| registry.snapshot().gauge(name, labels);
    let (ok, orders) = ([("status", "ok")], [("stream", "orders")]);
    assert_eq!(seen("family", &ok), None);
    family[Status::Ok].set(0.0);
    open.with("orders").unwrap().add(2.0);
    assert_eq!((seen("family", &ok), seen("open", &orders)), (Some(0.0), Some(2.0)));
    assert!(family.remove(&Status::Ok) && open.remove(&"orders"));
    let _again = open.with("orders").unwrap();
    assert_eq!((seen("family", &ok), seen("open", &orders)), (None, None));
    family[Status::Ok].sub(1.5);
    assert_eq!(seen("family", &ok), Some(-1.5));
}

#[test]
fn a_state_set_that_is_unregistered_goes_and_begins_again() {
    let registry = plain();
    let register = || registry.declare("link", "").register::<StateSet<Method>>().unwrap();
    let old = register();
    old.set(Method::Write);
    assert!(registry.unregister("link"));
    assert!(registry.snapshot().family("link").is_none());
    let new = register();
    assert!(new.is_on(Method::Read) && !new.is_on(Method::Write));
    old.enable(Method::Read);
    old.disable(Method::Write);
    new.set(Method::Write);
    assert!(new.is_on(Method::Write) && old.is_on(Method::Read) && !old.is_on(Method::Write));
}

#[test]
fn what_is_made_again_counts_from_zero_since_an_earlier_snapshot() {
    let registry = plain();
    let family = registry.counter_family("events_total", "", ["stream_name"]).unwrap();
    let sizes: Family<String, Histogram> = registry
        .declare("size", "")
        .label("stream_name")
        .buckets(Buckets::explicit([5.0]))
        .register()
        .unwrap();
    family.with(ORDERS).unwrap().add(10);
    sizes.with("orders").unwrap().observe_n(1.0, 10);
    let before = registry.snapshot();
    assert!(family.remove(ORDERS) && sizes.remove(&"orders"));
    let gone = registry.snapshot();
    assert_eq!(gone.since(&before).counter("events_total", &ORDERS), None);
    family.with(ORDERS).unwrap().add(3);
    sizes.with("orders").unwrap().observe_n(1.0, 3);
    let again = registry.snapshot();
    for earlier in [&before, &gone] {
        let since = again.since(earlier);
        assert_eq!(since.counter("events_total", &ORDERS), Some(3));
        let size = since.histogram("size", &ORDERS).unwrap();
        assert_eq!((size.counts(), size.count(), size.sum()), (&[3, 0][..], 3, 3.0));
    }
    assert_eq!(again.since(&again).counter("events_total", &ORDERS), Some(0));
}

#[test]
fn a_family_without_labels_begins_again_and_its_handles_go_on() {
    let registry = plain();
    let family: Family<(), Counter> = registry.declare("x_total", "").register().unwrap();
    let kept = family[()].clone();
    for (before, restart) in [3, 4, 5].into_iter().zip(0..) {
        kept.add(before);
        assert_eq!(registry.snapshot().counter("x_total", &[]), Some(before));
        match restart {
            0 => assert!(family.remove(&())),
            1 => assert!(family.remove_with(())),
            _ => family.clear(),
        }
        assert_eq!((registry.snapshot().counter("x_total", &[]), kept.value()), (Some(0), 0));
    }
}

#[test]
fn counts_beyond_what_a_float_holds_are_exact_after_a_restart() {
    const MANY: u64 = (1 << 54) + 1;
    let registry = plain();
    let family = |name| registry.declare(name, "").label("on");
    let sizes: Family<bool, Histogram> = family("size").register().unwrap();
    let integers: Family<bool, IntegerHistogram> = family("integer").register().unwrap();
    for n in [MANY, 3 * MANY, 5] {
        sizes[true].observe_n(1.0, n);
        integers[true].observe_n(1, n);
        let snapshot = registry.snapshot();
        for name in ["size", "integer"] {
            let histogram = snapshot.histogram(name, &[("on", "true")]).unwrap();
            assert_eq!((histogram.count(), histogram.counts().iter().sum()), (n, n), "{name}");
        }
        sizes.clear();
        integers.clear();
    }
}

#[test]
fn a_sum_that_became_infinite_is_not_nan_after_a_restart() {
    let registry = plain();
    let sums: Family<bool, FloatCounter> = registry.declare("sum_total", "").label("on").register().unwrap();
    let times: Family<bool, Histogram> = registry.declare("time", "").label("on").register().unwrap();
    for _ in 0..2 {
        sums[true].add(f64::MAX);
        times[true].observe(f64::MAX);
    }
    assert!(sums.remove(&true) && times.remove(&true));
    sums[true].add(1.0);
    times[true].observe(1.0);
    let (snapshot, on) = (registry.snapshot(), [("on", "true")]);
    assert_eq!(snapshot.float_counter("sum_total", &on), Some(f64::INFINITY));
    assert_eq!((sums[true].value(), times[true].value().sum), (f64::INFINITY, f64::INFINITY));
    let time = snapshot.histogram("time", &on).unwrap();
    assert_eq!((time.count(), time.sum()), (1, f64::INFINITY));
}
