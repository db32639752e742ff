//! Ten instructions of a program, with and without a counter among them.

use std::sync::atomic::AtomicU64;

use crossbeam_utils::CachePadded;
use tachometer::{Counter, Registry};

use super::{add_to, streams};
use crate::{Handles, Side};

/// The ten alone.
#[must_use]
pub fn alone(handles: Handles) -> Side {
    side("ten instructions", handles, |_| [0_u64; 2], |_| ())
}

/// The same with [`Counter::inc`] after them.
#[must_use]
pub fn counting(handles: Handles) -> Side {
    let family = Registry::new().counter_family("records_total", "", ["stream_name"]).expect("new");
    let counters = streams().map(|stream| family.with([("stream_name", &*stream)]).expect("cells"));
    side("ten instructions and a counter", handles, move |i| counters[i].clone(), Counter::inc)
}

/// The same with a cell of the thread's own after them.
#[must_use]
pub fn floor(handles: Handles) -> Side {
    let cell = |_| Box::new(CachePadded::new(AtomicU64::new(0)));
    side("floor: ten instructions and a cell", handles, cell, |cell| add_to(cell, 1))
}

/// What counts lies beside the number.
fn side<H: 'static>(
    name: &'static str,
    handles: Handles,
    handle: impl Fn(usize) -> H + Send + Sync + 'static,
    count: impl Fn(&H) + Copy + Send + Sync + 'static,
) -> Side {
    let handle = move |i| (handle(i), i as u64 + 1);
    Side::new(name, handles, handle, move |(counter, number), round| {
        *number = ten_instructions(*number, round as u64);
        count(counter);
    })
}

/// Four shifts, four exclusive ors, an addition and a subtraction, most of which need the one before them. None can be
/// left out: the next round continues with the result, which lies where `black_box` may look.
#[inline(always)]
fn ten_instructions(mut number: u64, round: u64) -> u64 {
    number ^= number << 13;
    number ^= number >> 7;
    number ^= number << 17;
    number = number.wrapping_add(round);
    number = number.rotate_left(5);
    number ^= 0x5bd1;
    number.wrapping_sub(round)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_depends_on_every_round() {
        let run = |rounds| (0..rounds).fold(1, ten_instructions);
        let mut numbers: Vec<u64> = (0..1_000).map(run).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1_000);
    }
}
