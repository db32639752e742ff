//! What `Counter::inc` costs, beside a no-op handle, a bare cell and prometheus.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::{counter, empty},
};

fn inc(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            empty(handles),
            counter::floor(handles),
            counter::noop(handles),
            counter::tachometer(handles),
            counter::prometheus(handles),
        ];
        compare(criterion, &format!("counter inc, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = inc);
criterion_main!(benches);
