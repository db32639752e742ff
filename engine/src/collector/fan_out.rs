//! Several collectors as one.

use std::sync::Arc;

use super::{MetricId, MetricsCollector};
use crate::NamePolicy;

/// Hands everything to several collectors, in their order.
///
/// Costs what they cost together. A timer reads the clock if any of them is enabled, and its seconds are the same for
/// all.
///
/// ```
/// use std::sync::Arc;
///
/// use tachometer::{
///     Registry,
///     collector::{EngineCollector, FanOut, InMemoryCollector, MetricId, MetricsCollector},
/// };
///
/// static RECORDS_SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &[]);
///
/// let registry = Registry::new();
/// let memory = Arc::new(InMemoryCollector::new());
/// let both = FanOut::new([Arc::new(EngineCollector::new(&registry)) as Arc<dyn MetricsCollector>, memory.clone()]);
/// both.increment(&RECORDS_SENT, 2.0, &[]);
/// assert_eq!(registry.snapshot().float_counter("records_sent_total", &[]), Some(2.0));
/// assert_eq!(memory.counters()["records_sent_total"], 2.0);
/// ```
#[derive(Clone, Debug)]
pub struct FanOut {
    collectors: Box<[Arc<dyn MetricsCollector>]>,
}

impl FanOut {
    /// A collector of these. Of none, it does nothing.
    #[must_use]
    pub fn new(collectors: impl IntoIterator<Item = Arc<dyn MetricsCollector>>) -> Self {
        Self { collectors: collectors.into_iter().collect() }
    }
}

impl MetricsCollector for FanOut {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.collectors.iter().for_each(|collector| collector.increment(metric, value, labels));
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.collectors.iter().for_each(|collector| collector.gauge(metric, value, labels));
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.collectors.iter().for_each(|collector| collector.histogram(metric, value, labels));
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        self.collectors.iter().for_each(|collector| collector.add_to_gauge(metric, change, labels));
    }

    fn parts(&self) -> &[Arc<dyn MetricsCollector>] {
        &self.collectors
    }

    fn is_enabled(&self) -> bool {
        self.collectors.iter().any(|collector| collector.is_enabled())
    }

    /// That of all of them, if they have the same.
    fn name_policy(&self) -> NamePolicy {
        let mut policies = self.collectors.iter().map(|collector| collector.name_policy());
        let first = policies.next().unwrap_or_default();
        if policies.all(|policy| policy == first) { first } else { NamePolicy::AS_IS }
    }
}
