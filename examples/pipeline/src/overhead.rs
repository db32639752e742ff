//! What the metrics cost: the same work with them and without, in turns.
//!
//! Two pipelines with streams of their own, one recording into a registry and one into a disabled one, stand idle
//! beside the main pipeline. While that one is paused, each is given the same records and timed until it has consumed
//! them. No write limit slows them down, so the time is that of the work. The four slices of a pair follow each other
//! at once, with, without, without, with, and the median of the pairs' ratios is the result. Processor time is taken
//! beside the time that passes: it says what the work costs, where the other also says who else was using the
//! machine. The report leads with it, and says how far the pairs lie apart.

use std::time::Duration;

use anyhow::Result;

use crate::{
    contender::{Contender, Effort},
    input::Sample,
    pipeline::Settings,
    spread::{Spread, median},
};

/// The share of the run's time that goes into measuring.
const SHARE: f64 = 0.25;

/// Pairs measured in one pause, each of two slices with metrics and two without: many short ones scatter the noise
/// better than a few long ones.
const PAIRS_A_PAUSE: u32 = 2;
const SLICES_A_PAIR: u32 = 4;

/// The longest slice, so that the main pipeline of a long run is never paused for long.
const LONGEST_SLICE: Duration = Duration::from_millis(100);

/// How the slices lie in the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) pauses: u32,
    pub(crate) slice: Duration,
}

impl Schedule {
    /// As many pauses as there are times 2.5 seconds, but at least 2 and at most 12.
    pub(crate) fn of(run: Duration) -> Self {
        let pauses = ((run.as_secs_f64() / 2.5) as u32).clamp(2, 12);
        // One pause's time goes into finding out how much work fills a slice.
        let slices = SLICES_A_PAIR * PAIRS_A_PAUSE * (pauses + 1);
        Self { pauses, slice: run.mul_f64(SHARE / f64::from(slices)).min(LONGEST_SLICE) }
    }

    /// How long the main pipeline works before the next pause, with `left` pauses to go and `rest` of the run.
    pub(crate) fn gap(&self, left: u32, rest: Duration) -> Duration {
        rest.saturating_sub(self.slice * SLICES_A_PAIR * PAIRS_A_PAUSE * left) / (left + 1)
    }
}

/// The two pipelines and what was measured so far.
#[derive(Debug)]
pub(crate) struct Overhead {
    with: Contender,
    without: Contender,
    chunks: usize,
    /// With metrics and without.
    pairs: Vec<(Effort, Effort)>,
}

impl Overhead {
    /// Starts both pipelines, warms them up, and finds out how much work takes about `slice`.
    pub(crate) fn start(settings: &Settings, sample: impl Fn() -> Sample, slice: Duration) -> Result<Self> {
        let with = Contender::of(settings, true, sample())?;
        let without = Contender::of(settings, false, sample())?;
        let mut overhead = Self { with, without, chunks: 1, pairs: Vec::new() };
        loop {
            overhead.with.work(overhead.chunks)?;
            // The quicker of two, lest one hiccup make all slices short.
            let first = overhead.without.work(overhead.chunks)?.time;
            let time = overhead.without.work(overhead.chunks)?.time.min(first);
            if time >= slice / 4 {
                let wanted = overhead.chunks as f64 * slice.as_secs_f64() / time.as_secs_f64();
                overhead.chunks = (wanted as usize).max(1);
                return Ok(overhead);
            }
            overhead.chunks *= 2;
        }
    }

    /// Measures the pairs of one pause.
    pub(crate) fn measure(&mut self) -> Result<()> {
        let work = |contender: &Contender| contender.work(self.chunks);
        for _ in 0..PAIRS_A_PAUSE {
            // In this order a machine that becomes slower, or faster, does so for both.
            let first = work(&self.with)?;
            let without = work(&self.without)?.and(work(&self.without)?);
            self.pairs.push((first.and(work(&self.with)?), without));
        }
        Ok(())
    }

    /// Ends both pipelines; they too must have read back what they sent.
    pub(crate) fn finish(self) -> Result<Option<Cost>> {
        self.with.finish()?;
        self.without.finish()?;
        Ok(Cost::of(&self.pairs))
    }
}

/// The measured cost of metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) pairs: usize,
    /// Records on each side of a pair.
    pub(crate) records: u64,
    /// Of the time that passes; depends on whatever else the machine does.
    pub(crate) time: Spread,
    /// Of the processor time, where the system tells it.
    pub(crate) processor: Option<Spread>,
    /// Processor time of the metrics for each record, in nanoseconds; the median of the pairs.
    pub(crate) a_record_ns: Option<f64>,
}

impl Cost {
    fn of(pairs: &[(Effort, Effort)]) -> Option<Self> {
        let records = pairs.first()?.0.records;
        let ratio = |with: Duration, without: Duration| with.as_secs_f64() / without.as_secs_f64();
        let processor =
            pairs.iter().filter_map(|(with, without)| Some(ratio(with.processor?, without.processor?)));
        let time = pairs.iter().map(|(with, without)| ratio(with.time, without.time));
        let a_record = pairs.iter().filter_map(|(with, without)| {
            Some((with.processor?.as_secs_f64() - without.processor?.as_secs_f64()) / records as f64 * 1e9)
        });
        Some(Self {
            pairs: pairs.len(),
            records,
            time: Spread::of(time)?,
            processor: Spread::of(processor),
            a_record_ns: median(a_record),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_and_gaps_fill_the_run() {
        let run = Duration::from_secs(30);
        let schedule = Schedule::of(run);
        assert_eq!(schedule.pauses, 12);
        let pause = schedule.slice * SLICES_A_PAIR * PAIRS_A_PAUSE;
        let mut rest = run - pause;
        for left in (1..=schedule.pauses).rev() {
            rest -= schedule.gap(left, rest) + pause;
        }
        let last = schedule.gap(0, rest);
        assert_eq!(last, rest);
        assert!((1.0..2.5).contains(&last.as_secs_f64()), "{last:?}");
    }

    #[test]
    fn a_day_has_no_long_pauses() {
        assert_eq!(Schedule::of(Duration::from_secs(86_400)).slice, LONGEST_SLICE);
    }
}
