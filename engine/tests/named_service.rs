//! A service that records everything by name: its list of metrics, each way to record, and the names that its queries
//! expect.
#![forbid(unsafe_code)]

use std::{sync::Arc, time::Duration};

use tachometer::{
    MetricKind, Registry, Snapshot,
    collector::{EngineCollector, MetricId},
    named::NamedMetrics,
};

static METRICS: [MetricId; 16] = [
    MetricId::counter("request_count", "Total number of requests.", &["endpoint", "method", "status"]),
    MetricId::counter("error_count", "Total number of errors.", &["error_type", "endpoint", "function"]),
    MetricId::counter("cache_hits", "Total number of cache hits.", &["cache_name", "operation"]),
    MetricId::counter("cache_misses", "Total number of cache misses.", &["cache_name", "operation"]),
    MetricId::counter("bedrock_invocations", "Total number of Bedrock calls.", &["model_id", "status"]),
    MetricId::counter("rag_queries", "Total number of RAG queries.", &["operation", "status"]),
    MetricId::histogram("request_duration", "Request duration.", &["endpoint", "method"])
        .with_buckets(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]),
    MetricId::histogram("token_usage", "Tokens per request.", &["model_id", "token_type"])
        .with_buckets(&[10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 50_000.0]),
    MetricId::histogram("retrieval_time", "Retrieval time.", &["operation", "source"])
        .with_unit("seconds")
        .with_buckets(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
    MetricId::histogram("bedrock_duration", "Bedrock call duration.", &["model_id"])
        .with_buckets(&[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
    MetricId::histogram("database_query_duration", "Database query duration.", &["operation", "table"])
        .with_buckets(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0]),
    MetricId::gauge("active_requests", "Current active requests.", &["endpoint"]),
    MetricId::gauge("cache_size", "Cache size in bytes.", &["cache_name"]),
    MetricId::gauge("active_connections", "Current active connections.", &["connection_type"]),
    MetricId::gauge("memory_usage", "Memory usage in bytes.", &["process"]),
    MetricId::gauge("queue_size", "Current queue size.", &["queue_name"]),
];

const REQUEST: [(&str, &str); 2] = [("endpoint", "/query"), ("method", "POST")];

fn declared() -> (Registry, NamedMetrics) {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    metrics.declare(&METRICS).unwrap();
    (registry, metrics)
}

fn described(snapshot: &Snapshot) -> Vec<(&str, MetricKind)> {
    snapshot.families().map(|family| (family.name(), family.kind())).collect()
}

#[test]
fn the_quick_start_records_what_it_says() {
    let (registry, metrics) = declared();
    let labels = [("endpoint", "/query"), ("method", "POST"), ("status", "200")];
    metrics.increment_counter("request_count", 1.0, &labels).unwrap();
    {
        let _timer = metrics.track_duration("request_duration", &REQUEST).unwrap();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("request_count", &labels), Some(1.0));
    assert_eq!(snapshot.histogram("request_duration_seconds", &REQUEST).unwrap().count(), 1);
}

#[test]
fn every_metric_of_the_list_is_exposed_under_the_name_that_queries_use() {
    let (registry, metrics) = declared();
    for metric in &METRICS {
        let record = match metric.kind() {
            MetricKind::Counter => NamedMetrics::increment_counter,
            MetricKind::Gauge => NamedMetrics::set_gauge,
            _ => NamedMetrics::record_histogram,
        };
        record(&metrics, metric.name(), 1.0, &[]).unwrap();
    }
    let (counter, gauge, histogram) = (MetricKind::Counter, MetricKind::Gauge, MetricKind::Histogram);
    let snapshot = registry.snapshot();
    let expected = [
        ("active_connections", gauge),
        ("active_requests", gauge),
        ("bedrock_duration_seconds", histogram),
        ("bedrock_invocations", counter),
        ("cache_hits", counter),
        ("cache_misses", counter),
        ("cache_size", gauge),
        ("database_query_duration_seconds", histogram),
        ("error_count", counter),
        ("memory_usage", gauge),
        ("queue_size", gauge),
        ("rag_queries", counter),
        ("request_count", counter),
        ("request_duration_seconds", histogram),
        ("retrieval_time_seconds", histogram),
        ("token_usage", histogram),
    ];
    assert_eq!(described(&snapshot), expected);
    assert_eq!(registry.errors(), []);
    for metric in &METRICS {
        let family = snapshot.families().find(|family| family.help() == Some(metric.help())).unwrap();
        let mut declared = metric.label_names().to_vec();
        declared.sort_unstable();
        let series = family.series().next().unwrap();
        assert_eq!(series.labels().map(|(name, _)| name).collect::<Vec<_>>(), declared);
        assert_eq!(family.unit(), family.name().ends_with("_seconds").then_some("seconds"));
    }
}

#[test]
fn histograms_have_the_buckets_of_the_list() {
    let (registry, metrics) = declared();
    let labels = [("model_id", "claude-3"), ("token_type", "input")];
    metrics.record_histogram("token_usage", 420.0, &labels).unwrap();
    metrics.record_duration("retrieval_time", Duration::from_millis(7), &[]).unwrap();
    let snapshot = registry.snapshot();
    let tokens = snapshot.histogram("token_usage", &labels).unwrap();
    assert_eq!(tokens.bounds(), [10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 50_000.0]);
    assert_eq!(tokens.counts(), [0, 0, 0, 1, 0, 0, 0, 0, 0]);
    let retrieval =
        snapshot.histogram("retrieval_time_seconds", &[("operation", ""), ("source", "")]).unwrap();
    assert_eq!((retrieval.bounds()[0], retrieval.sum()), (0.001, 0.007));
}

#[test]
fn a_request_is_counted_timed_and_under_way_in_one_middleware() {
    let (registry, metrics) = declared();
    let handle = |fails: bool| {
        let _active = metrics.track_active("active_requests", &REQUEST[..1]).unwrap();
        let _timer = metrics.track_duration("request_duration", &REQUEST).unwrap();
        assert_eq!(registry.snapshot().gauge("active_requests", &REQUEST[..1]), Some(1.0));
        if fails {
            let labels = [("error_type", "ValueError"), ("endpoint", "/query"), ("function", "middleware")];
            metrics.increment_counter("error_count", 1.0, &labels).unwrap();
            return;
        }
        // In another order than that of the list.
        let labels = [("status", "200"), ("method", "POST"), ("endpoint", "/query")];
        metrics.increment_counter("request_count", 1.0, &labels).unwrap();
    };
    for fails in [false, true, false] {
        handle(fails);
    }
    let snapshot = registry.snapshot();
    let labels = [("endpoint", "/query"), ("method", "POST"), ("status", "200")];
    assert_eq!(snapshot.float_counter("request_count", &labels), Some(2.0));
    let labels = [("error_type", "ValueError"), ("endpoint", "/query"), ("function", "middleware")];
    assert_eq!(snapshot.float_counter("error_count", &labels), Some(1.0));
    assert_eq!(snapshot.histogram("request_duration_seconds", &REQUEST).unwrap().count(), 3);
    assert_eq!(snapshot.gauge("active_requests", &REQUEST[..1]), Some(0.0));
}

#[test]
fn a_cache_sets_its_size_and_counts_hits_and_misses() {
    let (registry, metrics) = declared();
    let get = [("cache_name", "embeddings"), ("operation", "get")];
    metrics.increment_counter("cache_hits", 5.0, &get).unwrap();
    metrics.increment_counter("cache_misses", 1.0, &get).unwrap();
    let name = &get[..1];
    metrics.set_gauge("cache_size", 1024.0 * 1024.0 * 100.0, name).unwrap();
    metrics.increment_gauge("cache_size", 24.0, name).unwrap();
    metrics.decrement_gauge("cache_size", 1024.0, name).unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("cache_hits", &get), Some(5.0));
    assert_eq!(snapshot.float_counter("cache_misses", &get), Some(1.0));
    assert_eq!(snapshot.gauge("cache_size", name), Some(1024.0 * 1024.0 * 100.0 - 1000.0));
}
