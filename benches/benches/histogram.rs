//! What `Histogram::observe` costs with 11 and 64 bounds, beside a no-op handle, unprotected cells, hdrhistogram and
//! the peers.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::{histogram, peers},
};

fn observe(criterion: &mut Criterion) {
    for bounds in [11, 64] {
        for handles in Handles::ALL {
            let mut sides = vec![
                histogram::floor(handles, bounds),
                histogram::noop(handles, bounds),
                histogram::tachometer(handles, bounds),
                peers::prometheus::histogram(handles, bounds),
                peers::prometheus::local_histogram(handles, bounds),
                peers::prometheus_client::histogram(handles, bounds),
                peers::metrics::histogram(handles, bounds),
                peers::opentelemetry::histogram(handles, bounds),
            ];
            if bounds == 11 {
                sides.push(peers::measured::histogram(handles));
            }
            // It has buckets of its own, whatever the bounds; 64 of them would measure the cache.
            if handles == Handles::One && bounds == 11 {
                sides.push(histogram::hdrhistogram());
            }
            compare(criterion, &format!("histogram observe, {bounds} bounds, {handles}"), &sides);
        }
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = observe);
criterion_main!(benches);
