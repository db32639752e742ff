//! `prometheus`.

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};

use super::{super::streams, observing};
use crate::{HANDLES, Handles, Side, VALUES, bounds, values};

/// `IntCounter::inc`: one shared cell, added to atomically.
#[must_use]
pub fn counter(handles: Handles) -> Side {
    super::super::shared("prometheus", handles, counters(), |counter, _| counter.inc())
}

/// `inc` of a counter that is the thread's own: nobody sees what it counts before the thread flushes it.
#[must_use]
pub fn local_counter(handles: Handles) -> Side {
    let counters = counters();
    Side::new("prometheus, local", handles, move |i| counters[i].local(), |counter, _| counter.inc())
}

fn counters() -> [IntCounter; HANDLES] {
    let family = IntCounterVec::new(Opts::new("records_total", "Records."), &["stream_name"]).expect("legal");
    streams().map(|stream| family.with_label_values(&[&stream]))
}

/// `Histogram::observe`: four atomic operations.
#[must_use]
pub fn histogram(handles: Handles, bound_count: usize) -> Side {
    observing("prometheus", handles, histograms(bound_count), Histogram::observe)
}

/// `observe` of a histogram that is the thread's own: nobody sees what it holds before the thread flushes it.
#[must_use]
pub fn local_histogram(handles: Handles, bound_count: usize) -> Side {
    let histograms = histograms(bound_count);
    let values = values();
    Side::new(
        "prometheus, local",
        handles,
        move |i| histograms[i].local(),
        |histogram, i| histogram.observe(values[i % VALUES]),
    )
}

/// A histogram for each stream.
pub(in super::super) fn histograms(bound_count: usize) -> [Histogram; HANDLES] {
    let options = HistogramOpts::new("latency_seconds", "Latency.").buckets(bounds(bound_count));
    let family = HistogramVec::new(options, &["stream_name"]).expect("legal");
    streams().map(|stream| family.with_label_values(&[&stream]))
}
