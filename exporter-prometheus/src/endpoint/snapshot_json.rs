//! The snapshots as JSON, family by family.

use std::fmt;

use hyper::body::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use tachometer::{FamilyView, HistogramView, Number, SeriesView, Snapshot, SummaryView, Value};

/// The document, in chunks like those of an exposition.
pub(super) fn chunks(snapshots: &[Snapshot]) -> Vec<Bytes> {
    // Writing to memory fails for none of these types.
    let mut text = Bytes::from(serde_json::to_vec(&Document(snapshots)).unwrap_or_default());
    let mut chunks = Vec::new();
    while !text.is_empty() {
        chunks.push(text.split_to(text.len().min(CHUNK)));
    }
    chunks
}

const CHUNK: usize = 64 << 10;

/// Integers beyond this are rounded by readers that have floats only.
const EXACT: u64 = 1 << 53;

struct Document<'a>(&'a [Snapshot]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let registries = self.0.iter().map(|snapshot| List(move || snapshot.families().map(FamilyJson)));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("registries", &List(move || registries.clone()))?;
        map.end()
    }
}

struct FamilyJson<'a>(FamilyView<'a>);

impl Serialize for FamilyJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(family) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", family.name())?;
        map.serialize_entry("kind", family.kind().as_str())?;
        map.serialize_entry("help", &family.help())?;
        map.serialize_entry("unit", &family.unit())?;
        map.serialize_entry("series", &List(move || family.series().map(SeriesJson)))?;
        map.end()
    }
}

struct SeriesJson<'a>(SeriesView<'a>);

impl Serialize for SeriesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(series) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("labels", &Pairs(move || series.labels()))?;
        match series.value() {
            Value::Number(number) => map.serialize_entry("value", &NumberJson(number))?,
            Value::Histogram(histogram) => write_histogram(&mut map, histogram)?,
            Value::Summary(summary) => write_summary(&mut map, summary)?,
            Value::Info => {}
            Value::StateSet(set) => map.serialize_entry("states", &Pairs(move || set.states()))?,
            // What is added to the engine later.
            _ => {}
        }
        if let Some(time) = series.timestamp_ms() {
            map.serialize_entry("timestamp_ms", &time)?;
        }
        map.end()
    }
}

fn write_histogram<M: SerializeMap>(map: &mut M, histogram: HistogramView<'_>) -> Result<(), M::Error> {
    let bucket = |(bound, count)| (float(bound), NumberJson(Number::U64(count)));
    map.serialize_entry("buckets", &List(move || histogram.cumulative().map(bucket)))?;
    map.serialize_entry("sum", &float(histogram.sum()))?;
    map.serialize_entry("count", &NumberJson(Number::U64(histogram.count())))
}

fn write_summary<M: SerializeMap>(map: &mut M, summary: SummaryView<'_>) -> Result<(), M::Error> {
    let quantile = |(quantile, value)| (float(quantile), float(value));
    map.serialize_entry("quantiles", &List(move || summary.quantiles().map(quantile)))?;
    map.serialize_entry("sum", &float(summary.sum()))?;
    map.serialize_entry("count", &NumberJson(Number::U64(summary.count())))
}

fn float(value: f64) -> NumberJson {
    NumberJson(Number::F64(value))
}

/// A number, or its text where JSON or its readers cannot hold it.
struct NumberJson(Number);

impl Serialize for NumberJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::U64(value) if value <= EXACT => serializer.serialize_u64(value),
            Number::U64(value) => serializer.collect_str(&value),
            Number::I64(value) if value.unsigned_abs() <= EXACT => serializer.serialize_i64(value),
            Number::I64(value) => serializer.collect_str(&value),
            Number::F64(value) if value.is_finite() => serializer.serialize_f64(value),
            Number::F64(value) => serializer.collect_str(&NotFinite(value)),
        }
    }
}

/// As an exposition has it.
struct NotFinite(f64);

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            f64::INFINITY => "+Inf",
            f64::NEG_INFINITY => "-Inf",
            _ => "NaN",
        })
    }
}

/// An array of what the iterator gives.
struct List<F>(F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// An object of what the iterator gives.
struct Pairs<F>(F);

impl<'a, F, I, V> Serialize for Pairs<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (&'a str, V)>,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}
