//! Choosing a series by its label's value.

use tachometer_benches::{
    Handles, Side,
    sides::{counter, family},
};

use super::{LIMIT, Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = minus_kept();
    rows.extend(labelled_event());
    rows.extend(looked_up());
    rows
}

/// What choosing takes beside a handle that was kept.
fn minus_kept() -> Vec<Row> {
    let mut rows = Vec::new();
    for handles in Handles::ALL {
        let (dense, kept) = (move || family::dense(handles), move || counter::tachometer(handles));
        let name = format!("dense family access minus kept handle, {handles}");
        rows.push(row(&name, 1, dense, kept, Target::Over(0.5), ""));
        let fixed = move || counter::static_metric(handles);
        let name = format!("static metric minus kept handle, {handles}");
        rows.push(row(&name, 1, fixed, kept, Target::Over(1.0), ""));
    }
    rows
}

/// Known values, against the peers' look-ups.
fn labelled_event() -> Vec<Row> {
    let note = "the peer hashes the label's value and takes a read lock each time";
    let (dense, peer) = (|| family::dense(Handles::One), || family::prometheus(Handles::One));
    let floor = || family::dense_floor(Handles::One);
    let mut rows = Vec::new();
    for (threads, at_least) in [(1, 20.0), (2, 200.0)] {
        let target = Target::Faster(at_least);
        let name = "labelled event, dense family, prometheus with_label_values";
        rows.push(row(name, threads, dense, peer, target, note));
        let name = "own cell by index, prometheus with_label_values";
        rows.push(row(name, threads, floor, peer, target, LIMIT));
    }
    let others = [
        ("prometheus-client get_or_create", family::prometheus_client as fn(Handles) -> Side),
        ("metrics counter!", family::metrics),
    ];
    for (peer, side) in others {
        let name = format!("labelled event, dense family, {peer}");
        rows.push(row(&name, 1, dense, move || side(Handles::One), Target::Faster(15.0), note));
    }
    rows
}

/// Values known at run time only, on both sides.
fn looked_up() -> Vec<Row> {
    let (ours, other) = (|| family::tachometer(Handles::One), || family::prometheus(Handles::One));
    let name = "string family looked up, prometheus with_label_values";
    let note = "both hash the label's value and take a lock; keep the handle instead";
    vec![row(name, 1, ours, other, Target::Faster(1.0), note)]
}
