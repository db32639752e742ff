//! What `Gauge::set` and `Gauge::add` cost, beside a no-op handle, a bare shared cell and prometheus.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::gauge::{self, Operation},
};

fn set_and_add(criterion: &mut Criterion) {
    for operation in [Operation::Set, Operation::Add] {
        for handles in Handles::ALL {
            let sides = [
                gauge::floor(handles, operation),
                gauge::noop(handles, operation),
                gauge::tachometer(handles, operation),
                gauge::prometheus(handles, operation),
            ];
            compare(criterion, &format!("gauge {operation}, {handles}"), &sides);
        }
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = set_and_add);
criterion_main!(benches);
