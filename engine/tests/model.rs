//! Whatever is recorded, in whatever order and on whatever thread, a snapshot says what a plain map says.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use std::{collections::BTreeMap, thread};

use plain::plain;
use proptest::prelude::*;
use tachometer::{Buckets, NO_LABELS, Number, Registry, Snapshot, Value};

/// Of every histogram here.
const BOUNDS: [f64; 4] = [0.0, 1.0, 2.5, 10.0];

/// One record, of a series named by number.
#[derive(Clone, Debug)]
enum Record {
    Count { series: u8, n: u64 },
    CountFloat { series: u8, eighths: i32 },
    UpDown { series: u8, n: i64 },
    Set { series: u8, value: f64 },
    AddToGauge { series: u8, eighths: i16 },
    Observe { series: u8, eighths: i16, n: u8 },
    Signal { n: u64 },
}

#[derive(Clone, Debug)]
enum Step {
    /// On this thread.
    Here(Record),
    /// On a new thread, all of them.
    Elsewhere(Vec<Record>),
    /// Takes a snapshot and compares it, and its difference to the one before.
    Compare,
}

fn record() -> impl Strategy<Value = Record> {
    let series = 0..4_u8;
    prop_oneof![
        (series.clone(), prop_oneof![0..100_u64, any::<u64>()])
            .prop_map(|(series, n)| Record::Count { series, n }),
        (series.clone(), -100..1_000).prop_map(|(series, eighths)| Record::CountFloat { series, eighths }),
        (series.clone(), any::<i64>()).prop_map(|(series, n)| Record::UpDown { series, n }),
        (series.clone(), prop::num::f64::ANY).prop_map(|(series, value)| Record::Set { series, value }),
        (series.clone(), any::<i16>()).prop_map(|(series, eighths)| Record::AddToGauge { series, eighths }),
        (series, -40..120_i16, 0..4_u8).prop_map(|(series, eighths, n)| Record::Observe {
            series,
            eighths,
            n
        }),
        any::<u64>().prop_map(|n| Record::Signal { n }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => record().prop_map(Step::Here),
        1 => prop::collection::vec(record(), 1..10).prop_map(Step::Elsewhere),
        1 => Just(Step::Compare),
    ];
    prop::collection::vec(step, 1..80)
}

/// What a series holds, by the map.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    Count(u64),
    Float(f64),
    UpDown(i64),
    /// By its bits, so that NaN equals itself.
    Gauge(u64),
    Histogram(Vec<u64>, f64),
}

/// There are many NaNs, and which of them an addition gives is not said.
fn gauge(value: f64) -> Held {
    Held::Gauge(if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() })
}

/// The sequential model: a value for each name and label.
type Model = BTreeMap<(&'static str, Option<u8>), Held>;

fn apply_to_model(model: &mut Model, record: &Record) {
    let key = key(record);
    match *record {
        Record::Count { n, .. } | Record::Signal { n } => {
            let Held::Count(value) = model.entry(key).or_insert(Held::Count(0)) else { unreachable!() };
            *value = value.wrapping_add(n);
        }
        Record::CountFloat { eighths, .. } => {
            let Held::Float(value) = model.entry(key).or_insert(Held::Float(0.0)) else { unreachable!() };
            *value += f64::from(eighths.max(0)) / 8.0;
        }
        Record::UpDown { n, .. } => {
            let Held::UpDown(value) = model.entry(key).or_insert(Held::UpDown(0)) else { unreachable!() };
            *value = value.wrapping_add(n);
        }
        Record::Set { value, .. } => {
            model.insert(key, gauge(value));
        }
        Record::AddToGauge { eighths, .. } => {
            let Held::Gauge(bits) = *model.entry(key).or_insert(Held::Gauge(0)) else { unreachable!() };
            model.insert(key, gauge(f64::from_bits(bits) + f64::from(eighths) / 8.0));
        }
        Record::Observe { eighths, n, .. } => {
            let empty = Held::Histogram(vec![0; BOUNDS.len() + 1], 0.0);
            let Held::Histogram(counts, sum) = model.entry(key).or_insert(empty) else { unreachable!() };
            let value = f64::from(eighths) / 8.0;
            counts[BOUNDS.iter().filter(|bound| **bound < value).count()] += u64::from(n);
            *sum += value * f64::from(n);
        }
    }
}

fn key(record: &Record) -> (&'static str, Option<u8>) {
    match *record {
        Record::Count { series, .. } => ("counts_total", Some(series)),
        Record::CountFloat { series, .. } => ("floats_total", Some(series)),
        Record::UpDown { series, .. } => ("up_downs", Some(series)),
        Record::Set { series, .. } | Record::AddToGauge { series, .. } => ("gauges", Some(series)),
        Record::Observe { series, .. } => ("sizes", Some(series)),
        Record::Signal { .. } => ("signals_total", None),
    }
}

/// Registers what the record needs, anew each time, and records it.
fn apply_to_registry(registry: &Registry, record: &Record) {
    let label = |series: u8| ["a", "b", "c", "d"][usize::from(series)];
    match *record {
        Record::Count { series, n } => {
            let family = registry.counter_family("counts_total", "Counts.", ["series"]).unwrap();
            family.with([("series", label(series))]).unwrap().add(n);
        }
        Record::CountFloat { series, eighths } => {
            let family = registry.float_counter_family("floats_total", "Floats.", ["series"]).unwrap();
            family.with([("series", label(series))]).unwrap().add(f64::from(eighths) / 8.0);
        }
        Record::UpDown { series, n } => {
            let family = registry.up_down_counter_family("up_downs", "Up and down.", ["series"]).unwrap();
            family.with([("series", label(series))]).unwrap().add(n);
        }
        Record::Set { series, value } => {
            let family = registry.gauge_family("gauges", "Gauges.", ["series"]).unwrap();
            family.with([("series", label(series))]).unwrap().set(value);
        }
        Record::AddToGauge { series, eighths } => {
            let family = registry.gauge_family("gauges", "Gauges.", ["series"]).unwrap();
            family.with([("series", label(series))]).unwrap().add(f64::from(eighths) / 8.0);
        }
        Record::Observe { series, eighths, n } => {
            let buckets = Buckets::explicit(BOUNDS);
            let family = registry.histogram_family_with("sizes", "Sizes.", ["series"], buckets).unwrap();
            family
                .with([("series", label(series))])
                .unwrap()
                .observe_n(f64::from(eighths) / 8.0, u64::from(n));
        }
        Record::Signal { n } => registry.signal_counter("signals_total", "Signals.").unwrap().add(n),
    }
}

/// The snapshot in the model's terms.
fn content(snapshot: &Snapshot) -> Vec<(String, Option<String>, Held)> {
    let mut all = Vec::new();
    for family in snapshot.families() {
        for series in family.series() {
            let held = match series.value() {
                Value::Number(Number::U64(value)) => Held::Count(value),
                Value::Number(Number::I64(value)) => Held::UpDown(value),
                Value::Number(Number::F64(value)) if family.name() == "gauges" => gauge(value),
                Value::Number(Number::F64(value)) => Held::Float(value),
                Value::Histogram(histogram) => {
                    assert_eq!(histogram.count(), histogram.counts().iter().sum::<u64>());
                    Held::Histogram(histogram.counts().to_vec(), histogram.sum())
                }
                other => panic!("a registry makes no {other:?}"),
            };
            let label = series.labels().next().map(|(_, value)| value.to_owned());
            all.push((family.name().to_owned(), label, held));
        }
    }
    all
}

fn expected(model: &Model) -> Vec<(String, Option<String>, Held)> {
    let label = |series: &u8| ["a", "b", "c", "d"][usize::from(*series)].to_owned();
    model
        .iter()
        .map(|((name, series), held)| (name.to_string(), series.as_ref().map(label), held.clone()))
        .collect()
}

/// What the model gained since `earlier`; a count that fell has wrapped around and counts from 0.
fn gained(model: &Model, earlier: &Model) -> Model {
    let mut gained = model.clone();
    for (key, held) in &mut gained {
        match (held, earlier.get(key)) {
            (Held::Count(now), Some(Held::Count(then))) if *now >= *then => *now -= then,
            (Held::Float(now), Some(Held::Float(then))) => *now -= then,
            (Held::Histogram(counts, sum), Some(Held::Histogram(counts_then, sum_then))) => {
                counts.iter_mut().zip(counts_then).for_each(|(now, then)| *now -= then);
                *sum -= sum_then;
            }
            _ => {}
        }
    }
    gained
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_registry_holds_what_a_map_holds(steps in steps()) {
        let registry = plain();
        let mut model = Model::new();
        let mut earlier = (registry.snapshot(), model.clone());
        for step in steps.iter().chain([&Step::Compare]) {
            match step {
                Step::Here(record) => {
                    apply_to_registry(&registry, record);
                    apply_to_model(&mut model, record);
                }
                Step::Elsewhere(records) => {
                    let registry = registry.clone();
                    let all = records.clone();
                    let work = move || all.iter().for_each(|record| apply_to_registry(&registry, record));
                    thread::spawn(work).join().unwrap();
                    records.iter().for_each(|record| apply_to_model(&mut model, record));
                }
                Step::Compare => {
                    let snapshot = registry.snapshot();
                    prop_assert_eq!(content(&snapshot), expected(&model));
                    let since = snapshot.since(&earlier.0);
                    prop_assert_eq!(content(&since), expected(&gained(&model, &earlier.1)));
                    earlier = (snapshot, model.clone());
                }
            }
        }
    }

    /// Label values are kept apart and come back as they were, whatever text they are.
    #[test]
    fn any_two_label_values_name_two_series(values in prop::collection::btree_set(".{0,8}", 2)) {
        let registry = Registry::new();
        let family = registry.counter_family("events_total", "Events.", ["a", "b"]).unwrap();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        for (n, pair) in [[0, 0], [0, 1], [1, 0], [1, 1]].into_iter().enumerate() {
            family.with([("a", values[pair[0]]), ("b", values[pair[1]])]).unwrap().add(n as u64);
        }
        let snapshot = registry.snapshot();
        prop_assert_eq!(snapshot.family("events_total").unwrap().series().count(), 4);
        for (n, pair) in [[0, 0], [0, 1], [1, 0], [1, 1]].into_iter().enumerate() {
            let labels = [("a", values[pair[0]]), ("b", values[pair[1]])];
            prop_assert_eq!(snapshot.counter("events_total", &labels), Some(n as u64));
        }
    }

    /// A name is accepted when it is legal, and otherwise an error; nothing panics.
    #[test]
    fn any_text_is_a_legal_name_or_an_error(name in "[a-z_:.0-9é\\-]{0,6}") {
        let legal = |also: &str| {
            let all = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || also.contains(c));
            all && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        let registry = Registry::new();
        prop_assert_eq!(registry.counter(&name, "").is_ok(), legal(":"));
        let label = registry.counter_family("events_total", "", [name.as_str()]);
        let reserved = name.starts_with("__") || name == "quantile";
        prop_assert_eq!(label.is_ok(), legal("") && !reserved);
        prop_assert!(registry.snapshot().counter(&name, &NO_LABELS) == legal(":").then_some(0));
    }
}
