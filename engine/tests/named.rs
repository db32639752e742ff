//! The rules of metrics by name.
#![forbid(unsafe_code)]

use std::sync::Arc;

use tachometer::{
    DropReason, RegisterError, RegisterErrorReason as Reason, Registry,
    collector::{EngineCollector, InMemoryCollector, MetricId, NoOpCollector},
    dropped_records,
    named::{MAX_NAME_BYTES, NamedMetrics},
};

fn in_memory() -> (Arc<InMemoryCollector>, NamedMetrics) {
    let collector = Arc::new(InMemoryCollector::new());
    let metrics = NamedMetrics::new(Arc::clone(&collector) as _);
    (collector, metrics)
}

fn in_registry() -> (Registry, NamedMetrics) {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    (registry, metrics)
}

#[track_caller]
fn assert_error(result: Result<(), RegisterError>, metric: &str, reason: &Reason) {
    let error = result.unwrap_err();
    assert_eq!((error.metric(), error.reason()), (metric, reason), "{error}");
}

#[test]
fn labels_come_in_any_order_and_one_left_out_is_empty() {
    static HITS: MetricId = MetricId::counter("hits", "Hits.", &["cache", "operation", "tier"]);
    let (collector, metrics) = in_memory();
    metrics.declare(&[HITS]).unwrap();
    metrics.increment_counter("hits", 1.0, &[("cache", "a"), ("operation", "get"), ("tier", "1")]).unwrap();
    metrics.increment_counter("hits", 2.0, &[("tier", "1"), ("cache", "a"), ("operation", "get")]).unwrap();
    metrics.increment_counter("hits", 4.0, &[("operation", "get"), ("tier", "1")]).unwrap();
    metrics.increment_counter("hits", 8.0, &[]).unwrap();
    let expected = [
        ("hits{cache=,operation=,tier=}".to_owned(), 8.0),
        ("hits{cache=,operation=get,tier=1}".to_owned(), 4.0),
        ("hits{cache=a,operation=get,tier=1}".to_owned(), 3.0),
    ];
    assert_eq!(collector.counters(), expected.into());
}

#[test]
fn a_label_that_is_unknown_or_given_twice_is_an_error_and_nothing_is_recorded() {
    static HITS: MetricId = MetricId::counter("label_hits", "Hits.", &["cache", "tier"]);
    let (collector, metrics) = in_memory();
    metrics.declare(&[HITS]).unwrap();
    let hit = |labels| metrics.increment_counter("label_hits", 1.0, labels);
    assert_error(hit(&[("cache", "a"), ("shard", "1")]), "label_hits", &Reason::UnknownLabel("shard".into()));
    assert_error(
        hit(&[("cache", "a"), ("cache", "a")]),
        "label_hits",
        &Reason::DuplicateLabel("cache".into()),
    );
    let three = [("cache", "a"), ("tier", "1"), ("shard", "1")];
    assert_error(hit(&three), "label_hits", &Reason::UnknownLabel("shard".into()));
    assert_eq!(collector.counters(), [].into());
}

#[test]
fn a_name_is_of_one_kind() {
    let (collector, metrics) = in_memory();
    metrics.set_gauge("queue_size", 3.0, &[]).unwrap();
    let conflict = |requested| Reason::TypeConflict { registered: "gauge", requested };
    assert_error(metrics.increment_counter("queue_size", 1.0, &[]), "queue_size", &conflict("counter"));
    assert_error(metrics.record_histogram("queue_size", 1.0, &[]), "queue_size", &conflict("histogram"));
    assert!(metrics.track_duration("queue_size", &[]).is_err());
    assert_eq!(collector.metrics().len(), 1);
    assert_eq!(collector.gauges()["queue_size"], 3.0);
}

#[test]
fn an_undeclared_name_is_declared_by_its_first_use_with_the_labels_given_then() {
    let (registry, metrics) = in_registry();
    metrics.increment_counter("operations", 1.0, &[("status", "ok"), ("operation", "process")]).unwrap();
    metrics.increment_counter("operations", 1.0, &[("operation", "process"), ("status", "ok")]).unwrap();
    metrics.increment_counter("operations", 1.0, &[("operation", "process")]).unwrap();
    let more = [("operation", "process"), ("status", "ok"), ("user", "7")];
    let error = metrics.increment_counter("operations", 1.0, &more);
    assert_error(error, "operations", &Reason::UnknownLabel("user".into()));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("operations", &more[..2]), Some(2.0));
    assert_eq!(snapshot.float_counter("operations", &[("operation", "process"), ("status", "")]), Some(1.0));
    assert_eq!(snapshot.family("operations").unwrap().help(), Some("Declared by its first use."));
}

#[test]
fn illegal_names_and_labels_are_the_usual_errors() {
    let (collector, metrics) = in_memory();
    let count = |name, labels| metrics.increment_counter(name, 1.0, labels);
    assert_error(count("", &[]), "", &Reason::EmptyName);
    for name in ["a-b", "1a", "é", "a b", "a\0"] {
        assert_error(count(name, &[]), name, &Reason::IllegalMetricName);
    }
    assert_error(count("a", &[("b.c", "")]), "a", &Reason::IllegalLabelName("b.c".into()));
    assert_error(count("a", &[("__b", "")]), "a", &Reason::ReservedLabel("__b".into()));
    assert_error(count("a", &[("b", "1"), ("b", "2")]), "a", &Reason::DuplicateLabel("b".into()));
    let observed = metrics.record_histogram("a", 1.0, &[("le", "")]);
    assert_error(observed, "a", &Reason::ReservedLabel("le".into()));
    let names: Vec<String> = (0..=tachometer::MAX_LABELS).map(|at| format!("l{at}")).collect();
    let labels: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_error(count("a", &labels), "a", &Reason::TooManyLabels(tachometer::MAX_LABELS + 1));
    assert_eq!(collector.metrics(), [].into());
    count("a", &labels[1..]).unwrap();
    assert_eq!(collector.counters().len(), 1);
}

#[test]
fn names_that_are_too_long_to_keep_for_ever_are_errors() {
    let (collector, metrics) = in_memory();
    let most = "n".repeat(MAX_NAME_BYTES);
    metrics.increment_counter(&most, 1.0, &[(&most, "value")]).unwrap();
    assert_eq!(collector.counters().len(), 1);
    let more = "n".repeat(MAX_NAME_BYTES + 1);
    let too_long = Reason::NameTooLong(MAX_NAME_BYTES);
    assert_error(metrics.increment_counter(&more, 1.0, &[]), &more, &too_long);
    assert_error(metrics.increment_counter("short", 1.0, &[(&more, "value")]), "short", &too_long);
    let declared = MetricId::counter("declared", "", vec![&*more.leak()].leak());
    assert_error(metrics.declare(&[declared]), "declared", &too_long);
    assert_eq!(collector.counters().len(), 1);
    let error = metrics.increment_counter("short", 1.0, &[(&"n".repeat(1_000), "value")]).unwrap_err();
    let expected = "metric `short`: the name, or that of a label, has more than 255 bytes; use a shorter one";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn declaring_the_same_again_is_no_error_and_declaring_it_otherwise_is() {
    const WAIT: MetricId = MetricId::histogram("wait", "Time to wait.", &["queue"]).with_buckets(&[1.0, 2.0]);
    let (_, metrics) = in_memory();
    metrics.declare(&[WAIT, WAIT]).unwrap();
    metrics.declare(&[WAIT]).unwrap();
    let other = |id: MetricId| metrics.declare(&[id]);
    let kind = Reason::TypeConflict { registered: "histogram", requested: "counter" };
    assert_error(other(MetricId::counter("wait", "Time to wait.", &["queue"])), "wait", &kind);
    let histogram = |help, labels| MetricId::histogram("wait", help, labels).with_buckets(&[1.0, 2.0]);
    let help = Reason::HelpConflict("Time to wait.".into());
    assert_error(other(histogram("Wait.", &["queue"])), "wait", &help);
    let labels = Reason::LabelsConflict(["queue".into()].into());
    assert_error(other(histogram("Time to wait.", &["lane"])), "wait", &labels);
    assert_error(other(WAIT.with_buckets(&[1.0, 3.0])), "wait", &Reason::BucketsConflict);
    assert_error(other(WAIT.with_unit("seconds")), "wait", &Reason::OptionsConflict);
}

#[test]
fn a_declaration_after_the_first_use_must_be_that_of_the_use() {
    static LATE: MetricId = MetricId::gauge("late", "Declared too late.", &[]);
    let (_, metrics) = in_memory();
    metrics.set_gauge("late", 1.0, &[]).unwrap();
    let help = Reason::HelpConflict("Declared by its first use.".into());
    assert_error(metrics.declare(&[LATE]), "late", &help);
}

#[test]
fn a_declaration_with_an_unsuitable_unit_is_an_error() {
    let (_, metrics) = in_memory();
    let declare = |id: MetricId| metrics.declare(&[id]);
    let histogram = || MetricId::histogram("size", "", &[]);
    assert_error(declare(histogram().with_unit("")), "size", &Reason::UnitMismatch("".into()));
    assert_error(declare(histogram().with_unit("per-cent")), "size_per-cent", &Reason::IllegalMetricName);
    declare(histogram()).unwrap();
}

#[test]
fn a_duration_is_exposed_in_seconds_whoever_uses_it_first() {
    static DECLARED: MetricId = MetricId::histogram("declared_duration", "", &[]);
    let (registry, metrics) = in_registry();
    metrics.declare(&[DECLARED]).unwrap();
    metrics.record_histogram("declared_duration", 1.0, &[]).unwrap();
    metrics.record_histogram("recorded_duration", 1.0, &[]).unwrap();
    metrics.track_duration("tracked_duration", &[]).unwrap().stop();
    metrics.track_duration("named_duration_seconds", &[]).unwrap().stop();
    metrics.set_gauge("last_duration", 1.0, &[]).unwrap();
    let snapshot = registry.snapshot();
    let exposed: Vec<_> = snapshot.families().map(|family| (family.name(), family.unit())).collect();
    let seconds = Some("seconds");
    let expected = [
        ("declared_duration_seconds", seconds),
        ("last_duration", None),
        ("named_duration_seconds", None),
        ("recorded_duration_seconds", seconds),
        ("tracked_duration_seconds", seconds),
    ];
    assert_eq!(exposed, expected);
}

#[test]
fn two_names_that_would_be_exposed_as_one_are_an_error() {
    let (registry, metrics) = in_registry();
    let clash = |family: &str| Reason::SampleNameClash {
        sample: "call_duration_seconds".into(),
        family: family.into(),
    };
    metrics.record_histogram("call_duration", 1.0, &[]).unwrap();
    let second = metrics.record_histogram("call_duration_seconds", 1.0, &[]);
    assert_error(second, "call_duration_seconds", &clash("call_duration"));
    let second = metrics.set_gauge("call_duration_seconds", 1.0, &[]);
    assert_error(second, "call_duration_seconds", &clash("call_duration"));
    assert_eq!(registry.snapshot().histogram("call_duration_seconds", &[]).unwrap().count(), 1);

    let (_, metrics) = in_registry();
    metrics.record_histogram("call_duration_seconds", 1.0, &[]).unwrap();
    let second = metrics.record_histogram("call_duration", 1.0, &[]);
    assert_error(second, "call_duration", &clash("call_duration_seconds"));
}

/// More of them than a thread has room for to remember one name.
#[test]
fn names_are_those_of_one_value_and_no_other() {
    let counters: Vec<_> = (0..500).map(|_| in_memory()).collect();
    let gauges: Vec<_> = (0..500).map(|_| in_memory()).collect();
    for value in [1.0, 2.0, 3.0] {
        for ((_, counters), (_, gauges)) in counters.iter().zip(&gauges) {
            counters.increment_counter("shared", value, &[("a", "x")]).unwrap();
            gauges.set_gauge("shared", value, &[("b", "y")]).unwrap();
        }
    }
    for ((first, _), (second, _)) in counters.iter().zip(&gauges) {
        assert_eq!(first.counters(), [("shared{a=x}".to_owned(), 6.0)].into());
        assert_eq!(second.gauges(), [("shared{b=y}".to_owned(), 3.0)].into());
    }
}

#[test]
fn what_a_collector_does_not_take_it_drops_and_counts_and_there_is_no_error() {
    let (registry, metrics) = in_registry();
    let before = [DropReason::NotFinite, DropReason::Negative].map(dropped_records);
    metrics.increment_counter("bytes", f64::NAN, &[]).unwrap();
    metrics.increment_counter("bytes", -1.0, &[]).unwrap();
    metrics.record_histogram("size", f64::INFINITY, &[]).unwrap();
    metrics.increment_counter("bytes", 0.0, &[]).unwrap();
    let after = [DropReason::NotFinite, DropReason::Negative].map(dropped_records);
    assert!(after[0] >= before[0] + 2 && after[1] > before[1]);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("bytes", &[]), Some(0.0));
    assert_eq!(snapshot.histogram("size", &[]).unwrap().count(), 0);
}

#[test]
fn where_nothing_is_recorded_nothing_is_checked() {
    let disabled = Arc::new(EngineCollector::new(&Registry::disabled()));
    for metrics in [NamedMetrics::new(Arc::new(NoOpCollector)), NamedMetrics::new(disabled)] {
        metrics.increment_counter("a-b", f64::NAN, &[("é", ""), ("é", "")]).unwrap();
        metrics.set_gauge("", 1.0, &[]).unwrap();
        let timer = metrics.track_duration("1", &[]).unwrap();
        assert_eq!(timer.stop(), std::time::Duration::ZERO);
        drop(metrics.track_active("2", &[]).unwrap());
    }
}

#[test]
fn more_names_than_a_thread_remembers_are_found_all_the_same() {
    let (collector, metrics) = in_memory();
    let names: Vec<String> = (0..1_000).map(|number| format!("number_{number}")).collect();
    for _ in 0..3 {
        names.iter().for_each(|name| metrics.increment_counter(name, 1.0, &[]).unwrap());
    }
    let expected = names.into_iter().map(|name| (name, 3.0)).collect();
    assert_eq!(collector.counters(), expected);
}
