//! What the attributes `#[timed]`, `#[counted]`, `#[tracked]` and `#[track_errors]` expand to. Programs do not name it.
//!
//! An attribute's expression gives a handle, a reference to one, or the result of a look-up. An error of a look-up is
//! counted by the registry and means that nothing is recorded.

mod by_name;
mod given;

pub use by_name::{
    ByLabel, ByTypeName, ErrorType, Text, count_by_name, count_error_by_name, literal, pairs, text,
    time_by_name, track_by_name,
};
pub use given::{Count, Given};

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use crate::{
    CountError, Counter, Family, HasOutcome, Histogram, InFlight, Outcome, OutcomeGuard, Timer,
    in_flight::Tracked, outcome::ByOutcome, timer::Timed,
};

/// Starts a timer.
#[inline]
pub fn time<G: Given<Handle: Timed>>(given: &G) -> Option<Timer<&G::Handle>> {
    given.handle().map(Timer::start)
}

/// Counts one thing as under way.
#[inline]
pub fn track<G: Given<Handle: Tracked>>(given: &G) -> Option<InFlight<&G::Handle>> {
    given.handle().map(InFlight::enter)
}

/// Counts a call.
#[inline]
pub fn count<G: Given<Handle: Count>>(given: &G) {
    if let Some(handle) = given.handle() {
        handle.count();
    }
}

/// Starts a timer by outcome.
#[inline]
pub fn time_by_outcome<G>(given: &G) -> Option<OutcomeGuard<&Family<Outcome, Histogram>>>
where
    G: Given<Handle = Family<Outcome, Histogram>>,
{
    given.handle().map(Family::start)
}

/// Begins what is counted by its outcome.
#[inline]
pub fn count_by_outcome<G>(given: &G) -> Option<OutcomeGuard<&Family<Outcome, Counter>>>
where
    G: Given<Handle = Family<Outcome, Counter>>,
{
    given.handle().map(Family::start)
}

/// Awaits the body of an asynchronous function. Its own panics the guard tells from others that drop the future.
///
/// The body is pinned by the caller, so that its bytes are not in two futures.
pub fn watched<F: ByOutcome, W: Future>(
    guard: &mut Option<OutcomeGuard<F>>,
    mut body: Pin<&mut W>,
) -> impl Future<Output = W::Output> {
    poll_fn(move |context| call_watched(guard, || body.as_mut().poll(context)))
}

/// Calls the body of a function, or a part of it. Its own panics the guard tells from one that unwinds already.
#[inline]
pub fn call_watched<F: ByOutcome, R>(guard: &mut Option<OutcomeGuard<F>>, body: impl FnOnce() -> R) -> R {
    match guard {
        Some(guard) => guard.call(body),
        None => body(),
    }
}

/// Records how it ended.
#[inline]
pub fn finish<F: ByOutcome, R: HasOutcome>(guard: Option<OutcomeGuard<F>>, result: R) -> R {
    match guard {
        Some(guard) => guard.finish(result),
        None => result,
    }
}

/// Counts the error that a function returned, if it is one.
#[inline]
pub fn count_error<R: Fallible>(result: &R, errors: &impl CountError<R::Error>, function: &'static str) {
    if let Some(error) = result.error() {
        errors.count_error_of(error, function);
    }
}

/// The error, if it is one.
#[inline]
pub fn error_of<R: Fallible>(result: &R) -> Option<&R::Error> {
    result.error()
}

/// Calls the body of a function. Only as an argument can a closure give away references into what it has captured.
#[inline(always)]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// What a function returns that can fail.
#[diagnostic::on_unimplemented(
    message = "`#[track_errors]` needs a function that returns a `Result`",
    label = "this is no `Result`",
    note = "it counts the errors that a function returns, by their type"
)]
pub trait Fallible {
    /// What it returns then.
    type Error;

    /// The error, if it is one.
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}
