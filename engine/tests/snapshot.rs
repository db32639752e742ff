//! What a snapshot of a registry shows: order, look-ups, equality, differences and quantiles.
#![forbid(unsafe_code)]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tachometer::{Buckets, MetricKind, Number, Registry, SeriesView, Snapshot, Value};

/// A registry with one metric of each type, registered in no order.
fn registry() -> Registry {
    let registry = Registry::builder().label("env", "prod").self_metrics(false).build().unwrap();
    let errors = registry.counter_family("errors_total", "Errors.", ["type", "stream"]).unwrap();
    for (stream, kind) in [("b", "x"), ("a", "y"), ("a", "x"), ("", "z")] {
        errors.with([("stream", stream), ("type", kind)]).unwrap().inc();
    }
    registry.up_down_counter("open", "Open.").unwrap().sub(2);
    registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 10.0])).unwrap().observe(4.0);
    registry.float_counter("busy_seconds_total", "Busy.").unwrap().add(0.5);
    registry.gauge("zone", "Zone.").unwrap().set(f64::NAN);
    registry.signal_counter("signals_total", "Signals.").unwrap().add(9);
    registry
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.families().map(|family| family.name()).collect()
}

#[test]
fn families_are_sorted_by_name_and_series_by_labels() {
    let snapshot = registry().snapshot();
    let sorted = ["busy_seconds_total", "errors_total", "open", "signals_total", "size", "zone"];
    assert_eq!(names(&snapshot), sorted);
    let errors = snapshot.family("errors_total").unwrap();
    let labels: Vec<Vec<_>> = errors.series().map(|series| series.labels().collect()).collect();
    let expected = [("", "z"), ("a", "x"), ("a", "y"), ("b", "x")];
    let expected = expected.map(|(stream, kind)| vec![("env", "prod"), ("stream", stream), ("type", kind)]);
    assert_eq!(labels, expected);
    let indices: Vec<_> = snapshot.families().flat_map(|f| f.series().map(|s| s.index())).collect();
    assert_eq!(indices, (0..9).collect::<Vec<_>>());
}

#[test]
fn families_say_what_they_are() {
    let snapshot = registry().snapshot();
    let described: Vec<_> = snapshot.families().map(|f| (f.kind(), f.help(), f.unit())).collect();
    let kind = [
        (MetricKind::Counter, "Busy."),
        (MetricKind::Counter, "Errors."),
        (MetricKind::Gauge, "Open."),
        (MetricKind::Counter, "Signals."),
        (MetricKind::Histogram, "Size."),
        (MetricKind::Gauge, "Zone."),
    ];
    assert_eq!(described, kind.map(|(kind, help)| (kind, Some(help), None)));
    let all = [MetricKind::Counter, MetricKind::Gauge, MetricKind::Histogram, MetricKind::Summary];
    assert_eq!(all.map(MetricKind::as_str), ["counter", "gauge", "histogram", "summary"]);
    let rest = [MetricKind::Info, MetricKind::StateSet, MetricKind::Unknown];
    assert_eq!(rest.map(MetricKind::as_str), ["info", "stateset", "unknown"]);
}

#[test]
fn look_ups_find_just_the_series_and_type_asked_for() {
    let snapshot = registry().snapshot();
    let env = [("env", "prod")];
    let labels = [("type", "x"), ("env", "prod"), ("stream", "a")];
    assert_eq!(snapshot.counter("errors_total", &labels), Some(1), "in any order");
    assert_eq!(snapshot.counter("errors_total", &labels[..2]), None, "constant and varying, all of them");
    assert_eq!(snapshot.counter("errors_total", &[labels[0], labels[1], ("stream", "c")]), None);
    assert_eq!(snapshot.counter("errors", &labels), None);
    assert_eq!(snapshot.float_counter("busy_seconds_total", &env), Some(0.5));
    assert_eq!(snapshot.up_down_counter("open", &env), Some(-2));
    assert_eq!(snapshot.gauge("open", &env), Some(-2.0));
    assert!(snapshot.gauge("zone", &env).is_some_and(f64::is_nan));
    assert_eq!(snapshot.counter("signals_total", &env), Some(9));
    assert_eq!(snapshot.histogram("size", &env).unwrap().counts(), [0, 1, 0]);
    assert_eq!(snapshot.counter("open", &env), None);
    assert_eq!(snapshot.counter("busy_seconds_total", &env), None);
    assert_eq!(snapshot.gauge("signals_total", &env), None);
    assert_eq!(snapshot.gauge("busy_seconds_total", &env), None);
    assert_eq!(snapshot.float_counter("zone", &env), None);
    assert_eq!(snapshot.gauge("size", &env), None);
    assert!(snapshot.histogram("zone", &env).is_none());
    assert!(snapshot.family("nothing").is_none() && snapshot.series("zone", &[]).is_none());
    let Value::Number(open) = snapshot.series("open", &env).unwrap().value() else { panic!("not a number") };
    assert_eq!((open, open.as_f64()), (Number::I64(-2), -2.0));
}

#[test]
fn a_snapshot_stays_as_it_was_taken() {
    let registry = registry();
    let counter = registry.counter_family("errors_total", "Errors.", ["type", "stream"]).unwrap();
    let counter = counter.with([("type", "x"), ("stream", "a")]).unwrap();
    let labels = [("type", "x"), ("env", "prod"), ("stream", "a")];
    let before = registry.snapshot();
    let kept = before.clone();
    counter.inc();
    let after = registry.snapshot();
    assert_eq!(
        (before.counter("errors_total", &labels), after.counter("errors_total", &labels)),
        (Some(1), Some(2))
    );
    assert_eq!(before, kept);
    assert_ne!(before, after);
}

#[test]
fn the_schema_id_changes_with_registrations_and_with_nothing_else() {
    let registry = registry();
    let family = registry.counter_family("late_total", "Late.", ["number"]).unwrap();
    let first = registry.snapshot();
    registry.up_down_counter("open", "Open.").unwrap().inc();
    assert_eq!(registry.snapshot().schema_id(), first.schema_id());
    assert_eq!(first.clone().schema_id(), first.schema_id());
    family.with([("number", "1")]).unwrap().inc();
    let second = registry.snapshot();
    assert_ne!(second.schema_id(), first.schema_id());
    family.with([("number", "1")]).unwrap().inc();
    assert_eq!(registry.snapshot().schema_id(), second.schema_id(), "the series was there already");
}

#[test]
fn a_snapshot_shows_all_that_was_registered_and_recorded_before_it() {
    const METRICS: usize = 500;
    let registry = Registry::new();
    let family = registry.counter_family("series_total", "Series.", ["number"]).unwrap();
    let registered = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..METRICS {
                registry.counter(&format!("metric_{number:03}_total"), "Metrics.").unwrap().inc();
                family.with([("number", &*format!("{number:03}"))]).unwrap().inc();
                registered.store(number + 1, Ordering::Release);
            }
        });
        let mut at_least = 0;
        while at_least < METRICS {
            at_least = registered.load(Ordering::Acquire);
            let snapshot = registry.snapshot();
            let is_one = |series: SeriesView<'_>| matches!(series.value(), Value::Number(Number::U64(1)));
            let metrics = snapshot.families().take(at_least);
            assert_eq!(metrics.filter(|metric| metric.series().all(is_one)).count(), at_least);
            let series = snapshot.family("series_total").unwrap().series().take(at_least);
            assert_eq!(series.filter(|series| is_one(*series)).count(), at_least);
        }
    });
}

#[test]
fn equal_values_are_equal_snapshots_and_nan_equals_itself() {
    let registry = registry();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot, registry.snapshot());
    assert_eq!(snapshot, self::registry().snapshot(), "of another registry with the same metrics");
    registry.gauge("zone", "Zone.").unwrap().set(1.0);
    assert_ne!(snapshot, registry.snapshot());
    let zero = Registry::builder().label("env", "prod").build().unwrap();
    drop(zero.gauge("zone", "Zone.").unwrap());
    assert_ne!(snapshot, zero.snapshot());
}

#[test]
fn since_is_what_was_recorded_in_between() {
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    let float = registry.float_counter("seconds_total", "Seconds.").unwrap();
    let open = registry.up_down_counter("open", "Open.").unwrap();
    let gauge = registry.gauge("level", "Level.").unwrap();
    let histogram = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 10.0])).unwrap();
    let record = |times: u64| {
        counter.add(3 * times);
        float.add(0.5 * times as f64);
        open.add(times as i64);
        gauge.set(times as f64);
        histogram.observe_n(4.0, times);
    };
    record(5);
    let before = registry.snapshot();
    record(2);
    // A new family and a new series in between, so that the schemas differ.
    for new_schema in [false, true] {
        if new_schema {
            registry.counter("another_total", "Another.").unwrap().add(8);
            registry.counter("zzz_total", "Last.").unwrap().add(9);
        }
        let since = registry.snapshot().since(&before);
        assert_eq!(since.counter("events_total", &[]), Some(6));
        assert_eq!(since.float_counter("seconds_total", &[]), Some(1.0));
        assert_eq!(since.up_down_counter("open", &[]), Some(7), "a gauge is as it is");
        assert_eq!(since.gauge("level", &[]), Some(2.0));
        let size = since.histogram("size", &[]).unwrap();
        assert_eq!((size.counts(), size.count(), size.sum()), (&[0, 2, 0][..], 2, 8.0));
        assert_eq!(since.counter("another_total", &[]), new_schema.then_some(8), "new, so from 0");
        assert_eq!(since.counter("zzz_total", &[]), new_schema.then_some(9));
    }
    let nothing = registry.snapshot().since(&registry.snapshot());
    assert_eq!(nothing.counter("events_total", &[]), Some(0));
    assert_eq!(nothing.histogram("size", &[]).unwrap().sum(), 0.0);
}

#[test]
fn since_takes_a_series_that_has_fallen_for_a_new_one() {
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    counter.add(u64::MAX);
    let before = registry.snapshot();
    counter.add(4);
    assert_eq!(registry.snapshot().since(&before).counter("events_total", &[]), Some(3), "it wrapped around");

    // The same names in a registry made anew, as after a restart.
    let run = |times: u64| {
        let registry = Registry::new();
        registry.counter("events_total", "Events.").unwrap().add(times);
        registry.float_counter("seconds_total", "Seconds.").unwrap().add(times as f64);
        registry.histogram("size", "Size.").unwrap().observe_n(0.25, times);
        registry.snapshot()
    };
    let since = run(4).since(&run(7));
    assert_eq!(since.counter("events_total", &[]), Some(4));
    assert_eq!(since.float_counter("seconds_total", &[]), Some(4.0));
    let size = since.histogram("size", &[]).unwrap();
    assert_eq!((size.count(), size.sum()), (4, 1.0));
    assert_eq!(run(7).since(&run(4)).counter("events_total", &[]), Some(3));
}

#[test]
fn since_leaves_a_histogram_with_other_bounds_alone() {
    let run = |bound: f64| {
        let registry = Registry::new();
        let buckets = Buckets::explicit([bound]);
        registry.histogram_with("size", "Size.", buckets).unwrap().observe_n(0.5, 4);
        registry.snapshot()
    };
    assert_eq!(run(1.0).since(&run(2.0)).histogram("size", &[]).unwrap().count(), 4);
    assert_eq!(run(1.0).since(&run(1.0)).histogram("size", &[]).unwrap().count(), 0);
}

#[test]
fn debug_output_shows_names_labels_and_values() {
    let debug = format!("{:?}", registry().snapshot());
    for part in ["errors_total", "counter", r#"stream="a""#, r#"env="prod""#, "-2", "NaN", "0.5", "histogram"]
    {
        assert!(debug.contains(part), "no {part} in {debug}");
    }
    assert!(debug.contains("counts: [0, 1, 0]"), "{debug}");
    let families = format!("{:?}", registry());
    assert!(families.contains("enabled: true") && families.contains("families: 6"), "{families}");
}

/// The quantiles of observations in a histogram with these buckets, asked for one by one.
fn quantiles(buckets: Buckets, values: impl IntoIterator<Item = f64>) -> impl Fn(f64) -> (f64, f64) {
    let registry = Registry::new();
    let histogram = registry.histogram_with("size", "Size.", buckets).unwrap();
    values.into_iter().for_each(|value| histogram.observe(value));
    let snapshot = registry.snapshot();
    move |q| {
        let size = snapshot.histogram("size", &[]).unwrap();
        (size.quantile(q), size.hdr_quantile(q))
    }
}

#[test]
fn quantiles_of_classic_bounds_are_those_of_promql() {
    let at = quantiles(Buckets::explicit([1.0, 2.0, 4.0]).unwrap(), [0.5, 0.5, 1.5, 1.5, 1.5, 1.5, 3.0, 3.0]);
    assert_eq!(at(0.25).0, 1.0);
    assert_eq!(at(0.5).0, 1.5);
    assert_eq!(at(1.0).0, 4.0);
    assert_eq!(at(0.0).0, 0.0);
    assert_eq!((at(-0.1).0, at(1.1).0), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(at(f64::NAN).0.is_nan());
    let beyond = quantiles(Buckets::explicit([1.0, 2.0]).unwrap(), [50.0, 60.0]);
    assert_eq!(beyond(0.5).0, 2.0, "the greatest finite bound");
    let none = quantiles(Buckets::seconds(), []);
    assert!(none(0.5).0.is_nan() && none(0.5).1.is_nan());
}

#[test]
fn quantiles_of_a_log_linear_layout_keep_their_error() {
    let steps = 20;
    let values: Vec<f64> = (1..=50_000_u32).map(|i| f64::from(i) / 1000.0).collect();
    let at = quantiles(Buckets::log_linear(0.01, 64.0, steps).unwrap(), values.iter().copied());
    for q in [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0] {
        let truth = values[((q * values.len() as f64).ceil() as usize).max(1) - 1];
        let answer = at(q).1;
        assert!(answer >= truth * 0.999, "{q}: {answer} for {truth}");
        assert!(answer <= truth * (1.0 + 1.0 / f64::from(steps)) * 1.001, "{q}: {answer} for {truth}");
    }
    assert!(at(1.5).1.is_nan() && at(-0.5).1.is_nan() && at(f64::NAN).1.is_nan());
}
