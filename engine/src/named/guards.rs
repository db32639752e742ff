//! What records by name when it is dropped.

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::{NamedMetrics, identity::Identity};
use crate::{MetricKind, clock::Stopwatch, collector::Began, error::RegisterError};

/// Records the seconds since it was started in a histogram, once: when it is stopped, or else when it is dropped. Made
/// by [`NamedMetrics::track_duration`].
///
/// It records in the collector that is there when it ends. If that which is there when it starts is not enabled, it
/// reads no clock and records nothing.
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct NamedTimer<'a> {
    metrics: &'a NamedMetrics,
    labels: &'a [(&'a str, &'a str)],
    /// `None` when there is nothing to record, or it has recorded, or was discarded.
    started: Option<(&'static Identity, Stopwatch)>,
}

impl<'a> NamedTimer<'a> {
    pub(super) fn start(
        metrics: &'a NamedMetrics,
        name: &str,
        labels: &'a [(&'a str, &'a str)],
    ) -> Result<Self, RegisterError> {
        let mut timer = Self { metrics, labels, started: None };
        metrics.with_collector(|collector| {
            if collector.is_enabled() {
                let metric = metrics.names.find_or_declare(name, MetricKind::Histogram, labels, collector)?;
                metric.with_values(labels, |_| ())?;
                timer.started = Some((metric, Stopwatch::start()));
            }
            Ok(())
        })?;
        Ok(timer)
    }

    /// The same for what has been under way since `start`, a reading of the standard library's clock that the caller
    /// already has.
    pub fn since(mut self, start: Instant) -> Self {
        self.started = self.started.map(|(metric, _)| (metric, Stopwatch::since(start)));
        self
    }

    /// Records now and returns what was recorded; zero when the collector was not enabled.
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Records a duration that the caller has measured, and reads no clock.
    pub fn stop_with(mut self, elapsed: Duration) {
        self.started = self.started.map(|(metric, _)| (metric, Stopwatch::Stopped(elapsed)));
    }

    /// Ends the timer without recording.
    pub fn discard(mut self) {
        self.started = None;
    }

    fn record(&mut self) -> Duration {
        let Some((metric, started)) = self.started.take() else { return Duration::ZERO };
        let elapsed = started.elapsed();
        self.metrics.with_collector(|collector| {
            metric.with_checked_values(self.labels, |values| {
                collector.histogram(&metric.id, elapsed.as_secs_f64(), values);
            });
        });
        elapsed
    }
}

impl Drop for NamedTimer<'_> {
    fn drop(&mut self) {
        self.record();
    }
}

impl fmt::Debug for NamedTimer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedTimer").field(&self.started.map(|(metric, _)| metric.key)).finish()
    }
}

/// Counts one thing as under way: it added 1 to a gauge when it was made, and subtracts 1 when it is dropped. Made by
/// [`NamedMetrics::track_active`].
///
/// It ends where it began: in the same collector, also when another has become the default meanwhile, and in the same
/// series, if the collector has [handles](crate::collector::MetricsCollector::gauge_handle), also when it was
/// unregistered. So it counts a reference to one or the other.
#[must_use = "a guard that is dropped at once counts nothing as under way"]
pub struct NamedInFlight<'a> {
    labels: &'a [(&'a str, &'a str)],
    /// `None` when the collector was not enabled.
    entered: Option<(&'static Identity, Began<'static>)>,
}

impl<'a> NamedInFlight<'a> {
    pub(super) fn enter(
        metrics: &NamedMetrics,
        name: &str,
        labels: &'a [(&'a str, &'a str)],
    ) -> Result<Self, RegisterError> {
        let collector = metrics.collector();
        if !collector.is_enabled() {
            return Ok(Self { labels, entered: None });
        }
        let metric = metrics.names.find_or_declare(name, MetricKind::Gauge, labels, &*collector)?;
        let mut entered = None;
        metric.with_values(labels, |values| {
            entered = Some((metric, Began::owned(collector, &metric.id, values)));
        })?;
        Ok(Self { labels, entered })
    }
}

impl Drop for NamedInFlight<'_> {
    fn drop(&mut self) {
        if let Some((metric, began)) = &self.entered {
            metric.with_checked_values(self.labels, |values| began.end(&metric.id, values));
        }
    }
}

impl fmt::Debug for NamedInFlight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedInFlight").field(&self.entered.as_ref().map(|(metric, _)| metric.key)).finish()
    }
}
