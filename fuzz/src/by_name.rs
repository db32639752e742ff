//! Records by name, in a registry of their own.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tachometer::{
    RegisterError, Registry,
    collector::{EngineCollector, MetricId, MetricsCollector},
    named::NamedMetrics,
};
use tachometer_prometheus::{Exporter, encode};

use crate::{exposition, script::Line, structure};

/// The names of the process: they are never forgotten, and there are 10,000 at most. What they mean may thus depend on
/// earlier inputs, and nothing below asks for it.
static NAMED: LazyLock<NamedMetrics> = LazyLock::new(|| NamedMetrics::new(Arc::new(Current)));

/// Where they record.
static CURRENT: Mutex<Option<EngineCollector>> = Mutex::new(None);

/// Passes everything on to the collector that records at present.
#[derive(Debug)]
struct Current;

impl MetricsCollector for Current {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_current(|current| current.increment(metric, value, labels));
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_current(|current| current.gauge(metric, value, labels));
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        with_current(|current| current.histogram(metric, value, labels));
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        with_current(|current| current.add_to_gauge(metric, change, labels));
    }
}

fn with_current(record: impl FnOnce(&EngineCollector)) {
    let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    record(current.as_ref().expect("set before anything is recorded"));
}

pub(crate) struct ByName {
    registry: Registry,
    exporter: Exporter,
    /// The last text.
    pub(crate) text: String,
}

impl ByName {
    pub(crate) fn new() -> Self {
        let registry =
            Registry::builder().self_metrics(false).build().expect("nothing is wrong with the options");
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(EngineCollector::new(&registry));
        Self { exporter: Exporter::new(&registry), registry, text: String::new() }
    }

    /// Records once.
    pub(crate) fn record(&mut self, line: &Line<'_>) {
        let (name, value, labels) = (line.text(2), line.float(3), line.pairs(4));
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        let result: Result<(), RegisterError> = match line.raw(1) {
            "counter" => NAMED.increment_counter(&name, value, &labels),
            "set" => NAMED.set_gauge(&name, value, &labels),
            "add" => NAMED.increment_gauge(&name, value, &labels),
            _ => NAMED.record_histogram(&name, value, &labels),
        };
        let text = self.exporter.render();
        assert_eq!(text, encode(&self.registry.snapshot()), "what was kept has changed the text");
        structure::check(&exposition::read(&text));
        if let Err(error) = result {
            assert!(!error.to_string().is_empty());
            assert_eq!(text, self.text, "{error}, and yet something has changed");
        }
        self.text = text;
    }
}
