//! What is wrong with records by name, counted by kind. A program of its own, with one test: the counts are the
//! process's.
#![forbid(unsafe_code)]

use std::{sync::Arc, thread};

use tachometer::{
    MetricKind, NamedProblem, Registry,
    collector::{EngineCollector, MetricId, NoOpCollector},
    default_registry,
    named::NamedMetrics,
    named_problems,
};

const FAMILY: &str = "tachometer_named_problems_total";

/// That each of these has been counted so often, and nothing else; by the function, and in a snapshot.
#[track_caller]
fn assert_counted(expected: &[(NamedProblem, u64)]) {
    let snapshot = default_registry().snapshot();
    for problem in NamedProblem::ALL {
        let count = expected.iter().find(|(other, _)| *other == problem).map_or(0, |(_, count)| *count);
        assert_eq!(named_problems(problem), count, "{problem:?}");
        assert_eq!(snapshot.counter(FAMILY, &[("reason", problem.as_str())]), Some(count), "{problem:?}");
    }
}

#[test]
fn every_problem_is_counted_once_for_each_time_it_happens() {
    use NamedProblem as P;
    static HITS: MetricId = MetricId::counter("hits", "Hits.", &["cache", "tier"]);
    assert_counted(&[]);

    let disabled = NamedMetrics::new(Arc::new(NoOpCollector));
    disabled.increment_counter("a-b", 1.0, &[]).unwrap();
    assert_counted(&[]);

    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&Registry::new())));
    metrics.declare(&[HITS]).unwrap();
    metrics.increment_counter("hits", 1.0, &[("tier", "1"), ("cache", "a")]).unwrap();
    assert_counted(&[]);

    // A guard is one record.
    metrics.increment_counter("hits", 1.0, &[("tier", "1")]).unwrap();
    metrics.set_gauge("level", 1.0, &[("tank", "a")]).unwrap();
    metrics.set_gauge("level", 1.0, &[("tank", "a")]).unwrap();
    drop(metrics.track_active("level", &[]).unwrap());
    metrics.record_histogram("wait_duration", 1.0, &[("queue", "a")]).unwrap();
    drop(metrics.track_duration("wait_duration", &[]).unwrap());
    assert_counted(&[(P::MissingLabel, 3), (P::UndeclaredName, 2)]);

    assert!(metrics.increment_counter("hits", 1.0, &[("shard", "1")]).is_err());
    assert!(metrics.track_active("level", &[("shard", "1")]).is_err());
    assert!(metrics.track_duration("wait_duration", &[("shard", "1")]).is_err());
    assert!(metrics.increment_counter("hits", 1.0, &[("tier", "1"), ("tier", "1")]).is_err());
    assert!(metrics.set_gauge("hits", 1.0, &[]).is_err());
    assert!(metrics.increment_counter("a-b", 1.0, &[]).is_err());
    assert!(metrics.increment_counter("a", 1.0, &[("b-c", "")]).is_err());
    assert!(metrics.record_histogram("wait_duration_seconds", 1.0, &[]).is_err());
    assert!(metrics.declare(&[MetricId::counter("hits", "Hits.", &[])]).is_err());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..1_000).for_each(|_| metrics.increment_counter("hits", 1.0, &[("cache", "a")]).unwrap());
            });
        }
    });
    assert_counted(&[
        (P::MissingLabel, 3 + 8_000),
        (P::UndeclaredName, 2),
        (P::UndeclaredLabel, 3),
        (P::DuplicateLabel, 1),
        (P::TypeConflict, 1),
        (P::IllegalDeclaration, 2),
        (P::Conflict, 2),
    ]);

    let snapshot = default_registry().snapshot();
    let family = snapshot.family(FAMILY).unwrap();
    assert_eq!((family.kind(), family.series().count()), (MetricKind::Counter, NamedProblem::ALL.len()));
    assert!(Registry::new().snapshot().family(FAMILY).is_none());
}
