//! The collector that records in a registry of this engine.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use super::{
    MetricId, MetricsCollector,
    cache::{Cache, CacheKey},
    families::{Families, Handle, address},
};
use crate::{
    DropReason, Gauge, MetricKind, NamePolicy, Registry,
    drops::drop_record,
    reentry::one_at_a_time,
    registry::Removals,
    sync::{AtomicU64, Ordering, per_thread, process_wide_const},
};

/// Records in a [`Registry`], or in a child of one.
///
/// A metric is registered when something is first recorded in it: a counter as a family of
/// [`FloatCounter`](crate::FloatCounter)s, a gauge of [`Gauge`](crate::Gauge)s, a histogram of
/// [`Histogram`](crate::Histogram)s with the buckets of the [`MetricId`] or else the registry's. Two metrics that are
/// declared alike are one.
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
/// Nobody waits for the error when a metric cannot be registered, because its name is taken by another kind of metric
/// or a limit is reached. So it is kept in [`Registry::errors`], and counted like any failed registration, once; it is
/// tried again after something was removed from the registry. Until then, what is recorded in that metric through this
/// collector is dropped, and each record [counted](DropReason::Refused). A look-up that fails, because a label's value
/// is too long, is counted each time, as both. A record by the wrong method, such as `increment` with a gauge, is
/// counted as a [dropped record](DropReason::Unsupported).
///
/// Names are translated as the registry [says](Registry::name_policy). Those of a [`MetricId`] are legal already, so a
/// policy adds units and `_total` to them; metrics [by name](crate::named) may have any name that it takes.
///
/// # Cost
///
/// A thread remembers up to 256 series, by the metric and the values of its labels. A record in one of them compares
/// these and then records as a handle does: it locks nothing and takes no memory. Any other record looks the metric and
/// the series up, each in a concurrent map: the first on each thread, the first after something was removed from the
/// registry, and every one whose values have more than 250 bytes together. So does what cannot be registered.
///
/// With an [idle timeout](crate::RegistryBuilder::idle_timeout) every record is looked up, because a series that is
/// remembered is not idle.
///
/// What a thread remembers of series and registries that are gone it keeps until others take their places, or it ends:
/// handles to cells, not the registry.
pub struct EngineCollector {
    /// No other collector has had it, so what threads remember of one that is gone is not taken for this one's.
    identity: u64,
    access: Access,
    removals: Removals,
    families: Families,
}

/// How series are found.
#[derive(Clone, Copy)]
enum Access {
    /// There are none.
    Disabled,
    /// Once a thread.
    Remembered,
    /// Each time.
    LookedUp,
}

/// A handle that a thread remembers.
struct Remembered {
    handle: Handle,
    /// The registry's count of removals before the look-up: when it has risen, the series may be gone.
    removals: u64,
}

process_wide_const! {
    /// The identity of the next collector.
    static NEXT_IDENTITY: AtomicU64 = AtomicU64::new(0);
}

per_thread! {
    static REMEMBERED: RefCell<Cache<Remembered>> = RefCell::new(Cache::new());
}

impl EngineCollector {
    /// A collector that records in this registry, or this child.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let access = match (registry.is_enabled(), registry.forgets_idle_series()) {
            (false, _) => Access::Disabled,
            (true, false) => Access::Remembered,
            (true, true) => Access::LookedUp,
        };
        Self {
            // Relaxed: a number of its own.
            identity: NEXT_IDENTITY.fetch_add(1, Ordering::Relaxed),
            access,
            removals: registry.removals(),
            families: Families::new(registry.clone()),
        }
    }

    /// The registry, or the child.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.families.registry()
    }

    /// Records in the series, if the metric is of this kind.
    #[inline]
    fn record(&self, metric: &'static MetricId, kind: MetricKind, labels: &[&str], record: impl Fn(&Handle)) {
        if metric.kind() != kind {
            return drop_record(DropReason::Unsupported);
        }
        match self.access {
            Access::Disabled => {}
            Access::Remembered => {
                let key = CacheKey::new([self.identity, address(metric) as u64], labels);
                if !self.record_remembered(&key, &record) {
                    self.record_looked_up(metric, labels, Some(&key), &record);
                }
            }
            Access::LookedUp => self.record_looked_up(metric, labels, None, &record),
        }
    }

    /// Records in the series if this thread remembers it, and says whether it does.
    #[inline]
    fn record_remembered(&self, key: &CacheKey<'_>, record: &impl Fn(&Handle)) -> bool {
        let removals = self.removals.so_far();
        let recorded = REMEMBERED.try_with(|cache| {
            // Borrowed while something is put in, and the allocator that is asked for memory then may record too.
            let Ok(cache) = cache.try_borrow() else { return false };
            let found = cache.get(key).filter(|remembered| remembered.removals == removals);
            found.inspect(|remembered| record(&remembered.handle)).is_some()
        });
        recorded.unwrap_or(false)
    }

    /// Looks the series up, records in it, and remembers it if there is a key for that.
    #[cold]
    #[inline(never)]
    fn record_looked_up(
        &self,
        metric: &'static MetricId,
        labels: &[&str],
        key: Option<&CacheKey<'_>>,
        record: &impl Fn(&Handle),
    ) {
        // Before anything is looked up: see `Removals`.
        let removals = self.removals.so_far();
        let Some(found) = one_at_a_time(|| self.families.look_up(metric, labels, removals)) else {
            return drop_record(DropReason::Reentry);
        };
        // The error is in the registry's self-metrics already.
        let Some(handle) = found else { return drop_record(DropReason::Refused) };
        record(&handle);
        let Some(key) = key else { return };
        let replaced = REMEMBERED.try_with(|cache| {
            cache.try_borrow_mut().ok().and_then(|mut cache| cache.put(key, Remembered { handle, removals }))
        });
        drop(replaced);
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

    /// Always one: an end by look-up would lower a series that the beginning did not raise.
    fn gauge_handle(&self, metric: &'static MetricId, labels: &[&str]) -> Option<Gauge> {
        let held = Cell::new(Gauge::noop());
        self.record(metric, MetricKind::Gauge, labels, |handle| {
            if let Handle::Gauge(gauge) = handle {
                held.set(gauge.clone());
            }
        });
        Some(held.into_inner())
    }

    fn is_enabled(&self) -> bool {
        !matches!(self.access, Access::Disabled)
    }

    fn name_policy(&self) -> NamePolicy {
        self.registry().name_policy()
    }
}

impl fmt::Debug for EngineCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EngineCollector").field(self.registry()).finish()
    }
}
