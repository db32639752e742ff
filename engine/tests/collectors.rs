//! Collectors give a snapshot whole families, which must not clash with what is registered, and can be unregistered.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;
#[path = "common/plain.rs"]
mod plain;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use panics::expect_panics;
use plain::plain;
use tachometer::{
    Buckets, Collection, FamilyBuilder, MAX_LABELS, MetricKind, NO_LABELS, Number,
    RegisterErrorReason as Reason, Registry, Snapshot, Value, labels::MAX_LABEL_VALUE_BYTES,
};

/// A gauge with one series without labels.
fn gauge(name: &str, value: f64) -> FamilyBuilder {
    FamilyBuilder::new(name, MetricKind::Gauge).number(NO_LABELS, Number::F64(value))
}

/// Registers a collector of such gauges.
fn collect_gauges(registry: &Registry, name: &str, gauges: &'static [(&str, f64)]) {
    let collect = |out: &mut Collection| {
        gauges.iter().for_each(|(name, value)| out.family(gauge(name, *value)));
    };
    registry.collector(name, collect).unwrap();
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.families().map(|family| family.name()).collect()
}

#[test]
fn a_collector_gives_families_of_every_kind_with_the_constant_labels() {
    let registry =
        Registry::builder().self_metrics(false).namespace("shop").label("env", "prod").build().unwrap();
    registry
        .collector("all", |out| {
            let labels = [("zone", "a")];
            let family = FamilyBuilder::new;
            out.family(
                family("reads_total", MetricKind::Counter).help("Reads.").number(labels, Number::U64(7)),
            );
            out.family(family("depth", MetricKind::Unknown).unit("metres").number(labels, Number::I64(-7)));
            out.family(family("wait", MetricKind::Histogram).histogram(
                labels,
                &[(1.0, 2), (2.0, 5)],
                6.5,
                9,
            ));
            out.family(family("size", MetricKind::Summary).summary(labels, &[(0.5, 1.5)], 4.0, 2));
            out.family(family("build", MetricKind::Info).info([("version", "1.2")]));
            out.family(
                family("mode", MetricKind::StateSet).state_set(labels, &[("idle", false), ("busy", true)]),
            );
        })
        .unwrap();
    for _ in 0..2 {
        let snapshot = registry.snapshot();
        let labels = [("env", "prod"), ("zone", "a")];
        assert_eq!(snapshot.counter("reads_total", &labels), Some(7));
        assert_eq!(snapshot.family("reads_total").unwrap().help(), Some("Reads."));
        assert_eq!(snapshot.family("depth").unwrap().unit(), Some("metres"));
        let depth = snapshot.series("depth", &labels).unwrap().value();
        assert!(matches!(depth, Value::Number(Number::I64(-7))));
        let wait = snapshot.histogram("wait", &labels).unwrap();
        assert_eq!((wait.counts(), wait.sum(), wait.count()), (&[2, 3, 4][..], 6.5, 9));
        let Value::Summary(size) = snapshot.series("size", &labels).unwrap().value() else {
            panic!("a summary")
        };
        assert!(size.quantiles().eq([(0.5, 1.5)]) && size.count() == 2);
        let build = snapshot.series("build", &[("env", "prod"), ("version", "1.2")]).unwrap();
        assert!(matches!(build.value(), Value::Info));
        let Value::StateSet(mode) = snapshot.series("mode", &labels).unwrap().value() else {
            panic!("states")
        };
        assert!(mode.states().eq([("idle", false), ("busy", true)]));
        assert_eq!(names(&snapshot), ["build", "depth", "mode", "reads_total", "size", "wait"]);
    }
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn a_collector_stands_beside_metrics_and_callbacks() {
    let registry = plain();
    let events = registry.counter("events_total", "Events.").unwrap();
    let size = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap();
    registry.gauge_fn("level", "Level.", || 5.0).unwrap();
    collect_gauges(&registry, "process", &[("zz", 1.0), ("aa", 2.0), ("m", 3.0)]);
    for turn in 1..=3 {
        events.inc();
        size.observe(2.0);
        let snapshot = registry.snapshot();
        assert_eq!(names(&snapshot), ["aa", "events_total", "level", "m", "size", "zz"]);
        let gauges = ["zz", "aa", "m", "level"].map(|name| snapshot.gauge(name, &[]).unwrap());
        assert_eq!(gauges, [1.0, 2.0, 3.0, 5.0]);
        assert_eq!(snapshot.counter("events_total", &[]), Some(turn));
        assert_eq!(snapshot.histogram("size", &[]).unwrap().count(), turn);
    }
}

#[test]
fn a_family_that_clashes_is_left_out_and_counted_by_every_snapshot() {
    let registry = plain();
    registry.gauge("level", "Level.").unwrap().set(1.0);
    let _ = registry.histogram("wait", "Wait.").unwrap();
    registry.gauge_fn("asked", "Asked.", || 2.0).unwrap();
    collect_gauges(&registry, "first", &[("level", 9.0), ("wait_sum", 9.0), ("asked", 9.0), ("own", 3.0)]);
    collect_gauges(&registry, "second", &[("own", 9.0), ("twice", 4.0), ("twice", 9.0)]);
    for turn in 1..=3 {
        let snapshot = registry.snapshot();
        assert_eq!(names(&snapshot), ["asked", "level", "own", "twice", "wait"]);
        let values = ["level", "asked", "own", "twice"].map(|name| snapshot.gauge(name, &[]).unwrap());
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(registry.callback_errors(), 5 * turn);
    }
}

#[test]
fn sample_names_of_collectors_clash_in_either_direction() {
    let registry = plain();
    for name in ["wait_count", "build_info", "size_sum"] {
        let _ = registry.gauge(name, "").unwrap();
    }
    registry
        .collector("all", |out| {
            out.family(FamilyBuilder::new("wait", MetricKind::Histogram));
            out.family(FamilyBuilder::new("build", MetricKind::Info).info(NO_LABELS));
            out.family(FamilyBuilder::new("size", MetricKind::Summary));
            out.family(FamilyBuilder::new("time", MetricKind::Histogram));
            out.family(FamilyBuilder::new("time_bucket", MetricKind::Gauge));
            // Its samples have its own name, and leave this one alone.
            out.family(FamilyBuilder::new("about_info", MetricKind::Info).info(NO_LABELS));
            out.family(gauge("about_info_info", 1.0));
        })
        .unwrap();
    let expected = ["about_info", "about_info_info", "build_info", "size_sum", "time", "wait_count"];
    assert_eq!(names(&registry.snapshot()), expected);
    assert_eq!(registry.callback_errors(), 4);
}

#[test]
fn a_metric_that_is_registered_later_takes_its_name_from_a_collector() {
    let registry = plain();
    collect_gauges(&registry, "process", &[("level", 9.0), ("other", 2.0)]);
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(9.0));
    registry.gauge("level", "Level.").unwrap().set(1.0);
    let snapshot = registry.snapshot();
    assert_eq!((snapshot.gauge("level", &[]), snapshot.gauge("other", &[])), (Some(1.0), Some(2.0)));
    assert_eq!(registry.callback_errors(), 1);
}

#[test]
fn an_invalid_family_is_left_out_and_the_others_stay() {
    let registry = Registry::builder().self_metrics(false).label("env", "prod").build().unwrap();
    registry
        .collector("all", |out| {
            let family = FamilyBuilder::new;
            let number = Number::U64(1);
            out.family(family("", MetricKind::Gauge));
            out.family(family("a-b", MetricKind::Gauge));
            out.family(family("a", MetricKind::Gauge).number([("a-b", "")], number));
            out.family(family("b", MetricKind::Gauge).number([("__b", "")], number));
            out.family(family("c", MetricKind::Gauge).number([("env", "test")], number));
            out.family(family("d", MetricKind::Gauge).number(NO_LABELS, number).number(NO_LABELS, number));
            out.family(family("e", MetricKind::Info).number(NO_LABELS, number));
            out.family(family("f", MetricKind::Histogram).histogram([("le", "1")], &[], 0.0, 0));
            out.family(family("g", MetricKind::StateSet).state_set([("g", "")], &[("on", true)]));
            out.family(family("h", MetricKind::StateSet).state_set(NO_LABELS, &[]));
            let many: Vec<_> = (0..33).map(|label| format!("l{label}")).collect();
            out.family(
                family("i", MetricKind::Gauge).number(many.iter().map(|label| (&**label, "")), number),
            );
            out.family(gauge("good", 1.0));
        })
        .unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(names(&snapshot), ["good"]);
    assert_eq!(snapshot.gauge("good", &[("env", "prod")]), Some(1.0));
    assert_eq!(registry.callback_errors(), 11);
}

#[test]
fn a_collector_has_its_name_to_itself_until_it_is_unregistered() {
    let registry = plain();
    collect_gauges(&registry, "process", &[("first", 1.0)]);
    let error = registry.collector("process", |_| {}).unwrap_err();
    assert_eq!((error.metric(), error.reason()), ("process", &Reason::CollectorExists));
    let message = "collector `process`: the name is taken; unregister that one, or use another name";
    assert_eq!(error.to_string(), message);
    assert_eq!(names(&registry.snapshot()), ["first"]);
    assert!(registry.unregister_collector("process"));
    assert!(!registry.unregister_collector("process"), "it is gone");
    assert!(names(&registry.snapshot()).is_empty());
    collect_gauges(&registry, "process", &[("second", 2.0)]);
    assert_eq!(names(&registry.snapshot()), ["second"]);
    assert!(!registry.unregister_collector("other"));
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn a_collector_is_dropped_when_it_is_unregistered() {
    let registry = plain();
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    registry.collector("process", move |_| drop(Arc::clone(&holds))).unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(Arc::strong_count(&held), 2);
    assert!(registry.unregister_collector("process"));
    assert_eq!(Arc::strong_count(&held), 1, "neither the registry nor its last snapshot has it");
    drop(snapshot);
}

#[test]
fn the_schema_stays_while_the_families_do_whatever_their_order_values_and_times() {
    let registry = plain();
    let turn = Arc::new(AtomicI64::new(0));
    let now = Arc::clone(&turn);
    registry
        .collector("process", move |out| {
            let now = now.load(Ordering::Relaxed);
            let number = Number::I64(now);
            let family = FamilyBuilder::new("level", MetricKind::Gauge);
            let (first, second) = if now % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let family = family.number([("at", first)], number).timestamp_ms(1_000 + now);
            out.family(family.number([("at", second)], number).timestamp_ms(5).timestamp_ms(-now));
        })
        .unwrap();
    let first = registry.snapshot();
    for now in 1..=4 {
        turn.store(now, Ordering::Relaxed);
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.schema_id(), first.schema_id());
        let times: Vec<_> =
            snapshot.family("level").unwrap().series().map(|series| series.timestamp_ms().unwrap()).collect();
        assert_eq!(times, if now % 2 == 0 { [1_000 + now, -now] } else { [-now, 1_000 + now] });
        assert_eq!(snapshot.up_down_counter("level", &[("at", "a")]), Some(now));
        assert_eq!(snapshot.up_down_counter("level", &[("at", "b")]), Some(now));
    }
}

#[test]
fn families_come_and_go() {
    let registry = plain();
    let shown = Arc::new(Mutex::new(vec!["a"]));
    let asked = Arc::clone(&shown);
    let collect = move |out: &mut Collection| {
        asked.lock().unwrap().iter().for_each(|name| out.family(gauge(name, name.len() as f64)));
    };
    registry.collector("process", collect).unwrap();
    for names_now in [vec!["a"], vec!["a", "bb"], vec!["bb"], vec![], vec!["ccc", "a"]] {
        shown.lock().unwrap().clone_from(&names_now);
        let snapshot = registry.snapshot();
        let mut sorted = names_now.clone();
        sorted.sort_unstable();
        assert_eq!(names(&snapshot), sorted);
        for name in names_now {
            assert_eq!(snapshot.gauge(name, &[]), Some(name.len() as f64));
        }
    }
}

#[test]
fn a_collector_that_panics_has_the_families_of_its_last_answer_without_series() {
    expect_panics();
    let registry = plain();
    let calls = AtomicU64::new(0);
    registry
        .collector("process", move |out| {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            out.family(gauge("level", call as f64));
            assert!(call % 2 == 1, "on purpose");
        })
        .unwrap();
    collect_gauges(&registry, "other", &[("other", 1.0)]);
    assert_eq!(names(&registry.snapshot()), ["other"], "nothing is known of it yet");
    let good = registry.snapshot();
    assert_eq!(good.gauge("level", &[]), Some(1.0));
    for turn in 1..=5 {
        let failed = registry.snapshot();
        assert_eq!(failed.schema_id(), good.schema_id());
        assert_eq!(failed.family("level").unwrap().series().count(), 0);
        assert_eq!(failed.gauge("other", &[]), Some(1.0));
        assert_eq!(registry.callback_errors(), 1 + turn);
        let again = registry.snapshot();
        assert_eq!(again.schema_id(), good.schema_id());
        assert_eq!(again.gauge("level", &[]), Some(1.0 + 2.0 * turn as f64));
    }
}

#[test]
fn series_of_a_collected_family_beyond_the_limit_are_left_out() {
    let registry = plain();
    let most = Arc::new(AtomicU64::new(2_000));
    let count = Arc::clone(&most);
    registry
        .collector("process", move |out| {
            let family = FamilyBuilder::new("level", MetricKind::Gauge);
            out.family((0..count.load(Ordering::Relaxed)).fold(family, |family, number| {
                family.number([("number", &*number.to_string())], Number::U64(number))
            }));
        })
        .unwrap();
    assert_eq!(registry.snapshot().family("level").unwrap().series().count(), 2_000);
    assert_eq!(registry.callback_errors(), 0);
    most.store(2_001, Ordering::Relaxed);
    for errors in 1..=2 {
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.family("level").unwrap().series().count(), 2_000);
        // The last one that was given, whatever the order of labels.
        let level = |number| snapshot.gauge("level", &[("number", number)]);
        assert!(level("2000").is_none() && level("999").is_some());
        assert_eq!(registry.callback_errors(), errors);
    }
}

#[test]
fn labels_have_their_limits_to_the_last_one_beside_constant_ones() {
    let registry = Registry::builder().self_metrics(false).label("env", "prod").build().unwrap();
    let child = registry.child("p", [("zone", "eu")]).unwrap();
    let labels: Vec<String> = (0..=MAX_LABELS).map(|number| format!("l{number}")).collect();
    let longest = "x".repeat(MAX_LABEL_VALUE_BYTES);
    child
        .collector("process", move |out| {
            for (family, count) in [("most", MAX_LABELS), ("more", MAX_LABELS + 1)] {
                let gauge = FamilyBuilder::new(family, MetricKind::Gauge);
                out.family(
                    gauge.number(labels[..count].iter().map(|name| (&**name, &*longest)), Number::F64(1.0)),
                );
            }
        })
        .unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(names(&snapshot), ["most"]);
    let series = snapshot.family("most").unwrap().series().next().unwrap();
    assert_eq!(series.labels().count(), MAX_LABELS + 2);
    assert_eq!(registry.callback_errors(), 1);
}

#[test]
fn a_collector_may_unregister_itself_and_register_a_metric_in_its_place() {
    let registry = plain();
    let inner = registry.clone();
    registry
        .collector("process", move |out| {
            out.family(gauge("level", 9.0));
            assert!(inner.unregister_collector("process"));
            inner.gauge("level", "Level.").unwrap().set(1.0);
        })
        .unwrap();
    for _ in 0..2 {
        assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
    }
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn label_values_and_numbers_of_families_have_their_limits_here_too() {
    let registry = Registry::builder().self_metrics(false).max_families(2).build().unwrap();
    let long = "x".repeat(MAX_LABEL_VALUE_BYTES + 1);
    let value = long.clone();
    registry
        .gauge_family_fn("observed", "", ["v"], move |out| {
            out.observe([&value[1..]], 1.0);
            out.observe([&value], 2.0);
        })
        .unwrap();
    let observed = registry.snapshot();
    let values: Vec<_> = observed.family("observed").unwrap().series().map(|series| series.value()).collect();
    assert!(matches!(values[..], [Value::Number(Number::F64(1.0))]), "{values:?}");
    assert_eq!(registry.callback_errors(), 1);
    assert!(registry.unregister("observed"));
    registry
        .collector("few", |out| {
            out.family(gauge("one", 1.0));
            out.family(gauge("two", 2.0));
        })
        .unwrap();
    assert_eq!((registry.snapshot().families().len(), registry.callback_errors()), (2, 1));
    assert!(registry.unregister_collector("few"));
    registry
        .collector("process", move |out| {
            let level = FamilyBuilder::new("long", MetricKind::Gauge);
            out.family(level.number([("v", &*long)], Number::F64(1.0)));
            out.family(gauge("level", 1.0));
            out.family(gauge("beyond", 1.0));
        })
        .unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.families().map(|family| family.name()).collect::<Vec<_>>(), ["level"]);
    // One for the value, one for the family beyond the limit.
    assert_eq!(registry.callback_errors(), 1 + 2);
    registry.collector("second", |_| {}).unwrap();
    assert!(registry.collector("third", |_| {}).is_err());
}
