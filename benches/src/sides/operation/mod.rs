//! What is recorded of an operation: its latency, records and bytes, that it is under way, and how it ended.

mod engine;
mod floor;
mod peer;

use std::{
    fmt::{self, Display},
    time::Duration,
};

pub use engine::{by_guards, by_hand, noop, tachometer};
pub use floor::floor;
pub use peer::prometheus;

use crate::{VALUES, values};

const BOUNDS: usize = 11;
const RECORDS: u64 = 500;
const BYTES: u64 = 64_000;

/// Where the duration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// From two readings of the clock.
    Clock,
    /// The caller has it already, so that clocks do not hide the rest.
    Callers,
}

impl Time {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clock, Self::Callers];
}

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clock => "two readings of the clock",
            Self::Callers => "the caller's duration",
        })
    }
}

/// Fewer than there are values: a duration takes twice the room of one, and the nearest cache is to hold them all.
const DURATIONS: usize = VALUES / 8;

fn durations() -> &'static [Duration; DURATIONS] {
    let durations = std::array::from_fn(|i| Duration::from_secs_f64(values()[i]));
    Box::leak(Box::new(durations))
}
