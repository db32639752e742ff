//! The peers' series, each with three labels of its own text, recorded once.

use std::any::Any;

use lasso::ThreadedRodeo;
use measured::{CounterVec, HistogramVec, LabelGroup, metric::histogram::Thresholds};
use metrics::{Key, Level, Metadata, Recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::metrics::{Instrument, ManualReader, SdkMeterProvider, Stream};
use prometheus::{HistogramOpts, IntCounterVec, Opts};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter as ClientCounter, family::Family, histogram::Histogram as ClientHistogram},
};

use super::{BOUNDS, Kind};
use crate::{SERIES_LABELS, bounds, series_labels};

const VALUE: f64 = 0.03;

pub(super) fn prometheus(kind: Kind, series: usize) -> Box<dyn Any> {
    match kind {
        Kind::Counter => {
            let family =
                IntCounterVec::new(Opts::new("records_total", "Records."), &SERIES_LABELS).expect("legal");
            for labels in (0..series).map(series_labels) {
                family.with_label_values(&labels.each_ref().map(|(_, value)| &**value)).inc();
            }
            Box::new(family)
        }
        Kind::Histogram => {
            let options = HistogramOpts::new("latency_seconds", "Latency.").buckets(bounds(BOUNDS));
            let family = prometheus::HistogramVec::new(options, &SERIES_LABELS).expect("legal");
            for labels in (0..series).map(series_labels) {
                family.with_label_values(&labels.each_ref().map(|(_, value)| &**value)).observe(VALUE);
            }
            Box::new(family)
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    stream_name: String,
    shard_id: String,
    operation: String,
}

impl Labels {
    fn of(i: usize) -> Self {
        let [stream_name, shard_id, operation] = series_labels(i).map(|(_, value)| value);
        Self { stream_name, shard_id, operation }
    }
}

pub(super) fn prometheus_client(kind: Kind, series: usize) -> Box<dyn Any> {
    match kind {
        Kind::Counter => {
            let family = Family::<Labels, ClientCounter>::default();
            (0..series).for_each(|i| {
                family.get_or_create(&Labels::of(i)).inc();
            });
            Box::new(family)
        }
        Kind::Histogram => {
            let make: fn() -> ClientHistogram = || ClientHistogram::new(bounds(BOUNDS));
            let family = Family::<Labels, ClientHistogram, _>::new_with_constructor(make);
            (0..series).for_each(|i| family.get_or_create(&Labels::of(i)).observe(VALUE));
            Box::new(family)
        }
    }
}

pub(super) fn metrics(kind: Kind, series: usize) -> Box<dyn Any> {
    let builder = PrometheusBuilder::new().set_buckets(&bounds(BOUNDS)).expect("not empty");
    let recorder = builder.build_recorder();
    let metadata = Metadata::new(module_path!(), Level::INFO, None);
    for i in 0..series {
        let labels: Vec<metrics::Label> = series_labels(i).iter().map(metrics::Label::from).collect();
        match kind {
            Kind::Counter => {
                recorder.register_counter(&Key::from_parts("records_total", labels), &metadata).increment(1);
            }
            Kind::Histogram => {
                recorder
                    .register_histogram(&Key::from_parts("latency_seconds", labels), &metadata)
                    .record(VALUE);
            }
        }
    }
    // It keeps every observation by itself until it is asked for the first time.
    drop(recorder.handle().render());
    Box::new(recorder)
}

#[derive(LabelGroup)]
#[label(set = InternedSet)]
struct Interned<'a> {
    #[label(dynamic_with = ThreadedRodeo, default)]
    stream_name: &'a str,
    #[label(dynamic_with = ThreadedRodeo, default)]
    shard_id: &'a str,
    #[label(dynamic_with = ThreadedRodeo, default)]
    operation: &'a str,
}

pub(super) fn measured(kind: Kind, series: usize) -> Box<dyn Any> {
    fn interned<'a>([stream_name, shard_id, operation]: &'a [(&str, String); 3]) -> Interned<'a> {
        Interned { stream_name: &stream_name.1, shard_id: &shard_id.1, operation: &operation.1 }
    }
    match kind {
        Kind::Counter => {
            let family = CounterVec::with_label_set(InternedSet::new());
            (0..series).for_each(|i| family.inc(interned(&series_labels(i))));
            Box::new(family)
        }
        Kind::Histogram => {
            let bounds: [f64; BOUNDS] = bounds(BOUNDS).try_into().expect("as many as asked for");
            let thresholds = Thresholds::with_buckets(bounds);
            let family = HistogramVec::<InternedSet, BOUNDS>::with_label_set_and_metadata(
                InternedSet::new(),
                thresholds,
            );
            (0..series).for_each(|i| family.observe(interned(&series_labels(i)), VALUE));
            Box::new(family)
        }
    }
}

pub(super) fn opentelemetry(kind: Kind, series: usize) -> Box<dyn Any> {
    // Beyond its limit the SDK would keep one series for all.
    let unlimited = move |_: &Instrument| Stream::builder().with_cardinality_limit(series + 1).build().ok();
    let provider =
        SdkMeterProvider::builder().with_reader(ManualReader::default()).with_view(unlimited).build();
    let meter = provider.meter("benches");
    let attributes = |i| series_labels(i).map(|(name, value)| KeyValue::new(name, value));
    match kind {
        Kind::Counter => {
            let counter = meter.u64_counter("records_total").build();
            (0..series).for_each(|i| counter.add(1, &attributes(i)));
        }
        Kind::Histogram => {
            let histogram = meter.f64_histogram("latency_seconds").with_boundaries(bounds(BOUNDS)).build();
            (0..series).for_each(|i| histogram.record(VALUE, &attributes(i)));
        }
    }
    Box::new(provider)
}
