//! Threads that register the same metrics at the same time get the same cells, in whatever order they come.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use std::{sync::Barrier, thread};

use labels::Status;
use plain::plain;
use tachometer::{Counter, Family, Number, RegisterErrorReason as Reason, Registry, Value};

const THREADS: usize = 64;
const METRICS: usize = 1_000;

/// The metrics in an order of the thread's own: a step that has no factor in common with their number visits each once.
fn order(thread: usize) -> impl Iterator<Item = usize> {
    let steps = [1, 3, 7, 9, 11, 13, 17, 999];
    let step = steps[thread % steps.len()];
    (0..METRICS).map(move |turn| (thread * 15 + turn * step) % METRICS)
}

/// Runs `work` on all threads at once.
fn on_all_threads(work: impl Fn(usize) + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (work, start) = (&work, &start);
            scope.spawn(move || {
                start.wait();
                work(number);
            });
        }
    });
}

/// The values of all counters.
fn values(registry: &Registry) -> Vec<(String, u64)> {
    let snapshot = registry.snapshot();
    let series =
        snapshot.families().flat_map(|family| family.series().map(move |series| (family.name(), series)));
    series
        .map(|(name, series)| match series.value() {
            Value::Number(Number::U64(value)) => (name.to_owned(), value),
            other => panic!("{name}: {other:?}"),
        })
        .collect()
}

#[test]
fn threads_that_register_the_same_metrics_count_in_the_same_cells() {
    let names: Vec<String> = (0..METRICS).map(|number| format!("m{number:03}_total")).collect();
    let mut visited: Vec<usize> = order(7).collect();
    visited.sort_unstable();
    assert!(visited.into_iter().eq(0..METRICS));

    let registry = plain();
    on_all_threads(|thread| {
        order(thread).for_each(|number| registry.counter(&names[number], "").unwrap().inc());
    });
    let expected: Vec<_> = names.iter().map(|name| (name.clone(), THREADS as u64)).collect();
    let seen = values(&registry);
    assert_eq!(seen, expected);
    assert_eq!(seen.iter().map(|(_, value)| value).sum::<u64>(), 64_000);
}

#[test]
fn threads_that_look_up_the_same_series_count_in_the_same_cells() {
    let registry = plain();
    on_all_threads(|thread| {
        let open: Family<usize, Counter> = registry.declare("open_total", "").label("n").register().unwrap();
        let mixed: Family<(usize, Status), Counter> =
            registry.declare("mixed_total", "").labels(["n", "status"]).register().unwrap();
        for number in order(thread) {
            open.with(number).unwrap().inc();
            // A third of the numbers, because each makes three series.
            mixed.with(number / 3).unwrap()[Status::ALL[number % 3]].inc();
        }
    });
    let seen = values(&registry);
    let of = |family: &str| {
        seen.iter().filter(|(name, _)| name == family).map(|(_, value)| *value).collect::<Vec<_>>()
    };
    assert_eq!(of("open_total"), [THREADS as u64; METRICS]);
    let mixed = of("mixed_total");
    // 1,002 combinations, of which 1,000 are recorded in.
    assert_eq!((mixed.len(), mixed.iter().filter(|value| **value == 0).count()), (1_002, 2));
    assert!(mixed.iter().all(|value| [0, THREADS as u64].contains(value)));
}

#[test]
fn of_threads_that_register_different_metrics_under_one_name_one_kind_wins() {
    for _ in 0..20 {
        let registry = plain();
        on_all_threads(|thread| {
            let refused = match thread % 2 {
                0 => registry.counter("metric", "").map(|counter| counter.inc()),
                _ => registry.gauge("metric", "").map(|gauge| gauge.inc()),
            };
            if let Err(error) = refused {
                assert!(matches!(error.reason(), Reason::TypeConflict { .. }), "{error}");
            }
        });
        let snapshot = registry.snapshot();
        let [counter, gauge] =
            [snapshot.counter("metric", &[]).map(|value| value as f64), snapshot.gauge("metric", &[])];
        assert_eq!((counter.or(gauge), counter.is_some() && gauge.is_some()), (Some(32.0), false));
    }
}
