//! The handles of an operation, and the record of its end.

use std::time::{Duration, Instant};

use super::{NoErrors, plan::Plan};
use crate::{Counter, Gauge, Histogram, LabelValue, Outcome, UpDownCounter, clock::Stopwatch, shard::local};

pub(super) const OUTCOMES: usize = Outcome::ALL.len();

/// What an operation records in.
#[derive(Clone, Debug)]
pub struct Parts<F> {
    pub(super) handles: Handles,
    pub(super) errors: F,
}

/// The handles. Those that were not asked for are no-ops.
#[derive(Clone, Debug)]
pub(super) struct Handles {
    /// What a record reads of the handles; they keep the cells that it names.
    plan: Plan,
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

    /// Counts the time from `start` on, a reading of the standard library's clock that the caller already has: of when
    /// a request came in, or was put in a queue.
    #[inline]
    pub fn started_at(&mut self, start: Instant) {
        self.stopwatch = self.stopwatch.map(|_| Stopwatch::since(start));
    }

    #[inline(always)]
    pub(super) fn new(stopwatch: Option<Stopwatch>) -> Self {
        Self { stopwatch, records: 0, bytes: 0 }
    }

    /// How long it has taken; 0 when nobody asks.
    #[inline(always)]
    fn seconds(&self) -> f64 {
        match self.stopwatch {
            None => 0.0,
            Some(Stopwatch::Stopped(elapsed)) => elapsed.as_secs_f64(),
            Some(running) => running.seconds(),
        }
    }
}

impl Parts<NoErrors> {
    pub(super) fn new() -> Self {
        let handles = Handles {
            plan: Plan::default(),
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
    /// Changes the handles.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        self.plan = Plan::of(self);
    }

    /// Begins one now, and reads the clock if somebody asks for the time.
    #[inline]
    pub(super) fn begin(&self) -> Option<Stopwatch> {
        self.enter();
        self.plan.is_timed().then(Stopwatch::start)
    }

    /// Begins one that has been under way since `start`.
    #[inline]
    pub(super) fn begin_at(&self, start: Instant) -> Option<Stopwatch> {
        self.enter();
        self.plan.is_timed().then(|| Stopwatch::since(start))
    }

    #[inline]
    fn enter(&self) {
        if !self.plan.enter() {
            self.enter_apart();
        }
    }

    /// The same where the plan does not reach.
    #[inline(never)]
    fn enter_apart(&self) {
        self.in_flight.inc();
        self.in_flight_gauge.inc();
    }

    /// Ends one, and records nothing else of it.
    pub(super) fn leave(&self) {
        self.in_flight.dec();
        self.in_flight_gauge.dec();
    }

    /// Ends one and records it.
    #[inline]
    pub(super) fn end(&self, outcome: Outcome, progress: &Progress) {
        self.record(outcome, progress.seconds(), progress.records, progress.bytes);
    }

    /// Records the end of one, at best with one look at the thread's pages.
    ///
    /// Neither generic nor inlined: the program has one copy of it, for all kinds of operations. What it is given goes
    /// through registers. (To look at the pages in the caller spares this function its stack, and costs the caller
    /// more.)
    #[inline(never)]
    fn record(&self, outcome: Outcome, seconds: f64, records: u64, bytes: u64) {
        let outcome = outcome.index();
        if !self.plan.record(outcome, seconds, records, bytes) {
            self.record_apart(outcome, seconds, records, bytes);
        }
    }

    /// The same part by part: in several pages, in one that the thread has not got yet, or without thread-locals.
    #[inline(never)]
    fn record_apart(&self, outcome: usize, seconds: f64, records: u64, bytes: u64) {
        local::own_pages(|pages| {
            self.latency[outcome].observe_in(pages, seconds);
            self.records.add_in(pages, records);
            self.bytes.add_in(pages, bytes);
            self.outcomes[outcome].add_in(pages, 1);
            self.in_flight.dec_in(pages);
        });
        self.in_flight_gauge.dec();
        self.latency[outcome].trace(seconds);
        self.records.trace(records);
        self.bytes.trace(bytes);
        self.outcomes[outcome].trace(1);
    }

    /// Whether what is recorded may become an exemplar.
    pub(super) fn has_exemplars(&self) -> bool {
        let counters = [&self.records, &self.bytes].into_iter().chain(&self.outcomes);
        counters.into_iter().any(Counter::has_exemplars) || self.latency.iter().any(Histogram::has_exemplars)
    }
}
