//! A counter that the program knows by name.

use tachometer_benches::{Handles, sides::named};

use super::{Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let ours = || named::tachometer(Handles::One);
    let mut rows = Vec::new();
    for threads in [1, 2] {
        let note = "what a program pays for not keeping the handle";
        let kept = || named::kept(Handles::One);
        let target = Target::Over(80.0);
        rows.push(row("by name with 3 labels minus kept handle", threads, ours, kept, target, note));
    }
    let name = "by name with 3 labels, metrics counter! with 3 labels";
    let note = "the peer makes a key of name and labels, and looks it up in a locked map";
    for threads in [1, 2] {
        let peer = || named::metrics(Handles::One);
        rows.push(row(name, threads, ours, peer, Target::Faster(2.0), note));
    }
    let name = "by name with 3 labels, prometheus with_label_values";
    let note =
        "the peer keeps its family and takes values only, so it need not find the name nor match labels";
    for (threads, at_least) in [(1, 0.25), (2, 1.0)] {
        let peer = || named::prometheus(Handles::One);
        rows.push(row(name, threads, ours, peer, Target::Faster(at_least), note));
    }
    rows
}
