//! The collector.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cadence::{
    Metric, MetricBuilder, MetricResult, StatsdClient,
    ext::{MetricValue, ToCounterValue},
    prelude::*,
};
use tachometer::collector::{MetricId, MetricsCollector};

use crate::{levels::Levels, text};

/// Sends every record as a DogStatsD metric, with its labels as tags.
///
/// Slower than the engine's own handles by far: a record formats a text and calls the client's sink, which for
/// cadence's `UdpMetricSink` is a system call. Put a `QueuingMetricSink` around it where that matters.
pub struct DogStatsdCollector {
    client: StatsdClient,
    levels: Mutex<Levels>,
    lost: AtomicU64,
}

impl DogStatsdCollector {
    /// A collector that sends through this client, whose prefix comes in front of every name.
    #[must_use]
    pub fn new(client: StatsdClient) -> Self {
        Self { client, levels: Mutex::default(), lost: AtomicU64::new(0) }
    }

    /// Records that were not sent: the sink refused them, the value was none, or there are too many gauges to keep
    /// their levels. A collector has nobody to return an error to, so it counts.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn send<'a, T: Metric + From<String>>(
        &self,
        metric: MetricBuilder<'a, '_, T>,
        tags: &'a [(&'static str, impl AsRef<str>)],
    ) {
        let metric = tags.iter().fold(metric, |metric, (name, value)| metric.with_tag(name, value.as_ref()));
        if metric.try_send().is_err() {
            self.lose();
        }
    }

    fn send_gauge(&self, metric: &MetricId, level: f64, labels: &[&str]) {
        let (name, tags) = (text::name(metric), text::tags(metric, labels));
        self.send(self.client.gauge_with_tags(&name, level), &tags);
    }

    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Held until the level is sent. Otherwise two threads could send their levels in the wrong order, and the agent
    /// would keep the older one.
    fn levels(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricsCollector for DogStatsdCollector {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        if !value.is_finite() || value < 0.0 {
            return self.lose();
        }
        let (name, tags) = (text::name(metric), text::tags(metric, labels));
        self.send(self.client.count_with_tags(&name, Increment(value)), &tags);
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        if !value.is_finite() {
            return self.lose();
        }
        let mut levels = self.levels();
        levels.set(metric, labels, value);
        self.send_gauge(metric, value, labels);
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        if !value.is_finite() {
            return self.lose();
        }
        let (name, tags) = (text::name(metric), text::tags(metric, labels));
        self.send(self.client.histogram_with_tags(&name, value), &tags);
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        if !change.is_finite() {
            return self.lose();
        }
        let mut levels = self.levels();
        match levels.add(metric, labels, change) {
            Some(level) => self.send_gauge(metric, level, labels),
            None => self.lose(),
        }
    }
}

impl fmt::Debug for DogStatsdCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DogStatsdCollector").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

/// Half an event is one too, as DogStatsD sees it; cadence's own counts are whole.
struct Increment(f64);

impl ToCounterValue for Increment {
    fn try_to_value(self) -> MetricResult<MetricValue> {
        Ok(MetricValue::Float(self.0))
    }
}
