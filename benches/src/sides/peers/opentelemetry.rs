//! `opentelemetry` and its SDK, with a reader that reads when asked, and so never here.

use std::array;

use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream};

use super::super::streams;
use crate::{HANDLES, Handles, Side, VALUES, bounds, values};

/// `Counter::add` with two attributes: it has no other stable handle to a series.
#[must_use]
pub fn counter(handles: Handles) -> Side {
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::default()).build();
    let counter = provider.meter(METER).u64_counter("records_total").build();
    let attributes = attributes();
    let handle = move |i: usize| {
        // Without it there would be nothing to record in.
        let _provider = &provider;
        (counter.clone(), attributes[i].clone())
    };
    Side::new("opentelemetry", handles, handle, |(counter, attributes), _| counter.add(1, attributes))
}

/// `BoundCounter::add`, an experimental handle to the series with two attributes.
#[must_use]
pub fn bound_counter(handles: Handles) -> Side {
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::default()).build();
    let counter = provider.meter(METER).u64_counter("records_total").build();
    let attributes = attributes();
    let handle = move |i: usize| {
        let _provider = &provider;
        counter.bind(&attributes[i])
    };
    Side::new("opentelemetry, bound", handles, handle, |counter, _| counter.add(1))
}

/// `Histogram::record` without attributes, where it need not look the series up, and without a minimum and a maximum,
/// which the others do not keep either: a lock. Each series is an instrument of its own.
#[must_use]
pub fn histogram(handles: Handles, bound_count: usize) -> Side {
    let buckets = move |_: &Instrument| {
        let aggregation =
            Aggregation::ExplicitBucketHistogram { boundaries: bounds(bound_count), record_min_max: false };
        Stream::builder().with_aggregation(aggregation).build().ok()
    };
    let provider =
        SdkMeterProvider::builder().with_reader(ManualReader::default()).with_view(buckets).build();
    let meter = provider.meter(METER);
    let histograms: [_; HANDLES] =
        array::from_fn(|i| meter.f64_histogram(format!("latency_{i}_seconds")).build());
    let values = values();
    let handle = move |i: usize| {
        let _provider = &provider;
        histograms[i].clone()
    };
    Side::new("opentelemetry", handles, handle, |histogram, i| histogram.record(values[i % VALUES], &[]))
}

const METER: &str = "benches";

/// In the order in which the SDK keeps them, so that it finds the series at the first look-up.
fn attributes() -> [[KeyValue; 2]; HANDLES] {
    streams().map(|stream| [KeyValue::new("operation", "put"), KeyValue::new("stream_name", stream)])
}
