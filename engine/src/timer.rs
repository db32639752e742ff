//! Timers: guards that record how long something took.

use std::time::{Duration, Instant};

use crate::{Histogram, clock::Stopwatch};

/// Records the seconds since it was started into its histogram, once: when it is stopped, or else when it is dropped,
/// be it by a return, a panic or a cancelled future.
///
/// Made by [`Histogram::start_timer`], which borrows the handle, and by [`Histogram::start_timer_owned`], whose timer
/// can go wherever the work goes: into a task, to another thread. The clock is `quanta`'s, monotonic and about 16 ns a
/// reading; tests can replace it with `quanta::with_clock`.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let flush = registry.histogram("flush_duration_seconds", "Time to flush.")?;
/// let timer = flush.start_timer();
/// let elapsed = timer.stop();
/// assert_eq!(flush.value().count, 1);
/// assert_eq!(flush.value().sum, elapsed.as_secs_f64());
/// flush.start_timer().discard();
/// assert_eq!(flush.value().count, 1);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// Where the registry records [exemplars](crate::Exemplars), what a timer records may become one.
///
/// A start that the caller already has is taken by [`Histogram::start_timer_at`], a duration by
/// [`stop_with`](Self::stop_with).
#[derive(Debug)]
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct Timer<H: Timed = Histogram> {
    histogram: H,
    /// `None` when there is nothing to record: the histogram is disabled, or the timer has recorded or was discarded.
    stopwatch: Option<Stopwatch>,
}

/// A histogram that can be timed, or a reference to one. Nobody outside can name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be timed",
    label = "not a histogram",
    note = "durations go to a `Histogram` or its static twin; by how the work ended, to a `Family<Outcome, Histogram>`"
)]
pub trait Timed {
    /// Whether records go anywhere. If not, no clock is read.
    fn is_recording(&self) -> bool;

    /// Reads the clock.
    fn stopwatch(&self) -> Stopwatch;

    /// Records a duration.
    fn record(&self, elapsed: Duration);
}

impl<H: Timed> Timer<H> {
    #[inline]
    pub(crate) fn start(histogram: H) -> Self {
        let stopwatch = histogram.is_recording().then(|| histogram.stopwatch());
        Self { histogram, stopwatch }
    }

    #[inline]
    pub(crate) fn start_at(histogram: H, start: Instant) -> Self {
        let stopwatch = histogram.is_recording().then(|| Stopwatch::since(start));
        Self { histogram, stopwatch }
    }

    /// Records now and returns what was recorded; zero when the histogram is disabled.
    #[inline]
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Records a duration that the caller has measured, and reads no clock.
    #[inline]
    pub fn stop_with(mut self, elapsed: Duration) {
        self.stopwatch = self.stopwatch.map(|_| Stopwatch::Stopped(elapsed));
    }

    /// Ends the timer without recording.
    #[inline]
    pub fn discard(mut self) {
        self.stopwatch = None;
    }

    #[inline]
    fn record(&mut self) -> Duration {
        let Some(stopwatch) = self.stopwatch.take() else { return Duration::ZERO };
        let elapsed = stopwatch.elapsed();
        self.histogram.record(elapsed);
        elapsed
    }
}

impl<H: Timed> Drop for Timer<H> {
    #[inline]
    fn drop(&mut self) {
        self.record();
    }
}

impl<H: Timed> Timed for &H {
    #[inline]
    fn is_recording(&self) -> bool {
        (**self).is_recording()
    }

    #[inline]
    fn stopwatch(&self) -> Stopwatch {
        (**self).stopwatch()
    }

    #[inline]
    fn record(&self, elapsed: Duration) {
        (**self).record(elapsed);
    }
}

impl Timed for Histogram {
    #[inline]
    fn is_recording(&self) -> bool {
        !self.is_noop()
    }

    #[inline]
    fn stopwatch(&self) -> Stopwatch {
        Stopwatch::start()
    }

    #[inline]
    fn record(&self, elapsed: Duration) {
        self.observe_traced(elapsed.as_secs_f64());
    }
}
