//! Metrics by name: recording with strings, where the program has no handles.
//!
//! For what is only known as text: configuration, plug-ins, other languages, the by-name form of the attributes. A
//! program that can keep a handle should, because the compiler checks it and a record through it costs a nanosecond.
//!
//! ```
//! use std::sync::Arc;
//! use tachometer::{
//!     Registry,
//!     collector::{EngineCollector, MetricId},
//!     named::NamedMetrics,
//! };
//!
//! static METRICS: [MetricId; 3] = [
//!     MetricId::counter("request_count", "Total number of requests.", &["endpoint", "method", "status"]),
//!     MetricId::histogram("request_duration", "Time to serve a request.", &["endpoint", "method"])
//!         .with_buckets(&[0.005, 0.01, 0.1, 1.0, 10.0]),
//!     MetricId::gauge("active_requests", "Requests under way.", &["endpoint"]),
//! ];
//!
//! let registry = Registry::new();
//! let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
//! metrics.declare(&METRICS)?;
//!
//! let labels = [("endpoint", "/query"), ("method", "POST")];
//! {
//!     let _active = metrics.track_active("active_requests", &labels[..1])?;
//!     let _timer = metrics.track_duration("request_duration", &labels)?;
//! }
//! metrics.increment_counter("request_count", 1.0, &[("method", "POST"), ("endpoint", "/query")])?;
//!
//! let snapshot = registry.snapshot();
//! assert_eq!(snapshot.histogram("request_duration_seconds", &labels).map(|latency| latency.count()), Some(1));
//! assert_eq!(snapshot.gauge("active_requests", &labels[..1]), Some(0.0));
//! let labels = [("endpoint", "/query"), ("method", "POST"), ("status", "")];
//! assert_eq!(snapshot.float_counter("request_count", &labels), Some(1.0));
//! # Ok::<(), tachometer::RegisterError>(())
//! ```
//!
//! # Rules
//!
//! - Labels come in any order. One that is left out is the empty string.
//! - A label that was not declared, one given twice, and a name that is another kind of metric are errors, and nothing
//!   is recorded.
//! - A name that was not declared is declared by its first use, with the labels given then. The process can have
//!   [`MAX_NAMES`] names; one more is an error, and so is a name, of a metric or a label, of more than
//!   [`MAX_NAME_BYTES`].
//! - A histogram whose name ends in `_duration` is in seconds, and a metric whose [unit](MetricId::with_unit) is not
//!   the last word of its name is exposed with the unit appended: `request_duration` as `request_duration_seconds`.
//!   All other names are exposed as they are, behind the registry's prefix.
//! - Two names that would be exposed as one are an error.
//! - A name that the collector's registry has otherwise (as another kind of metric, with other labels or another help
//!   text) is no error of the call, which is `Ok`: the record is dropped, and counted as
//!   [refused](crate::DropReason::Refused). [`Registry::errors`](crate::Registry::errors) says why; use another name.
//! - Which numbers are recorded is for the collector to say. It drops and counts others: NaN, or a counter that goes
//!   down.
//! - A global allocator may record by names that are used or declared before. While its thread looks a name or a series
//!   up, and takes memory for that, a name that the thread does not remember is an error.
//! - While the collector is not [enabled](MetricsCollector::is_enabled), nothing is recorded, checked or declared.
//!
//! Every error is counted, and so are a label that was left out and a name that was declared by its first use, where
//! all is recorded: [`named_problems`](crate::named_problems), and `tachometer_named_problems_total{reason}` in the
//! default registry.
//!
//! # Cost
//!
//! A call finds the name in a small table of the thread's own, compares the names of the labels with the declared ones,
//! and passes the values on to the collector. It takes no lock that threads wait for and allocates nothing, once the
//! thread has used the name. Labels in the order of their declaration are compared once each.

mod draft;
mod guards;
mod identity;
mod names;
mod recent;
mod refused;
mod values;

use std::{fmt, sync::Arc, time::Duration};

pub use guards::{NamedInFlight, NamedTimer};
pub use identity::{MAX_NAME_BYTES, MAX_NAMES};

use crate::{
    MetricKind,
    collector::{MetricId, MetricsCollector, hold_default, with_default},
    error::RegisterError,
    sync::process_wide,
};
use names::Names;

process_wide! {
    static NAMED: NamedMetrics = NamedMetrics { collector: None, names: Names::new() };
}

/// The metrics by name that the process has one of. They record in the [default
/// collector](crate::collector::default_collector), whichever that is at the time of the call, and keep their names
/// when it changes.
#[must_use]
pub fn named() -> &'static NamedMetrics {
    &NAMED
}

/// Metrics that are recorded by name, in one collector. See the [module](self) for the rules.
pub struct NamedMetrics {
    /// `None` for the default collector.
    collector: Option<Arc<dyn MetricsCollector>>,
    names: Names,
}

impl NamedMetrics {
    /// Metrics by name that record in this collector. They begin without names.
    #[must_use]
    pub fn new(collector: Arc<dyn MetricsCollector>) -> Self {
        Self { collector: Some(collector), names: Names::new() }
    }

    /// Declares metrics, each with its help text and all of its labels. For the start of a program, from a `static`
    /// array, in which an illegal name, label or bucket does not compile. Declaring the same again is no error.
    ///
    /// # Errors
    ///
    /// Those of the first metric that cannot be declared; the ones before it stay. When the name is declared otherwise,
    /// also by its first use; when another name is exposed alike; when the unit is illegal; when a name
    /// has more than [`MAX_NAME_BYTES`]; and when there are [`MAX_NAMES`] names already.
    pub fn declare(&self, metrics: &[MetricId]) -> Result<(), RegisterError> {
        self.with_collector(|collector| {
            metrics
                .iter()
                .try_for_each(|metric| self.names.declare(metric, collector).map_err(refused::counted))
        })
    }

    /// Adds to a counter.
    ///
    /// # Errors
    ///
    /// As every record by name: when the name is another kind of metric, a label is not declared or given twice, or the
    /// name must be declared and cannot. Nothing is recorded then, and the error is counted.
    pub fn increment_counter(
        &self,
        name: &str,
        value: f64,
        labels: &[(&str, &str)],
    ) -> Result<(), RegisterError> {
        self.record(name, MetricKind::Counter, labels, |collector, metric, values| {
            collector.increment(metric, value, values);
        })
    }

    /// Sets a gauge. Errors as [`increment_counter`](Self::increment_counter).
    pub fn set_gauge(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), RegisterError> {
        self.record(name, MetricKind::Gauge, labels, |collector, metric, values| {
            collector.gauge(metric, value, values);
        })
    }

    /// Adds to a gauge. Errors as [`increment_counter`](Self::increment_counter).
    pub fn increment_gauge(
        &self,
        name: &str,
        value: f64,
        labels: &[(&str, &str)],
    ) -> Result<(), RegisterError> {
        self.record(name, MetricKind::Gauge, labels, |collector, metric, values| {
            collector.add_to_gauge(metric, value, values);
        })
    }

    /// Subtracts from a gauge. Errors as [`increment_counter`](Self::increment_counter).
    pub fn decrement_gauge(
        &self,
        name: &str,
        value: f64,
        labels: &[(&str, &str)],
    ) -> Result<(), RegisterError> {
        self.increment_gauge(name, -value, labels)
    }

    /// Records an observation in a histogram. Errors as [`increment_counter`](Self::increment_counter).
    pub fn record_histogram(
        &self,
        name: &str,
        value: f64,
        labels: &[(&str, &str)],
    ) -> Result<(), RegisterError> {
        self.record(name, MetricKind::Histogram, labels, |collector, metric, values| {
            collector.histogram(metric, value, values);
        })
    }

    /// Records the seconds of a duration that the caller has measured. Errors as
    /// [`increment_counter`](Self::increment_counter).
    pub fn record_duration(
        &self,
        name: &str,
        duration: Duration,
        labels: &[(&str, &str)],
    ) -> Result<(), RegisterError> {
        self.record_histogram(name, duration.as_secs_f64(), labels)
    }

    /// Starts a timer, which records the seconds in a histogram when it is dropped: at the end of the scope, by a
    /// return, a panic, or a future that is cancelled. Errors as [`increment_counter`](Self::increment_counter).
    pub fn track_duration<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> Result<NamedTimer<'a>, RegisterError> {
        NamedTimer::start(self, name, labels)
    }

    /// Counts something as under way: adds 1 to a gauge now, and subtracts 1 when the guard is dropped, be it by a
    /// return, a panic, or a future that is cancelled. Errors as [`increment_counter`](Self::increment_counter).
    pub fn track_active<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> Result<NamedInFlight<'a>, RegisterError> {
        NamedInFlight::enter(self, name, labels)
    }

    fn record(
        &self,
        name: &str,
        kind: MetricKind,
        labels: &[(&str, &str)],
        record: impl FnOnce(&dyn MetricsCollector, &'static MetricId, &[&str]),
    ) -> Result<(), RegisterError> {
        self.with_collector(|collector| {
            if !collector.is_enabled() {
                return Ok(());
            }
            let metric = self.names.find_or_declare(name, kind, labels, collector)?;
            metric.with_values(labels, |values| record(collector, &metric.id, values))
        })
    }

    fn with_collector<R>(&self, work: impl FnOnce(&dyn MetricsCollector) -> R) -> R {
        match &self.collector {
            Some(collector) => work(&**collector),
            None => with_default(work),
        }
    }

    /// The collector, for a guard that has to end where it began.
    fn collector(&self) -> Arc<dyn MetricsCollector> {
        self.collector.clone().unwrap_or_else(hold_default)
    }
}

impl fmt::Debug for NamedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let collector = self.with_collector(|collector| collector.name());
        f.debug_struct("NamedMetrics").field("collector", &collector).finish_non_exhaustive()
    }
}
