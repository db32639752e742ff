//! The collector over a registry: what it registers, what it finds again, and what it does when it cannot.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use std::{sync::Arc, thread};

use plain::plain;
use tachometer::{
    DropReason, NO_LABELS, RegisterErrorReason as Reason, Registry,
    collector::{EngineCollector, MetricId, MetricsCollector, NoOpCollector},
    dropped_records,
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &["stream_name", "shard_id"]);
static PLAIN: MetricId = MetricId::counter("plain_total", "Without labels.", &[]);
static DEPTH: MetricId = MetricId::gauge("queue_size", "Records waiting.", &["stream_name"]);
static FLUSH: MetricId =
    MetricId::histogram("flush_seconds", "Time to flush.", &["stream_name"]).with_unit("seconds");
static SIZE: MetricId =
    MetricId::histogram("batch_size", "Records in a batch.", &[]).with_buckets(&[1.0, 10.0]);

fn sent(registry: &Registry, stream: &str, shard: &str) -> Option<f64> {
    registry.snapshot().float_counter("sent_total", &[("stream_name", stream), ("shard_id", shard)])
}

#[test]
fn a_metric_of_each_kind_is_registered_at_its_first_use() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    assert_eq!(registry.snapshot().families().len(), 0);
    collector.increment(&SENT, 500.0, &["orders", "0"]);
    collector.increment(&SENT, 0.5, &["orders", "0"]);
    collector.increment(&PLAIN, 1.0, &[]);
    collector.gauge(&DEPTH, 7.0, &["orders"]);
    collector.add_to_gauge(&DEPTH, -2.0, &["orders"]);
    collector.histogram(&FLUSH, 0.25, &["orders"]);
    collector.histogram(&SIZE, 5.0, &[]);
    let snapshot = registry.snapshot();
    assert_eq!(sent(&registry, "orders", "0"), Some(500.5));
    assert_eq!(snapshot.float_counter("plain_total", &[]), Some(1.0));
    assert_eq!(snapshot.gauge("queue_size", &[("stream_name", "orders")]), Some(5.0));
    let flush = snapshot.histogram("flush_seconds", &[("stream_name", "orders")]).unwrap();
    assert_eq!((flush.count(), flush.sum()), (1, 0.25));
    assert_eq!(snapshot.family("flush_seconds").unwrap().unit(), Some("seconds"));
    let size = snapshot.histogram("batch_size", &[]).unwrap();
    assert_eq!((size.bounds(), size.counts()), (&[1.0, 10.0][..], &[0, 1, 0][..]));
    assert_eq!(registry.errors(), []);
}

#[test]
fn a_missing_label_is_empty_and_one_too_many_is_ignored() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    collector.increment(&SENT, 1.0, &["orders"]);
    collector.increment(&SENT, 2.0, &["orders", "0", "more"]);
    collector.increment(&PLAIN, 3.0, &["more"]);
    assert_eq!((sent(&registry, "orders", ""), sent(&registry, "orders", "0")), (Some(1.0), Some(2.0)));
    assert_eq!(registry.snapshot().float_counter("plain_total", &[]), Some(3.0));
}

#[test]
fn values_that_read_alike_in_a_row_are_different_series() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    collector.increment(&SENT, 1.0, &["ab", "c"]);
    collector.increment(&SENT, 2.0, &["a", "bc"]);
    assert_eq!((sent(&registry, "ab", "c"), sent(&registry, "a", "bc")), (Some(1.0), Some(2.0)));
}

#[test]
fn metrics_that_are_declared_alike_are_one() {
    static AGAIN: MetricId = MetricId::counter("sent_total", "Records sent.", &["stream_name", "shard_id"]);
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    collector.increment(&SENT, 1.0, &["orders", "0"]);
    collector.increment(&AGAIN, 2.0, &["orders", "0"]);
    EngineCollector::new(&registry).increment(&AGAIN, 4.0, &["orders", "0"]);
    // By name and in another order, it is what the program itself registers.
    let family =
        registry.float_counter_family("sent_total", "Records sent.", ["stream_name", "shard_id"]).unwrap();
    family.with([("shard_id", "0"), ("stream_name", "orders")]).unwrap().add(8.0);
    assert_eq!(sent(&registry, "orders", "0"), Some(15.0));
    assert_eq!(registry.errors(), []);
}

#[test]
fn a_child_puts_its_prefix_and_its_labels_in_front() {
    let registry = Registry::builder().namespace("shop").self_metrics(false).build().unwrap();
    let collectors = ["orders", "clicks"]
        .map(|app| EngineCollector::new(&registry.child("producer", [("app", app)]).unwrap()));
    collectors[0].increment(&SENT, 1.0, &["a", "0"]);
    collectors[1].increment(&SENT, 2.0, &["a", "0"]);
    let value = |app| {
        let labels = [("app", app), ("stream_name", "a"), ("shard_id", "0")];
        registry.snapshot().float_counter("shop_producer_sent_total", &labels)
    };
    assert_eq!((value("orders"), value("clicks")), (Some(1.0), Some(2.0)));
    // The child's own look-ups find the same series.
    let child = registry.child("producer", [("app", "orders")]).unwrap();
    let family =
        child.float_counter_family("sent_total", "Records sent.", ["stream_name", "shard_id"]).unwrap();
    family.with([("stream_name", "a"), ("shard_id", "0")]).unwrap().add(4.0);
    assert_eq!(value("orders"), Some(5.0));
}

#[test]
fn a_metric_that_cannot_be_registered_is_a_no_op_and_its_error_is_kept_and_counted_once() {
    static UNIT: MetricId = MetricId::gauge("age", "", &[]).with_unit("seconds");
    let registry = Registry::builder().max_families(2).build().unwrap();
    let taken = registry.gauge("sent_total", "Something else.").unwrap();
    let collector = EngineCollector::new(&registry);
    for _ in 0..10 {
        collector.increment(&SENT, 1.0, &["orders", "0"]);
        collector.gauge(&UNIT, 1.0, &[]);
        collector.increment(&PLAIN, 1.0, &[]);
        collector.gauge(&DEPTH, 1.0, &["orders"]);
    }
    let errors = registry.errors();
    let told: Vec<_> = errors.iter().map(|error| (error.metric(), error.reason().as_str())).collect();
    let expected =
        [("sent_total", "type_conflict"), ("age", "unit_mismatch"), ("queue_size", "too_many_families")];
    assert_eq!(told, expected);
    let snapshot = registry.snapshot();
    for (_, reason) in expected {
        let counted = snapshot.counter("tachometer_registration_errors_total", &[("reason", reason)]);
        assert_eq!(counted, Some(1), "{reason}");
    }
    assert_eq!((taken.value(), snapshot.float_counter("plain_total", &[])), (0.0, Some(10.0)));
    // Another collector of the registry fails at the same metrics, which are listed once.
    EngineCollector::new(&registry).increment(&SENT, 1.0, &["orders", "0"]);
    assert_eq!(registry.errors(), errors);
}

#[test]
fn a_value_that_is_too_long_has_no_series_and_is_counted_each_time() {
    let registry = Registry::new();
    let collector = EngineCollector::new(&registry);
    let long = "x".repeat(tachometer::labels::MAX_LABEL_VALUE_BYTES + 1);
    collector.increment(&SENT, 1.0, &[&long, "0"]);
    collector.increment(&SENT, 1.0, &[&long, "0"]);
    collector.increment(&SENT, 1.0, &[&long[1..], "0"]);
    let reason = Reason::LabelValueTooLong("stream_name".into());
    let counted =
        registry.snapshot().counter("tachometer_registration_errors_total", &[("reason", reason.as_str())]);
    assert_eq!((counted, sent(&registry, &long[1..], "0")), (Some(2), Some(1.0)));
    // It is data, and no mistake in a declaration.
    assert_eq!(registry.errors(), []);
}

/// The only test of this program that looks at what is dropped: the counts are the process's.
#[test]
fn a_record_by_the_wrong_method_or_of_the_wrong_number_is_dropped_and_counted() {
    let count =
        || [DropReason::Unsupported, DropReason::NotFinite, DropReason::Negative].map(dropped_records);
    let before = count();
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    collector.increment(&DEPTH, 1.0, &["orders"]);
    collector.gauge(&FLUSH, 1.0, &["orders"]);
    collector.histogram(&SENT, 1.0, &["orders", "0"]);
    collector.add_to_gauge(&SENT, 1.0, &["orders", "0"]);
    assert_eq!(registry.snapshot().families().len(), 0);
    collector.increment(&PLAIN, f64::NAN, &[]);
    collector.increment(&PLAIN, -1.0, &[]);
    collector.histogram(&FLUSH, f64::INFINITY, &["orders"]);
    let after = count();
    assert_eq!([0, 1, 2].map(|at| after[at] - before[at]), [4, 2, 1]);
}

#[test]
fn series_beyond_the_limit_of_a_family_share_its_overflow_series() {
    let registry = Registry::builder().max_series_per_family(2).build().unwrap();
    let collector = EngineCollector::new(&registry);
    for turn in 0..10 {
        for _ in 0..3 {
            collector.increment(&SENT, 1.0, &[&turn.to_string(), "0"]);
        }
    }
    let overflow = registry.snapshot().float_counter("sent_total", &[("overflow", "true")]);
    assert_eq!((sent(&registry, "0", "0"), overflow), (Some(3.0), Some(24.0)));
}

#[test]
fn eight_threads_lose_nothing() {
    let registry = plain();
    let collector: Arc<dyn MetricsCollector> = Arc::new(EngineCollector::new(&registry));
    let shards = ["0", "1", "2", "3", "4"];
    let body = |thread: usize| {
        let collector = Arc::clone(&collector);
        move || {
            for turn in 0..10_000 {
                collector.increment(&SENT, 1.0, &["orders", shards[(turn + thread) % 5]]);
                collector.histogram(&FLUSH, 0.5, &["orders"]);
                collector.add_to_gauge(&DEPTH, if turn % 2 == 0 { 1.0 } else { -1.0 }, &["orders"]);
            }
        }
    };
    let threads: Vec<_> = (0..8).map(|thread| thread::spawn(body(thread))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for shard in shards {
        assert_eq!(sent(&registry, "orders", shard), Some(16_000.0));
    }
    let snapshot = registry.snapshot();
    let flush = snapshot.histogram("flush_seconds", &[("stream_name", "orders")]).unwrap();
    assert_eq!((flush.count(), flush.sum()), (80_000, 40_000.0));
    assert_eq!(snapshot.gauge("queue_size", &[("stream_name", "orders")]), Some(0.0));
}

#[test]
fn a_disabled_registry_makes_a_collector_that_says_so_and_does_nothing() {
    let registry = Registry::disabled();
    let collector = EngineCollector::new(&registry);
    assert!(!collector.is_enabled() && EngineCollector::new(&Registry::new()).is_enabled());
    collector.increment(&SENT, 1.0, &["orders", "0"]);
    assert_eq!(collector.timer(&FLUSH, &["orders"]).stop(), std::time::Duration::ZERO);
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn a_collector_is_an_object_and_says_what_it_is() {
    let registry = Registry::builder().namespace("shop").build().unwrap();
    let collectors: [Box<dyn MetricsCollector>; 2] =
        [Box::new(EngineCollector::new(&registry)), Box::new(NoOpCollector)];
    assert_eq!(collectors.each_ref().map(|collector| collector.name()), ["EngineCollector", "NoOpCollector"]);
    assert!(format!("{:?}", collectors[0]).contains("shop"), "{collectors:?}");
    collectors[0].timer(&FLUSH, &["orders"]).stop();
    collectors[0].timer(&FLUSH, &["orders"]).discard();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram("shop_flush_seconds", &[("stream_name", "orders")]).unwrap().count(), 1);
    let family = registry.float_counter_family("plain_total", "Without labels.", []).unwrap();
    collectors[0].increment(&PLAIN, 2.0, &[]);
    assert_eq!(family.with(NO_LABELS).unwrap().value(), 2.0);
}
