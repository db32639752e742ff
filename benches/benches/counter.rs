//! What `Counter::inc` costs, beside a no-op handle, a local handle, a bare cell, an atomic addition and the peers.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::{counter, empty, peers},
};

fn inc(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            empty(handles),
            counter::floor(handles),
            counter::noop(handles),
            counter::tachometer(handles),
            counter::local(handles),
            counter::atomic_addition(handles),
            peers::prometheus::counter(handles),
            peers::prometheus::local_counter(handles),
            peers::prometheus_client::counter(handles),
            peers::measured::counter(handles),
            peers::metrics::counter(handles),
            peers::opentelemetry::counter(handles),
            peers::opentelemetry::bound_counter(handles),
        ];
        compare(criterion, &format!("counter inc, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = inc);
criterion_main!(benches);
