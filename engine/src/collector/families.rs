//! The families that a collector has registered in its registry.

use std::{convert::Infallible, ptr};

use super::MetricId;
use crate::{
    Buckets, DynamicFamily, FloatCounter, Gauge, Histogram, MetricKind, Registry,
    sync::{Keyed, Map},
};

/// The families, by metric.
pub(super) struct Families {
    registry: Registry,
    known: Map<Known>,
}

/// What a metric was registered as, and when.
#[derive(Clone)]
struct Known {
    /// The address of the metric.
    metric: usize,
    family: Family,
    /// The registry's count of removals before the registration: when it has risen, the family may be gone, or what
    /// stood in its way.
    removals: u64,
}

#[derive(Clone)]
enum Family {
    Counter(DynamicFamily<FloatCounter>),
    Gauge(DynamicFamily<Gauge>),
    Histogram(DynamicFamily<Histogram>),
    /// It could not be registered, and stays so until something is removed from the registry.
    Refused,
}

/// A handle to a series.
pub(super) enum Handle {
    Counter(FloatCounter),
    Gauge(Gauge),
    Histogram(Histogram),
}

impl Families {
    pub(super) fn new(registry: Registry) -> Self {
        Self { registry, known: Map::new() }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The series of the metric with these values, unless it or the metric cannot be registered. `removals` is the
    /// registry's count of removals, read before.
    pub(super) fn look_up(
        &self,
        metric: &'static MetricId,
        values: &[&str],
        removals: u64,
    ) -> Option<Handle> {
        let handle = match self.family(metric, removals) {
            Family::Counter(family) => family.with_values(values).map(Handle::Counter),
            Family::Gauge(family) => family.with_values(values).map(Handle::Gauge),
            Family::Histogram(family) => family.with_values(values).map(Handle::Histogram),
            Family::Refused => return None,
        };
        handle.ok()
    }

    /// The family of the metric, registered now if there is none, or if that may have changed.
    fn family(&self, metric: &'static MetricId, removals: u64) -> Family {
        let address = address(metric);
        let is_current = |known: &Known| known.removals >= removals;
        let known = self.known.get(&address, |known| is_current(known).then(|| known.family.clone()));
        if let Some(family) = known.flatten() {
            return family;
        }
        self.known.remove_if(&address, |known| !is_current(known));
        // Under the lock of the map, so that a registration that fails does so once.
        let register =
            || Ok::<_, Infallible>(Known { metric: address, family: self.register(metric), removals });
        let Ok(family) = self.known.get_or_try_insert(&address, register, |known| known.family.clone());
        family
    }

    fn register(&self, metric: &'static MetricId) -> Family {
        let mut declaration = self.registry.declare(metric.name(), metric.help());
        declaration = declaration.labels(metric.label_names().iter().copied());
        if let Some(unit) = metric.unit() {
            declaration = declaration.unit(unit);
        }
        if let Some(bounds) = metric.buckets() {
            declaration = declaration.buckets(Buckets::explicit(bounds.iter().copied()));
        }
        let family = match metric.kind() {
            MetricKind::Counter => declaration.register().map(Family::Counter),
            MetricKind::Gauge => declaration.register().map(Family::Gauge),
            MetricKind::Histogram => declaration.register().map(Family::Histogram),
            // Kinds that no metric of a collector has.
            _ => return Family::Refused,
        };
        family.unwrap_or_else(|error| {
            self.registry.keep_error(error);
            Family::Refused
        })
    }
}

impl Keyed for Known {
    type Key = usize;

    fn key(&self) -> &usize {
        &self.metric
    }
}

/// The address of a metric, which stands for it: what lies there never goes and never changes.
pub(super) fn address(metric: &'static MetricId) -> usize {
    ptr::from_ref(metric).addr()
}
