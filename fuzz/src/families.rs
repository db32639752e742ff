//! Families made by hand, as a script has them.
//!
//! ```text
//! family|histogram|latency_seconds|Help text.|seconds
//! series|route=/|1700000000000|0.1=7,1=9|1.5|9
//! ```
//!
//! Behind labels and time come: a number; or buckets or quantiles, sum and count; or states.

use tachometer::{FamilyBuilder, MetricKind, Number};

use crate::script::{Line, float};

/// A family, to be built any number of times.
#[derive(Clone)]
pub struct Family {
    kind: MetricKind,
    name: String,
    help: Option<String>,
    unit: Option<String>,
    series: Vec<Series>,
}

#[derive(Clone)]
struct Series {
    labels: Vec<(String, String)>,
    timestamp_ms: Option<i64>,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Number(Number),
    /// Of a histogram or a summary: pairs, sum and count.
    Distribution(Vec<(f64, String)>, f64, u64),
    States(Vec<(String, bool)>),
    Info,
}

/// Takes a line that begins a family or adds a series to the last one. Says whether it was such a line.
pub fn read(families: &mut Vec<Family>, line: &Line<'_>) -> bool {
    match (line.word(), families.last_mut()) {
        ("family", _) => families.push(Family::new(line)),
        ("series", Some(family)) => family.series.push(Series::new(line, family.kind)),
        _ => return false,
    }
    true
}

impl Family {
    fn new(line: &Line<'_>) -> Self {
        let kind = match line.raw(1) {
            "counter" => MetricKind::Counter,
            "histogram" => MetricKind::Histogram,
            "summary" => MetricKind::Summary,
            "info" => MetricKind::Info,
            "states" => MetricKind::StateSet,
            "unknown" => MetricKind::Unknown,
            _ => MetricKind::Gauge,
        };
        Self { kind, name: line.text(2), help: line.optional(3), unit: line.optional(4), series: Vec::new() }
    }

    /// The family for a snapshot or a collector.
    pub fn build(&self) -> FamilyBuilder {
        let mut builder = FamilyBuilder::new(&self.name, self.kind);
        if let Some(help) = &self.help {
            builder = builder.help(help);
        }
        if let Some(unit) = &self.unit {
            builder = builder.unit(unit);
        }
        self.series.iter().fold(builder, |builder, series| series.add_to(builder, self.kind))
    }
}

impl Series {
    fn new(line: &Line<'_>, kind: MetricKind) -> Self {
        let pairs = || line.pairs(3);
        let value = match kind {
            MetricKind::Histogram | MetricKind::Summary => {
                let pairs = pairs().into_iter().map(|(bound, value)| (float(&bound), value)).collect();
                Value::Distribution(pairs, line.float(4), line.integer(5))
            }
            MetricKind::StateSet => {
                Value::States(pairs().into_iter().map(|(s, on)| (s, on == "1")).collect())
            }
            MetricKind::Info => Value::Info,
            _ => Value::Number(number(line.raw(3))),
        };
        Self { labels: line.pairs(1), timestamp_ms: line.raw(2).parse().ok(), value }
    }

    fn add_to(&self, builder: FamilyBuilder, kind: MetricKind) -> FamilyBuilder {
        let labels = self.labels.iter().map(|(name, value)| (&**name, &**value));
        let builder = match &self.value {
            Value::Number(number) => builder.number(labels, *number),
            Value::Distribution(pairs, sum, count) if kind == MetricKind::Histogram => {
                let pairs: Vec<(f64, u64)> =
                    pairs.iter().map(|(bound, upto)| (*bound, upto.parse().unwrap_or_default())).collect();
                builder.histogram(labels, &pairs, *sum, *count)
            }
            Value::Distribution(pairs, sum, count) => {
                let pairs: Vec<(f64, f64)> =
                    pairs.iter().map(|(quantile, value)| (*quantile, float(value))).collect();
                builder.summary(labels, &pairs, *sum, *count)
            }
            Value::States(states) => {
                let states: Vec<(&str, bool)> = states.iter().map(|(state, on)| (&**state, *on)).collect();
                builder.state_set(labels, &states)
            }
            Value::Info => builder.info(labels),
        };
        match self.timestamp_ms {
            Some(timestamp_ms) => builder.timestamp_ms(timestamp_ms),
            None => builder,
        }
    }
}

/// Digits are an integer; everything else is a float.
fn number(text: &str) -> Number {
    let unsigned = text.parse().map(Number::U64);
    unsigned.or_else(|_| text.parse().map(Number::I64)).unwrap_or_else(|_| Number::F64(float(text)))
}
