//! Outcomes: how something ended, and guards that record by it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{Counter, Family, Histogram, LabelValue, clock::Stopwatch, work::Work};

/// How something ended.
///
/// A label with four known values, `ok`, `error`, `cancelled` and `panicked`: a [`Family<Outcome, Counter>`](Family)
/// counts how often what ended how, a [`Family<Outcome, Histogram>`](Family) how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, LabelValue)]
#[label(crate = crate)]
pub enum Outcome {
    /// It returned what it was to return.
    Ok,
    /// It returned an error.
    Error,
    /// It was given up before it returned: a future was dropped, a guard went without being told.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Cancelled, Self::Panicked];
}

/// What tells by itself whether it went well: a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell whether it went well",
    label = "not a `Result`",
    note = "an outcome is taken from a `Result`, or whatever else implements `HasOutcome`"
)]
pub trait HasOutcome {
    /// [`Outcome::Ok`] or [`Outcome::Error`].
    fn outcome(&self) -> Outcome;
}

impl<T, E> HasOutcome for Result<T, E> {
    #[inline]
    fn outcome(&self) -> Outcome {
        if self.is_ok() { Outcome::Ok } else { Outcome::Error }
    }
}

/// Records once, by how something ended: as [`finish`](Self::finish) or [`end`](Self::end) says, or when it is dropped,
/// as panicked or cancelled.
///
/// Made by [`Family::start`], which borrows the family, and by [`Family::start_owned`], whose guard can go wherever the
/// work goes. Costs one record, and two readings of the clock if the family is one of histograms.
///
/// A guard that is dropped while its thread unwinds has panicked, unless the thread was unwinding already when the
/// guard was made: then it belongs to a destructor. A guard that waits in an `async` block cannot tell the block's own
/// panic from one around it, which drops the future: [`FutureExt::watched`](crate::FutureExt::watched) can.
///
/// ```
/// use tachometer::{Counter, Family, Outcome, Registry};
///
/// let registry = Registry::new();
/// let flushes: Family<Outcome, Counter> =
///     registry.declare("flushes_total", "Flushes, by how they ended.").label("outcome").register()?;
///
/// let flush = flushes.start();
/// let result: Result<u32, std::fmt::Error> = flush.finish(Ok(3));
/// assert_eq!((result, flushes[Outcome::Ok].value()), (Ok(3), 1));
///
/// drop(flushes.start());
/// assert_eq!(flushes[Outcome::Cancelled].value(), 1);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use = "a guard that is dropped at once records that something was cancelled"]
pub struct OutcomeGuard<F: ByOutcome> {
    family: F,
    /// `None` when it has recorded, or shall not.
    started: Option<F::Started>,
    work: Work,
}

/// A family by outcome, or a reference to one. Nobody outside can name it.
pub trait ByOutcome {
    /// What is known of the start.
    type Started;

    /// Notes the start.
    fn begin(&self) -> Self::Started;

    /// Records the end.
    fn record(&self, started: Self::Started, outcome: Outcome);
}

impl<M> Family<Outcome, M>
where
    Self: ByOutcome + Clone,
{
    /// Begins something that is recorded by how it ends: see [`OutcomeGuard`]. A family of histograms reads the clock
    /// now and then.
    #[inline]
    pub fn start(&self) -> OutcomeGuard<&Self> {
        OutcomeGuard::start(self)
    }

    /// The same with a guard that owns the family, and so may outlive this one. Costs the clone of a family more.
    #[inline]
    pub fn start_owned(&self) -> OutcomeGuard<Self> {
        OutcomeGuard::start(self.clone())
    }
}

impl Family<Outcome, Histogram> {
    /// [`start`](Self::start) with a guard that takes the time since `start`, a reading of the standard library's clock
    /// that the caller already has.
    #[inline]
    pub fn start_at(&self, start: Instant) -> OutcomeGuard<&Self> {
        OutcomeGuard::started(self, self.since(start))
    }

    /// The same with a guard that owns the family.
    #[inline]
    pub fn start_owned_at(&self, start: Instant) -> OutcomeGuard<Self> {
        OutcomeGuard::started(self.clone(), self.since(start))
    }

    #[inline]
    fn since(&self, start: Instant) -> Option<Stopwatch> {
        self.is_recording().then(|| Stopwatch::since(start))
    }

    #[inline]
    fn is_recording(&self) -> bool {
        !self[Outcome::Ok].is_noop()
    }
}

impl<F: ByOutcome> OutcomeGuard<F> {
    #[inline]
    pub(crate) fn start(family: F) -> Self {
        let started = family.begin();
        Self::started(family, started)
    }

    #[inline]
    fn started(family: F, started: F::Started) -> Self {
        Self { family, started: Some(started), work: Work::in_scope() }
    }

    /// Calls the work, or a part of it. From now on what it panics by is known.
    #[inline]
    pub(crate) fn call<R>(&mut self, part: impl FnOnce() -> R) -> R {
        self.work.call(part)
    }

    /// Records what the result says, and hands it back.
    #[inline]
    pub fn finish<R: HasOutcome>(self, result: R) -> R {
        let outcome = result.outcome();
        self.end(outcome);
        result
    }

    /// Records this outcome.
    #[inline]
    pub fn end(mut self, outcome: Outcome) {
        self.record(outcome);
    }

    /// Ends the guard without recording.
    #[inline]
    pub fn discard(mut self) {
        self.started = None;
    }

    #[inline]
    fn record(&mut self, outcome: Outcome) {
        if let Some(started) = self.started.take() {
            self.family.record(started, outcome);
        }
    }
}

impl<F: ByOutcome<Started = Option<Stopwatch>>> OutcomeGuard<F> {
    /// Takes a duration that the caller has measured for the guard's own, which then reads no clock at its end.
    #[inline]
    pub fn took(&mut self, elapsed: Duration) {
        // Nothing to measure in a disabled registry.
        if let Some(stopwatch) = self.started.as_mut().and_then(Option::as_mut) {
            *stopwatch = Stopwatch::Stopped(elapsed);
        }
    }
}

impl<F: ByOutcome> Drop for OutcomeGuard<F> {
    #[inline]
    fn drop(&mut self) {
        if self.started.is_some() {
            self.record(self.work.outcome());
        }
    }
}

impl<F: ByOutcome> fmt::Debug for OutcomeGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutcomeGuard")
    }
}

impl ByOutcome for Family<Outcome, Counter> {
    type Started = ();

    #[inline]
    fn begin(&self) {}

    #[inline]
    fn record(&self, (): (), outcome: Outcome) {
        self[outcome].inc();
    }
}

impl ByOutcome for Family<Outcome, Histogram> {
    /// `None` in a disabled registry.
    type Started = Option<Stopwatch>;

    #[inline]
    fn begin(&self) -> Option<Stopwatch> {
        self.is_recording().then(Stopwatch::start)
    }

    #[inline]
    fn record(&self, started: Option<Stopwatch>, outcome: Outcome) {
        if let Some(stopwatch) = started {
            self[outcome].observe_duration(stopwatch.elapsed());
        }
    }
}

impl<F: ByOutcome> ByOutcome for &F {
    type Started = F::Started;

    #[inline]
    fn begin(&self) -> F::Started {
        (**self).begin()
    }

    #[inline]
    fn record(&self, started: F::Started, outcome: Outcome) {
        (**self).record(started, outcome);
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn a_guard_of_a_disabled_registry_reads_no_clock() {
        for (registry, reads) in [(Registry::new(), true), (Registry::disabled(), false)] {
            let times: Family<Outcome, Histogram> =
                registry.declare("time_seconds", "").label("outcome").register().unwrap();
            let mut guards = [times.start_owned(), times.start_owned_at(Instant::now())];
            assert!(guards.iter().all(|guard| guard.started.is_some_and(|watch| watch.is_some() == reads)));
            guards.iter_mut().for_each(|guard| guard.took(Duration::from_secs(1)));
            drop(guards);
            assert_eq!(times[Outcome::Cancelled].value().sum, if reads { 2.0 } else { 0.0 });
        }
    }
}
