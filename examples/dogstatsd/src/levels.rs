//! What gauges stand at.

use std::collections::HashMap;

use tachometer::collector::MetricId;

/// Most series whose level is kept. Label values made of data must not fill the memory.
pub const MAX_LEVELS: usize = 10_000;

/// A gauge of DogStatsD can be set and cannot be changed by a difference, so whoever adds to one has to know its level.
#[derive(Debug, Default)]
pub(crate) struct Levels(HashMap<Series, f64>);

/// The metric's name and its labels' values, all of them.
type Series = (&'static str, Vec<Box<str>>);

impl Levels {
    /// Notes the level; one that is a series too many is not kept, only sent.
    pub(crate) fn set(&mut self, metric: &MetricId, labels: &[&str], level: f64) {
        if let Some(kept) = self.level(metric, labels) {
            *kept = level;
        }
    }

    /// Changes the level and says what it is then, if it can be kept.
    pub(crate) fn add(&mut self, metric: &MetricId, labels: &[&str], change: f64) -> Option<f64> {
        let level = self.level(metric, labels)?;
        *level += change;
        Some(*level)
    }

    fn level(&mut self, metric: &MetricId, labels: &[&str]) -> Option<&mut f64> {
        let series = (metric.name(), metric.labels(labels).map(|(_, value)| value.into()).collect());
        if self.0.len() >= MAX_LEVELS && !self.0.contains_key(&series) {
            return None;
        }
        Some(self.0.entry(series).or_default())
    }
}
