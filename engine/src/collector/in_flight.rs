//! In-flight guards of collectors.

use std::{fmt, sync::Arc};

use super::{MetricId, MetricsCollector};
use crate::Gauge;

/// Counts one thing as under way: it added 1 to a gauge when it was made, and subtracts 1 when it is dropped, be it by a
/// return, a panic or a cancelled future. Made by [`MetricsCollector::track`].
///
/// It ends in the series in which it began, if the collector has [handles](MetricsCollector::gauge_handle): also when
/// the series has been unregistered meanwhile, and an idle timeout leaves it alone. In a collector without handles it
/// ends by the metric and the labels. What began in a collector that was not enabled is not counted at all.
///
/// ```
/// use tachometer::{Registry, collector::{EngineCollector, MetricId, MetricsCollector}};
///
/// static ACTIVE: MetricId = MetricId::gauge("requests_active", "Requests under way.", &["endpoint"]);
///
/// let registry = Registry::new();
/// let collector = EngineCollector::new(&registry);
/// let active = || registry.snapshot().gauge("requests_active", &[("endpoint", "/query")]);
/// {
///     let _request = collector.track(&ACTIVE, &["/query"]);
///     assert_eq!(active(), Some(1.0));
/// }
/// assert_eq!(active(), Some(0.0));
/// ```
#[must_use = "a guard that is dropped at once counts nothing as under way"]
pub struct CollectorInFlight<'a> {
    metric: &'static MetricId,
    labels: &'a [&'a str],
    began: Began<'a>,
}

/// Where something began, and so where it ends.
pub(crate) enum Began<'a> {
    /// The collector was not enabled.
    Nowhere,
    /// In a series.
    Held(Gauge),
    /// In a collector without handles.
    Borrowed(&'a dyn MetricsCollector),
    /// The same.
    Owned(Arc<dyn MetricsCollector>),
    /// In several collectors.
    Each(Box<[Self]>),
}

impl<'a> CollectorInFlight<'a> {
    /// Adds 1 to the gauge.
    pub fn enter(
        collector: &'a dyn MetricsCollector,
        metric: &'static MetricId,
        labels: &'a [&'a str],
    ) -> Self {
        let began = Began::held(collector, metric, labels)
            .unwrap_or_else(|| Began::Borrowed(collector).enter(metric, labels));
        Self { metric, labels, began }
    }

    /// The same in a collector that must stay as long as the guard.
    pub(super) fn enter_owned(
        collector: Arc<dyn MetricsCollector>,
        metric: &'static MetricId,
        labels: &'a [&'a str],
    ) -> Self {
        Self { metric, labels, began: Began::owned(collector, metric, labels) }
    }
}

impl Drop for CollectorInFlight<'_> {
    fn drop(&mut self) {
        self.began.end(self.metric, self.labels);
    }
}

impl fmt::Debug for CollectorInFlight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CollectorInFlight").field(&self.metric.name()).field(&self.labels).finish()
    }
}

impl Began<'_> {
    /// Adds 1 to the gauge.
    pub(crate) fn owned(
        collector: Arc<dyn MetricsCollector>,
        metric: &'static MetricId,
        labels: &[&str],
    ) -> Self {
        Self::held(&*collector, metric, labels)
            .unwrap_or_else(|| Self::Owned(collector).enter(metric, labels))
    }

    /// Adds 1 to the gauge, unless it must be done by the metric and the labels.
    fn held(collector: &dyn MetricsCollector, metric: &'static MetricId, labels: &[&str]) -> Option<Self> {
        if !collector.is_enabled() {
            return Some(Self::Nowhere);
        }
        let parts = collector.parts();
        if !parts.is_empty() {
            let begin = |part: &Arc<_>| Self::owned(Arc::clone(part), metric, labels);
            return Some(Self::Each(parts.iter().map(begin).collect()));
        }
        let gauge = collector.gauge_handle(metric, labels)?;
        gauge.inc();
        Some(Self::Held(gauge))
    }

    fn enter(self, metric: &'static MetricId, labels: &[&str]) -> Self {
        self.add(1.0, metric, labels);
        self
    }

    /// Subtracts 1 again.
    pub(crate) fn end(&self, metric: &'static MetricId, labels: &[&str]) {
        self.add(-1.0, metric, labels);
    }

    fn add(&self, change: f64, metric: &'static MetricId, labels: &[&str]) {
        match self {
            Self::Nowhere => {}
            Self::Held(gauge) => gauge.add(change),
            Self::Borrowed(collector) => collector.add_to_gauge(metric, change, labels),
            Self::Owned(collector) => collector.add_to_gauge(metric, change, labels),
            Self::Each(parts) => parts.iter().for_each(|part| part.add(change, metric, labels)),
        }
    }
}
