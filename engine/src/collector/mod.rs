//! Collectors: where a library's metrics go is for the application to say.
//!
//! A library declares its metrics as [`MetricId`]s in statics and records in them through the trait
//! [`MetricsCollector`]. It takes an `Arc<dyn MetricsCollector>` from the application, which chooses one of these or
//! writes its own:
//!
//! | collector | what becomes of a record | a counter of three labels costs |
//! |---|---|---:|
//! | [`NoOpCollector`] | nothing; the default | 2 ns |
//! | [`EngineCollector`] | it goes to a [`Registry`](crate::Registry), and with its snapshots to an exporter | 21 ns |
//! | [`InMemoryCollector`] | it is kept in maps, for tests and debugging | a lock and a text |
//! | [`FanOut`] | several collectors get it | what these cost |
//! | [`DefaultCollector`] | the process's default gets it | 12 ns more |
//! | [`BoundCollector`] | a collector gets it, with some labels filled in | 14 ns more |
//!
//! (The least of 101 runs on one thread of a cloud machine, where `counter!` of the `metrics` crate takes 160 ns, or
//! 170 if a label's value must be copied for it. An [`EngineCollector`] that looks the series up takes 150.) A program
//! that knows that it uses this engine has typed handles instead, which cost a nanosecond or two and which the compiler
//! checks.
//!
//! # For authors of libraries
//!
//! ```
//! use std::sync::Arc;
//!
//! use tachometer::collector::{DefaultCollector, InMemoryCollector, MetricId, MetricsCollector};
//!
//! static RECORDS_SENT: MetricId =
//!     MetricId::counter("producer_records_sent_total", "Records sent.", &["stream_name"]);
//! static FLUSH: MetricId =
//!     MetricId::histogram("producer_flush_duration_seconds", "Time to flush.", &["stream_name"]);
//!
//! struct Producer {
//!     stream_name: String,
//!     metrics: Arc<dyn MetricsCollector>,
//! }
//!
//! impl Producer {
//!     /// Without a collector of its own it follows the default one.
//!     fn new(stream_name: &str, metrics: Option<Arc<dyn MetricsCollector>>) -> Self {
//!         let metrics = metrics.unwrap_or_else(|| Arc::new(DefaultCollector));
//!         Self { stream_name: stream_name.to_owned(), metrics }
//!     }
//!
//!     fn flush(&self, records: &[&str]) {
//!         let labels = [&*self.stream_name];
//!         let _timer = self.metrics.timer(&FLUSH, &labels);
//!         self.metrics.increment(&RECORDS_SENT, records.len() as f64, &labels);
//!     }
//! }
//!
//! // A test of the library, or of a program that uses it.
//! let memory = Arc::new(InMemoryCollector::new());
//! Producer::new("my-stream", Some(memory.clone())).flush(&["hello", "world"]);
//! assert_eq!(memory.counters()["producer_records_sent_total{stream_name=my-stream}"], 2.0);
//! ```
//!
//! - Take the collector in the constructor. Who takes none offers its user one set of metrics for all that runs in the
//!   process: see [several consumers](#several-consumers-in-one-process).
//! - A part that works with and without a consumer holds a [`BoundCollector`]: it begins
//!   [standalone](BoundCollector::standalone), and its consumer binds it.
//! - Pass label values as they are, in the order of the metric's label names. The collector looks series up, and bounds
//!   how many there can be.
//! - Count what is under way with [`track`](MetricsCollector::track) and not with two calls of
//!   [`add_to_gauge`](MetricsCollector::add_to_gauge): the second may find another series, or another default.
//! - Ask [`is_enabled`](MetricsCollector::is_enabled) before something is computed for its metric alone.
//!
//! # For applications
//!
//! - [Set](set_default_collector) the default at the start of `main`, before threads are busy, or pass a collector to
//!   each part. Ask what is in force with `default_collector().name()`.
//! - Tests [scope](scoped_collector) one to their thread, or to a
//!   [future](crate::FutureExt::with_collector), and need not take turns.
//! - Look at [`Registry::errors`](crate::Registry::errors) when a library's metric does not appear: a name that is
//!   taken by another kind of metric cannot be registered, and nobody waits for that error.
//!
//! # Several consumers in one process
//!
//! The default collector is the process's. Two consumers that both use it record in the same series, unless a label
//! tells them apart, and whoever sets it changes where the other records. So for more than one of a kind do not rely on
//! it: give each consumer its own.
//!
//! - An [`EngineCollector`] of a [child registry](crate::Registry::child), when the label that tells them apart is none
//!   of the library's; all appear in one exposition.
//! - A [`BoundCollector`], when it is, and the parts of a consumer shall not pass it on each time.
//! - An [`EngineCollector`] of a registry of its own, when they share nothing.
//!
//! ```
//! use std::sync::Arc;
//!
//! use tachometer::{
//!     Registry,
//!     collector::{EngineCollector, MetricId, MetricsCollector},
//! };
//!
//! static RECEIVED: MetricId = MetricId::counter("records_received_total", "Records received.", &["shard_id"]);
//!
//! let registry = Registry::new();
//! for stream in ["orders", "clicks"] {
//!     let child = registry.child("consumer", [("stream_name", stream)])?;
//!     EngineCollector::new(&child).increment(&RECEIVED, 1.0, &["0"]);
//! }
//! let labels = [("stream_name", "clicks"), ("shard_id", "0")];
//! assert_eq!(registry.snapshot().float_counter("consumer_records_received_total", &labels), Some(1.0));
//! # Ok::<(), tachometer::RegisterError>(())
//! ```
//!
//! # How a series is found
//!
//! A record comes with a metric and texts, and must find cells. [`EngineCollector`] keeps, for each thread, the handles
//! of the last 256 series, by the collector's number, the metric's address and the texts. It hashes and compares the
//! texts where they lie; it neither locks nor allocates. Whether a handle is still good it tells by a count of what has
//! left the registry, which it read before it looked the handle up: one load a record.
//!
//! What is under way is no matter of one record. A series that left the registry between the two would begin again at 0,
//! and stay at -1 for good. So a guard asks for a [handle](MetricsCollector::gauge_handle) and ends where it began.

mod bound;
mod cache;
mod default;
mod distribution;
mod engine;
mod families;
mod fan_out;
mod id;
mod in_flight;
mod memory;
mod noop;
mod scoped;
mod timer;

use std::{fmt, sync::Arc};

pub use bound::{BoundCollector, BoundTimer, STANDALONE};
#[cfg(not(tachometer_loom))]
pub(crate) use default::hold_default;
pub use default::{
    DefaultCollector, default_collector, reset_default_collector, set_default_collector, with_default,
};
pub use distribution::Distribution;
pub use engine::EngineCollector;
pub use fan_out::FanOut;
pub use id::MetricId;
#[cfg(not(tachometer_loom))]
pub(crate) use in_flight::Began;
pub use in_flight::CollectorInFlight;
pub use memory::{DEFAULT_MAX_MEMORY_SERIES, InMemoryCollector, Recorded};
pub use noop::NoOpCollector;
pub(crate) use scoped::in_scope;
pub use scoped::{ScopedCollector, scoped_collector};
pub use timer::CollectorTimer;

use crate::{Gauge, NamePolicy};

/// Takes what a library records. Object safe: a library holds an `Arc<dyn MetricsCollector>`.
///
/// Three methods have to be written. `labels` are the values of the metric's labels, in the order of
/// [`MetricId::label_names`]; a collector treats missing ones as empty and ignores those that are too many. A method
/// never panics and returns nothing: what a collector cannot take it drops, and says so where its users look. It may be
/// called by any thread, and by several at once.
///
/// A collector of one's own, which prints what a statsd server would be sent, and leaves timers to the one it wraps, so
/// that they read no clock when that one is disabled:
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use tachometer::collector::{CollectorTimer, MetricId, MetricsCollector, NoOpCollector};
///
/// #[derive(Debug)]
/// struct Statsd {
///     lines: Mutex<Vec<String>>,
///     timers: Arc<dyn MetricsCollector>,
/// }
///
/// impl Statsd {
///     fn send(&self, metric: &MetricId, value: f64, kind: &str, labels: &[&str]) {
///         let tags: Vec<_> = metric.labels(labels).map(|(name, value)| format!("{name}:{value}")).collect();
///         self.lines.lock().unwrap().push(format!("{}:{value}|{kind}|#{}", metric.name(), tags.join(",")));
///     }
/// }
///
/// impl MetricsCollector for Statsd {
///     fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
///         self.send(metric, value, "c", labels);
///     }
///
///     fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
///         self.send(metric, value, "g", labels);
///     }
///
///     fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
///         self.send(metric, value, "h", labels);
///     }
///
///     fn timer<'a>(&'a self, metric: &'static MetricId, labels: &'a [&'a str]) -> CollectorTimer<'a> {
///         CollectorTimer::start(&*self.timers, metric, labels)
///     }
/// }
///
/// static SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &["stream_name"]);
/// static FLUSH: MetricId = MetricId::histogram("flush_seconds", "Time to flush.", &["stream_name"]);
///
/// let statsd = Statsd { lines: Mutex::default(), timers: Arc::new(NoOpCollector) };
/// statsd.increment(&SENT, 3.0, &["orders"]);
/// assert!(statsd.timer(&FLUSH, &["orders"]).stop().is_zero());
/// assert_eq!(*statsd.lines.lock().unwrap(), ["records_sent_total:3|c|#stream_name:orders"]);
/// ```
pub trait MetricsCollector: fmt::Debug + Send + Sync + AsCollector {
    /// Adds to a counter. `value` is finite and not negative, if the library keeps to the rules.
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]);

    /// Sets a gauge.
    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]);

    /// Records an observation in a histogram.
    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]);

    /// Adds to a gauge, or subtracts: connections open, requests under way.
    ///
    /// A collector that can only set gauges need not write this, and then it drops the change: the default counts it
    /// as a [dropped record](crate::DropReason::Unsupported).
    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        let _ = (metric, change, labels);
        crate::drops::drop_record(crate::DropReason::Unsupported);
    }

    /// Starts a timer that records the seconds in a histogram when it is stopped or dropped.
    fn timer<'a>(&'a self, metric: &'static MetricId, labels: &'a [&'a str]) -> CollectorTimer<'a> {
        CollectorTimer::start(self.as_collector(), metric, labels)
    }

    /// Counts something as under way: adds 1 to a gauge now, and subtracts 1 when the guard is dropped. From the same
    /// series, also when it was unregistered meanwhile: see [`CollectorInFlight`].
    fn track<'a>(&'a self, metric: &'static MetricId, labels: &'a [&'a str]) -> CollectorInFlight<'a> {
        CollectorInFlight::enter(self.as_collector(), metric, labels)
    }

    /// A handle to the series of a gauge, from a collector that has handles: what begins in it can end in it. `None`
    /// from one that has none, and then [`add_to_gauge`](Self::add_to_gauge) does both.
    ///
    /// A collector with handles always gives one: for a series that it cannot have, one that records nothing, and it
    /// counts that as a dropped record. A collector that wraps another, and adds nothing to what it passes on, passes
    /// this on too.
    fn gauge_handle(&self, metric: &'static MetricId, labels: &[&str]) -> Option<Gauge> {
        let _ = (metric, labels);
        None
    }

    /// The collectors to which this one hands everything as it is, in their order. None, if it is not such a one. What
    /// is [under way](Self::track) is then counted in each of them by itself, in a handle where there is one.
    fn parts(&self) -> &[Arc<dyn MetricsCollector>] {
        &[]
    }

    /// Whether anything is done with what is recorded. A caller may leave out what costs it something to know.
    fn is_enabled(&self) -> bool {
        true
    }

    /// How the collector translates the names of metrics and labels: [`NamePolicy::AS_IS`] unless it says so. Metrics
    /// [by name](crate::named) may have the names that it takes.
    fn name_policy(&self) -> NamePolicy {
        NamePolicy::AS_IS
    }

    /// What the collector is, for people who look for their metrics: its type's name.
    fn name(&self) -> &'static str {
        crate::ErrorName::of::<Self>().as_str()
    }
}

/// Makes a trait object of any collector. Written by the compiler.
pub trait AsCollector {
    /// The collector as an object.
    #[doc(hidden)]
    fn as_collector(&self) -> &dyn MetricsCollector;
}

impl<C: MetricsCollector> AsCollector for C {
    fn as_collector(&self) -> &dyn MetricsCollector {
        self
    }
}
