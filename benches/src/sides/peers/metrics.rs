//! `metrics`, with handles that the recorder of metrics-exporter-prometheus gave.

use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::super::{shared, streams};
use crate::{HANDLES, Handles, Side, VALUES, bounds, values};

/// `Counter::increment`: a virtual call, and two shared cells that are added to atomically.
#[must_use]
pub fn counter(handles: Handles) -> Side {
    let recorder = PrometheusBuilder::new().build_recorder();
    let counters: [Counter; HANDLES] =
        registered("records_total", |key| recorder.register_counter(key, &METADATA));
    shared("metrics", handles, counters, |counter, _| counter.increment(1))
}

/// `Histogram::record`: the value goes to a queue with the time. What reads the queue finds its bucket.
#[must_use]
pub fn histogram(handles: Handles, bound_count: usize) -> Side {
    let builder = PrometheusBuilder::new().set_buckets(&bounds(bound_count)).expect("there are bounds");
    let recorder = builder.build_recorder();
    let histograms: [Histogram; HANDLES] =
        registered("latency_seconds", |key| recorder.register_histogram(key, &METADATA));
    let queues = recorder.handle();
    let values = values();
    let handle = move |i: usize| {
        // A program does so every few seconds, or it runs out of memory. Here it is before the clock starts.
        if i == 0 {
            queues.run_upkeep();
        }
        histograms[i].clone()
    };
    Side::new("metrics", handles, handle, |histogram, i| histogram.record(values[i % VALUES]))
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// A handle for each stream.
fn registered<H>(name: &'static str, register: impl Fn(&Key) -> H) -> [H; HANDLES] {
    streams().map(|stream| register(&Key::from_parts(name, vec![Label::new("stream_name", stream)])))
}
