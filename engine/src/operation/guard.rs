//! The guard of one operation under way.

use std::{fmt, time::Duration};

use super::{Operation, Progress, parts::Parts};
use crate::{CountError, Counter, HasOutcome, Outcome, clock::Stopwatch, work::Work};

/// One operation under way: records once, when it is told how the work ended, or else when it is dropped, as panicked
/// or cancelled.
///
/// Made by [`Operation::start`], which borrows the operation, and by [`Operation::start_owned`], whose guard can go
/// wherever the work goes. A guard that waits in an `async` block cannot tell the block's own panic from one around it,
/// which drops the future: [`Operation::run_async`] and [`FutureExt::recorded_by`](crate::FutureExt::recorded_by) can.
///
/// What is known only at the end, as the status of a response, chooses a counter then:
///
/// ```
/// use tachometer::{Counter, Family, LabelValue, Operation, Outcome, Registry};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Status { #[label("200")] Ok, #[label("503")] Unavailable }
///
/// let registry = Registry::new();
/// let duration = registry.histogram("request_duration_seconds", "Time to serve a request.")?;
/// let active = registry.up_down_counter("active_requests", "Requests under way.")?;
/// let requests: Family<Status, Counter> =
///     registry.declare("requests_total", "Requests served.").label("status").register()?;
/// let serve = Operation::new().latency(&duration).in_flight(&active);
///
/// let request = serve.start();
/// let response: Result<Status, std::io::Error> = Ok(Status::Unavailable);
/// let status = *response.as_ref().unwrap_or(&Status::Unavailable);
/// let response = request.finish_with(response, &requests[status]);
/// assert_eq!((requests[status].value(), duration.value().count, active.value()), (1, 1, 0));
/// # drop(response);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use = "a guard that is dropped at once records that something was cancelled"]
pub struct OperationGuard<O: UnderOperation = Operation> {
    operation: O,
    progress: Progress,
    work: Work,
    has_ended: bool,
}

/// An operation, or a reference to one. Nobody outside can name it.
pub trait UnderOperation {
    /// What counts the errors.
    type Errors;

    /// The handles.
    fn parts(&self) -> &Parts<Self::Errors>;
}

impl<O: UnderOperation> OperationGuard<O> {
    #[inline]
    pub(super) fn new(operation: O, stopwatch: Option<Stopwatch>) -> Self {
        let progress = Progress::new(stopwatch);
        Self { operation, progress, work: Work::in_scope(), has_ended: false }
    }

    /// Adds to what is counted as records at the end: see [`Progress::add_records`].
    #[inline]
    pub fn add_records(&mut self, n: u64) {
        self.progress.add_records(n);
    }

    /// Adds to what is counted as bytes at the end: see [`Progress::add_bytes`].
    #[inline]
    pub fn add_bytes(&mut self, n: u64) {
        self.progress.add_bytes(n);
    }

    /// Takes a duration that the caller has measured: see [`Progress::took`].
    #[inline]
    pub fn took(&mut self, elapsed: Duration) {
        self.progress.took(elapsed);
    }

    /// Records what the result says, and its error by type, and hands it back.
    #[inline]
    pub fn finish<T, E>(self, result: Result<T, E>) -> Result<T, E>
    where
        O::Errors: CountError<E>,
    {
        self.finish_choosing(result, None)
    }

    /// The same, and adds 1 to a counter that is known only now.
    #[inline]
    pub fn finish_with<T, E>(self, result: Result<T, E>, counter: &Counter) -> Result<T, E>
    where
        O::Errors: CountError<E>,
    {
        self.finish_choosing(result, Some(counter))
    }

    /// Records this outcome.
    #[inline]
    pub fn end(mut self, outcome: Outcome) {
        self.record(outcome, None);
    }

    /// The same, and adds 1 to a counter that is known only now.
    #[inline]
    pub fn end_with(mut self, outcome: Outcome, counter: &Counter) {
        self.record(outcome, Some(counter));
    }

    /// Ends the guard. Nothing is recorded, but that it is no longer under way.
    #[inline]
    pub fn discard(mut self) {
        self.has_ended = true;
        self.operation.parts().handles.leave();
    }

    /// Calls the work, or a part of it. From now on what it panics by is known.
    #[inline]
    pub(super) fn call<R>(&mut self, part: impl FnOnce(&mut Progress) -> R) -> R {
        self.work.call(|| part(&mut self.progress))
    }

    /// What the work tells of itself, and who calls it.
    pub(super) fn progress_and_work(&mut self) -> (&mut Progress, &mut Work) {
        (&mut self.progress, &mut self.work)
    }

    /// Always inlined, as [`record`](Self::record).
    #[inline(always)]
    fn finish_choosing<T, E>(mut self, result: Result<T, E>, chosen: Option<&Counter>) -> Result<T, E>
    where
        O::Errors: CountError<E>,
    {
        let parts = self.operation.parts();
        let of_error = match &result {
            Ok(_) => None,
            // Before anything else: this may be code of the program's own, and panic.
            Err(error) => self.work.call(|| counter_of(&parts.errors, error)),
        };
        self.has_ended = true;
        parts.handles.end(result.outcome(), &self.progress);
        count(of_error);
        count(chosen);
        result
    }

    /// Always inlined: what the guard has gathered is then in registers, and need not go through its memory.
    #[inline(always)]
    fn record(&mut self, outcome: Outcome, chosen: Option<&Counter>) {
        self.has_ended = true;
        self.operation.parts().handles.end(outcome, &self.progress);
        count(chosen);
    }
}

impl<O: UnderOperation> OperationGuard<O> {
    /// Records what the work's end says of itself. Out of the way of those that end otherwise.
    #[cold]
    #[inline(never)]
    fn record_dropped(&mut self) {
        self.record(self.work.outcome(), None);
    }
}

/// Adds 1 to a counter that was chosen at the end, by the error or by the caller.
#[inline]
fn count(chosen: Option<&Counter>) {
    if let Some(counter) = chosen {
        counter.inc();
    }
}

/// The counter of an error; `None` when it has been counted otherwise.
#[inline]
fn counter_of<'a, E>(errors: &'a impl CountError<E>, error: &E) -> Option<&'a Counter> {
    let counter = errors.counter_of(error);
    if counter.is_none() {
        errors.count_error(error);
    }
    counter
}

impl<F> UnderOperation for Operation<F> {
    type Errors = F;

    #[inline]
    fn parts(&self) -> &Parts<F> {
        &self.parts
    }
}

impl<F> UnderOperation for &Operation<F> {
    type Errors = F;

    #[inline]
    fn parts(&self) -> &Parts<F> {
        &self.parts
    }
}

impl<O: UnderOperation> Drop for OperationGuard<O> {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.record_dropped();
        }
    }
}

impl<O: UnderOperation> fmt::Debug for OperationGuard<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OperationGuard").field(&self.progress).finish()
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Registry;

    #[test]
    fn no_clock_is_read_unless_somebody_asks_for_the_time() {
        let timed =
            |registry: Registry| Operation::new().latency(&registry.histogram("time_seconds", "").unwrap());
        for (operation, reads) in
            [(timed(Registry::new()), true), (timed(Registry::disabled()), false), (Operation::new(), false)]
        {
            for mut guard in [operation.start_owned(), operation.start_owned_at(Instant::now())] {
                guard.took(Duration::from_secs(1));
                assert_eq!(guard.progress.stopwatch.is_some(), reads);
            }
        }
    }
}
