//! The exposition of counters with three labels, in nanoseconds for each series: the snapshot and the text.

use std::{cell::RefCell, hint::black_box, io::Write};

use flate2::{Compression, write::GzEncoder};
use metrics::Recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use prometheus::{IntCounterVec, Opts, TextEncoder};
use prometheus_client::{
    metrics::{counter::Counter as ClientCounter, family::Family as ClientFamily},
    registry::Registry as ClientRegistry,
};
use tachometer::{Counter, Registry};
use tachometer_prometheus::{Body, Coding, Exporter};

use crate::{Reading, SERIES_LABELS, counters, series_labels};

const NAME: &str = "records_processed_total";

/// What each series counts before the first exposition: numbers of many lengths.
fn first_value(i: usize) -> u64 {
    (i as u64 + 1) * 7919
}

struct Engine {
    registry: Registry,
    exporter: Exporter,
    counters: Vec<Counter>,
}

impl Engine {
    fn new(series: usize) -> Self {
        // The peers have no metrics of their own.
        let builder = Registry::builder().max_series_per_family(series).self_metrics(false);
        let registry = builder.build().expect("legal");
        let counters = counters(&registry, series);
        counters.iter().enumerate().for_each(|(i, counter)| counter.add(first_value(i)));
        let exporter = Exporter::new(&registry);
        drop(exporter.render_body());
        Self { registry, exporter, counters }
    }

    /// Adds something to one in so many counters, spread over all.
    fn change(&self, one_in: usize) {
        self.counters.iter().zip(1..).step_by(one_in).for_each(|(counter, i)| counter.add(1 + i % 999));
    }
}

/// The engine's exporter, as its endpoint renders, after one in so many counters has changed since it rendered last.
/// The change is not timed.
#[must_use]
pub fn tachometer(series: usize, one_in: usize) -> Reading {
    let render = |engine: &Engine| engine.exporter.render_body();
    Reading::timed(series, move || Engine::new(series), move |engine| engine.change(one_in), render)
}

/// A copy of the finished text, over the one before it.
#[must_use]
pub fn floor(series: usize) -> Reading {
    let texts = move || {
        let text = Engine::new(series).exporter.render().into_bytes();
        (text.clone(), RefCell::new(text))
    };
    let copy = |(text, copy): &(Vec<u8>, RefCell<Vec<u8>>)| {
        black_box(&mut *copy.borrow_mut()).copy_from_slice(black_box(text));
    };
    Reading::timed(series, texts, |_| (), copy)
}

/// The engine's exporter, after every counter has changed, as a text of the caller's.
#[must_use]
pub fn text(series: usize) -> Reading {
    let render = |engine: &Engine| engine.exporter.render();
    Reading::timed(series, move || Engine::new(series), |engine| engine.change(1), render)
}

/// A copy of the finished text, into memory that the system has to give.
#[must_use]
pub fn floor_of_text(series: usize) -> Reading {
    Reading::timed(
        series,
        move || Engine::new(series).exporter.render(),
        |_| (),
        |text| black_box(text).clone(),
    )
}

/// The gzip of the engine's exposition, after one in so many counters has changed since it was compressed last. Neither
/// the change nor the render is timed.
#[must_use]
pub fn gzip(series: usize, one_in: usize) -> Reading {
    let setup = move || {
        let engine = Engine::new(series);
        let body = RefCell::new(engine.exporter.render_body());
        black_box(body.borrow().frames(Coding::Gzip));
        (engine, body)
    };
    let before = move |(engine, body): &(Engine, RefCell<Body>)| {
        body.take();
        engine.change(one_in);
        body.replace(engine.exporter.render_body());
    };
    Reading::timed(series, setup, before, |(_, body)| body.borrow().frames(Coding::Gzip))
}

/// flate2 with its default level over the whole text.
#[must_use]
pub fn flate2(series: usize) -> Reading {
    let compress = |text: &String| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    };
    Reading::timed(series, move || Engine::new(series).exporter.render(), |_| (), compress)
}

/// The engine without an exporter: nothing is kept from the render before.
#[must_use]
pub fn anew(series: usize) -> Reading {
    let render = |engine: &Engine| tachometer_prometheus::encode(&engine.registry.snapshot());
    Reading::timed(series, move || Engine::new(series), |_| (), render)
}

/// `prometheus`: gathers and encodes.
#[must_use]
pub fn prometheus(series: usize) -> Reading {
    let setup = move || {
        let registry = prometheus::Registry::new();
        let family = IntCounterVec::new(Opts::new(NAME, "Records processed."), &SERIES_LABELS);
        let family = family.expect("legal");
        registry.register(Box::new(family.clone())).expect("new");
        for i in 0..series {
            let labels = series_labels(i);
            family.with_label_values(&labels.each_ref().map(|(_, value)| &**value)).inc_by(first_value(i));
        }
        registry
    };
    let render = |registry: &prometheus::Registry| {
        TextEncoder::new().encode_to_string(&registry.gather()).expect("legal")
    };
    Reading::timed(series, setup, |_| (), render)
}

/// `prometheus_client`, whose labels are encoded as they are.
#[must_use]
pub fn prometheus_client(series: usize) -> Reading {
    let setup = move || {
        let mut registry = ClientRegistry::default();
        let family = ClientFamily::<Vec<(&'static str, String)>, ClientCounter>::default();
        registry.register("records_processed", "Records processed", family.clone());
        for i in 0..series {
            family.get_or_create(&series_labels(i).to_vec()).inc_by(first_value(i));
        }
        registry
    };
    let render = |registry: &ClientRegistry| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).expect("a string takes all");
        text
    };
    Reading::timed(series, setup, |_| (), render)
}

/// `metrics` with metrics-exporter-prometheus.
#[must_use]
pub fn metrics(series: usize) -> Reading {
    let setup = move || {
        let recorder = PrometheusBuilder::new().build_recorder();
        for i in 0..series {
            let labels: Vec<metrics::Label> = series_labels(i).iter().map(metrics::Label::from).collect();
            let key = metrics::Key::from_parts(NAME, labels);
            let metadata = metrics::Metadata::new(module_path!(), metrics::Level::INFO, None);
            recorder.register_counter(&key, &metadata).increment(first_value(i));
        }
        recorder.handle()
    };
    Reading::timed(series, setup, |_| (), PrometheusHandle::render)
}
