//! Five metrics of one operation.

use tachometer_benches::{
    Handles, Side,
    sides::{
        self,
        operation::{self, Time},
    },
};

use super::{LIMIT, Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (time, faster) in [(Time::Clock, 1.2), (Time::Callers, 1.0)] {
        rows.extend(one_by_one(time));
        for handles in Handles::ALL {
            let ours = move || operation::tachometer(handles, time);
            let other = move || operation::by_hand(handles, time);
            let name = format!("operation minus its five records by hand, {time}, {handles}");
            rows.push(row(&name, 1, ours, other, Target::Over(6.0), BY_HAND));
        }
        for (threads, at_least) in [(1, faster), (2, 10.0)] {
            let ours = move || operation::tachometer(Handles::One, time);
            let other = move || operation::prometheus(Handles::One, time);
            let name = format!("operation, its five records in prometheus by hand, {time}");
            rows.push(row(&name, threads, ours, other, Target::Faster(at_least), ""));
        }
    }
    let noop = || operation::noop(Handles::One, Time::Clock);
    let name = "operation of a disabled registry minus empty loop";
    rows.push(row(name, 1, noop, || sides::empty(Handles::One), Target::Over(10.0), ""));
    rows
}

const BY_HAND: &str = "the guard also records when the work panics or is cancelled; by hand nothing is then";

/// The engine's own ways, and what the machine allows.
fn one_by_one(time: Time) -> Vec<Row> {
    let row = |name: &str, ours: fn(Handles, Time) -> Side, other: fn(Handles, Time) -> Side, note| {
        let (ours, other) = (move || ours(Handles::One, time), move || other(Handles::One, time));
        row(&format!("{name}, {time}"), 1, ours, other, Target::Faster(1.5), note)
    };
    let guards = "guards for the three metrics that have one; each records whatever ends the work";
    vec![
        row("operation, its five records by hand", operation::tachometer, operation::by_hand, BY_HAND),
        row("bare cells, the five records by hand", operation::floor, operation::by_hand, LIMIT),
        row("operation, its five records by guards", operation::tachometer, operation::by_guards, guards),
        row("bare cells, the five records by guards", operation::floor, operation::by_guards, LIMIT),
    ]
}
