//! What the exposition of a snapshot must be by the description of the format, where nothing has to be escaped, renamed
//! or left out.

use std::collections::HashSet;

use tachometer::{FamilyView, MetricKind, Number, SeriesView, Snapshot, Value};

use crate::{
    exposition::{self, Line},
    structure::claimed_names,
};

/// The value of a label: a text, or the number that stands for a bucket or a quantile.
enum Label {
    Text(String),
    Number(f64),
}

/// A line with a value.
struct Sample {
    name: String,
    labels: Vec<(String, Label)>,
    value: Number,
    timestamp_ms: Option<i64>,
}

/// Checks that these are the lines of the snapshot, and says whether it could: not if a name of it is illegal, reserved
/// or taken twice.
///
/// # Panics
///
/// When a line is missing, or one too many, or not what it must be.
pub fn check(snapshot: &Snapshot, lines: &[Line]) -> bool {
    if !is_plain(snapshot) {
        return false;
    }
    let mut lines = lines.iter();
    for family in snapshot.families().filter(|family| family.series().next().is_some()) {
        let name = exposed_name(family);
        if let Some(help) = family.help() {
            assert_eq!(lines.next(), Some(&Line::Help { name: name.clone(), text: help.to_owned() }));
        }
        assert_eq!(lines.next(), Some(&Line::Type { name: name.clone(), kind: kind(family).to_owned() }));
        for sample in family.series().flat_map(|series| samples(&name, series)) {
            match lines.next() {
                Some(Line::Sample(line)) => sample.assert_is(line),
                other => panic!("`{}` is missing before {other:?}", sample.name),
            }
        }
    }
    assert_eq!(lines.next(), None, "a line too many");
    true
}

fn is_plain(snapshot: &Snapshot) -> bool {
    let mut names = HashSet::new();
    snapshot.families().all(|family| {
        let name = exposed_name(family);
        let added = match family.kind() {
            MetricKind::Histogram => "le",
            MetricKind::Summary => "quantile",
            MetricKind::StateSet => &*name.replace(':', "_"),
            _ => "__name__",
        };
        let may_be = |label: &str| is_legal(label, "") && !label.starts_with("__") && label != added;
        is_legal(&name, ":")
            && claimed_names(&name, kind(family)).into_iter().all(|name| names.insert(name))
            && family.series().all(|series| {
                let has_states =
                    !matches!(series.value(), Value::StateSet(states) if states.states().len() == 0);
                has_states && series.labels().all(|(label, _)| may_be(label))
            })
    })
}

fn is_legal(name: &str, others: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || others.contains(c);
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(legal)
}

fn exposed_name(family: FamilyView<'_>) -> String {
    let is_named_info = family.kind() != MetricKind::Info || family.name().ends_with("_info");
    format!("{}{}", family.name(), if is_named_info { "" } else { "_info" })
}

fn kind(family: FamilyView<'_>) -> &'static str {
    match family.kind() {
        MetricKind::Counter => "counter",
        MetricKind::Histogram => "histogram",
        MetricKind::Summary => "summary",
        MetricKind::Unknown => "untyped",
        _ => "gauge",
    }
}

fn samples(name: &str, series: SeriesView<'_>) -> Vec<Sample> {
    let sample = |suffix: &str, added: Option<(&str, Label)>, value: Number| {
        let own = series.labels().map(|(name, value)| (name.to_owned(), Label::Text(value.to_owned())));
        let added = added.map(|(name, value)| (name.to_owned(), value));
        let mut labels: Vec<_> = own.chain(added).collect();
        labels.sort_by(|a, b| a.0.cmp(&b.0));
        // Prometheus reads no sign in a time.
        let timestamp_ms = series.timestamp_ms().filter(|timestamp_ms| *timestamp_ms >= 0);
        Sample { name: format!("{name}{suffix}"), labels, value, timestamp_ms }
    };
    let sum_and_count =
        |sum, count| [sample("_sum", None, Number::F64(sum)), sample("_count", None, Number::U64(count))];
    match series.value() {
        Value::Number(number) => vec![sample("", None, number)],
        Value::Histogram(histogram) => histogram
            .cumulative()
            .map(|(bound, upto)| sample("_bucket", Some(("le", Label::Number(bound))), Number::U64(upto)))
            .chain(sum_and_count(histogram.sum(), histogram.count()))
            .collect(),
        Value::Summary(summary) => firsts(summary.quantiles(), |a, b| is_float(*a, *b))
            .map(|(quantile, value)| {
                sample("", Some(("quantile", Label::Number(quantile))), Number::F64(value))
            })
            .chain(sum_and_count(summary.sum(), summary.count()))
            .collect(),
        Value::StateSet(states) => {
            let label = name.replace(':', "_");
            let of = |(state, on): (&str, bool)| (Label::Text(state.to_owned()), Number::U64(on.into()));
            let states = firsts(states.states(), |a, b| a == b).map(of);
            states.map(|(state, on)| sample("", Some((&label, state)), on)).collect()
        }
        _ => vec![sample("", None, Number::U64(1))],
    }
}

/// Of pairs with the same key the first one.
fn firsts<K: Copy, V>(
    pairs: impl Iterator<Item = (K, V)>,
    is_same: impl Fn(&K, &K) -> bool,
) -> impl Iterator<Item = (K, V)> {
    let mut seen: Vec<K> = Vec::new();
    pairs.filter(move |(key, _)| {
        let is_new = !seen.iter().any(|other| is_same(other, key));
        seen.push(*key);
        is_new
    })
}

impl Sample {
    fn assert_is(&self, line: &exposition::Sample) {
        assert_eq!((&self.name, self.timestamp_ms), (&line.name, line.timestamp_ms));
        assert!(is_spelled(self.value, &line.value), "{:?} of `{}` as {}", self.value, self.name, line.value);
        assert_eq!(self.labels.len(), line.labels.len(), "labels of `{}`: {:?}", self.name, line.labels);
        for ((name, value), (name_there, there)) in self.labels.iter().zip(&line.labels) {
            assert_eq!(name, name_there);
            match value {
                Label::Text(text) => assert_eq!(text, there),
                Label::Number(number) => {
                    assert!(is_spelled(Number::F64(*number), there), "{number:?} as {there}")
                }
            }
        }
    }
}

/// Whether this is how the format spells the number: integers digit for digit, floats to the last bit.
#[must_use]
pub fn is_spelled(number: Number, token: &str) -> bool {
    match number {
        Number::U64(value) => token == value.to_string(),
        Number::I64(value) => token == value.to_string(),
        Number::F64(value) if value.is_nan() => token == "NaN",
        Number::F64(f64::INFINITY) => token == "+Inf",
        Number::F64(f64::NEG_INFINITY) => token == "-Inf",
        Number::F64(value) => token.parse::<f64>().is_ok_and(|read| is_float(read, value)),
    }
}

fn is_float(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
