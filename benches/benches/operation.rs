//! What an operation's guard costs, beside the same records made one by one, bare cells, and prometheus.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::operation::{self, Time},
};

fn start_and_end(criterion: &mut Criterion) {
    for time in Time::ALL {
        for handles in Handles::ALL {
            let sides = [
                operation::floor(handles, time),
                operation::noop(handles, time),
                operation::tachometer(handles, time),
                operation::by_hand(handles, time),
                operation::by_guards(handles, time),
                operation::prometheus(handles, time),
            ];
            compare(criterion, &format!("operation start and end, {time}, {handles}"), &sides);
        }
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = start_and_end);
criterion_main!(benches);
