//! Registries: where metrics get their names, and where snapshots of them come from.

use std::{fmt, sync::Arc as Shared};

mod builder;
mod catalog;
mod family;
mod labels;
mod metric;

pub use builder::RegistryBuilder;
pub use family::DynamicFamily;
pub use labels::MAX_LABELS;
pub use metric::Metric;

use catalog::{Catalog, Names, Request};
use family::ConstantLabel;
use labels::BorrowedValues;
use metric::{Kind, Storage};

use crate::{
    Buckets, Counter, FloatCounter, Gauge, Histogram, SignalCounter, Snapshot, UpDownCounter,
    buckets::IntoBuckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::MetricName,
    shard::arena,
    snapshot::collect::{Callback, collect},
    sync::{Arc, AtomicU64, Mutex, Ordering, lock},
};

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
}

impl Registry {
    /// A registry without prefix and constant labels.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(String::new(), String::new(), Shared::default(), Buckets::default(), true)
    }

    /// A registry whose handles record nothing and whose snapshots are empty.
    #[must_use]
    pub fn disabled() -> Self {
        Self::with_options(String::new(), String::new(), Shared::default(), Buckets::default(), false)
    }

    /// Begins a registry with options.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::new()
    }

    fn with_options(
        namespace: String,
        subsystem: String,
        constant_labels: Shared<[ConstantLabel]>,
        default_buckets: Buckets,
        enabled: bool,
    ) -> Self {
        let catalog = Catalog {
            namespace,
            subsystem,
            constant_labels,
            default_buckets,
            enabled,
            arena: arena(),
            names: Mutex::new(Names::default()),
            version: Arc::new(AtomicU64::new(0)),
            schema: Mutex::new(None),
            callback_errors: AtomicU64::new(0),
        };
        Self { catalog: Arc::new(catalog) }
    }

    /// Whether anything is recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.catalog.enabled
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
        let (snapshot, failed) = collect(self.catalog.schema(), self.catalog.arena);
        if failed > 0 {
            self.catalog.callback_errors.fetch_add(failed, Ordering::Relaxed);
        }
        snapshot
    }

    /// How many calls of callbacks have panicked.
    #[must_use]
    pub fn callback_errors(&self) -> u64 {
        self.catalog.callback_errors.load(Ordering::Relaxed)
    }

    /// Registers an integer counter.
    ///
    /// # Errors
    ///
    /// Like every registration: when the name is illegal, taken by a different metric, or clashes with a sample of
    /// another one; or when the process has no cells left.
    pub fn counter(&self, name: &str, help: &str) -> Result<Counter, RegisterError> {
        self.single(name, help, None)
    }

    /// Registers a float counter. Errors as [`counter`](Self::counter).
    pub fn float_counter(&self, name: &str, help: &str) -> Result<FloatCounter, RegisterError> {
        self.single(name, help, None)
    }

    /// Registers an up-down counter. Errors as [`counter`](Self::counter).
    pub fn up_down_counter(&self, name: &str, help: &str) -> Result<UpDownCounter, RegisterError> {
        self.single(name, help, None)
    }

    /// Registers a gauge. Errors as [`counter`](Self::counter).
    pub fn gauge(&self, name: &str, help: &str) -> Result<Gauge, RegisterError> {
        self.single(name, help, None)
    }

    /// Registers a counter for signal handlers. Errors as [`counter`](Self::counter).
    pub fn signal_counter(&self, name: &str, help: &str) -> Result<SignalCounter, RegisterError> {
        self.single(name, help, None)
    }

    /// Registers a histogram with the registry's default buckets. Errors as [`counter`](Self::counter).
    pub fn histogram(&self, name: &str, help: &str) -> Result<Histogram, RegisterError> {
        self.histogram_with(name, help, &self.catalog.default_buckets)
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
        self.single(name, help, Some(self.buckets(name, buckets)?))
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
        self.family(name, help, label_names, None)
    }

    /// Registers a family of float counters. Errors as [`counter_family`](Self::counter_family).
    pub fn float_counter_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<FloatCounter>, RegisterError> {
        self.family(name, help, label_names, None)
    }

    /// Registers a family of up-down counters. Errors as [`counter_family`](Self::counter_family).
    pub fn up_down_counter_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<UpDownCounter>, RegisterError> {
        self.family(name, help, label_names, None)
    }

    /// Registers a family of gauges. Errors as [`counter_family`](Self::counter_family).
    pub fn gauge_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<Gauge>, RegisterError> {
        self.family(name, help, label_names, None)
    }

    /// Registers a family of histograms with the default buckets. Errors as [`counter_family`](Self::counter_family).
    pub fn histogram_family<'a>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
    ) -> Result<DynamicFamily<Histogram>, RegisterError> {
        self.histogram_family_with(name, help, label_names, &self.catalog.default_buckets)
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
        let buckets = self.buckets(name, buckets)?;
        self.family(name, help, label_names, Some(buckets))
    }

    /// Registers a gauge whose value is asked for by every snapshot.
    ///
    /// The callback runs on the thread that takes the snapshot, outside every lock, and may use the registry. When it
    /// panics, the series is left out of that snapshot and [`callback_errors`](Self::callback_errors) counts it. So
    /// it is with callbacks of a snapshot that a callback takes, four deep. The registry owns the callback: one that
    /// holds a clone of the registry keeps it alive for ever.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter); a second callback under one name is an error.
    pub fn gauge_fn(
        &self,
        name: &str,
        help: &str,
        callback: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        self.callback(name, help, Kind::GaugeFn, Shared::new(move || callback().to_bits()))
    }

    /// Registers a counter whose value is asked for by every snapshot. It must not fall. See
    /// [`gauge_fn`](Self::gauge_fn).
    ///
    /// # Errors
    ///
    /// As [`gauge_fn`](Self::gauge_fn).
    pub fn counter_fn(
        &self,
        name: &str,
        help: &str,
        callback: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        self.callback(name, help, Kind::CounterFn, Shared::new(callback))
    }
}

/// The work behind the registrations.
impl Registry {
    fn single<M: Metric>(
        &self,
        name: &str,
        help: &str,
        buckets: Option<Buckets>,
    ) -> Result<M, RegisterError> {
        self.family::<M>(name, help, [], buckets)?.with(NO_LABELS)
    }

    fn family<'a, M: Metric>(
        &self,
        name: &'a str,
        help: &'a str,
        label_names: impl IntoIterator<Item = &'a str>,
        buckets: Option<Buckets>,
    ) -> Result<DynamicFamily<M>, RegisterError> {
        if !self.catalog.enabled {
            return Ok(DynamicFamily::new(None));
        }
        let label_names = label_names.into_iter().collect();
        let request = Request { name, help, kind: M::KIND, label_names, buckets };
        Ok(DynamicFamily::new(Some(self.catalog.family(request)?)))
    }

    fn callback(&self, name: &str, help: &str, kind: Kind, call: Callback) -> Result<(), RegisterError> {
        if !self.catalog.enabled {
            return Ok(());
        }
        let request = Request { name, help, kind, label_names: Vec::new(), buckets: None };
        let family = self.catalog.family(request)?;
        let error = |reason| RegisterError::new(family.name.as_str(), reason);
        let values = BorrowedValues::new(&family.label_names, NO_LABELS).map_err(error)?;
        family.add(&values, || Ok(Storage::Callback(call))).map(drop)
    }

    fn buckets(&self, name: &str, buckets: impl IntoBuckets) -> Result<Buckets, RegisterError> {
        buckets.into_buckets().map_err(|error| {
            let name = MetricName::parse(&self.catalog.namespace, &self.catalog.subsystem, name);
            match name {
                Ok(name) => RegisterError::new(name.as_str(), Reason::Buckets(error)),
                Err(name) => name,
            }
        })
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
            .field("namespace", &self.catalog.namespace)
            .field("subsystem", &self.catalog.subsystem)
            .field("enabled", &self.catalog.enabled)
            .field("families", &lock(&self.catalog.names).families.len())
            .finish()
    }
}
