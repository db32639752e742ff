//! Adding 1 to a counter that has three labels and that the program knows by name.

use std::sync::Arc;

use prometheus::{CounterVec, Opts};
use tachometer::{
    DynamicFamily, FloatCounter, Registry,
    collector::{EngineCollector, MetricId},
    named::NamedMetrics,
};

use super::family::{install_recorder, stream_name};
use crate::{Handles, Side};

/// The counter.
static RECORDS: MetricId =
    MetricId::counter("records_total", "Records.", &["stream_name", "operation", "status"]);

fn labels(stream: &'static str) -> [(&'static str, &'static str); 3] {
    [("stream_name", stream), ("operation", "put"), ("status", "ok")]
}

/// [`NamedMetrics::increment_counter`] in a registry, with the labels in the order of their declaration.
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    by_name("tachometer, by name", &Registry::new(), handles, labels)
}

/// The same with the labels in another order.
#[must_use]
pub fn any_order(handles: Handles) -> Side {
    by_name("by name, any order", &Registry::new(), handles, |stream| {
        let [stream, operation, status] = labels(stream);
        [status, stream, operation]
    })
}

/// The same in a disabled registry.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    by_name("NoOp", &Registry::disabled(), handles, labels)
}

fn by_name(
    name: &'static str,
    registry: &Registry,
    handles: Handles,
    labels: fn(&'static str) -> [(&'static str, &'static str); 3],
) -> Side {
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(registry)));
    metrics.declare(&[RECORDS]).expect("the name is new");
    let metrics = Arc::new(metrics);
    let handle = move |i: usize| (Arc::clone(&metrics), labels(stream_name(i)));
    Side::new(name, handles, handle, |(metrics, labels), _| {
        metrics.increment_counter("records_total", 1.0, &*labels).expect("the labels are declared");
    })
}

/// [`FloatCounter::inc`] of the same series, whose handle was kept.
#[must_use]
pub fn kept(handles: Handles) -> Side {
    let family: DynamicFamily<FloatCounter> = Registry::new()
        .float_counter_family("records_total", "", RECORDS.label_names().iter().copied())
        .expect("new");
    let counter = move |i: usize| family.with(labels(stream_name(i))).expect("cells");
    Side::new("tachometer, kept", handles, counter, |counter, _| counter.inc())
}

/// `prometheus::CounterVec::with_label_values` and `inc`.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let family =
        CounterVec::new(Opts::new("records_total", "Records."), RECORDS.label_names()).expect("legal");
    let handle = move |i: usize| (family.clone(), labels(stream_name(i)).map(|(_, value)| value));
    Side::new("prometheus", handles, handle, |(family, values), _| family.with_label_values(&*values).inc())
}

/// The macro `metrics::counter!` and `increment`, with the recorder of metrics-exporter-prometheus for the process.
#[must_use]
pub fn metrics(handles: Handles) -> Side {
    install_recorder();
    let labels = |i| labels(stream_name(i)).map(|(_, value)| value);
    Side::new("metrics", handles, labels, |[stream, operation, status], _| {
        metrics::counter!(
            "records_total", "stream_name" => *stream, "operation" => *operation, "status" => *status
        )
        .increment(1);
    })
}
