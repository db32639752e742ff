//! A clock that only a test advances.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use quanta::{Clock, Mock};

/// A clock that stands still until it is [advanced](Self::advance), for all timers of this engine that start and end
/// while [`run`](Self::run) or [`run_async`](Self::run_async) works.
///
/// ```
/// use std::time::Duration;
/// use tachometer::{Registry, assert_metric, testing::MockClock};
///
/// let registry = Registry::new();
/// let flush = registry.histogram("flush_seconds", "Time to flush.")?;
///
/// let clock = MockClock::new();
/// clock.run(|| {
///     let timer = flush.start_timer();
///     clock.advance(Duration::from_millis(1_500));
///     timer.stop();
/// });
/// assert_metric!(registry, "flush_seconds".sum == 1.5);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// It is the clock of the calling thread, and of `quanta::Instant::now` there; a thread that is started inside has to
/// [`run`](Self::run) itself. Clones are the same clock. `std::time::Instant`, and what takes one, is not mocked.
#[derive(Clone)]
pub struct MockClock {
    clock: Clock,
    mock: Arc<Mock>,
}

impl MockClock {
    /// A clock that stands still.
    #[must_use]
    pub fn new() -> Self {
        // Before that, timers of static histograms would read the system's clock, which is no mock.
        crate::clock::warm_up();
        let (clock, mock) = Clock::mock();
        Self { clock, mock }
    }

    /// Lets this much time pass, for whoever reads the clock, on any thread. It ends after 584 years.
    pub fn advance(&self, time: Duration) {
        let left = u64::MAX - self.mock.value();
        self.mock.increment(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).min(left));
    }

    /// Calls `work` with this clock in place of the real one, which is back afterwards, also after a panic. Nests.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        // `with_clock` would leave the mock in place if it unwound.
        let result = quanta::with_clock(&self.clock, || catch_unwind(AssertUnwindSafe(work)));
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// The same for a future: it has this clock whenever it is polled, on whatever thread, and while it is dropped.
    /// Tasks that it spawns do not.
    pub fn run_async<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        Mocked { clock: self.clone(), work: Some(Box::pin(work)) }
    }
}

impl Default for MockClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MockClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MockClock").field(&Duration::from_nanos(self.mock.value())).finish()
    }
}

/// A future and its clock. In a box, so that it can be dropped under the clock too.
struct Mocked<F> {
    clock: MockClock,
    /// `None` only while it is dropped.
    work: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Mocked<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { clock, work } = &mut *self;
        work.as_mut().map_or(Poll::Pending, |work| clock.run(|| work.as_mut().poll(context)))
    }
}

impl<F> Drop for Mocked<F> {
    fn drop(&mut self) {
        let work = self.work.take();
        self.clock.run(|| drop(work));
    }
}
