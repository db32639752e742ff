//! Times things that follow each other at once, such as the records of one read.
//!
//! A record is processed in some 30 ns, and a reading of the clock takes a third of that: with one for each record, the
//! processing time would be mostly the clock's. So a lap is sixteen records, timed together, and each of them is taken
//! to have had its share. Count and sum are those of all records; only how the sixteen differ among themselves is not
//! seen. The end of one lap is the beginning of the next.

use quanta::Clock;
use tachometer::Histogram;

/// Records that are timed together.
pub(crate) const RECORDS_A_LAP: u64 = 16;

/// Observes every record; the last ones when dropped.
#[derive(Debug)]
pub(crate) struct Laps<'h> {
    histogram: &'h Histogram,
    /// `None` when nothing is recorded; the clock is then not read either.
    clock: Option<&'h Clock>,
    /// Records of the lap under way.
    records: u64,
    /// The reading at which it began.
    began: u64,
}

impl<'h> Laps<'h> {
    /// Begins the first lap.
    pub(crate) fn start(histogram: &'h Histogram, clock: Option<&'h Clock>) -> Self {
        Self { histogram, clock, records: 0, began: clock.map_or(0, Clock::raw) }
    }

    /// Says that a record has been processed.
    #[inline]
    pub(crate) fn record(&mut self) {
        self.records += 1;
        if self.records == RECORDS_A_LAP {
            self.end_lap();
        }
    }

    fn end_lap(&mut self) {
        if let Some(clock) = self.clock {
            let now = clock.raw();
            let each = clock.delta(self.began, now).as_secs_f64() / self.records as f64;
            self.histogram.observe_n(each, self.records);
            self.began = now;
        }
        self.records = 0;
    }
}

impl Drop for Laps<'_> {
    fn drop(&mut self) {
        if self.records > 0 {
            self.end_lap();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use tachometer::Registry;

    use super::*;

    #[test]
    fn every_record_is_an_observation_and_the_time_is_theirs_together() {
        let histogram = Registry::new().histogram("time_seconds", "Time.").unwrap();
        let clock = Clock::new();
        let begun = clock.raw();
        let mut laps = Laps::start(&histogram, Some(&clock));
        for slow in (0..2 * RECORDS_A_LAP + 3).map(|i| i % 20 == 0) {
            if slow {
                thread::sleep(Duration::from_millis(10));
            }
            laps.record();
        }
        assert_eq!(histogram.value().count, 2 * RECORDS_A_LAP, "the last lap is not over");
        drop(laps);
        let (value, all) = (histogram.value(), clock.delta(begun, clock.raw()));
        assert_eq!(value.count, 2 * RECORDS_A_LAP + 3);
        assert!((0.02..=all.as_secs_f64()).contains(&value.sum), "{value:?} within {all:?}");
    }

    #[test]
    fn without_a_clock_and_without_a_record_nothing_is_observed() {
        let histogram = Registry::new().histogram("time_seconds", "Time.").unwrap();
        Laps::start(&histogram, None).record();
        drop(Laps::start(&histogram, Some(&Clock::new())));
        assert_eq!(histogram.value().count, 0);
    }
}
