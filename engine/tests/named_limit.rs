//! The limit on names. A program of its own, with one test: the limit is the process's.
#![forbid(unsafe_code)]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tachometer::{
    NamedProblem, RegisterErrorReason as Reason,
    collector::{MetricId, MetricsCollector},
    named::{MAX_NAMES, NamedMetrics},
    named_problems,
};

/// Counts what it is told.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl MetricsCollector for Counting {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}
}

#[test]
fn a_process_that_makes_names_of_data_comes_to_an_end_of_them() {
    let counting = Arc::new(Counting::default());
    let metrics = NamedMetrics::new(Arc::clone(&counting) as _);
    let name = |number: usize| format!("user_{number}");
    for number in 0..MAX_NAMES {
        metrics.increment_counter(&name(number), 1.0, &[]).unwrap();
    }
    for number in MAX_NAMES..MAX_NAMES + 3 {
        let error = metrics.increment_counter(&name(number), 1.0, &[]).unwrap_err();
        assert_eq!((error.metric(), error.reason()), (&*name(number), &Reason::TooManyNames(MAX_NAMES)));
    }
    assert_eq!(counting.0.load(Ordering::Relaxed), MAX_NAMES as u64);
    assert_eq!(named_problems(NamedProblem::UndeclaredName), MAX_NAMES as u64);
    assert_eq!(named_problems(NamedProblem::TooManyNames), 3);

    // The names that there are go on, and are no others when they are declared alike once more.
    metrics.increment_counter(&name(0), 1.0, &[]).unwrap();
    let alike = NamedMetrics::new(Arc::clone(&counting) as _);
    for number in 0..MAX_NAMES {
        alike.increment_counter(&name(number), 1.0, &[]).unwrap();
    }
    assert!(alike.set_gauge("one_more", 1.0, &[]).is_err());
    assert_eq!(counting.0.load(Ordering::Relaxed), 2 * MAX_NAMES as u64 + 1);
}
