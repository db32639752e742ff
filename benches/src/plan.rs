//! How criterion is asked: short, so that all benches together take a few minutes.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};

use crate::rig::{Side, run};

/// Criterion with one second a measurement.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .nresamples(5_000)
        .configure_from_args()
}

/// Measures sides beside each other, on one thread and on two.
pub fn compare(criterion: &mut Criterion, question: &str, sides: &[Side]) {
    let mut group = criterion.benchmark_group(question);
    for threads in [1, 2] {
        for side in sides {
            let id = BenchmarkId::new(side.name(), counted(threads));
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|rounds| run(threads, rounds, side).slowest)
            });
        }
    }
    group.finish();
}

/// "1 thread", "2 threads".
#[must_use]
pub fn counted(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}
