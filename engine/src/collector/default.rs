//! The collector that the process has one of.
//!
//! A thread keeps the default with the number of the setting that made it so. A call compares that number with the
//! process's, which is one load, and asks for the default again, under its lock, only when it has been set since. While
//! the call lasts it has what the thread keeps: a call within it, by a collector, finds nothing kept and asks.

use std::{cell::Cell, mem, sync::Arc};

use super::{CollectorInFlight, MetricId, MetricsCollector, NoOpCollector, scoped};
use crate::{
    DropReason, Gauge, NamePolicy,
    drops::drop_record,
    sync::{AtomicU64, Mutex, Ordering, lock, per_thread, process_wide_const},
};

/// How deep calls can lie in each other.
const MAX_DEPTH: u32 = 4;

process_wide_const! {
    /// `None` is the collector that does nothing.
    static DEFAULT: Mutex<Option<Arc<dyn MetricsCollector>>> = Mutex::new(None);
}

process_wide_const! {
    /// How often it was set. Raised under its lock.
    static SETTINGS: AtomicU64 = AtomicU64::new(0);
}

per_thread! {
    /// The default, and the number of settings when it was asked for.
    static KEPT: Cell<Option<(u64, Arc<dyn MetricsCollector>)>> = Cell::new(None);
    /// How many calls are under way. By itself, because it has no destructor and so is never gone.
    static DEPTH: Cell<u32> = Cell::new(0);
}

/// The collector that libraries use unless they were given one: a [`NoOpCollector`] until another is
/// [set](set_default_collector). On a thread that has [scoped](super::scoped_collector) one, that.
///
/// What it is, its name says: `default_collector().name()`. Who keeps it does not follow later settings; a
/// [`DefaultCollector`] does. Takes a lock.
#[must_use]
pub fn default_collector() -> Arc<dyn MetricsCollector> {
    scoped::innermost().unwrap_or_else(|| ask().1)
}

/// Sets the default collector, and returns the one before. Call sites that use the default follow: each call made after
/// this one, on any thread, finds the new collector.
///
/// For the start of `main`. A thread that used the old collector keeps it in memory until it uses the default again, or
/// ends.
///
/// ```
/// use std::sync::Arc;
///
/// use tachometer::{Registry, collector::{EngineCollector, default_collector, set_default_collector}};
///
/// assert_eq!(default_collector().name(), "NoOpCollector");
/// set_default_collector(Arc::new(EngineCollector::new(&Registry::new())));
/// assert_eq!(default_collector().name(), "EngineCollector");
/// ```
pub fn set_default_collector(collector: Arc<dyn MetricsCollector>) -> Arc<dyn MetricsCollector> {
    or_noop(replace(Some(collector)))
}

/// Makes the [`NoOpCollector`] the default again, and returns the one before.
pub fn reset_default_collector() -> Arc<dyn MetricsCollector> {
    or_noop(replace(None))
}

/// Calls `work` with the default collector, or with the one that this thread has [scoped](super::scoped_collector).
///
/// For call sites that follow the default: it costs thread-locals and one load, where [`default_collector`] takes a
/// lock. A call may be made within another, by a collector that records in the default; where four lie in each other,
/// the fifth gets a [`NoOpCollector`] and counts as a [dropped record](DropReason::Reentry), because a collector that
/// calls itself that way would do so without end.
pub fn with_default<R>(work: impl FnOnce(&dyn MetricsCollector) -> R) -> R {
    let call = Call::begin();
    let lent = Lent::new(&call);
    let result = work(&*lent.collector);
    lent.give_back();
    result
}

/// What [`with_default`] would lend, for a guard that has to end in the collector in which it began. Counts a
/// reference.
pub(crate) fn hold_default() -> Arc<dyn MetricsCollector> {
    let call = Call::begin();
    let lent = Lent::new(&call);
    let collector = Arc::clone(&lent.collector);
    lent.give_back();
    collector
}

/// Passes everything on to the default collector, whichever that is at the time.
///
/// For libraries that hold an `Arc<dyn MetricsCollector>` and were not given one. Costs what [`with_default`] does. What
/// is [under way](MetricsCollector::track) ends in the collector in which it began, also when another has become the
/// default meanwhile.
///
/// ```
/// use std::sync::Arc;
///
/// use tachometer::collector::{
///     DefaultCollector, InMemoryCollector, MetricId, MetricsCollector, set_default_collector,
/// };
///
/// static RECORDS_SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &[]);
///
/// let held_by_a_library: Arc<dyn MetricsCollector> = Arc::new(DefaultCollector);
/// let memory = Arc::new(InMemoryCollector::new());
/// set_default_collector(memory.clone());
/// held_by_a_library.increment(&RECORDS_SENT, 1.0, &[]);
/// assert_eq!(memory.counters()["records_sent_total"], 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultCollector;

impl MetricsCollector for DefaultCollector {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_default(|collector| collector.increment(metric, value, labels));
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_default(|collector| collector.gauge(metric, value, labels));
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_default(|collector| collector.histogram(metric, value, labels));
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        with_default(|collector| collector.add_to_gauge(metric, change, labels));
    }

    fn track<'a>(&'a self, metric: &'static MetricId, labels: &'a [&'a str]) -> CollectorInFlight<'a> {
        CollectorInFlight::enter_owned(hold_default(), metric, labels)
    }

    fn gauge_handle(&self, metric: &'static MetricId, labels: &[&str]) -> Option<Gauge> {
        with_default(|collector| collector.gauge_handle(metric, labels))
    }

    fn is_enabled(&self) -> bool {
        with_default(|collector| collector.is_enabled())
    }

    fn name_policy(&self) -> NamePolicy {
        with_default(|collector| collector.name_policy())
    }
}

/// A call under way, counted.
struct Call {
    is_too_deep: bool,
}

impl Call {
    #[inline]
    fn begin() -> Self {
        let depth = DEPTH.try_with(|depth| depth.replace(depth.get() + 1)).unwrap_or(0);
        Self { is_too_deep: depth >= MAX_DEPTH }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() - 1));
    }
}

/// The collector of a call.
struct Lent {
    collector: Arc<dyn MetricsCollector>,
    /// The number of settings that it belongs to, if the thread may keep it.
    setting: Option<u64>,
}

impl Lent {
    #[inline]
    fn new(call: &Call) -> Self {
        if call.is_too_deep {
            drop_record(DropReason::Reentry);
            return Self { collector: Arc::new(NoOpCollector), setting: None };
        }
        if let Some(collector) = scoped::innermost() {
            return Self { collector, setting: None };
        }
        // Relaxed: it orders nothing. A call that comes after a setting sees it in the number, as no load goes back
        // behind what its thread knows, and then the lock, under which the number rises, orders what it finds.
        let settings = SETTINGS.load(Ordering::Relaxed);
        let (setting, collector) = match KEPT.try_with(Cell::take) {
            Ok(Some(kept)) if kept.0 == settings => kept,
            _ => ask(),
        };
        Self { collector, setting: Some(setting) }
    }

    /// Leaves it to the thread's next call. A call that panics does not come here, and the next one asks.
    #[inline]
    fn give_back(self) {
        if let Some(setting) = self.setting {
            let replaced = KEPT.try_with(|kept| kept.replace(Some((setting, self.collector))));
            drop(replaced);
        }
    }
}

/// The number of settings so far, and the default that the last of them made.
#[cold]
fn ask() -> (u64, Arc<dyn MetricsCollector>) {
    let (settings, default) = {
        let default = lock(&DEFAULT);
        // Relaxed: it rises under the lock.
        (SETTINGS.load(Ordering::Relaxed), default.clone())
    };
    (settings, or_noop(default))
}

fn replace(collector: Option<Arc<dyn MetricsCollector>>) -> Option<Arc<dyn MetricsCollector>> {
    let mut default = lock(&DEFAULT);
    SETTINGS.fetch_add(1, Ordering::Relaxed);
    mem::replace(&mut *default, collector)
}

/// Without the lock: it takes memory, and the allocator may record.
fn or_noop(collector: Option<Arc<dyn MetricsCollector>>) -> Arc<dyn MetricsCollector> {
    collector.unwrap_or_else(|| Arc::new(NoOpCollector))
}
