//! Operations: what is recorded of one kind of work, in one guard.

mod guard;
mod parts;
mod plan;
mod run;

use std::{fmt, sync::Arc as Shared, time::Instant};

use crate::{CountError, Counter, Family, Gauge, Histogram, Outcome, UpDownCounter};

pub use guard::OperationGuard;
pub use parts::Progress;
use parts::{Handles, Parts};

/// What is recorded of one kind of work: how long it took, what it got done, how many are under way, how it ended and
/// by which errors. Every part is optional.
///
/// Put together once, of handles that are registered already (a static's is its `handle()`); cloning gives another
/// handle to the same. The end is recorded in one pass over the pages of the thread. Most of what all parts together
/// cost is two readings of the clock.
///
/// ```
/// use tachometer::{Counter, ErrorLabel, Family, Operation, Outcome, Registry};
///
/// #[derive(Debug, PartialEq, ErrorLabel)]
/// enum LoadError { Timeout, Rejected { row: u64 } }
///
/// let registry = Registry::new();
/// let latency = registry.histogram("load_duration_seconds", "Time to load a batch.")?;
/// let records = registry.counter("records_loaded_total", "Records loaded.")?;
/// let active = registry.up_down_counter("active_loads", "Loads under way.")?;
/// let outcomes: Family<Outcome, Counter> =
///     registry.declare("loads_total", "Loads, by how they ended.").label("outcome").register()?;
/// let errors: Family<LoadError, Counter> =
///     registry.declare("load_errors_total", "Failed loads.").label("error_type").register()?;
///
/// let load =
///     Operation::new().latency(&latency).records(&records).in_flight(&active).outcomes(&outcomes).errors(&errors);
///
/// let result = load.run(|progress| {
///     progress.add_records(1_000);
///     Err::<(), _>(LoadError::Rejected { row: 1_001 })
/// });
/// assert_eq!(result, Err(LoadError::Rejected { row: 1_001 }));
/// assert_eq!((latency.value().count, records.value(), active.value()), (1, 1_000, 0));
/// assert_eq!((outcomes[Outcome::Error].value(), errors[LoadError::Timeout].value()), (1, 0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// # What is recorded when
///
/// | | when it begins | when it ends |
/// |---|---|---|
/// | [`in_flight`](Self::in_flight) | adds 1 | subtracts 1 |
/// | [`latency`](Self::latency) | | the seconds since the start, whatever the outcome |
/// | [`records`](Self::records), [`bytes`](Self::bytes) | | what was added in [`Progress`], whatever the outcome |
/// | [`outcomes`](Self::outcomes) | | 1: ok, error, cancelled or panicked |
/// | [`errors`](Self::errors) | | 1 if it returned an error, by its type |
///
/// Where the registry records [exemplars](crate::Exemplars), what is recorded at the end may become one, but for
/// errors.
///
/// Records that were loaded before an error came were loaded: add only what counts. A panic and a cancellation are
/// outcomes, and no errors.
///
/// # Which way
///
/// - [`run`](Self::run) and [`run_async`](Self::run_async) call the work, so that a `?` in it is an error.
/// - [`FutureExt::recorded_by`](crate::FutureExt::recorded_by) is for a future that is there already.
/// - [`start`](Self::start) gives a guard, for work that begins in one place and ends in another. What leaves the scope
///   without [`finish`](OperationGuard::finish), also by a `?`, counts as cancelled.
#[must_use]
pub struct Operation<F = NoErrors> {
    parts: Shared<Parts<F>>,
}

/// Counts no errors: what an [`Operation`] does with them unless it is told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoErrors;

impl<E: ?Sized> CountError<E> for NoErrors {
    #[inline]
    fn count_error(&self, _: &E) {}
}

impl Operation {
    /// An operation of which nothing is recorded yet.
    pub fn new() -> Self {
        Self { parts: Shared::new(Parts::new()) }
    }
}

impl<F: Clone> Operation<F> {
    /// Records the seconds that the work takes in this histogram.
    pub fn latency(self, latency: &Histogram) -> Self {
        self.change(|handles| handles.latency = Outcome::ALL.map(|_| latency.clone()))
    }

    /// Records the seconds that the work takes in these histograms, by how it ended. In place of
    /// [`latency`](Self::latency).
    pub fn latency_by_outcome(self, latency: &Family<Outcome, Histogram>) -> Self {
        self.change(|handles| handles.latency = Outcome::ALL.map(|outcome| latency[outcome].clone()))
    }

    /// Counts records: see [`Progress::add_records`].
    pub fn records(self, records: &Counter) -> Self {
        self.change(|handles| handles.records = records.clone())
    }

    /// Counts bytes: see [`Progress::add_bytes`].
    pub fn bytes(self, bytes: &Counter) -> Self {
        self.change(|handles| handles.bytes = bytes.clone())
    }

    /// Counts what is under way.
    pub fn in_flight(self, in_flight: &UpDownCounter) -> Self {
        self.change(|handles| handles.in_flight = in_flight.clone())
    }

    /// Counts what is under way in a gauge. An up-down counter is cheaper, when threads meet.
    pub fn in_flight_gauge(self, in_flight: &Gauge) -> Self {
        self.change(|handles| handles.in_flight_gauge = in_flight.clone())
    }

    /// Counts what has ended, by how.
    pub fn outcomes(self, outcomes: &Family<Outcome, Counter>) -> Self {
        self.change(|handles| handles.outcomes = Outcome::ALL.map(|outcome| outcomes[outcome].clone()))
    }

    /// Copies the parts if another handle has them too.
    fn change(mut self, change: impl FnOnce(&mut Handles)) -> Self {
        Shared::make_mut(&mut self.parts).handles.change(change);
        self
    }
}

impl<F: Clone> Operation<F> {
    /// Counts errors by their type: in a `Family<E, Counter>` of an [`ErrorLabel`](crate::ErrorLabel), in a
    /// `Family<ErrorName, Counter>`, or in whatever else is [`CountError`]. Which function it was an operation does not
    /// know: in a family of [`FunctionErrors`](crate::FunctionErrors) that label is empty.
    pub fn errors<G: Clone>(self, errors: &G) -> Operation<G> {
        let Parts { handles, .. } = Shared::unwrap_or_clone(self.parts);
        Operation { parts: Shared::new(Parts { handles, errors: errors.clone() }) }
    }
}

impl<F> Operation<F> {
    /// Begins one, with a guard that is to be told how it ends: see [`OperationGuard`].
    #[inline]
    pub fn start(&self) -> OperationGuard<&Self> {
        OperationGuard::new(self, self.parts.handles.begin())
    }

    /// The same with a guard that owns a handle, and so may end in another place, in a task or on another thread. Costs
    /// the clone of a handle more.
    #[inline]
    pub fn start_owned(&self) -> OperationGuard<Self> {
        OperationGuard::new(self.clone(), self.parts.handles.begin())
    }

    /// [`start`](Self::start) for work that has been under way since `start`, a reading of the standard library's clock
    /// that the caller already has: of when a request came in, or was put in a queue.
    #[inline]
    pub fn start_at(&self, start: Instant) -> OperationGuard<&Self> {
        OperationGuard::new(self, self.parts.handles.begin_at(start))
    }

    /// The same with a guard that owns a handle.
    #[inline]
    pub fn start_owned_at(&self, start: Instant) -> OperationGuard<Self> {
        OperationGuard::new(self.clone(), self.parts.handles.begin_at(start))
    }
}

impl Default for Operation {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Clone for Operation<F> {
    fn clone(&self) -> Self {
        Self { parts: Shared::clone(&self.parts) }
    }
}

impl<F> fmt::Debug for Operation<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operation")
    }
}
