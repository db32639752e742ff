//! Exemplars and created times, which OpenMetrics alone has.
//!
//! ```text
//! sent_total 17 # {trace_id="4bf92f35"} 3.0 1.6000000005e+09      a record that is in the value, with its time
//! sent_created 1599999000.5                                       since when the value counts
//! ```

use std::time::UNIX_EPOCH;

use tachometer::{Exemplar, MetricKind, SeriesView};

use crate::escape::push_label_value;
use crate::format::Syntax;
use crate::heading::Heading;
use crate::number::push_canonical;

/// The exemplars of a series with the indices of their buckets, where the format may show them.
#[inline]
pub(crate) fn permitted_exemplars<'a>(
    heading: &Heading,
    series: SeriesView<'a>,
) -> impl Iterator<Item = (usize, &'a Exemplar)> {
    let is_open_metrics = heading.format().syntax == Syntax::OpenMetrics;
    let permitted = is_open_metrics && matches!(heading.kind(), MetricKind::Counter | MetricKind::Histogram);
    permitted.then(|| series.exemplars()).into_iter().flatten()
}

/// Since when a series counts, in seconds since the Unix epoch, where the format may show it.
pub(crate) fn permitted_created(heading: &Heading, series: SeriesView<'_>) -> Option<f64> {
    use MetricKind as Kind;
    let is_open_metrics = heading.format().syntax == Syntax::OpenMetrics;
    let permitted =
        is_open_metrics && matches!(heading.kind(), Kind::Counter | Kind::Histogram | Kind::Summary);
    let created = series.created().filter(|_| permitted)?;
    Some(created.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// Appends what stands behind the value of a line: ` # {a="b"} 1.5 1.6000000005e+09`.
pub(crate) fn push_exemplar(out: &mut String, exemplar: &Exemplar) {
    out.push_str(" # {");
    for (at, (name, value)) in exemplar.labels().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        out.push_str(name);
        out.push_str("=\"");
        push_label_value(out, value);
        out.push('"');
    }
    out.push_str("} ");
    // As Prometheus' Go library spells the numbers here: tools compare exemplars as text.
    push_canonical(out, exemplar.value());
    if let Some(since_epoch) = exemplar.time().and_then(|time| time.duration_since(UNIX_EPOCH).ok()) {
        out.push(' ');
        push_canonical(out, since_epoch.as_nanos() as f64 / 1e9);
    }
}

#[cfg(test)]
mod tests {
    use super::push_exemplar;
    use std::time::{Duration, UNIX_EPOCH};
    use tachometer::Exemplar;

    #[test]
    fn an_exemplar_is_spelled_as_the_format_wants() {
        let none = Exemplar::new([("a", ""); 0], 1.0);
        let traced = Exemplar::new([("trace_id", "4bf9"), ("note", "say \"hi\"\n")], 0.67);
        let at = |nanoseconds| UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        let cases = [
            (none.clone(), " # {} 1.0"),
            (none.clone().map(|none| none.at(at(1_520_879_607_789_000_000))), " # {} 1.0 1.520879607789e+09"),
            (none.clone().map(|none| none.at(at(12_345_600_000_000))), " # {} 1.0 12345.6"),
            (none.clone().map(|none| none.at(at(1))), " # {} 1.0 1e-09"),
            (none.map(|none| none.at(UNIX_EPOCH - Duration::from_secs(1))), " # {} 1.0"),
            (traced, " # {trace_id=\"4bf9\",note=\"say \\\"hi\\\"\\n\"} 0.67"),
        ];
        for (exemplar, expected) in cases {
            let mut out = String::new();
            push_exemplar(&mut out, &exemplar.unwrap());
            assert_eq!(out, expected);
        }
    }
}
