//! The numbers and times that a format forbids.
//!
//! The text format forbids no number. In OpenMetrics what is cumulative is neither negative nor NaN, and a histogram with
//! negative bounds has no sum, nor a count beside it. A quantile is from 0 to 1. Such a line is left out; the series keeps
//! its others.

use tachometer::{HistogramView, MetricKind, Number, SeriesView, Value};

use crate::format::Syntax;
use crate::heading::Heading;

/// Whether a series that is a number may have this one.
pub(crate) fn permits_number(heading: &Heading, number: Number) -> bool {
    heading.kind() != MetricKind::Counter || permits_sum(heading, number.as_f64())
}

/// Whether there may be this quantile, with this value.
pub(crate) fn permits_quantile(heading: &Heading, quantile: f64, value: f64) -> bool {
    !is_strict(heading) || ((0.0..=1.0).contains(&quantile) && (value.is_nan() || value >= 0.0))
}

/// Whether a sum of what is not negative may be this.
pub(crate) fn permits_sum(heading: &Heading, sum: f64) -> bool {
    !is_strict(heading) || sum >= 0.0
}

/// Whether a histogram may have a sum, and a count beside it.
pub(crate) fn permits_sum_of_histogram(heading: &Heading, histogram: HistogramView<'_>) -> bool {
    let may_be_negative = histogram.bounds().first().is_some_and(|bound| *bound < 0.0);
    !is_strict(heading) || (!may_be_negative && permits_sum(heading, histogram.sum()))
}

/// The time of a series, if its lines may have one.
#[inline]
pub(crate) fn permitted_time(heading: &Heading, series: SeriesView<'_>) -> Option<i64> {
    series.timestamp_ms().filter(|timestamp_ms| match heading.format().syntax {
        // Prometheus reads no sign here, and refuses the whole scrape for one.
        Syntax::Text => *timestamp_ms >= 0,
        // It does not change, and the Python client wants all of a family to have the same time.
        Syntax::OpenMetrics => heading.kind() != MetricKind::Info,
    })
}

/// Whether a series has the same lines now as before, by these rules, and with a time or without.
#[inline]
pub(crate) fn has_same_lines(heading: &Heading, before: SeriesView<'_>, now: SeriesView<'_>) -> bool {
    let [has_had_time, has_time] = [before, now].map(|series| permitted_time(heading, series).is_some());
    has_time == has_had_time && (!is_strict(heading) || leaves_out_the_same(heading, before, now))
}

/// Whether the same lines of a series are left out. In OpenMetrics alone are there any.
fn leaves_out_the_same(heading: &Heading, before: SeriesView<'_>, now: SeriesView<'_>) -> bool {
    match (before.value(), now.value()) {
        (Value::Number(before), Value::Number(now)) => {
            permits_number(heading, before) == permits_number(heading, now)
        }
        (Value::Histogram(before), Value::Histogram(now)) => {
            permits_sum_of_histogram(heading, before) == permits_sum_of_histogram(heading, now)
        }
        (Value::Summary(before), Value::Summary(now)) => {
            let permitted = |(quantile, value)| permits_quantile(heading, quantile, value);
            permits_sum(heading, before.sum()) == permits_sum(heading, now.sum())
                && before.quantiles().map(permitted).eq(now.quantiles().map(permitted))
        }
        // Infos and state sets have all their lines.
        _ => true,
    }
}

fn is_strict(heading: &Heading) -> bool {
    heading.format().syntax == Syntax::OpenMetrics
}
