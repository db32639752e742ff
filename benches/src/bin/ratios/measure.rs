//! Turns: ours, the other, ours, the other ...

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use tachometer_benches::{Reading, Side, Took, run};

use crate::rows::{Row, Runner};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How often the two sides take turns, if they fit in the budget.
    pub(crate) rounds: u32,
    /// How long one turn of one side takes, about: less than the scheduler gives a thread at once, so that there are
    /// undisturbed turns on a busy machine. A reading takes as long as it takes.
    pub(crate) turn: Duration,
    /// How long all turns of a row may take, about.
    pub(crate) budget: Duration,
}

/// Rounds of a row that takes longer than the budget.
const LEAST_ROUNDS: u32 = 15;

/// How often a disturbed turn is taken again before it counts as it is.
const ATTEMPTS: u32 = 20;

/// One side's times for an operation of one thread, in nanoseconds; or what its readings give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) min: f64,
}

/// What a row came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) ours: Times,
    pub(crate) other: Times,
    /// The median of the rounds' figures. Each compares two turns that followed each other, so a disturbance that
    /// lasts longer than a round spoils neither the figure nor its median.
    pub(crate) figure: f64,
    /// The figures of the quarter and of the three-quarter point of the rounds.
    pub(crate) quartiles: (f64, f64),
    /// Turns of both sides.
    pub(crate) turns: u32,
    /// Those of them that count although a thread was switched out.
    pub(crate) disturbed: u32,
}

impl Measured {
    /// Lets the two sides of a row take turns.
    pub(crate) fn take(row: &Row, effort: Effort) -> Self {
        let (ours, other) = (Turn::new(&row.ours, effort.turn), Turn::new(&row.other, effort.turn));
        let fitting = effort.budget.div_duration_f64(ours.length() + other.length()) as u32;
        let rounds = fitting.clamp(LEAST_ROUNDS.min(effort.rounds), effort.rounds);
        let mut disturbed = 0;
        let taken = (0..rounds).map(|_| (ours.take(&mut disturbed), other.take(&mut disturbed))).collect();
        Self { disturbed, ..Self::of(row, taken) }
    }

    fn of(row: &Row, rounds: Vec<(f64, f64)>) -> Self {
        let figures = sorted(rounds.iter().map(|(ours, other)| row.target.figure(*ours, *other)));
        Self {
            ours: Times::of(rounds.iter().map(|(ours, _)| *ours)),
            other: Times::of(rounds.iter().map(|(_, other)| *other)),
            figure: at(&figures, 0.5),
            quartiles: (at(&figures, 0.25), at(&figures, 0.75)),
            turns: 2 * rounds.len() as u32,
            disturbed: 0,
        }
    }
}

impl Times {
    fn of(times: impl Iterator<Item = f64>) -> Self {
        let times = sorted(times);
        Self { median: at(&times, 0.5), min: at(&times, 0.0) }
    }
}

/// The middle one of some figures, at least one.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    at(&sorted(figures), 0.5)
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

/// The figure at a part of the way through a sorted list. There is at least one round.
fn at(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// One side of a row, ready to take turns.
enum Turn<'a> {
    Operations(Operations),
    Reading { reading: &'a Reading, length: Duration },
}

impl<'a> Turn<'a> {
    fn new(runner: &'a Runner, length: Duration) -> Self {
        match runner {
            Runner::Operations { threads, side } => {
                Self::Operations(Operations::new(*threads, side(), length))
            }
            Runner::Reading(reading) => {
                // The first one also sets up what is read.
                let _ = reading.take();
                let begun = Instant::now();
                let _ = reading.take();
                Self::Reading { reading, length: begun.elapsed() }
            }
        }
    }

    /// How long a turn takes, about.
    fn length(&self) -> Duration {
        match self {
            Self::Operations(operations) => operations.length,
            Self::Reading { length, .. } => *length,
        }
    }

    /// Nanoseconds for an operation, or the reading.
    fn take(&self, disturbed: &mut u32) -> f64 {
        match self {
            Self::Operations(operations) => operations.take(disturbed),
            Self::Reading { reading, .. } => reading.take(),
        }
    }
}

/// A side with the number of rounds that fill a turn.
pub(crate) struct Operations {
    threads: usize,
    side: Side,
    length: Duration,
    rounds: Cell<u64>,
}

impl Operations {
    pub(crate) fn new(threads: usize, side: Side, length: Duration) -> Self {
        let turn = Self { threads, side, length, rounds: Cell::new(1_000) };
        loop {
            let took = turn.undisturbed().slowest;
            let rounds = turn.rounds.get();
            // Long enough for the clock's resolution not to count.
            if took * 4 >= length {
                turn.rounds.set((rounds as f64 * length.div_duration_f64(took)).ceil() as u64);
                return turn;
            }
            turn.rounds.set(rounds * 2);
        }
    }

    /// Nanoseconds for an operation. Counts the turn if it was disturbed.
    pub(crate) fn take(&self, disturbed: &mut u32) -> f64 {
        let took = self.undisturbed();
        *disturbed += u32::from(took.disturbed);
        took.slowest.as_nanos() as f64 / self.rounds.get() as f64
    }

    /// A turn in which no thread was switched out, or else the last attempt.
    fn undisturbed(&self) -> Took {
        let attempt = || run(self.threads, self.rounds.get(), &self.side);
        for _ in 1..ATTEMPTS {
            let took = attempt();
            if !took.disturbed {
                return took;
            }
            // Threads that did not meet when the turn was measured out, and do now, take many times as long as it
            // should, which no scheduler lets them do undisturbed.
            if took.slowest > self.length * 3 {
                self.rounds.set((self.rounds.get() / 2).max(1_000));
            }
        }
        attempt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rows::{self, Size},
        target::Target,
    };

    #[test]
    fn figures_are_paired_before_the_median_is_taken() {
        let row = Row { target: Target::Faster(2.0), ..rows::all(Size::Small).remove(0) };
        // The last round met a disturbance that made both sides ten times as slow.
        let measured = Measured::of(&row, vec![(1.0, 2.0), (2.0, 6.0), (10.0, 20.0)]);
        assert_eq!(measured.ours, Times { median: 2.0, min: 1.0 });
        assert_eq!(measured.other, Times { median: 6.0, min: 2.0 });
        assert_eq!(measured.figure, 2.0);
        assert_eq!(measured.quartiles, (2.0, 3.0));
        assert_eq!(measured.turns, 6);
    }
}
