//! What a counter with three labels costs by its name, beside its kept handle, a disabled registry, and the peers.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{Handles, compare, sides::named};

fn by_name(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            named::noop(handles),
            named::kept(handles),
            named::tachometer(handles),
            named::any_order(handles),
            named::prometheus(handles),
            named::metrics(handles),
        ];
        compare(criterion, &format!("by name, 3 labels, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = by_name);
criterion_main!(benches);
