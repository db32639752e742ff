//! The collector that keeps things in memory: its keys, its numbers, its limits.
#![forbid(unsafe_code)]

use std::{sync::Arc, thread};

use proptest::prelude::*;
use tachometer::{
    DropReason, MetricKind,
    collector::{Distribution, InMemoryCollector, MetricId, MetricsCollector, Recorded},
    dropped_records,
    labels::MAX_LABEL_VALUE_BYTES,
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &["stream_name", "shard_id"]);
static DEPTH: MetricId = MetricId::gauge("queue_size", "Records waiting.", &["stream_name"]);
static FLUSH: MetricId = MetricId::histogram("flush_seconds", "Time to flush.", &["stream_name"]);
static PLAIN: MetricId = MetricId::counter("plain_total", "Without labels.", &[]);

#[test]
fn keys_have_their_labels_sorted_by_name_and_unquoted() {
    let collector = InMemoryCollector::new();
    collector.increment(&SENT, 42.0, &["my-stream", "shardId-000000000000"]);
    collector.increment(&PLAIN, 1.0, &[]);
    let keys: Vec<_> = collector.counters().into_iter().collect();
    let sent = "sent_total{shard_id=shardId-000000000000,stream_name=my-stream}".to_owned();
    assert_eq!(keys, [("plain_total".to_owned(), 1.0), (sent, 42.0)]);
}

#[test]
fn a_missing_label_is_empty_and_one_too_many_is_ignored() {
    let collector = InMemoryCollector::new();
    collector.increment(&SENT, 1.0, &["orders"]);
    collector.increment(&SENT, 2.0, &["orders", "0", "more"]);
    let keys: Vec<_> = collector.counters().into_keys().collect();
    assert_eq!(
        keys,
        ["sent_total{shard_id=,stream_name=orders}", "sent_total{shard_id=0,stream_name=orders}"]
    );
}

#[test]
fn each_kind_has_its_map_and_all_have_one() {
    let collector = InMemoryCollector::new();
    collector.increment(&PLAIN, 1.5, &[]);
    collector.gauge(&DEPTH, 7.0, &["a"]);
    collector.add_to_gauge(&DEPTH, -2.0, &["a"]);
    collector.histogram(&FLUSH, 0.5, &["a"]);
    collector.histogram(&FLUSH, 1.5, &["a"]);
    assert_eq!(collector.counters().into_iter().collect::<Vec<_>>(), [("plain_total".to_owned(), 1.5)]);
    assert_eq!(collector.gauges()["queue_size{stream_name=a}"], 5.0);
    let histograms = collector.histograms();
    let flush = &histograms["flush_seconds{stream_name=a}"];
    assert_eq!((flush.count(), flush.sum(), flush.min(), flush.max(), flush.mean()), (2, 2.0, 0.5, 1.5, 1.0));
    let all = collector.metrics();
    assert_eq!(all.len(), 3);
    assert_eq!(all["queue_size{stream_name=a}"], Recorded::Gauge(5.0));
    let texts: Vec<String> = all.values().map(Recorded::to_string).collect();
    let flush = "count=2 sum=2.0 min=0.5 max=1.5 p50=0.502 p99=1.5";
    assert_eq!(texts, [flush, "1.5", "5.0"]);
    assert_eq!(collector.get("plain_total").and_then(|one| one.number()), Some(1.5));
    assert_eq!(
        collector.get("flush_seconds{stream_name=a}").map(|one| one.kind()),
        Some(MetricKind::Histogram)
    );
    assert_eq!(collector.get("flush_seconds"), None);
    collector.clear();
    assert!(collector.metrics().is_empty());
}

#[test]
fn series_beyond_the_limit_share_one_for_each_metric_and_nothing_is_lost() {
    let collector = InMemoryCollector::with_max_series(3);
    for stream in 0..10 {
        collector.increment(&SENT, 1.0, &[&stream.to_string(), "0"]);
        collector.gauge(&DEPTH, f64::from(stream), &[&stream.to_string()]);
    }
    // What is there goes on.
    collector.increment(&SENT, 1.0, &["0", "0"]);
    let counters = collector.counters();
    assert_eq!(counters["sent_total{shard_id=0,stream_name=0}"], 2.0);
    assert_eq!(counters["sent_total{overflow=true}"], 8.0);
    assert_eq!(counters.values().sum::<f64>(), 11.0);
    assert_eq!(collector.gauges()["queue_size{overflow=true}"], 9.0);
    assert_eq!(collector.metrics().len(), 3 + 2);
}

#[test]
fn values_that_are_too_long_together_share_one_series_and_nothing_is_lost() {
    let collector = InMemoryCollector::new();
    let most = "x".repeat(MAX_LABEL_VALUE_BYTES);
    collector.increment(&SENT, 1.0, &[&most, ""]);
    for shard in ["1", "2", &most] {
        collector.increment(&SENT, 1.0, &[&most, shard]);
    }
    // One that is no label's does not count.
    collector.gauge(&DEPTH, 1.0, &["a", &most]);
    let counters: Vec<_> = collector.counters().into_iter().collect();
    let kept = format!("sent_total{{shard_id=,stream_name={most}}}");
    assert!(counters == [("sent_total{overflow=true}".to_owned(), 3.0), (kept, 1.0)]);
    assert_eq!(collector.gauges()["queue_size{stream_name=a}"], 1.0);
}

/// The only test of this program that looks at what is dropped: the counts are the process's.
#[test]
fn what_cannot_be_kept_is_dropped_and_counted() {
    let count =
        || [DropReason::NotFinite, DropReason::Negative, DropReason::Unsupported].map(dropped_records);
    let before = count();
    let collector = InMemoryCollector::new();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        collector.increment(&PLAIN, value, &[]);
        collector.histogram(&FLUSH, value, &["a"]);
    }
    collector.increment(&PLAIN, -1.0, &[]);
    collector.increment(&DEPTH, 1.0, &["a"]);
    collector.gauge(&FLUSH, 1.0, &["a"]);
    collector.histogram(&PLAIN, 1.0, &[]);
    collector.add_to_gauge(&PLAIN, 1.0, &[]);
    assert!(collector.metrics().is_empty(), "{collector:?}");
    // One that can only set gauges does not add to them.
    Deaf.add_to_gauge(&DEPTH, 1.0, &["a"]);
    let after = count();
    assert_eq!([0, 1, 2].map(|at| after[at] - before[at]), [6, 1, 5]);
}

/// Implements what a collector must, and nothing else.
#[derive(Debug)]
struct Deaf;

impl MetricsCollector for Deaf {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}
}

#[test]
fn threads_lose_nothing() {
    let collector = Arc::new(InMemoryCollector::new());
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let collector: Arc<dyn MetricsCollector> = collector.clone();
            thread::spawn(move || {
                for turn in 0..1_000 {
                    collector.increment(&SENT, 1.0, &[["a", "b"][turn % 2], "0"]);
                    collector.histogram(&FLUSH, f64::from(thread), &["a"]);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let counters = collector.counters();
    assert!(counters.values().eq(&[4_000.0, 4_000.0]), "{counters:?}");
    let flush = &collector.histograms()["flush_seconds{stream_name=a}"];
    assert_eq!((flush.count(), flush.sum(), flush.min(), flush.max()), (8_000, 28_000.0, 0.0, 7.0));
}

fn distribution(values: &[f64]) -> Distribution {
    let collector = InMemoryCollector::new();
    values.iter().for_each(|value| collector.histogram(&FLUSH, *value, &["a"]));
    collector.histograms().into_values().next().unwrap_or_default()
}

#[test]
fn quantiles_keep_their_precision_from_nanoseconds_to_terabytes() {
    for magnitude in [1e-9, 1e-6, 3e-3, 0.999_999, 1.0, 7.0, 1e6, 1e12, 1e16] {
        let values: Vec<_> = (1..=100).map(|n| magnitude * f64::from(n) / 100.0 + magnitude).collect();
        let distribution = distribution(&values);
        for (q, exact) in [(0.0, values[0]), (0.5, values[49]), (0.99, values[98]), (1.0, values[99])] {
            let exact = f64::min(exact, distribution.max());
            let found = distribution.quantile(q);
            // Beyond 10¹⁶ all are alike.
            let is_close = (found - exact).abs() <= 0.01 * exact || exact > 1e16;
            assert!(is_close, "{magnitude} {q}: {found} instead of {exact}");
        }
    }
}

#[test]
fn quantiles_are_of_numbers_between_0_and_1_and_of_something() {
    assert!(Distribution::default().quantile(0.5).is_nan() && Distribution::default().mean().is_nan());
    for q in [-0.1, 1.1, f64::NAN] {
        assert!(distribution(&[1.0]).quantile(q).is_nan());
    }
    assert_eq!(Distribution::default().to_string(), "count=0 sum=0.0 min=0.0 max=0.0");
    let spread = distribution(&[0.012_345; 3]).to_string();
    assert_eq!(spread, "count=3 sum=0.037035 min=0.012345 max=0.012345 p50=0.0123 p99=0.0123");
    assert!(distribution(&[-98_765.0]).to_string().ends_with(" p50=-98800.0 p99=-98800.0"));
    assert_eq!(distribution(&[0.0; 3]).to_string(), "count=3 sum=0.0 min=0.0 max=0.0 p50=0.0 p99=0.0");
}

proptest! {
    /// Of any values at all, below zero too.
    #[test]
    fn a_quantile_is_within_one_percent_of_an_observation(
        values in prop::collection::vec((-1e12..1e12_f64, -9..=0_i32).prop_map(|(v, e)| v * 10_f64.powi(e)), 1..200),
        q in 0.0..=1.0_f64,
    ) {
        let distribution = distribution(&values);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let rank = ((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
        let (exact, found) = (sorted[rank - 1], distribution.quantile(q));
        prop_assert!((found - exact).abs() <= 0.01 * exact.abs() + 1e-9, "{found} instead of {exact}");
        prop_assert_eq!(distribution.count(), sorted.len() as u64);
        prop_assert_eq!((distribution.min(), distribution.max()), (sorted[0], sorted[sorted.len() - 1]));
    }
}
