//! Registries with a name policy, through to the snapshot: every way to register a metric, under the names of an event
//! bus on Kafka and under names in UTF-8.
#![forbid(unsafe_code)]

use std::sync::Arc;

use tachometer::{
    Buckets, Counter, DynamicFamily, Family, FamilyBuilder, Gauge, Histogram, IntegerHistogram, LabelValue,
    MetricKind, NO_LABELS, NamePolicy, Number, RegisterErrorReason as Reason, Registry, Resolution, Snapshot,
    StateSet, StaticCounter, StaticGauge,
    collector::{EngineCollector, FanOut, InMemoryCollector, MetricId, MetricsCollector},
    named::NamedMetrics,
};

fn registry(policy: NamePolicy) -> Registry {
    Registry::builder().self_metrics(false).name_policy(policy).build().unwrap()
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.families().map(|family| family.name()).collect()
}

/// The counters of the bus with their attributes.
const COUNTERS: [(&str, &str, &[&str]); 9] = [
    ("messages.published", "messages", &["messaging.system", "messaging.destination", "event.type"]),
    (
        "messages.consumed",
        "messages",
        &["messaging.system", "messaging.destination", "messaging.kafka.partition", "event.type"],
    ),
    ("handler.invocations", "invocations", &["handler.name", "event.type"]),
    ("handler.errors", "errors", &["handler.name", "event.type", "error.type"]),
    ("messages.dlq", "messages", &["dlq.reason", "error.type"]),
    ("connection.errors", "errors", &["error.type"]),
    ("reconnections", "reconnections", &[]),
    ("rebalances", "rebalances", &["messaging.kafka.consumer_group"]),
    ("publish.errors", "errors", &["messaging.system", "messaging.destination", "event.type", "error.type"]),
];

const HISTOGRAMS: [(&str, &str, &[&str]); 4] = [
    ("publish.duration", "ms", &["messaging.destination"]),
    ("consume.duration", "ms", &["messaging.destination"]),
    ("handler.duration", "ms", &["handler.name", "event.type"]),
    ("batch.size", "messages", &[]),
];

/// The series that the queries and alerts of the bus select, each with the labels they go by; `_bucket` and so on is
/// that of a histogram.
const QUERIED: [(&str, &[&str]); 13] = [
    ("kafka_eventbus_messages_published_total", &[]),
    ("kafka_eventbus_messages_consumed_total", &["event_type"]),
    ("kafka_eventbus_handler_invocations_total", &["handler_name"]),
    ("kafka_eventbus_publish_duration", &[]),
    ("kafka_eventbus_consume_duration", &[]),
    ("kafka_eventbus_handler_duration", &["handler_name", "event_type"]),
    ("kafka_eventbus_handler_errors_total", &["handler_name", "error_type"]),
    ("kafka_eventbus_messages_dlq_total", &[]),
    ("kafka_eventbus_publish_errors_total", &[]),
    ("kafka_eventbus_consumer_lag", &["messaging_kafka_consumer_group", "messaging_kafka_partition"]),
    ("kafka_eventbus_connections_active", &[]),
    ("kafka_eventbus_reconnections_total", &[]),
    ("kafka_eventbus_rebalances_total", &[]),
];

#[test]
fn an_event_bus_is_exposed_under_the_names_and_labels_of_its_queries() {
    let registry = registry(NamePolicy::WITHOUT_UNITS);
    let bus = registry.child("kafka.eventbus", [] as [(&str, &str); 0]).unwrap();
    for (name, unit, labels) in COUNTERS {
        let declared = bus.declare(name, "").unit(unit).labels(labels.iter().copied());
        let family: DynamicFamily<Counter> = declared.register().unwrap();
        family.with(labels.iter().map(|label| (*label, "x"))).unwrap().inc();
    }
    for (name, unit, labels) in HISTOGRAMS {
        let declared = bus.declare(name, "").unit(unit).labels(labels.iter().copied());
        let family: DynamicFamily<Histogram> = declared.register().unwrap();
        family.with(labels.iter().map(|label| (*label, "x"))).unwrap().observe(1.0);
    }
    let group = ["messaging.kafka.consumer_group"];
    bus.gauge_family_fn("connections.active", "", group, |out| out.observe(["x"], 1.0)).unwrap();
    let lag = ["messaging.kafka.partition", "messaging.kafka.consumer_group", "messaging.destination"];
    bus.gauge_family_fn("consumer.lag", "", lag, |out| out.observe(["x"; 3], 1.0)).unwrap();

    let snapshot = registry.snapshot();
    assert_eq!(names(&snapshot).len(), 15);
    for (name, labels) in QUERIED {
        let family = snapshot.family(name).unwrap_or_else(|| panic!("no {name}"));
        let series = family.series().next().unwrap();
        for label in labels {
            assert!(series.labels().any(|pair| pair == (*label, "x")), "{name}{{{label}}}");
        }
    }
    let unit = |name| snapshot.family(name).and_then(|family| family.unit());
    assert_eq!(unit("kafka_eventbus_publish_duration"), Some("milliseconds"));
}

#[test]
fn statics_collectors_and_names_at_run_time_are_translated_alike() {
    static PUBLISHED: StaticCounter = StaticCounter::new("messages.published", "Published.");
    static LAG: StaticGauge = StaticGauge::new("consumer.lag", "Behind.");
    static SENT: MetricId = MetricId::counter("sent", "Sent.", &["topic"]).with_unit("By");

    let registry = registry(NamePolicy::OTEL_PYTHON);
    PUBLISHED.inc();
    PUBLISHED.register_in(&registry);
    LAG.register_in(&registry);
    assert_eq!(registry.errors(), []);
    let collector = Arc::new(EngineCollector::new(&registry));
    collector.increment(&SENT, 1.0, &["orders"]);
    let metrics = NamedMetrics::new(collector);
    let labels = [("error.type", "Timeout")];
    metrics.increment_counter("publish.errors", 2.0, &labels).unwrap();
    metrics.record_histogram("publish_duration", 2.0, &[]).unwrap();
    drop(metrics.track_active("publishes.active", &labels).unwrap());
    drop(metrics.track_duration("publish.took", &labels).unwrap());

    let snapshot = registry.snapshot();
    let expected = [
        "consumer_lag",
        "messages_published_total",
        "publish_duration_seconds",
        "publish_errors_total",
        "publish_took",
        "publishes_active",
        "sent_bytes_total",
    ];
    assert_eq!(names(&snapshot), expected);
    assert_eq!(snapshot.counter("messages_published_total", &[]), Some(1));
    assert_eq!(snapshot.float_counter("sent_bytes_total", &[("topic", "orders")]), Some(1.0));
    assert_eq!(snapshot.float_counter("publish_errors_total", &[("error_type", "Timeout")]), Some(2.0));
}

#[test]
fn names_at_run_time_are_those_that_the_collector_takes() {
    let increment = |collector: Arc<dyn MetricsCollector>, name: &str| {
        let result = NamedMetrics::new(collector).increment_counter(name, 1.0, &[]);
        result.map_err(|error| error.reason().clone())
    };
    let engine = |policy| Arc::new(EngineCollector::new(&registry(policy))) as Arc<dyn MetricsCollector>;
    let memory = || Arc::new(InMemoryCollector::new()) as Arc<dyn MetricsCollector>;
    assert_eq!(increment(engine(NamePolicy::UTF8), "a.b"), Ok(()));
    assert_eq!(increment(memory(), "a.b"), Err(Reason::IllegalMetricName));
    assert_eq!(increment(engine(NamePolicy::AS_IS), "a.b"), Err(Reason::IllegalMetricName));
    let mixed = FanOut::new([engine(NamePolicy::UTF8), memory()]);
    assert_eq!(increment(Arc::new(mixed), "a.b"), Err(Reason::IllegalMetricName));
    let alike = FanOut::new([engine(NamePolicy::UTF8), engine(NamePolicy::UTF8)]);
    assert_eq!(increment(Arc::new(alike), "a.b"), Ok(()));

    // Each keeps its own meaning of the name.
    for (policy, exposed) in
        [(NamePolicy::AS_IS, "load_duration_seconds"), (NamePolicy::WITHOUT_UNITS, "load_duration")]
    {
        let registry = registry(policy);
        let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
        metrics.record_histogram("load_duration", 1.0, &[]).unwrap();
        assert_eq!(names(&registry.snapshot()), [exposed]);
    }

    let metrics = NamedMetrics::new(engine(NamePolicy::WITHOUT_UNITS));
    metrics.increment_counter("a.b", 1.0, &[]).unwrap();
    let clash = metrics.increment_counter("a-b", 1.0, &[]).unwrap_err();
    let expected = Reason::SampleNameClash { sample: "a_b_total".into(), family: "a.b".into() };
    assert_eq!(clash.reason(), &expected);
}

#[test]
fn names_in_utf8_reach_the_snapshot_as_they_are() {
    #[derive(Clone, Copy, LabelValue)]
    enum Door {
        Open,
        Shut,
    }

    let builder = Registry::builder().self_metrics(false).name_policy(NamePolicy::UTF8);
    let builder = builder.namespace("größe.").subsystem("花火").label("dienst name", "shop");
    let registry = builder.build().unwrap();
    let constant = ("dienst name", "shop");
    registry.counter("zahl.total", "").unwrap().inc();
    let doors: Family<(Door, String), Gauge> =
        registry.declare("türen", "").labels(["zustand.tür", "\"\n"]).register().unwrap();
    let doors = doors.with("x").unwrap();
    doors[Door::Open].set(1.0);
    doors[Door::Shut].set(2.0);
    let child = registry.child("κόμβος", [("ζώνη", "eu")]).unwrap();
    child.histogram_with("μέγεθος", "", Buckets::explicit([1.0])).unwrap().observe(1.0);
    child.info("info", "", [("version.語", "1")]).unwrap();
    let _: StateSet<Door> = child.declare("πόρτα", "").register().unwrap();
    registry
        .collector("others", |out| {
            let family = FamilyBuilder::new("нить", MetricKind::Gauge);
            out.family(family.number([("с.м", "1")], Number::U64(4)));
        })
        .unwrap();

    let snapshot = registry.snapshot();
    let prefixed = |name: &str| format!("größe._花火_{name}");
    assert_eq!(snapshot.counter(&prefixed("zahl.total"), &[constant]), Some(1));
    let labels = [constant, ("zustand.tür", "shut"), ("\"\n", "x")];
    assert_eq!(snapshot.gauge(&prefixed("türen"), &labels), Some(2.0));
    let zone = [constant, ("ζώνη", "eu")];
    let size = snapshot.histogram(&prefixed("κόμβος_μέγεθος"), &zone).unwrap();
    assert_eq!(size.count(), 1);
    assert!(snapshot.family(&prefixed("κόμβος_info")).is_some());
    assert!(snapshot.family(&prefixed("κόμβος_πόρτα")).is_some());
    assert_eq!(snapshot.gauge("нить", &[constant, ("с.м", "1")]), Some(4.0));
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn a_collector_keeps_utf8_where_the_registry_does_and_its_labels_may_not_become_one() {
    let errors = |policy, labels: &'static [(&'static str, &'static str)]| {
        let registry = registry(policy);
        let family =
            || FamilyBuilder::new("a.b", MetricKind::Gauge).number(labels.iter().copied(), Number::U64(1));
        registry.collector("one", move |out| out.family(family())).unwrap();
        drop(registry.snapshot());
        registry.callback_errors()
    };
    assert_eq!(errors(NamePolicy::UTF8, &[("x.y", "1")]), 0);
    assert_eq!(errors(NamePolicy::UTF8, &[("x.y", "1"), ("x_y", "1")]), 1);
    assert_eq!(errors(NamePolicy::WITHOUT_UNITS, &[]), 1, "a collector's names are not translated");
}

#[test]
fn a_component_and_a_family_may_have_other_policies_than_the_registry() {
    let registry = registry(NamePolicy::AS_IS);
    let otel = registry.with_name_policy(NamePolicy::PROMETHEUS_3);
    assert_eq!((registry.name_policy(), otel.name_policy()), (NamePolicy::AS_IS, NamePolicy::PROMETHEUS_3));
    otel.child("rpc.server", [("rpc.system", "grpc")])
        .and_then(|rpc| rpc.declare("duration", "").unit("s").register::<Histogram>())
        .unwrap()
        .observe(1.0);
    let utf8 = registry.declare("queue.länge", "").name_policy(NamePolicy::UTF8);
    utf8.label("queue.name").register::<Family<bool, Gauge>>().unwrap()[true].set(1.0);
    assert_eq!(registry.gauge("queue.size", "").unwrap_err().reason(), &Reason::IllegalMetricName);
    assert!(matches!(registry.child("a.b", [("c", "d")]).unwrap_err().reason(), Reason::IllegalPrefix(_)));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.gauge("queue.länge", &[("queue.name", "true")]), Some(1.0));
    let labels = [("rpc_system", "grpc")];
    assert_eq!(snapshot.histogram("rpc_server_duration_seconds", &labels).unwrap().count(), 1);
    assert_eq!(snapshot.family("rpc_server_duration_seconds").unwrap().unit(), Some("seconds"));
}

#[test]
fn a_histogram_of_integers_takes_its_resolution_from_the_name_that_is_exposed() {
    let registry = registry(NamePolicy::OTEL_PYTHON);
    let wait: IntegerHistogram = registry.declare("queue.wait", "").unit("s").register().unwrap();
    wait.observe(2_000_000_000);
    let size: IntegerHistogram =
        registry.declare("batch.size", "").unit("By").resolution(Resolution::Units).register().unwrap();
    size.observe(7);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram("queue_wait_seconds", &[]).unwrap().sum(), 2.0);
    assert_eq!(snapshot.histogram("batch_size_bytes", &[]).unwrap().sum(), 7.0);
}

#[test]
fn a_disabled_registry_takes_any_name() {
    let registry = Registry::builder().enabled(false).name_policy(NamePolicy::WITHOUT_UNITS).build().unwrap();
    registry.counter("...", "").unwrap().inc();
    assert!(!registry.unregister("..."));
    drop(registry.counter_family("a", "", ["b.c", "b_c"]).unwrap().with(NO_LABELS).unwrap());
}
