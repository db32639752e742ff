//! Outcomes: how something ended, and guards that record by it.

use std::{fmt, thread, time::Duration};

use quanta::Instant;

use crate::{Counter, Family, Histogram, LabelValue, clock};

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
    /// It was given up before it returned: a future was dropped, a guard forgotten.
    Cancelled,
    /// It panicked.
    Panicked,
}

/// What tells by itself whether it went well: a `Result`.
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
/// work goes.
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
    unwinding: Unwinding,
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

impl<F: ByOutcome> OutcomeGuard<F> {
    #[inline]
    pub(crate) fn start(family: F) -> Self {
        let started = Some(family.begin());
        Self { family, started, unwinding: Unwinding::now() }
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

impl<F: ByOutcome> Drop for OutcomeGuard<F> {
    #[inline]
    fn drop(&mut self) {
        if self.started.is_some() {
            self.record(self.unwinding.outcome());
        }
    }
}

impl<F: ByOutcome> fmt::Debug for OutcomeGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutcomeGuard")
    }
}

/// Tells a panic of the work from its being given up: whether the thread was unwinding when the work began.
///
/// A guard in the destructor of something that unwinds is not panicking itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unwinding(bool);

impl Unwinding {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(thread::panicking())
    }

    /// Of work that ends now without having said how.
    #[inline]
    pub(crate) fn outcome(self) -> Outcome {
        if thread::panicking() && !self.0 { Outcome::Panicked } else { Outcome::Cancelled }
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
    type Started = Option<Instant>;

    #[inline]
    fn begin(&self) -> Option<Instant> {
        (!self[Outcome::Ok].is_noop()).then(clock::now)
    }

    #[inline]
    fn record(&self, started: Option<Instant>, outcome: Outcome) {
        if let Some(started) = started {
            let elapsed: Duration = clock::now().saturating_duration_since(started);
            self[outcome].observe_duration(elapsed);
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
