//! The collector that records in a registry of this engine.

use std::{fmt, ptr};

use super::{MetricId, MetricsCollector};
use crate::{
    Buckets, DropReason, DynamicFamily, FloatCounter, Gauge, Histogram, MetricKind, RegisterError, Registry,
    drops::drop_record, registry::Removals, sync::Map,
};

/// Records in a [`Registry`], or in a child of one.
///
/// A metric is registered when something is first recorded in it: a counter as a family of [`FloatCounter`]s, a gauge of
/// [`Gauge`]s, a histogram of [`Histogram`]s with the buckets of the [`MetricId`] or else the registry's. Two metrics
/// that are declared alike are one.
///
/// ```
/// use tachometer::{Registry, collector::{EngineCollector, MetricId, MetricsCollector}};
///
/// static RECORDS_SENT: MetricId =
///     MetricId::counter("producer_records_sent_total", "Records sent.", &["stream_name"]);
///
/// let registry = Registry::builder().namespace("my_app").build()?;
/// let collector = EngineCollector::new(&registry);
/// collector.increment(&RECORDS_SENT, 500.0, &["orders"]);
///
/// let name = "my_app_producer_records_sent_total";
/// assert_eq!(registry.snapshot().float_counter(name, &[("stream_name", "orders")]), Some(500.0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// Nobody is told when a metric cannot be registered, because its name is taken by another kind of metric or a limit is
/// reached. So the error is kept in [`Registry::errors`] and counted like any failed registration, once, and what is
/// recorded in that metric through this collector from then on goes nowhere. A look-up that fails (a label value that is
/// too long) is counted each time. A record by the wrong method, such as `increment` with a gauge, is counted as a
/// [dropped record](DropReason::Unsupported).
pub struct EngineCollector {
    registry: Registry,
    removals: Removals,
    /// By the address of the metric, which never goes.
    families: Map<usize, Known>,
}

/// What a metric was registered as, and when.
#[derive(Clone)]
struct Known {
    family: Family,
    /// The registry's count of removals before the registration: when it has risen, the family may be gone.
    removals: u64,
}

#[derive(Clone)]
enum Family {
    Counter(DynamicFamily<FloatCounter>),
    Gauge(DynamicFamily<Gauge>),
    Histogram(DynamicFamily<Histogram>),
    /// It could not be registered.
    Refused,
}

/// A handle to a series.
enum Handle {
    Counter(FloatCounter),
    Gauge(Gauge),
    Histogram(Histogram),
    /// Of a metric that could not be registered.
    Noop,
}

impl EngineCollector {
    /// A collector that records in this registry, or this child.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone(), removals: registry.removals(), families: Map::new() }
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Records in the series, if the metric is of this kind.
    fn record(&self, metric: &'static MetricId, kind: MetricKind, labels: &[&str], record: impl Fn(&Handle)) {
        if metric.kind() != kind {
            return drop_record(DropReason::Unsupported);
        }
        // What cannot be looked up is counted in the registry's self-metrics.
        if let Ok(handle) = self.look_up(metric, labels) {
            record(&handle);
        }
    }

    fn look_up(&self, metric: &'static MetricId, labels: &[&str]) -> Result<Handle, RegisterError> {
        let removals = self.removals.so_far();
        match self.family(metric, removals) {
            Family::Counter(family) => family.with_values(labels).map(Handle::Counter),
            Family::Gauge(family) => family.with_values(labels).map(Handle::Gauge),
            Family::Histogram(family) => family.with_values(labels).map(Handle::Histogram),
            Family::Refused => Ok(Handle::Noop),
        }
    }

    /// The family of the metric, registered now if there is none, or if it may be gone.
    fn family(&self, metric: &'static MetricId, removals: u64) -> Family {
        let address = ptr::from_ref(metric).addr();
        let is_current =
            |known: &Known| known.removals >= removals || matches!(known.family, Family::Refused);
        let known = self.families.get(&address, |known| is_current(known).then(|| known.family.clone()));
        if let Some(family) = known.flatten() {
            return family;
        }
        self.families.remove_if(&address, |known| !is_current(known));
        // Under the lock of the map, so that a registration that fails does so once.
        let register = || Ok::<_, RegisterError>(Known { family: self.register(metric), removals });
        self.families.get_or_try_insert(address, register).map_or(Family::Refused, |known| known.family)
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

impl MetricsCollector for EngineCollector {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.record(metric, MetricKind::Counter, labels, |handle| {
            if let Handle::Counter(counter) = handle {
                counter.add(value);
            }
        });
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.record(metric, MetricKind::Gauge, labels, |handle| {
            if let Handle::Gauge(gauge) = handle {
                gauge.set(value);
            }
        });
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.record(metric, MetricKind::Histogram, labels, |handle| {
            if let Handle::Histogram(histogram) = handle {
                histogram.observe(value);
            }
        });
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        self.record(metric, MetricKind::Gauge, labels, |handle| {
            if let Handle::Gauge(gauge) = handle {
                gauge.add(change);
            }
        });
    }

    fn is_enabled(&self) -> bool {
        self.registry.is_enabled()
    }
}

impl fmt::Debug for EngineCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EngineCollector").field(&self.registry).finish()
    }
}
