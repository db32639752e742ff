//! Timers of collectors.

use std::time::{Duration, Instant};

use super::{MetricId, MetricsCollector};
use crate::clock::Stopwatch;

/// Records the seconds since it was started, once: when it is stopped, or else when it is dropped, be it by a return, a
/// panic or a cancelled future. Made by [`MetricsCollector::timer`].
#[derive(Debug)]
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct CollectorTimer<'a> {
    collector: &'a dyn MetricsCollector,
    metric: &'static MetricId,
    labels: &'a [&'a str],
    /// `None` when there is nothing to record, or it has recorded, or was discarded.
    started: Option<Stopwatch>,
}

impl<'a> CollectorTimer<'a> {
    /// Starts a timer. A collector that is not enabled reads no clock.
    pub fn start(
        collector: &'a dyn MetricsCollector,
        metric: &'static MetricId,
        labels: &'a [&'a str],
    ) -> Self {
        let started = collector.is_enabled().then(Stopwatch::start);
        Self { collector, metric, labels, started }
    }

    /// The same for what has been under way since `start`, a reading of the standard library's clock that the caller
    /// already has.
    pub fn since(mut self, start: Instant) -> Self {
        self.started = self.started.map(|_| Stopwatch::since(start));
        self
    }

    /// Records now and returns what was recorded; zero when the collector is not enabled.
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Records a duration that the caller has measured, and reads no clock.
    pub fn stop_with(mut self, elapsed: Duration) {
        self.started = self.started.map(|_| Stopwatch::Stopped(elapsed));
    }

    /// Ends the timer without recording.
    pub fn discard(mut self) {
        self.started = None;
    }

    fn record(&mut self) -> Duration {
        let Some(started) = self.started.take() else { return Duration::ZERO };
        let elapsed = started.elapsed();
        self.collector.histogram(self.metric, elapsed.as_secs_f64(), self.labels);
        elapsed
    }
}

impl Drop for CollectorTimer<'_> {
    fn drop(&mut self) {
        self.record();
    }
}
