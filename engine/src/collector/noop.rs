//! The collector that does nothing.

use super::{MetricId, MetricsCollector};

/// Does nothing with what is recorded; the default.
///
/// ```
/// use tachometer::collector::{MetricsCollector, NoOpCollector};
///
/// assert!(!NoOpCollector.is_enabled());
/// assert_eq!(NoOpCollector.name(), "NoOpCollector");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOpCollector;

impl MetricsCollector for NoOpCollector {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn add_to_gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn is_enabled(&self) -> bool {
        false
    }
}
