//! Timing, tracking and watching futures.

pub(crate) mod guarded;

use std::{future::Future, time::Instant};

use guarded::Guarded;

use crate::{
    CountError, HasOutcome, Histogram, InFlight, Operation, OutcomeGuard, Timer, in_flight::Tracked,
    outcome::ByOutcome,
};

/// Adds [`timed`](Self::timed), [`timed_since`](Self::timed_since), [`tracked`](Self::tracked),
/// [`watched`](Self::watched), [`recorded_by`](Self::recorded_by) and [`with_collector`](Self::with_collector) to every
/// future. Each adds a handle or two and a few words to the size of the future, which drops what it was put around when
/// that has finished or panicked, and panics if it is polled again, as an `async` block does.
///
/// ```
/// use tachometer::FutureExt;
///
/// # fn block_on<F: Future>(future: F) -> F::Output {
/// #     let mut future = std::pin::pin!(future);
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop {
/// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
/// #             return output;
/// #         }
/// #     }
/// # }
/// let registry = tachometer::Registry::new();
/// let latency = registry.histogram("request_duration_seconds", "Time to serve a request.")?;
/// let active = registry.up_down_counter("active_requests", "Requests under way.")?;
///
/// let answer = block_on(async { 6 * 7 }.timed(&latency).tracked(&active));
/// assert_eq!((answer, latency.value().count, active.value()), (42, 1, 0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
pub trait FutureExt: Future + Sized {
    /// Records the seconds from the first poll to the end: when the future has finished, or is dropped before that, or
    /// panics. A future that is never polled records nothing. It may move between threads.
    fn timed(self, histogram: &Histogram) -> impl Future<Output = Self::Output> + use<Self> {
        let histogram = histogram.clone();
        Guarded::new(self, move || Timer::start(histogram))
    }

    /// Records the seconds since `start`, a reading of the standard library's clock that the caller already has: of
    /// when a request came in, or was put in a queue. Otherwise as [`timed`](Self::timed), and a future that is never
    /// polled records nothing here either.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use tachometer::FutureExt;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// let registry = tachometer::Registry::new();
    /// let latency = registry.histogram("request_duration_seconds", "Time from the queue to the answer.")?;
    ///
    /// let queued = Instant::now();
    /// let answer = runtime.block_on(async { 6 * 7 }.timed_since(&latency, queued));
    /// assert_eq!((answer, latency.value().count), (42, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn timed_since(
        self,
        histogram: &Histogram,
        start: Instant,
    ) -> impl Future<Output = Self::Output> + use<Self> {
        let histogram = histogram.clone();
        Guarded::new(self, move || Timer::start_at(histogram, start))
    }

    /// Counts the future as under way from the first poll to the end, in an [`UpDownCounter`](crate::UpDownCounter) or
    /// a [`Gauge`](crate::Gauge).
    fn tracked<G: Tracked + Clone>(self, gauge: &G) -> impl Future<Output = Self::Output> + use<Self, G> {
        let gauge = gauge.clone();
        Guarded::new(self, move || InFlight::enter(gauge))
    }

    /// Records how the future ended, from the first poll on, in a [`Family<Outcome, Counter>`](crate::Family) or
    /// a [`Family<Outcome, Histogram>`](crate::Family): as its output says, as panicked if it panics, or else, when it
    /// is dropped, as cancelled, also if another panic drops it.
    ///
    /// ```
    /// use tachometer::{Counter, Family, FutureExt, Outcome};
    ///
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
    /// #             return output;
    /// #         }
    /// #     }
    /// # }
    /// let registry = tachometer::Registry::new();
    /// let loads: Family<Outcome, Counter> =
    ///     registry.declare("loads_total", "Loads, by how they ended.").label("outcome").register()?;
    ///
    /// let parsed = block_on(async { "x".parse::<u32>() }.watched(&loads));
    /// assert!(parsed.is_err());
    /// assert_eq!(loads[Outcome::Error].value(), 1);
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    fn watched<F>(self, family: &F) -> impl Future<Output = Self::Output> + use<Self, F>
    where
        F: ByOutcome + Clone,
        Self::Output: HasOutcome,
    {
        let family = family.clone();
        Guarded::new(self, move || OutcomeGuard::start(family))
    }

    /// Puts a collector in the place of the [default](crate::collector::default_collector) one while the future is
    /// polled, on whichever thread, and while it is dropped. Tasks that it spawns do not have it.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use tachometer::{
    ///     FutureExt,
    ///     collector::{InMemoryCollector, MetricId, with_default},
    /// };
    ///
    /// static RECORDS_SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &[]);
    ///
    /// async fn send() {
    ///     with_default(|collector| collector.increment(&RECORDS_SENT, 1.0, &[]));
    /// }
    ///
    /// let memory = Arc::new(InMemoryCollector::new());
    /// # let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    /// runtime.block_on(send().with_collector(memory.clone()));
    /// runtime.block_on(send());
    /// assert_eq!(memory.counters()["records_sent_total"], 1.0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn with_collector(
        self,
        collector: std::sync::Arc<dyn crate::collector::MetricsCollector>,
    ) -> impl Future<Output = Self::Output> + use<Self> {
        crate::collector::in_scope(self, collector)
    }

    /// Records the future as one of these operations, from the first poll on: see [`Operation::run_async`], which also
    /// tells the work's progress.
    fn recorded_by<T, E, C>(
        self,
        operation: &Operation<C>,
    ) -> impl Future<Output = Result<T, E>> + use<Self, T, E, C>
    where
        Self: Future<Output = Result<T, E>>,
        C: CountError<E>,
    {
        operation.clone().run_future(self)
    }
}

impl<F: Future> FutureExt for F {}
