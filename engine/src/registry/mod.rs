//! Registries: where metrics get their names, and where snapshots of them come from.

use std::{fmt, sync::Arc as Shared};

mod builder;
mod callbacks;
mod catalog;
mod declaration;
#[cfg(not(tachometer_loom))]
mod default;
pub mod derived;
mod description;
mod dynamic;
pub(crate) mod entry;
mod errors;
mod exemplars;
mod family;
mod idle;
mod memory;
pub(crate) mod metric;
mod metrics;
mod removals;
mod scope;
mod scrape;
mod self_metrics;
mod typed;

pub use builder::{
    DEFAULT_CALLBACK_TIMEOUT, DEFAULT_MAX_FAMILIES, DEFAULT_MAX_SERIES_PER_FAMILY, RegistryBuilder,
};
pub use declaration::{Declaration, Instrument, MAX_COMBINATIONS};
#[cfg(not(tachometer_loom))]
pub use default::default_registry;
pub use dynamic::DynamicFamily;
pub use memory::{FamilyMemory, Memory};
pub use metric::Metric;
pub use metrics::Metrics;
pub use scope::CommonLabels;
pub use typed::{Family, LookUp};

pub(crate) use removals::Removals;

use catalog::Catalog;
use metric::{AnySeries, Kind};
use scope::Scope;
use typed::FamilyScope;

use crate::{
    Counter, FloatCounter, Gauge, Histogram, IntegerHistogram, NamePolicy, Resolution, SignalCounter,
    Snapshot, UpDownCounter,
    buckets::IntoBuckets,
    error::RegisterError,
    held::{Body, Origin},
    name::ConstantLabel,
    sync::Arc,
};

/// Most labels that a family can have.
pub const MAX_LABELS: usize = 32;

/// No labels at all, where an API takes pairs of names and values.
pub const NO_LABELS: [(&str, &str); 0] = [];

/// A set of metrics, with the prefix, the labels and the buckets they have in common.
///
/// A registry is a value: a program makes one and hands it down, a test makes its own. Cloning gives another handle to
/// the same registry. Registering allocates, takes locks and may fail; it belongs to a program's start. Registering the
/// same metric again gives a handle to the same cells.
///
/// ```
/// use tachometer::Registry;
///
/// let registry = Registry::builder().namespace("shop").label("env", "prod").build()?;
/// let orders = registry.counter("orders_total", "Orders placed.")?;
/// orders.inc();
/// assert_eq!(registry.snapshot().counter("shop_orders_total", &[("env", "prod")]), Some(1));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    catalog: Arc<Catalog>,
    scope: Arc<Scope>,
}

impl Registry {
    /// A registry without prefix and constant labels.
    #[must_use]
    pub fn new() -> Self {
        RegistryBuilder::new().build_plain(true)
    }

    /// A registry whose handles record nothing and whose snapshots are empty.
    #[must_use]
    pub fn disabled() -> Self {
        RegistryBuilder::new().build_plain(false)
    }

    /// Begins a registry with options.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::new()
    }

    /// A registry for a component: what is registered in it gets `prefix_` in front of its name, behind this registry's
    /// own prefix, and the labels on every series. An empty prefix adds none. Everything else is shared with this
    /// registry, whose snapshots hold the child's metrics too; so do the child's, which are the same.
    ///
    /// Children with the same prefix and label names share families, and differ by the labels' values:
    ///
    /// ```
    /// use tachometer::Registry;
    ///
    /// let registry = Registry::new();
    /// for stream in ["orders", "clicks"] {
    ///     let producer = registry.child("producer", [("stream_name", stream)])?;
    ///     producer.counter("records_sent_total", "Records sent.")?.inc();
    /// }
    /// let snapshot = registry.snapshot();
    /// assert_eq!(snapshot.counter("producer_records_sent_total", &[("stream_name", "clicks")]), Some(1));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the prefix or a label's name is illegal, or a label is one of this registry's already.
    pub fn child(&self, prefix: &str, labels: impl CommonLabels) -> Result<Self, RegisterError> {
        let error = |reason| RegisterError::new("", reason);
        let scope = labels.pairs().and_then(|labels| {
            let scope = self.scope.child(prefix, labels).map_err(error)?;
            self.catalog.check_scope(&scope).map_err(error)?;
            Ok(scope)
        });
        let scope = self.counted(scope)?;
        Ok(Self { catalog: Arc::clone(&self.catalog), scope: Arc::new(scope) })
    }

    /// The same registry, with another way to name what is registered in it from now on, by this value, its clones and
    /// its children: for a component that names things differently. The registry's prefix is translated in that way
    /// too.
    ///
    /// ```
    /// use tachometer::{NamePolicy, Registry};
    ///
    /// let registry = Registry::builder().namespace("shop").build()?;
    /// let kafka = registry.with_name_policy(NamePolicy::WITHOUT_UNITS).child("kafka.eventbus", [("bus", "orders")])?;
    /// kafka.counter("messages.published", "Messages published.")?.inc();
    /// let name = "shop_kafka_eventbus_messages_published_total";
    /// assert_eq!(registry.snapshot().counter(name, &[("bus", "orders")]), Some(1));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn with_name_policy(&self, policy: NamePolicy) -> Self {
        let scope = self.scope.with_policy(policy);
        Self { catalog: Arc::clone(&self.catalog), scope: Arc::new(scope) }
    }

    /// How names are translated that are registered here.
    pub fn name_policy(&self) -> NamePolicy {
        self.scope.policy()
    }

    /// Whether anything is recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.catalog.options.enabled
    }

    /// Takes a snapshot of every metric.
    ///
    /// It holds every record that happened before the call, as this thread knows of it (its own, and those of threads
    /// that it has since synchronised with), and of the others some. It is no single instant: of two records made
    /// while it is taken, the later one may be in it and the earlier one not.
    ///
    /// Takes no lock that a record could meet, and waits for no thread that records. Callbacks run first, outside every
    /// lock. The cost grows with the cells that threads have touched, about a nanosecond or two each; after a
    /// registration the next snapshot rebuilds the schema.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.catalog.snapshot()
    }

    /// The constant labels of the registry, and of the child that this is.
    fn constant_labels(&self) -> Shared<[ConstantLabel]> {
        self.catalog.constant_labels.iter().chain(self.scope.labels()).cloned().collect()
    }

    /// Begins a metric: its name without the registry's prefix, and its help text. What is not in the methods below
    /// (units, families with typed labels, state sets) is declared and then registered as the type that is wanted.
    pub fn declare<'a>(&self, name: &'a str, help: &'a str) -> Declaration<'a> {
        Declaration::new(self.clone(), name, help)
    }

    /// Registers the metrics of a struct with `#[derive(Metrics)]`, with the labels that all of them have in common.
    ///
    /// # Errors
    ///
    /// Those of the first metric that cannot be registered; the ones before it stay. See [`Declaration::register`].
    pub fn register<M: Metrics>(&self, common: M::Common) -> Result<M, RegisterError> {
        M::register(self, common)
    }

    /// Registers an integer counter.
    ///
    /// # Errors
    ///
    /// Like every registration: when the name is illegal, taken by a different metric, or clashes with a sample of
    /// another one; or when the process has no cells left.
    pub fn counter(&self, name: &str, help: &str) -> Result<Counter, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers a float counter. Errors as [`counter`](Self::counter).
    pub fn float_counter(&self, name: &str, help: &str) -> Result<FloatCounter, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers an up-down counter. Errors as [`counter`](Self::counter).
    pub fn up_down_counter(&self, name: &str, help: &str) -> Result<UpDownCounter, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers a gauge. Errors as [`counter`](Self::counter).
    pub fn gauge(&self, name: &str, help: &str) -> Result<Gauge, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers a counter for signal handlers. Errors as [`counter`](Self::counter).
    pub fn signal_counter(&self, name: &str, help: &str) -> Result<SignalCounter, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers a histogram with the registry's default buckets. Errors as [`counter`](Self::counter).
    pub fn histogram(&self, name: &str, help: &str) -> Result<Histogram, RegisterError> {
        self.declare(name, help).register()
    }

    /// Registers a histogram with buckets of its own.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter), and when the buckets could not be made.
    pub fn histogram_with(
        &self,
        name: &str,
        help: &str,
        buckets: impl IntoBuckets,
    ) -> Result<Histogram, RegisterError> {
        self.declare(name, help).buckets(buckets).register()
    }

    /// Registers a histogram of integers, with buckets in the unit that is exposed: of nanoseconds, in seconds.
    ///
    /// # Errors
    ///
    /// As [`histogram_with`](Self::histogram_with).
    pub fn integer_histogram(
        &self,
        name: &str,
        help: &str,
        buckets: impl IntoBuckets,
        resolution: Resolution,
    ) -> Result<IntegerHistogram, RegisterError> {
        self.declare(name, help).buckets(buckets).resolution(resolution).register()
    }

    /// Registers a family of integer counters with these label names.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter), and when a label name is illegal, reserved or given twice.
    pub fn counter_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<Counter>, RegisterError> {
        self.declare(name, help).labels(label_names).register()
    }

    /// Registers a family of float counters with these label names. Errors as [`counter_family`](Self::counter_family).
    pub fn float_counter_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<FloatCounter>, RegisterError> {
        self.declare(name, help).labels(label_names).register()
    }

    /// Registers a family of up-down counters with these label names. Errors as
    /// [`counter_family`](Self::counter_family).
    pub fn up_down_counter_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<UpDownCounter>, RegisterError> {
        self.declare(name, help).labels(label_names).register()
    }

    /// Registers a family of gauges with these label names. Errors as [`counter_family`](Self::counter_family).
    pub fn gauge_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<Gauge>, RegisterError> {
        self.declare(name, help).labels(label_names).register()
    }

    /// Registers a family of histograms with the default buckets and these label names. Errors as
    /// [`counter_family`](Self::counter_family).
    pub fn histogram_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<Histogram>, RegisterError> {
        self.declare(name, help).labels(label_names).register()
    }

    /// Registers a family of histograms with buckets of its own.
    ///
    /// # Errors
    ///
    /// As [`counter_family`](Self::counter_family), and when the buckets could not be made.
    pub fn histogram_family_with<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
        buckets: impl IntoBuckets,
    ) -> Result<DynamicFamily<Histogram>, RegisterError> {
        self.declare(name, help).labels(label_names).buckets(buckets).register()
    }

    /// Registers an info: labels that describe the program, with the value 1. `info("build", ..)` is exposed as
    /// `build_info{version="1.2"} 1`.
    ///
    /// # Errors
    ///
    /// As [`counter_family`](Self::counter_family).
    pub fn info<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        labels: impl IntoIterator<Item = (&'a str, &'a str), IntoIter: Clone>,
    ) -> Result<(), RegisterError> {
        let labels = labels.into_iter();
        let scope = self.declare(name, help).open_scope(Kind::Info, labels.clone().map(|(name, _)| name));
        let info = |origin: Origin<'_>| AnySeries::Info(Arc::new(Body::new(origin, ())));
        let add = |scope: FamilyScope| scope.add(labels, info);
        self.counted(scope.and_then(|scope| scope.map_or(Ok(()), add)))
    }

    /// Removes a metric, with all its series. Says whether there was one. A child removes its own series only. The name
    /// is, behind the registry's prefix, the one that is exposed, or else the one that the metric was registered with.
    ///
    /// Handles that are still held record on, unseen and harmlessly. A metric that is registered under the name again
    /// begins at 0. A static metric registers once and does not come back.
    pub fn unregister(&self, name: &str) -> bool {
        if !self.is_enabled() {
            return false;
        }
        let names = self.catalog.exposed_names(&self.scope.full_name(name), self.scope.policy());
        // Not `any`, which ends with the first.
        names.iter().filter(|name| self.catalog.unregister(name, &self.scope)).count() > 0
    }

    /// Passes on what goes to a caller outside, and counts it if it is an error.
    fn counted<T>(&self, result: Result<T, RegisterError>) -> Result<T, RegisterError> {
        self.catalog.self_metrics.tally.count(result)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("prefix", &self.scope.prefix())
            .field("enabled", &self.catalog.options.enabled)
            .field("families", &self.catalog.families().len())
            .finish()
    }
}
