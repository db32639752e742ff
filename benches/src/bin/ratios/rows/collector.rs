//! A counter through a collector that a library was given.

use tachometer_benches::{Handles, sides::collector};

use super::{Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let ours = || collector::tachometer(Handles::One);
    let mut rows = Vec::new();
    for handles in Handles::ALL {
        let name = format!("collector increment, 3 labels, minus NoOp, {handles}");
        rows.push(row(
            &name,
            1,
            move || collector::tachometer(handles),
            move || collector::noop(handles),
            Target::Over(40.0),
            "three values are hashed and compared; a kept handle has none",
        ));
    }
    for threads in [1, 2] {
        rows.push(row(
            "collector increment, 3 labels, metrics counter! with static values",
            threads,
            ours,
            || collector::metrics_static(Handles::One),
            Target::Faster(3.0),
            "the macro's values are not copied, and as a library can seldom have them",
        ));
        rows.push(row(
            "collector increment, 3 labels, metrics counter! with a value of run time",
            threads,
            ours,
            || collector::metrics(Handles::One),
            Target::Faster(4.0),
            "the macro wants a text of its own, which is copied for it",
        ));
    }
    let note = "where idle series are to go, nothing is remembered";
    let looked_up = || collector::looked_up(Handles::One);
    rows.push(row("collector increment, 3 labels, looked up", 1, ours, looked_up, Target::Faster(3.0), note));
    let default = || collector::default(Handles::One);
    rows.push(row("default collector minus held collector", 1, default, ours, Target::Over(20.0), ""));
    let bound = || collector::bound(Handles::One);
    rows.push(row("bound collector minus its own", 1, bound, ours, Target::Over(30.0), ""));
    rows
}
