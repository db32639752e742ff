//! What a timer guard costs, beside a no-op handle, the clocks alone, and prometheus with the standard clock.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{Handles, compare, sides::timer};

fn start_and_record(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            timer::floor_quanta(handles),
            timer::floor_std(handles),
            timer::noop(handles),
            timer::tachometer(handles),
            timer::prometheus(handles),
        ];
        compare(criterion, &format!("timer start and record, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = start_and_record);
criterion_main!(benches);
