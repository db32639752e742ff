//! Reads an exposition with a parser that is not ours.
//!
//! `openmetrics-parser` has a grammar of the text format that is strict about names, escapes, spaces and numbers. What
//! it makes of a whole exposition is stricter than the format, and at times wrong: it refuses negative counters and
//! sums, counts above 2⁶³, series of a family with different labels and carriage returns, takes `x_sum_sum` for a
//! sample of `x`, and loses the sign of `-0`. So it is given line by line, each of which is an exposition. What the
//! lines must be together is in `structure` and `expected`.

use openmetrics_parser::{MetricNumber, PrometheusType, PrometheusValue, prometheus::parse_prometheus};

/// Stands for the carriage return, which the format allows in texts and the parser does not.
const CARRIAGE_RETURN: &str = "\u{e000}";

/// A line as the parser understands it.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Help { name: String, text: String },
    Type { name: String, kind: String },
    Sample(Sample),
}

/// A line with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    /// Sorted by name.
    pub labels: Vec<(String, String)>,
    /// As it is spelled.
    pub value: String,
    pub timestamp_ms: Option<i64>,
}

/// Reads all lines.
///
/// # Panics
///
/// When one is not as the format has it.
#[must_use]
pub fn read(text: &str) -> Vec<Line> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end");
    text.split_terminator('\n')
        .map(|line| read_line(line).unwrap_or_else(|why| panic!("{why}: {line:?}")))
        .collect()
}

fn read_line(line: &str) -> Result<Line, String> {
    let readable = line.replace('\r', CARRIAGE_RETURN) + "\n";
    let exposition = parse_prometheus(&readable).map_err(|error| format!("{error:?}"))?;
    let restored = |text: &str| text.replace(CARRIAGE_RETURN, "\r");
    let mut families = exposition.families.into_values();
    let (Some(family), None) = (families.next(), families.next()) else {
        return Err("not one family".into());
    };
    let name = family.family_name.clone();
    if line.starts_with("# HELP ") {
        return Ok(Line::Help { name, text: restored(&family.help) });
    }
    if line.starts_with("# TYPE ") {
        return Ok(Line::Type { name, kind: kind(&family.family_type).to_owned() });
    }
    let mut samples = family.iter_samples();
    let (Some(sample), None) = (samples.next(), samples.next()) else { return Err("not one sample".into()) };
    let labels = sample.get_labelset().map_err(|error| format!("{error:?}"))?;
    let labels = labels.iter().map(|(name, value)| (name.to_owned(), restored(value))).collect();
    let PrometheusValue::Unknown(number) = &sample.value else { return Err("not a number".into()) };
    let mut tokens = line.rsplit(' ');
    let timestamp_ms = match sample.timestamp {
        Some(_) => Some(tokens.next().and_then(|token| token.parse().ok()).ok_or("not a time")?),
        None => None,
    };
    let value = tokens.next().unwrap_or_default().to_owned();
    is_same(number, &value).then_some(()).ok_or("not the number that it is taken for")?;
    Ok(Line::Sample(Sample { name, labels, value, timestamp_ms }))
}

/// Whether the parser took the token for the number that it is.
fn is_same(number: &MetricNumber, token: &str) -> bool {
    let number = number.as_f64();
    token.parse::<f64>().is_ok_and(|value| value == number || (value.is_nan() && number.is_nan()))
}

fn kind(kind: &PrometheusType) -> &'static str {
    match kind {
        PrometheusType::Counter => "counter",
        PrometheusType::Gauge => "gauge",
        PrometheusType::Histogram => "histogram",
        PrometheusType::Summary => "summary",
        PrometheusType::Unknown => "untyped",
    }
}
