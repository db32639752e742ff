//! What `Histogram::observe` costs with 11 and 64 bounds, beside a no-op handle, unprotected cells, hdrhistogram and
//! prometheus.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{Handles, compare, sides::histogram};

fn observe(criterion: &mut Criterion) {
    for bounds in [11, 64] {
        for handles in Handles::ALL {
            let mut sides = vec![
                histogram::floor(handles, bounds),
                histogram::noop(handles, bounds),
                histogram::tachometer(handles, bounds),
                histogram::prometheus(handles, bounds),
            ];
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
