//! Times things that follow each other at once, such as the records of one read.
//!
//! A record is processed in some 30 ns, so what a timer does for each would show in the result. Two things keep it low:
//!
//! - The end of one record is the beginning of the next: one reading of the clock each instead of a timer's two.
//! - A lap is put into the histogram one lap later. What is done with a reading at once waits for that reading, and the
//!   next reading may wait for what is done; a lap whose two readings are long there is recorded while the processor
//!   waits for the next. For the same reason the readings are kept raw until then.

use quanta::Clock;
use tachometer::Histogram;

/// Records one observation for each lap; the last one when dropped.
#[derive(Debug)]
pub(crate) struct Laps<'h> {
    histogram: &'h Histogram,
    /// `None` when nothing is recorded; the clock is then not read either.
    clock: Option<&'h Clock>,
    /// The lap that is over and not yet recorded, from reading to reading.
    held: Option<(u64, u64)>,
    /// The reading at which the lap under way began.
    last: u64,
}

impl<'h> Laps<'h> {
    /// Begins the first lap.
    pub(crate) fn start(histogram: &'h Histogram, clock: Option<&'h Clock>) -> Self {
        Self { histogram, clock, held: None, last: clock.map_or(0, Clock::raw) }
    }

    /// Ends a lap and begins the next.
    #[inline]
    pub(crate) fn record(&mut self) {
        let Some(clock) = self.clock else { return };
        let now = clock.raw();
        self.record_held(clock);
        self.held = Some((self.last, now));
        self.last = now;
    }

    #[inline]
    fn record_held(&mut self, clock: &Clock) {
        if let Some((start, end)) = self.held.take() {
            self.histogram.observe_duration(clock.delta(start, end));
        }
    }
}

impl Drop for Laps<'_> {
    fn drop(&mut self) {
        if let Some(clock) = self.clock {
            self.record_held(clock);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use tachometer::Registry;

    use super::*;

    #[test]
    fn every_lap_is_one_observation_of_its_own_time() {
        let histogram = Registry::new().histogram("time_seconds", "Time.").unwrap();
        let clock = Clock::new();
        let begun = clock.raw();
        let mut laps = Laps::start(&histogram, Some(&clock));
        for slow in [false, true, false] {
            if slow {
                thread::sleep(Duration::from_millis(10));
            }
            laps.record();
        }
        assert_eq!(histogram.value().count, 2, "the last lap is held back");
        drop(laps);
        let (value, all) = (histogram.value(), clock.delta(begun, clock.raw()));
        assert_eq!(value.count, 3);
        assert!((0.01..=all.as_secs_f64()).contains(&value.sum), "{value:?} within {all:?}");
    }

    #[test]
    fn without_a_clock_and_without_a_lap_nothing_is_recorded() {
        let histogram = Registry::new().histogram("time_seconds", "Time.").unwrap();
        Laps::start(&histogram, None).record();
        drop(Laps::start(&histogram, Some(&Clock::new())));
        assert_eq!(histogram.value().count, 0);
    }
}
