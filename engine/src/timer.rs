//! Timers: guards that record how long something took.

use std::time::Duration;

use quanta::Instant;

use crate::{Histogram, clock};

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
#[derive(Debug)]
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct Timer<H: Timed = Histogram> {
    histogram: H,
    /// `None` when there is nothing to record: the histogram is disabled, or the timer has recorded or was discarded.
    started: Option<H::Instant>,
}

/// A histogram that can be timed, or a reference to one, and the clock it is timed by. Nobody outside can name it.
pub trait Timed {
    /// A reading of the clock.
    type Instant;

    /// Reads the clock, unless there is nothing to record.
    fn start(&self) -> Option<Self::Instant>;

    /// The time since a reading.
    fn since(started: Self::Instant) -> Duration;

    /// Records it.
    fn record(&self, elapsed: Duration);
}

impl<H: Timed> Timer<H> {
    #[inline]
    pub(crate) fn start(histogram: H) -> Self {
        let started = histogram.start();
        Self { histogram, started }
    }

    /// Records now and returns what was recorded; zero when the histogram is disabled.
    #[inline]
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Ends the timer without recording.
    #[inline]
    pub fn discard(mut self) {
        self.started = None;
    }

    #[inline]
    fn record(&mut self) -> Duration {
        let Some(started) = self.started.take() else { return Duration::ZERO };
        let elapsed = H::since(started);
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
    type Instant = H::Instant;

    #[inline]
    fn start(&self) -> Option<H::Instant> {
        (**self).start()
    }

    #[inline]
    fn since(started: H::Instant) -> Duration {
        H::since(started)
    }

    #[inline]
    fn record(&self, elapsed: Duration) {
        (**self).record(elapsed);
    }
}

impl Timed for Histogram {
    type Instant = Instant;

    #[inline]
    fn start(&self) -> Option<Instant> {
        (!self.is_noop()).then(clock::now)
    }

    #[inline]
    fn since(started: Instant) -> Duration {
        clock::now().saturating_duration_since(started)
    }

    #[inline]
    fn record(&self, elapsed: Duration) {
        self.observe_duration(elapsed);
    }
}
