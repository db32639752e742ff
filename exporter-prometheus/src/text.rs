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
//! before it. A sink that streams calls the closure; one that has an image of the last exposition ignores it and takes
//! the text from there. So what is kept cannot differ from what is made anew: the same code decides the lines, their
//! order and their values in both.

use std::collections::HashSet;
use std::ops::Range;

use tachometer::{FamilyView, HistogramView, MetricKind, Number, SeriesView, Snapshot};
use tachometer::{StateSetView, SummaryView, Value};

use crate::escape::{label_name, push_help, push_label_value};
use crate::labels::{LabelNames, for_each_label};
use crate::number::{push_f64, push_i64, push_number};
use crate::plan::{Exposed, Member, Plan};

/// Takes an exposition piece by piece.
pub(crate) trait Sink {
    /// Why the walk must end early.
    type Error;

    /// The HELP and TYPE lines of the family with this place in the plan.
    fn head(&mut self, place: usize, text: &str);

    /// The samples that follow belong to this series.
    fn series(&mut self, at: Position) -> Result<(), Self::Error>;

    /// One line: what `text` writes, then the value.
    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample);
}

/// Where a series is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    /// The number of its snapshot, and its index there.
    pub(crate) source: usize,
    pub(crate) index: usize,
    /// Its place in the plan.
    pub(crate) place: usize,
}

/// What a line ends in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) value: Number,
    pub(crate) timestamp_ms: Option<i64>,
    /// Whether it is certainly the last line of its series.
    pub(crate) is_last: bool,
}

/// Walks over all that `plan` exposes of `snapshots`. A family without series has no lines.
pub(crate) fn write<S: Sink>(plan: &Plan, snapshots: &[Snapshot], sink: &mut S) -> Result<(), S::Error> {
    for family in plan.families() {
        let mut has_head = false;
        for member in family.members() {
            let Some(view) = member.view(snapshots) else { continue };
            for index in member.series() {
                let Some(series) = exposed_series(plan, view, member, index) else { continue };
                if !has_head {
                    sink.head(family.place(), family.head());
                    has_head = true;
                }
                sink.series(member.position(index))?;
                write_series(family, series, sink);
            }
        }
    }
    Ok(())
}

/// The same for the series with the indices `chosen` alone, which ascend, for each snapshot. Without heads.
pub(crate) fn write_chosen<S: Sink>(
    plan: &Plan,
    snapshots: &[Snapshot],
    chosen: &[Vec<usize>],
    sink: &mut S,
) -> Result<(), S::Error> {
    for family in plan.families() {
        for member in family.members() {
            let Some(view) = member.view(snapshots) else { continue };
            for &index in within(&chosen[member.source()], member.series()) {
                if let Some(series) = exposed_series(plan, view, member, index) {
                    sink.series(member.position(index))?;
                    write_series(family, series, sink);
                }
            }
        }
    }
    Ok(())
}

/// A series, if it has a value and the plan exposes it.
fn exposed_series<'a>(
    plan: &Plan,
    view: FamilyView<'a>,
    member: &Member,
    index: usize,
) -> Option<SeriesView<'a>> {
    let exposes = !plan.leaves_out(member.source(), index);
    view.series_at(index).filter(|_| exposes)
}

/// Those of the ascending `indices` that are in `range`.
fn within(indices: &[usize], range: Range<usize>) -> &[usize] {
    let first = indices.partition_point(|index| *index < range.start);
    let count = indices[first..].partition_point(|index| *index < range.end);
    &indices[first..first + count]
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
pub(crate) fn push_value(out: &mut String, sample: Sample) {
    push_number(out, sample.value);
    if let Some(timestamp_ms) = sample.timestamp_ms {
        out.push(' ');
        push_i64(out, timestamp_ms);
    }
    out.push('\n');
}

fn write_series<S: Sink>(family: &Exposed, series: SeriesView<'_>, sink: &mut S) {
    let lines = Lines { family, series, timestamp_ms: series.timestamp_ms() };
    match series.value() {
        Value::Number(value) => lines.last(sink, "", value),
        Value::Histogram(histogram) => lines.histogram(sink, histogram),
        Value::Summary(summary) => lines.summary(sink, summary),
        Value::Info => lines.last(sink, "", Number::U64(1)),
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
    fn histogram<S: Sink>(self, sink: &mut S, histogram: HistogramView<'_>) {
        for (bound, count) in histogram.cumulative() {
            self.added(sink, "_bucket", Number::U64(count), "le", Added::Number(bound));
        }
        self.line(sink, "_sum", None, self.sample(Number::F64(histogram.sum())));
        self.last(sink, "_count", Number::U64(histogram.count()));
    }

    fn summary<S: Sink>(self, sink: &mut S, summary: SummaryView<'_>) {
        for (at, (quantile, value)) in summary.quantiles().enumerate() {
            if summary.quantiles().take(at).any(|(earlier, _)| is_printed_alike(earlier, quantile)) {
                continue;
            }
            self.added(sink, "", Number::F64(value), "quantile", Added::Number(quantile));
        }
        self.line(sink, "_sum", None, self.sample(Number::F64(summary.sum())));
        self.last(sink, "_count", Number::U64(summary.count()));
    }

    /// A state set names the label that tells its states apart after itself.
    fn state_set<S: Sink>(self, sink: &mut S, states: StateSetView<'_>) {
        let label = label_name(self.family.name());
        let mut seen = HashSet::new();
        for (state, is_on) in states.states().filter(|(state, _)| seen.insert(*state)) {
            self.added(sink, "", Number::U64(is_on.into()), &label, Added::Text(state));
        }
    }

    /// A line with a label that the format adds.
    fn added<S: Sink>(self, sink: &mut S, suffix: &str, value: Number, label: &str, added: Added<'_>) {
        self.line(sink, suffix, Some((label, added)), self.sample(value));
    }

    /// The last line of the series.
    fn last<S: Sink>(self, sink: &mut S, suffix: &str, value: Number) {
        self.line(sink, suffix, None, Sample { is_last: true, ..self.sample(value) });
    }

    fn sample(self, value: Number) -> Sample {
        Sample { value, timestamp_ms: self.timestamp_ms, is_last: false }
    }

    fn line<S: Sink>(self, sink: &mut S, suffix: &str, added: Option<(&str, Added<'_>)>, sample: Sample) {
        let text = |out: &mut String| {
            out.push_str(self.family.name());
            out.push_str(suffix);
            push_labels(out, self.series, self.family.label_names(), added);
            out.push(' ');
        };
        sink.sample(text, sample);
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
