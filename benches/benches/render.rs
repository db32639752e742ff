//! What an exposition of counters with three labels costs by the number of series and of those that have changed since
//! the last one, beside a disabled registry's, a copy of the finished text, and a text that is made anew.

use std::hint::black_box;

use criterion::{BatchSize, Bencher, Criterion, Throughput, criterion_group, criterion_main};
use tachometer::{Counter, FamilyView, Registry};
use tachometer_benches::{SERIES_LABELS, recorded_registry};
use tachometer_prometheus::{Exporter, encode};

fn render(criterion: &mut Criterion) {
    for series in [1_000, 100_000] {
        let mut group = criterion.benchmark_group(format!("render, {series} series"));
        group.throughput(Throughput::Elements(series as u64));

        let noop = Exporter::new(&recorded_registry(false, series, 1));
        group.bench_function("NoOp", |bencher| bencher.iter(|| noop.render_body()));

        let registry = recorded_registry(true, series, 1);
        let counters = counters(&registry);
        let exporter = Exporter::new(&registry);
        let text = exporter.render();
        group.bench_function("floor: copy of the text", |bencher| bencher.iter(|| black_box(&text).clone()));
        group.bench_function("floor: snapshot", |bencher| bencher.iter(|| registry.snapshot()));

        for (name, step) in [("all", 1), ("5 % of all", 20), ("no", series + 1)] {
            let changes = || counters.iter().skip(step - 1).step_by(step).for_each(Counter::inc);
            group.bench_function(format!("{name} values changed"), |bencher| {
                after(bencher, changes, || exporter.render_body());
            });
            group.bench_function(format!("{name} values changed, copied for the caller"), |bencher| {
                after(bencher, changes, || exporter.render());
            });
            group.bench_function(format!("floor: which of {name} values changed"), |bencher| {
                let before = registry.snapshot();
                changes();
                let now = registry.snapshot();
                bencher.iter(|| now.changed_since(black_box(&before)));
            });
        }
        let snapshot = registry.snapshot();
        group.bench_function("made anew", |bencher| bencher.iter(|| encode(&snapshot)));
        group.finish();
        // Kept to the end: the next registry must not be given cells that have been touched before.
        std::mem::forget((registry, exporter));
    }
}

/// The handles of all series.
fn counters(registry: &Registry) -> Vec<Counter> {
    let snapshot = registry.snapshot();
    let handles = |family: FamilyView<'_>| {
        let help = family.help().unwrap_or_default();
        let counters =
            registry.counter_family(family.name(), help, SERIES_LABELS).expect("registered already");
        family.series().map(|series| counters.with(series.labels()).expect("exists")).collect::<Vec<_>>()
    };
    snapshot.families().flat_map(handles).collect()
}

/// Measures `work` alone, each time after a `change`.
fn after<R>(bencher: &mut Bencher<'_>, change: impl Fn(), work: impl Fn() -> R) {
    bencher.iter_batched(&change, |()| work(), BatchSize::PerIteration);
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = render);
criterion_main!(benches);
