//! Timers of collectors.

use std::time::Duration;

use quanta::Instant;

use super::{MetricId, MetricsCollector};
use crate::clock;

/// Records the seconds since it was started, once: when it is stopped, or else when it is dropped, be it by a return, a
/// panic or a cancelled future. Made by [`MetricsCollector::timer`].
#[derive(Debug)]
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct CollectorTimer<'a> {
    collector: &'a dyn MetricsCollector,
    metric: &'static MetricId,
    labels: &'a [&'a str],
    /// `None` when there is nothing to record, or it has recorded, or was discarded.
    started: Option<Instant>,
}

impl<'a> CollectorTimer<'a> {
    /// Starts a timer. A collector that is not enabled reads no clock.
    pub fn start(
        collector: &'a dyn MetricsCollector,
        metric: &'static MetricId,
        labels: &'a [&'a str],
    ) -> Self {
        let started = collector.is_enabled().then(clock::now);
        Self { collector, metric, labels, started }
    }

    /// Records now and returns what was recorded; zero when the collector is not enabled.
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Ends the timer without recording.
    pub fn discard(mut self) {
        self.started = None;
    }

    fn record(&mut self) -> Duration {
        let Some(started) = self.started.take() else { return Duration::ZERO };
        let elapsed = clock::now().saturating_duration_since(started);
        self.collector.histogram(self.metric, elapsed.as_secs_f64(), self.labels);
        elapsed
    }
}

impl Drop for CollectorTimer<'_> {
    fn drop(&mut self) {
        self.record();
    }
}
