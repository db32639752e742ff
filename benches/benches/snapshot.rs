//! What a snapshot costs by the number of series and of threads that recorded them, beside a disabled registry's and
//! adding the same numbers up.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tachometer_benches::{counted, readings::collect::sum, recorded_registry};

fn take(criterion: &mut Criterion) {
    for series in [1_000, 100_000] {
        let mut group = criterion.benchmark_group(format!("snapshot, {series} series"));
        group.throughput(Throughput::Elements(series as u64));
        for threads in [1, 2] {
            let id = |name| BenchmarkId::new(name, format!("recorded by {}", counted(threads)));

            let shards = vec![vec![7919_u64; series]; threads];
            group.bench_function(id("floor: sum of vectors"), |bencher| {
                bencher.iter(|| sum(black_box(&shards), series));
            });
            for (name, enabled) in [("NoOp", false), ("tachometer", true)] {
                let registry = recorded_registry(enabled, series, threads);
                group.bench_function(id(name), |bencher| bencher.iter(|| registry.snapshot()));
                // Kept to the end: the next registry must not be given cells that more threads have touched.
                std::mem::forget(registry);
            }
        }
        group.finish();
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = take);
criterion_main!(benches);
