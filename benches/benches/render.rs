//! What an exposition of counters with three labels costs by the number of series and of threads that recorded them,
//! beside a disabled registry's and a copy of the finished text.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tachometer_benches::{counted, recorded_registry};
use tachometer_prometheus::{Exporter, encode};

fn render(criterion: &mut Criterion) {
    for series in [1_000, 100_000] {
        let mut group = criterion.benchmark_group(format!("render, {series} series"));
        group.throughput(Throughput::Elements(series as u64));
        for threads in [1, 2] {
            let id = |name| BenchmarkId::new(name, format!("recorded by {}", counted(threads)));

            let noop = Exporter::new(&recorded_registry(false, series, threads));
            group.bench_function(id("NoOp"), |bencher| bencher.iter(|| noop.render()));

            let registry = recorded_registry(true, series, threads);
            let exporter = Exporter::new(&registry);
            let text = exporter.render();
            group.bench_function(id("floor: copy of the text"), |bencher| {
                bencher.iter(|| black_box(&text).clone());
            });
            group.bench_function(id("tachometer, snapshot and text"), |bencher| {
                bencher.iter(|| exporter.render());
            });
            let snapshot = registry.snapshot();
            group.bench_function(id("tachometer, text of one snapshot"), |bencher| {
                bencher.iter(|| encode(&snapshot));
            });
            // Kept to the end: the next registry must not be given cells that more threads have touched.
            std::mem::forget((registry, exporter));
        }
        group.finish();
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = render);
criterion_main!(benches);
