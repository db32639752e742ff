//! What a labelled counter costs with its handle kept, chosen among known values, and looked up each time, beside no-op
//! families, floors, and the peers.

use criterion::{Criterion, criterion_group, criterion_main};
use tachometer_benches::{
    Handles, compare,
    sides::{counter, family, peers},
};

fn kept(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            counter::floor(handles),
            counter::noop(handles),
            counter::tachometer(handles),
            counter::static_metric(handles),
            peers::prometheus::counter(handles),
        ];
        compare(criterion, &format!("family, handle kept, {handles}"), &sides);
    }
}

fn dense(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            counter::floor(handles),
            family::dense_noop(handles),
            counter::tachometer(handles),
            family::dense(handles),
            family::prometheus(handles),
            family::prometheus_client(handles),
            family::metrics(handles),
        ];
        compare(criterion, &format!("family, known values, {handles}"), &sides);
    }
}

fn looked_up(criterion: &mut Criterion) {
    for handles in Handles::ALL {
        let sides = [
            family::floor(handles),
            family::noop(handles),
            family::tachometer(handles),
            family::prometheus(handles),
            family::prometheus_client(handles),
            family::metrics(handles),
        ];
        compare(criterion, &format!("family, look-up each time, {handles}"), &sides);
    }
}

criterion_group!(name = benches; config = tachometer_benches::criterion(); targets = kept, dense, looked_up);
criterion_main!(benches);
