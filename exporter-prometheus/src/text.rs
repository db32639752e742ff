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
use std::mem;
use std::ops::Range;

use tachometer::{Exemplar, FamilyView, HistogramView, Number, SeriesView, Snapshot};
use tachometer::{StateSetView, SummaryView, Value};

use crate::escape::push_label_value;
use crate::exemplar::{permitted_created, permitted_exemplars, push_exemplar};
use crate::format::Syntax;
use crate::heading::Heading;
use crate::labels::{LabelNames, for_each_label};
use crate::names::is_legal_label_name;
use crate::number::{push_canonical, push_f64, push_i64, push_number};
use crate::permitted::{
    permits_number, permits_quantile, permits_sum, permits_sum_of_histogram, permitted_time,
};
use crate::plan::{Exposed, Member, Plan};

/// What the name of a sample ends in that says since when others count.
const CREATED: &str = "_created";

/// Takes an exposition piece by piece.
pub(crate) trait Sink {
    /// Why the walk must end early.
    type Error;

    /// The HELP and TYPE lines of the family with this place in the plan.
    fn head(&mut self, place: usize, text: &str);

    /// The samples that follow belong to this series.
    fn series(&mut self, at: Position, heading: &Heading, series: SeriesView<'_>) -> Result<(), Self::Error>;

    /// One line: what `text` writes, then the value.
    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample<'_>);
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
pub(crate) struct Sample<'a> {
    pub(crate) value: Number,
    pub(crate) time: Option<Time>,
    pub(crate) exemplar: Option<&'a Exemplar>,
    /// Whether it is certainly the last line of its series.
    pub(crate) is_last: bool,
}

/// When the value was measured, in milliseconds since the Unix epoch, and the unit in which the format has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Time {
    Milliseconds(i64),
    Seconds(i64),
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
                sink.series(member.position(index), family.heading(), series)?;
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
                    sink.series(member.position(index), family.heading(), series)?;
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

/// Appends the value and whatever stands after it.
pub(crate) fn push_value(out: &mut String, sample: Sample<'_>) {
    push_number(out, sample.value);
    match sample.time {
        None => {}
        Some(Time::Milliseconds(ms)) => {
            out.push(' ');
            push_i64(out, ms);
        }
        Some(Time::Seconds(ms)) => {
            out.push(' ');
            push_f64(out, ms as f64 / 1_000.0);
        }
    }
    if let Some(exemplar) = sample.exemplar {
        push_exemplar(out, exemplar);
    }
    out.push('\n');
}

fn write_series<S: Sink>(family: &Exposed, series: SeriesView<'_>, sink: &mut S) {
    let time = match family.heading().format().syntax {
        Syntax::Text => Time::Milliseconds,
        Syntax::OpenMetrics => Time::Seconds,
    };
    let lines = Lines { family, series, time: permitted_time(family.heading(), series).map(time) };
    match series.value() {
        Value::Number(value) if permits_number(family.heading(), value) => lines.number(sink, value),
        Value::Histogram(histogram) => lines.histogram(sink, histogram),
        Value::Summary(summary) => lines.summary(sink, summary),
        Value::Info => lines.number(sink, Number::U64(1)),
        Value::StateSet(states) => lines.state_set(sink, states),
        // A number that the format forbids, or a kind of value that it cannot show.
        _ => {}
    }
}

/// Writes the lines of one series.
#[derive(Clone, Copy)]
struct Lines<'a> {
    family: &'a Exposed,
    series: SeriesView<'a>,
    time: Option<Time>,
}

impl Lines<'_> {
    /// The one line of a number, and since when it counts.
    fn number<S: Sink>(self, sink: &mut S, value: Number) {
        let exemplar = permitted_exemplars(self.family.heading(), self.series).next();
        let exemplar = exemplar.map(|(_, exemplar)| exemplar);
        self.last(sink, "", Sample { exemplar, ..self.sample(value) });
    }

    fn histogram<S: Sink>(self, sink: &mut S, histogram: HistogramView<'_>) {
        let mut exemplars = permitted_exemplars(self.family.heading(), self.series).peekable();
        for (bucket, (bound, count)) in histogram.cumulative().enumerate() {
            let exemplar = exemplars.next_if(|(at, _)| *at == bucket).map(|(_, exemplar)| exemplar);
            let sample = Sample { exemplar, ..self.sample(Number::U64(count)) };
            self.line(sink, "_bucket", Some(("le", Added::Number(bound))), sample);
        }
        if permits_sum_of_histogram(self.family.heading(), histogram) {
            self.line(sink, "_sum", None, self.sample(Number::F64(histogram.sum())));
            self.last(sink, "_count", self.sample(Number::U64(histogram.count())));
        }
    }

    fn summary<S: Sink>(self, sink: &mut S, summary: SummaryView<'_>) {
        for (at, (quantile, value)) in summary.quantiles().enumerate() {
            let is_repeated =
                || summary.quantiles().take(at).any(|(earlier, _)| is_printed_alike(earlier, quantile));
            if permits_quantile(self.family.heading(), quantile, value) && !is_repeated() {
                self.added(sink, "", Number::F64(value), "quantile", Added::Number(quantile));
            }
        }
        if permits_sum(self.family.heading(), summary.sum()) {
            self.line(sink, "_sum", None, self.sample(Number::F64(summary.sum())));
        }
        self.last(sink, "_count", self.sample(Number::U64(summary.count())));
    }

    /// A state set names the label that tells its states apart after itself.
    fn state_set<S: Sink>(self, sink: &mut S, states: StateSetView<'_>) {
        let label = self.family.heading().added_label().unwrap_or_default();
        let mut seen = HashSet::new();
        for (state, is_on) in states.states().filter(|(state, _)| seen.insert(*state)) {
            self.added(sink, "", Number::U64(is_on.into()), &label, Added::Text(state));
        }
    }

    /// A line with a label that the format adds.
    fn added<S: Sink>(self, sink: &mut S, suffix: &str, value: Number, label: &str, added: Added<'_>) {
        self.line(sink, suffix, Some((label, added)), self.sample(value));
    }

    /// The last line of the value, and since when that counts: then the last one of the series.
    fn last<S: Sink>(self, sink: &mut S, suffix: &str, sample: Sample<'_>) {
        let created = permitted_created(self.family.heading(), self.series);
        self.line(sink, suffix, None, Sample { is_last: created.is_none(), ..sample });
        if let Some(created) = created {
            self.line(sink, CREATED, None, Sample { is_last: true, ..self.sample(Number::F64(created)) });
        }
    }

    fn sample(self, value: Number) -> Sample<'static> {
        Sample { value, time: self.time, exemplar: None, is_last: false }
    }

    fn line<S: Sink>(self, sink: &mut S, suffix: &str, added: Option<(&str, Added<'_>)>, sample: Sample<'_>) {
        let text = |out: &mut String| {
            push_series(out, self.family, suffix, self.series, added);
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

/// Appends `name{label="value",..}`, or where the name is quoted `{"name",label="value",..}`.
fn push_series(
    out: &mut String,
    family: &Exposed,
    suffix: &str,
    series: SeriesView<'_>,
    added: Option<(&str, Added<'_>)>,
) {
    let heading = family.heading();
    // What a counter has `_total` for.
    let name = if suffix == CREATED { heading.family() } else { heading.name() };
    let mut separator = '{';
    if heading.is_quoted() {
        out.push_str("{\"");
        push_label_value(out, name);
        out.push_str(suffix);
        out.push('"');
        separator = ',';
    } else {
        out.push_str(name);
        out.push_str(suffix);
    }
    let is_quoted = |name: &str| family.label_names() != LabelNames::Legal && !is_legal_label_name(name);
    for_each_label(series, family.label_names(), |name, value| {
        push_label(out, &mut separator, name, is_quoted(name));
        push_label_value(out, value);
        out.push('"');
    });
    if let Some((name, value)) = added {
        push_label(out, &mut separator, name, !is_legal_label_name(name));
        match (value, heading.format().syntax) {
            (Added::Number(number), Syntax::Text) => push_f64(out, number),
            (Added::Number(number), Syntax::OpenMetrics) => push_canonical(out, number),
            (Added::Text(text), _) => push_label_value(out, text),
        }
        out.push('"');
    }
    if separator == ',' {
        out.push('}');
    }
}

/// Appends what stands before the value of a label, and its opening quote.
fn push_label(out: &mut String, separator: &mut char, name: &str, is_quoted: bool) {
    out.push(mem::replace(separator, ','));
    if is_quoted {
        out.push('"');
        push_label_value(out, name);
        out.push('"');
    } else {
        out.push_str(name);
    }
    out.push_str("=\"");
}

/// The series as it is written, for messages and to tell series apart: `name{label="value"}`.
pub(crate) fn series_text(family: &Exposed, series: SeriesView<'_>) -> String {
    let mut text = String::new();
    push_series(&mut text, family, "", series, None);
    text
}
