//! Collectors: where a library's metrics go is for the application to say.
//!
//! A library that takes *some* collector records through the trait [`MetricsCollector`], by [`MetricId`]s that it
//! declares in statics; the application passes the collector in. A program that knows that it uses this engine has
//! typed handles instead, which cost a nanosecond and which the compiler checks.

mod bound;
mod cache;
mod default;
mod distribution;
mod engine;
mod families;
mod fan_out;
mod id;
mod memory;
mod noop;
mod scoped;
mod timer;

use std::fmt;

pub use bound::{BoundCollector, BoundTimer, STANDALONE};
pub(crate) use default::hold_default;
pub use default::{
    DefaultCollector, default_collector, reset_default_collector, set_default_collector, with_default,
};
pub use distribution::Distribution;
pub use engine::EngineCollector;
pub use fan_out::FanOut;
pub use id::MetricId;
pub use memory::{DEFAULT_MAX_MEMORY_SERIES, InMemoryCollector, Recorded};
pub use noop::NoOpCollector;
pub(crate) use scoped::in_scope;
pub use scoped::{ScopedCollector, scoped_collector};
pub use timer::CollectorTimer;

/// Takes what a library records. Object safe: a library holds an `Arc<dyn MetricsCollector>`.
///
/// Three methods have to be written. `labels` are the values of the metric's labels, in the order of
/// [`MetricId::label_names`]; a collector treats missing ones as empty and ignores those that are too many. A method
/// never panics and returns nothing: what a collector cannot take it drops, and says so where its users look.
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

    /// Whether anything is done with what is recorded. A caller may leave out what costs it something to know.
    fn is_enabled(&self) -> bool {
        true
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
