//! Timing something that takes no time.

use tachometer_benches::{Handles, sides::timer};

use super::{Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let other = || timer::prometheus(Handles::One);
    let target = Target::Faster(1.8);
    let note =
        "two readings of the clock are most of it on both sides: quanta's here, the standard library's there";
    let limit = "no row of the engine but this machine's limit: two readings of quanta's clock and nothing else, \
        against the same";
    vec![
        row(
            "timer start and record, Instant twice and prometheus observe",
            1,
            || timer::tachometer(Handles::One),
            other,
            target,
            note,
        ),
        row(
            "quanta's clock twice, Instant twice and prometheus observe",
            1,
            || timer::floor_quanta(Handles::One),
            other,
            target,
            limit,
        ),
    ]
}
