//! What a counter of three labels costs through a collector: one that does nothing, one over a registry whose series
//! the thread remembers or looks up, the default one, a bound one; beside a kept handle and the `metrics` crate.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{Handles, compare, sides::collector};

fn increment(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            collector::noop(handles),
            collector::kept(handles),
            collector::tachometer(handles),
            collector::default(handles),
            collector::bound(handles),
            collector::looked_up(handles),
            collector::metrics_static(handles),
            collector::metrics(handles),
        ];
        compare(criterion, &format!("collector increment, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = increment);
criterion_main!(benches);
