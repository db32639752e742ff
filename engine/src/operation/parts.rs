//! The handles of an operation, and the one pass that records its end.

use std::time::{Duration, Instant};

use super::NoErrors;
use crate::{
    Counter, Gauge, Histogram, LabelValue, Outcome, UpDownCounter,
    clock::Stopwatch,
    shard::local::{self, OwnPages},
};

const OUTCOMES: usize = Outcome::ALL.len();

/// What an operation records in.
#[derive(Clone, Debug)]
pub struct Parts<F> {
    pub(super) handles: Handles,
    pub(super) errors: F,
}

/// The handles. Those that were not asked for are no-ops.
#[derive(Clone, Debug)]
pub(super) struct Handles {
    /// By outcome, and often four times the same.
    pub(super) latency: [Histogram; OUTCOMES],
    pub(super) records: Counter,
    pub(super) bytes: Counter,
    pub(super) in_flight: UpDownCounter,
    pub(super) in_flight_gauge: Gauge,
    pub(super) outcomes: [Counter; OUTCOMES],
}

/// What an operation has done so far, for [`Operation::run`](super::Operation::run).
#[derive(Debug)]
pub struct Progress {
    /// `None` when nobody asks for the time.
    pub(super) stopwatch: Option<Stopwatch>,
    records: u64,
    bytes: u64,
}

impl Progress {
    /// Adds to what is counted as records when the operation ends, whatever the outcome.
    #[inline]
    pub fn add_records(&mut self, n: u64) {
        self.records = self.records.wrapping_add(n);
    }

    /// Adds to what is counted as bytes when the operation ends, whatever the outcome.
    #[inline]
    pub fn add_bytes(&mut self, n: u64) {
        self.bytes = self.bytes.wrapping_add(n);
    }

    /// Takes a duration that the caller has measured for the operation's own, which then reads no clock at its end.
    #[inline]
    pub fn took(&mut self, elapsed: Duration) {
        self.stopwatch = self.stopwatch.map(|_| Stopwatch::Stopped(elapsed));
    }

    /// Counts the time from `start` on, a reading of the standard library's clock that the caller already has: of when a
    /// request came in, or was put in a queue.
    #[inline]
    pub fn started_at(&mut self, start: Instant) {
        self.stopwatch = self.stopwatch.map(|_| Stopwatch::since(start));
    }

    #[inline(always)]
    pub(super) fn new(stopwatch: Option<Stopwatch>) -> Self {
        Self { stopwatch, records: 0, bytes: 0 }
    }
}

impl Parts<NoErrors> {
    pub(super) fn new() -> Self {
        let handles = Handles {
            latency: [const { Histogram::noop() }; OUTCOMES],
            records: Counter::noop(),
            bytes: Counter::noop(),
            in_flight: UpDownCounter::noop(),
            in_flight_gauge: Gauge::noop(),
            outcomes: [const { Counter::noop() }; OUTCOMES],
        };
        Self { handles, errors: NoErrors }
    }
}

impl Handles {
    /// Begins one now, and reads the clock if somebody asks for the time.
    #[inline]
    pub(super) fn begin(&self) -> Option<Stopwatch> {
        self.enter();
        self.is_timed().then(Stopwatch::start)
    }

    /// Begins one that has been under way since `start`.
    #[inline]
    pub(super) fn begin_at(&self, start: Instant) -> Option<Stopwatch> {
        self.enter();
        self.is_timed().then(|| Stopwatch::since(start))
    }

    #[inline]
    fn is_timed(&self) -> bool {
        !self.latency[0].is_noop()
    }

    #[inline]
    fn enter(&self) {
        self.in_flight.inc();
        self.in_flight_gauge.inc();
    }

    /// Ends one, and records nothing else of it.
    pub(super) fn leave(&self) {
        self.in_flight.dec();
        self.in_flight_gauge.dec();
    }

    /// Ends one and records it, with one look at the thread's pages. Adds 1 to the counters that were chosen at the
    /// end, by its error and by the caller.
    ///
    /// Neither generic nor inlined: the program has one copy of it, for all kinds of operations. (Inlined it is 3 ns
    /// faster in a loop of nothing else, and slower where the compiler moves parts of it out of line again.)
    #[inline(never)]
    pub(super) fn end(&self, outcome: Outcome, progress: &Progress, chosen: [Option<&Counter>; 2]) {
        let elapsed = progress.stopwatch.map(Stopwatch::elapsed);
        local::own_pages(|pages| self.record(pages, outcome, progress, elapsed, chosen));
        self.in_flight_gauge.dec();
    }

    #[inline(always)]
    fn record(
        &self,
        pages: OwnPages<'_>,
        outcome: Outcome,
        progress: &Progress,
        elapsed: Option<Duration>,
        [of_error, of_caller]: [Option<&Counter>; 2],
    ) {
        let outcome = outcome.index();
        if let Some(elapsed) = elapsed {
            self.latency[outcome].observe_in(pages, elapsed.as_secs_f64());
        }
        self.records.add_in(pages, progress.records);
        self.bytes.add_in(pages, progress.bytes);
        self.outcomes[outcome].add_in(pages, 1);
        if let Some(counter) = of_error {
            counter.add_in(pages, 1);
        }
        if let Some(counter) = of_caller {
            counter.add_in(pages, 1);
        }
        self.in_flight.dec_in(pages);
    }
}
