//! What a counter takes by itself. What it takes beside the peers is in [`counter_peers`](super::counter_peers).

use tachometer_benches::{
    Handles,
    sides::{self, busy, counter},
};

use super::{LIMIT, Row, operations, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = costs();
    rows.extend(local());
    rows.extend(among_other_work());
    rows.extend(scaling());
    rows
}

/// What the engine takes beside no engine.
fn costs() -> Vec<Row> {
    let mut rows = Vec::new();
    for threads in [1, 2] {
        for handles in Handles::ALL {
            let (ours, noop) = (move || counter::tachometer(handles), move || counter::noop(handles));
            let name = format!("counter inc minus NoOp, {handles}");
            rows.push(row(&name, threads, ours, noop, Target::Over(1.0), ""));
        }
    }
    for handles in Handles::ALL {
        let (noop, empty) = (move || counter::noop(handles), move || sides::empty(handles));
        let name = format!("NoOp minus empty loop, {handles}");
        rows.push(row(&name, 1, noop, empty, Target::Over(0.2), ""));
        let looking = move || sides::looking(handles);
        let name = format!("a look at the handle minus empty loop, {handles}");
        rows.push(row(&name, 1, looking, empty, Target::Over(0.2), LOOK));
    }
    rows
}

const LOOK: &str = "no row of the engine but this machine's limit: one load and one branch, by which a handle tells \
    whether it is a no-op";

/// Handles that have found the thread's cell beforehand.
fn local() -> impl Iterator<Item = Row> {
    Handles::ALL.into_iter().map(|handles| {
        let (ours, floor) = (move || counter::local(handles), move || counter::floor(handles));
        let name = format!("local counter inc minus bare cell, {handles}");
        row(&name, 1, ours, floor, Target::Over(0.2), "")
    })
}

/// A program does other things than count.
fn among_other_work() -> Vec<Row> {
    let mut rows = Vec::new();
    let target = Target::Over(0.3);
    for handles in Handles::ALL {
        let alone = move || busy::alone(handles);
        let name = format!("counter inc among ten other instructions minus the ten, {handles}");
        rows.push(row(&name, 1, move || busy::counting(handles), alone, target, ""));
        let name = format!("bare cell among ten other instructions minus the ten, {handles}");
        rows.push(row(&name, 1, move || busy::floor(handles), alone, target, LIMIT));
    }
    rows
}

fn scaling() -> Vec<Row> {
    let row = |handles| {
        let runner = |threads| operations(threads, move || counter::tachometer(handles));
        Row {
            name: format!("counter inc, {handles}: 2 threads by 1 thread"),
            ours: runner(2),
            other: runner(1),
            target: Target::Within(1.10),
            note: "",
        }
    };
    Handles::ALL.map(row).into()
}
