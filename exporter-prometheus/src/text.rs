//! The text format 0.0.4: which lines a family has, and each byte before a value.
//!
//! ```text
//! # HELP http_request_seconds Time to answer.       head, once a family
//! # TYPE http_request_seconds histogram
//! http_request_seconds_bucket{le="0.1"} 7           sample: text, value, perhaps a timestamp
//! http_request_seconds_bucket{le="+Inf"} 9
//! http_request_seconds_sum 1.5
//! http_request_seconds_count 9
//! ```
//!
//! The walk below is the only one. It hands every sample to a [`Sink`] as a value and a closure that writes the text
//! before it. A sink that streams calls the closure; one that records calls it and keeps the text; one that replays
//! ignores it and copies what was kept. So a cached exposition cannot differ from a fresh one: the same code decides
//! the lines, their order and their values in both.

use std::collections::HashSet;

use tachometer::{FamilyView, HistogramView, MetricKind, Number, SeriesView, Snapshot};
use tachometer::{StateSetView, SummaryView, Value};

use crate::escape::{label_name, push_help, push_label_value};
use crate::labels::{LabelNames, for_each_label};
use crate::number::{push_f64, push_i64, push_number};
use crate::plan::{Exposed, Plan};

/// Takes an exposition piece by piece.
pub(crate) trait Sink {
    /// Why the walk must end early.
    type Error;

    /// The samples that follow belong to the series `index` of the snapshot `source`.
    fn series(&mut self, source: usize, index: usize) -> Result<(), Self::Error>;

    /// The HELP and TYPE lines of a family, after its first `series` and before that one's samples.
    fn head(&mut self, text: &str);

    /// One line: what `text` writes, then the value.
    fn sample(&mut self, text: impl FnOnce(&mut String), value: Number, timestamp_ms: Option<i64>);
}

/// Walks over all that `plan` exposes of `snapshots`. A family without series has no lines.
pub(crate) fn write<S: Sink>(plan: &Plan, snapshots: &[Snapshot], sink: &mut S) -> Result<(), S::Error> {
    let views: Vec<Vec<FamilyView<'_>>> =
        snapshots.iter().map(|snapshot| snapshot.families().collect()).collect();
    for family in plan.families() {
        let mut has_head = false;
        for &(source, position) in family.members() {
            for series in views[source][position].series() {
                if plan.leaves_out(source, series.index()) {
                    continue;
                }
                sink.series(source, series.index())?;
                if !has_head {
                    sink.head(family.head());
                    has_head = true;
                }
                write_series(family, series, sink);
            }
        }
    }
    Ok(())
}

/// Appends the HELP line, if there is a help text, and the TYPE line.
pub(crate) fn push_head(out: &mut String, name: &str, help: Option<&str>, kind: MetricKind) {
    if let Some(help) = help {
        out.push_str("# HELP ");
        out.push_str(name);
        out.push(' ');
        push_help(out, help);
        out.push('\n');
    }
    out.push_str("# TYPE ");
    out.push_str(name);
    out.push(' ');
    out.push_str(type_name(kind));
    out.push('\n');
}

/// The type that stands for `kind`: this format knows neither info nor state sets, and calls the unknown `untyped`.
fn type_name(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge | MetricKind::Info | MetricKind::StateSet => "gauge",
        MetricKind::Histogram => "histogram",
        MetricKind::Summary => "summary",
        _ => "untyped",
    }
}

/// What a family of `kind` appends to its name to make the names of its samples.
pub(crate) fn sample_suffixes(kind: MetricKind) -> &'static [&'static str] {
    match kind {
        MetricKind::Histogram => &["_bucket", "_sum", "_count"],
        MetricKind::Summary => &["", "_sum", "_count"],
        _ => &[""],
    }
}

/// The label that a family of `kind` adds to its samples itself, and which no series may therefore have.
pub(crate) fn added_label(kind: MetricKind, name: &str) -> Option<String> {
    match kind {
        MetricKind::Histogram => Some("le".to_owned()),
        MetricKind::Summary => Some("quantile".to_owned()),
        MetricKind::StateSet => Some(label_name(name).into_owned()),
        _ => None,
    }
}

/// Appends the value and whatever stands after it.
pub(crate) fn push_value(out: &mut String, value: Number, timestamp_ms: Option<i64>) {
    push_number(out, value);
    if let Some(timestamp_ms) = timestamp_ms {
        out.push(' ');
        push_i64(out, timestamp_ms);
    }
    out.push('\n');
}

fn write_series<S: Sink>(family: &Exposed, series: SeriesView<'_>, sink: &mut S) {
    let lines = Lines { family, series, timestamp_ms: series.timestamp_ms() };
    match series.value() {
        Value::Number(value) => lines.plain(sink, "", value),
        Value::Histogram(histogram) => lines.histogram(sink, histogram),
        Value::Summary(summary) => lines.summary(sink, summary),
        Value::Info => lines.plain(sink, "", Number::U64(1)),
        Value::StateSet(states) => lines.state_set(sink, states),
        // A kind of value that this format cannot show.
        _ => {}
    }
}

/// Writes the lines of one series.
#[derive(Clone, Copy)]
struct Lines<'a> {
    family: &'a Exposed,
    series: SeriesView<'a>,
    timestamp_ms: Option<i64>,
}

impl Lines<'_> {
    fn plain<S: Sink>(self, sink: &mut S, suffix: &str, value: Number) {
        self.line(sink, suffix, value, None);
    }

    fn histogram<S: Sink>(self, sink: &mut S, histogram: HistogramView<'_>) {
        for (bound, count) in histogram.cumulative() {
            self.line(sink, "_bucket", Number::U64(count), Some(("le", Added::Number(bound))));
        }
        self.plain(sink, "_sum", Number::F64(histogram.sum()));
        self.plain(sink, "_count", Number::U64(histogram.count()));
    }

    fn summary<S: Sink>(self, sink: &mut S, summary: SummaryView<'_>) {
        for (at, (quantile, value)) in summary.quantiles().enumerate() {
            if summary.quantiles().take(at).any(|(earlier, _)| is_printed_alike(earlier, quantile)) {
                continue;
            }
            let added = Some(("quantile", Added::Number(quantile)));
            self.line(sink, "", Number::F64(value), added);
        }
        self.plain(sink, "_sum", Number::F64(summary.sum()));
        self.plain(sink, "_count", Number::U64(summary.count()));
    }

    /// A state set names the label that tells its states apart after itself.
    fn state_set<S: Sink>(self, sink: &mut S, states: StateSetView<'_>) {
        let label = label_name(self.family.name());
        let mut seen = HashSet::new();
        for (state, is_on) in states.states().filter(|(state, _)| seen.insert(*state)) {
            let added = Some((&*label, Added::Text(state)));
            self.line(sink, "", Number::U64(is_on.into()), added);
        }
    }

    fn line<S: Sink>(self, sink: &mut S, suffix: &str, value: Number, added: Option<(&str, Added<'_>)>) {
        let text = |out: &mut String| {
            out.push_str(self.family.name());
            out.push_str(suffix);
            push_labels(out, self.series, self.family.label_names(), added);
            out.push(' ');
        };
        sink.sample(text, value, self.timestamp_ms);
    }
}

/// Whether two quantiles would be the same label value; NaN is printed alike whatever its bits.
fn is_printed_alike(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The value of a label that the format adds.
#[derive(Clone, Copy)]
enum Added<'a> {
    Number(f64),
    Text(&'a str),
}

/// Appends `{name="value",..}`, or nothing where there is no label.
fn push_labels(
    out: &mut String,
    series: SeriesView<'_>,
    names: LabelNames,
    added: Option<(&str, Added<'_>)>,
) {
    let mut separator = '{';
    for_each_label(series, names, |name, value| {
        out.push(separator);
        out.push_str(name);
        out.push_str("=\"");
        push_label_value(out, value);
        out.push('"');
        separator = ',';
    });
    if let Some((name, value)) = added {
        out.push(separator);
        out.push_str(name);
        out.push_str("=\"");
        match value {
            Added::Number(number) => push_f64(out, number),
            Added::Text(text) => push_label_value(out, text),
        }
        out.push('"');
        separator = ',';
    }
    if separator == ',' {
        out.push('}');
    }
}

/// The series as it is written, for messages and to tell series apart: `name{label="value"}`.
pub(crate) fn series_text(family: &Exposed, series: SeriesView<'_>) -> String {
    let mut text = family.name().to_owned();
    push_labels(&mut text, series, family.label_names(), None);
    text
}
