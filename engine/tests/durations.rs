//! A start or a duration that the caller already has, wherever something is timed.
#![forbid(unsafe_code)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tachometer::{
    Counter, Family, Histogram, Operation, Outcome, Registry, StaticHistogram,
    collector::{BoundCollector, EngineCollector, MetricId, MetricsCollector, NoOpCollector},
    named::NamedMetrics,
};

static WORK: MetricId = MetricId::histogram("work_duration_seconds", "Time to work.", &[]);
static STATIC: StaticHistogram = StaticHistogram::new("static_seconds", "Time to work.", &[60.0]);

const MINUTE: Duration = Duration::from_secs(60);

fn a_minute_ago() -> Instant {
    Instant::now().checked_sub(MINUTE).expect("the machine has been up for a minute")
}

/// Whether the histogram has two observations: one of a minute, exactly, and one of a minute or little more.
#[track_caller]
fn assert_two_minutes(registry: &Registry, name: &str, labels: &[(&str, &str)]) {
    let snapshot = registry.snapshot();
    let time = snapshot.histogram(name, labels).expect("it was recorded");
    assert_eq!(time.count(), 2, "{name}");
    assert!((120.0..150.0).contains(&time.sum()), "{name}: {}", time.sum());
}

#[test]
fn a_histogram_takes_them() {
    let registry = Registry::new();
    let time: Histogram = registry.histogram("a_seconds", "").unwrap();
    time.observe_duration(MINUTE);
    time.observe_since(a_minute_ago());
    assert_two_minutes(&registry, "a_seconds", &[]);

    let time = registry.histogram("b_seconds", "").unwrap();
    time.start_timer().stop_with(MINUTE);
    assert!(time.start_timer_at(a_minute_ago()).stop() >= MINUTE);
    assert_two_minutes(&registry, "b_seconds", &[]);

    let time = registry.histogram("c_seconds", "").unwrap();
    time.start_timer_owned().stop_with(MINUTE);
    drop(time.start_timer_owned_at(a_minute_ago()));
    assert_two_minutes(&registry, "c_seconds", &[]);

    STATIC.register_in(&registry);
    STATIC.start_timer().stop_with(MINUTE);
    drop(STATIC.start_timer_at(a_minute_ago()));
    assert_two_minutes(&registry, "static_seconds", &[]);
}

#[test]
fn guards_of_outcomes_and_operations_take_them() {
    let registry = Registry::new();
    let time: Family<Outcome, Histogram> =
        registry.declare("a_seconds", "").label("outcome").register().unwrap();
    let mut guard = time.start();
    guard.took(MINUTE);
    guard.end(Outcome::Ok);
    time.start_at(a_minute_ago()).end(Outcome::Ok);
    assert_two_minutes(&registry, "a_seconds", &[("outcome", "ok")]);

    let time = registry.histogram("b_seconds", "").unwrap();
    let records: Counter = registry.counter("b_total", "").unwrap();
    let operation = Operation::new().latency(&time).records(&records);
    let mut guard = operation.start();
    guard.took(MINUTE);
    guard.end(Outcome::Ok);
    operation.start_at(a_minute_ago()).end(Outcome::Ok);
    assert_two_minutes(&registry, "b_seconds", &[]);

    let time = registry.histogram("c_seconds", "").unwrap();
    let operation = Operation::new().latency(&time);
    let took = |result: Result<(), ()>| operation.run(|progress| (progress.took(MINUTE), result).1);
    let since =
        |result: Result<(), ()>| operation.run(|progress| (progress.started_at(a_minute_ago()), result).1);
    assert_eq!((took(Ok(())), since(Err(()))), (Ok(()), Err(())));
    assert_two_minutes(&registry, "c_seconds", &[]);
}

#[test]
fn timers_of_collectors_take_them() {
    let registry = Registry::new();
    let collector = Arc::new(EngineCollector::new(&registry));
    collector.timer(&WORK, &[]).stop_with(MINUTE);
    assert!(collector.timer(&WORK, &[]).since(a_minute_ago()).stop() >= MINUTE);
    assert_two_minutes(&registry, "work_duration_seconds", &[]);

    let registry = Registry::new();
    let bound = BoundCollector::new(Arc::new(EngineCollector::new(&registry)), []);
    bound.timer(&WORK, &[]).stop_with(MINUTE);
    drop(bound.timer(&WORK, &[]).since(a_minute_ago()));
    assert_two_minutes(&registry, "work_duration_seconds", &[]);

    let registry = Registry::new();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    metrics.track_duration("work_duration", &[]).unwrap().stop_with(MINUTE);
    drop(metrics.track_duration("work_duration", &[]).unwrap().since(a_minute_ago()));
    assert_two_minutes(&registry, "work_duration_seconds", &[]);

    let nothing = NoOpCollector.timer(&WORK, &[]).since(a_minute_ago()).stop();
    assert_eq!(nothing, Duration::ZERO, "nothing is recorded where nothing is wanted");
}
