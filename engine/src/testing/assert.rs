//! Assertions on what was recorded.

use std::{borrow::Cow, cmp::Ordering, fmt};

use super::{MetricSource, near};
use crate::{FamilyView, LabelValue, Number, SeriesView, Snapshot, Value};

/// Series of the family that a failure lists.
const SERIES_LISTED: usize = 20;

/// Asserts what a series holds, and panics if it does not: with what was expected and what was found, and, when the
/// series is not there, with the series that the family has, or else with the families whose names are near.
///
/// The first argument is a [`Registry`](crate::Registry), of which a snapshot is taken, or a
/// [`Snapshot`](crate::Snapshot). Then come the full name, the labels, and the comparison: `==`, `!=`, `<`, `<=`, `>`,
/// `>=`, or `absent` for a series that is not there.
///
/// ```
/// use tachometer::{Registry, assert_metric};
///
/// let registry = Registry::new();
/// let requests = registry.counter_family("requests_total", "Requests.", ["method", "status"])?;
/// requests.with([("method", "get"), ("status", "ok")])?.add(5);
/// registry.gauge("queue_size", "Records waiting.")?.set(2.5);
/// registry.histogram("flush_seconds", "Time to flush.")?.observe(0.25);
///
/// assert_metric!(registry, "requests_total" { status = "ok", method = "get" } == 5);
/// assert_metric!(registry, "requests_total" { status = "failed", method = "get" } absent);
/// assert_metric!(registry, "queue_size" > 2);
///
/// // Histograms have a count and a sum.
/// let snapshot = registry.snapshot();
/// assert_metric!(snapshot, "flush_seconds".count == 1);
/// assert_metric!(snapshot, "flush_seconds".sum <= 0.25);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// - The labels are all that the series has, in any order, constant labels included. Their values are what label values
///   may be: strings, numbers, enums with `#[derive(LabelValue)]`. An empty value is as none.
/// - The name may be in a variable; an expression goes in parentheses: `(format!("{prefix}_total"))`.
/// - Numbers are compared exactly, whatever their types: a counter of 2⁵³ + 1 is not 2⁵³. An integer without a suffix
///   is an `i32`, so a large one needs a suffix: `== 5_000_000_000_u64`. NaN equals NaN here, and nothing else.
#[macro_export]
macro_rules! assert_metric {
    (@compare ($assertion:expr) absent) => {
        $assertion.absent()
    };
    (@compare ($assertion:expr) . count $comparison:tt $expected:expr) => {
        $crate::assert_metric!(@compare ($assertion.count()) $comparison $expected)
    };
    (@compare ($assertion:expr) . sum $comparison:tt $expected:expr) => {
        $crate::assert_metric!(@compare ($assertion.sum()) $comparison $expected)
    };
    (@compare ($assertion:expr) == $expected:expr) => {
        $assertion.is($crate::testing::Comparison::Equal, $crate::Number::from($expected))
    };
    (@compare ($assertion:expr) != $expected:expr) => {
        $assertion.is($crate::testing::Comparison::Unequal, $crate::Number::from($expected))
    };
    (@compare ($assertion:expr) < $expected:expr) => {
        $assertion.is($crate::testing::Comparison::Less, $crate::Number::from($expected))
    };
    (@compare ($assertion:expr) <= $expected:expr) => {
        $assertion.is($crate::testing::Comparison::AtMost, $crate::Number::from($expected))
    };
    (@compare ($assertion:expr) > $expected:expr) => {
        $assertion.is($crate::testing::Comparison::Greater, $crate::Number::from($expected))
    };
    (@compare ($assertion:expr) >= $expected:expr) => {
        $assertion.is($crate::testing::Comparison::AtLeast, $crate::Number::from($expected))
    };
    ($source:expr, $name:tt { $($label:ident = $value:expr),* $(,)? } $($comparison:tt)+) => {
        $crate::assert_metric!(@compare (
            $crate::testing::assertion(
                &$source,
                &$name,
                [$($crate::testing::label(::core::stringify!($label), &$value)),*],
            )
        ) $($comparison)+)
    };
    ($source:expr, $name:tt $($comparison:tt)+) => {
        $crate::assert_metric!($source, $name {} $($comparison)+)
    };
}

/// One of the comparisons that [`assert_metric!`](crate::assert_metric) knows.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What [`assert_metric!`](crate::assert_metric) expands to.
#[doc(hidden)]
#[derive(Debug)]
#[must_use]
pub struct Assertion<'a> {
    snapshot: Cow<'a, Snapshot>,
    name: String,
    labels: Labels,
    part: Part,
}

/// Begins an assertion on the series of this name with these labels.
#[doc(hidden)]
pub fn assertion<'a, const N: usize>(
    source: &'a impl MetricSource,
    name: &(impl AsRef<str> + ?Sized),
    labels: [(String, String); N],
) -> Assertion<'a> {
    let name = name.as_ref().to_owned();
    Assertion { snapshot: source.metrics(), name, labels: Labels::new(labels), part: Part::Value }
}

/// A label, as text.
#[doc(hidden)]
#[track_caller]
pub fn label(name: &str, value: &(impl LabelValue + ?Sized)) -> (String, String) {
    let mut text = String::new();
    assert!(
        value.write(&mut text).is_ok(),
        "the value of the label `{name}` returned an error when it was written"
    );
    (name.trim_start_matches("r#").to_owned(), text)
}

impl Assertion<'_> {
    pub fn count(self) -> Self {
        Self { part: Part::Count, ..self }
    }

    pub fn sum(self) -> Self {
        Self { part: Part::Sum, ..self }
    }

    #[track_caller]
    pub fn is(self, comparison: Comparison, expected: Number) {
        if let Err(why) = self.check(comparison, expected) {
            panic!("assertion failed: {self} {comparison} {expected}\n{why}");
        }
    }

    #[track_caller]
    pub fn absent(self) {
        if let Some(series) = self.series() {
            panic!("assertion failed: {self} absent\n  it is there, and holds {}", Held(series.value()));
        }
    }

    /// Why it does not hold.
    fn check(&self, comparison: Comparison, expected: Number) -> Result<(), String> {
        let series = self.series().ok_or_else(|| Missing(self).to_string())?;
        let value = series.value();
        let found = self.part.of(value);
        let found = found.ok_or_else(|| format!("  {} {}", Held(value), self.part.advice(value)))?;
        if comparison.holds(found, expected) {
            return Ok(());
        }
        Err(format!("  expected: {comparison} {expected}\n     found: {found}"))
    }

    fn series(&self) -> Option<SeriesView<'_>> {
        self.snapshot.family(&self.name)?.series().find(|series| Labels::of(*series) == self.labels)
    }
}

/// The series, as the exposition names it, and which number of it.
impl fmt::Display for Assertion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.name, self.labels, self.part)
    }
}

impl Comparison {
    fn holds(self, found: Number, expected: Number) -> bool {
        let both_nan = found.as_f64().is_nan() && expected.as_f64().is_nan();
        let order = if both_nan { Some(Ordering::Equal) } else { found.compare(expected) };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Unequal => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        })
    }
}

/// Which number of a series is compared.
#[derive(Clone, Copy, Debug)]
enum Part {
    Value,
    Count,
    Sum,
}

impl Part {
    /// The number, if what the series holds has it.
    fn of(self, value: Value<'_>) -> Option<Number> {
        match (self, value) {
            (Self::Value, Value::Number(number)) => Some(number),
            (Self::Value, Value::Info) => Some(Number::U64(1)),
            (Self::Count, Value::Histogram(histogram)) => Some(Number::U64(histogram.count())),
            (Self::Sum, Value::Histogram(histogram)) => Some(Number::F64(histogram.sum())),
            (Self::Count, Value::Summary(summary)) => Some(Number::U64(summary.count())),
            (Self::Sum, Value::Summary(summary)) => Some(Number::F64(summary.sum())),
            _ => None,
        }
    }

    /// What to change when there is no such number.
    fn advice(self, value: Value<'_>) -> &'static str {
        match value {
            Value::Histogram(_) | Value::Summary(_) => "is not one number; say `.count` or `.sum`",
            Value::StateSet(_) => "is not a number; look at `Snapshot::series`",
            _ => "has no count and no sum; leave `.count` or `.sum` out",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "",
            Self::Count => ".count",
            Self::Sum => ".sum",
        })
    }
}

/// Labels that are not empty, sorted by name.
#[derive(Debug, PartialEq, Eq)]
struct Labels(Vec<(String, String)>);

impl Labels {
    fn new(labels: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut labels: Vec<_> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        labels.sort();
        Self(labels)
    }

    fn of(series: SeriesView<'_>) -> Self {
        Self::new(series.labels().map(|(name, value)| (name.to_owned(), value.to_owned())))
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, value)) in self.0.iter().enumerate() {
            let before = if position == 0 { "{" } else { "," };
            write!(f, "{before}{name}={value:?}")?;
        }
        f.write_str(if self.0.is_empty() { "" } else { "}" })
    }
}

/// What a series holds, in a few words.
struct Held<'a>(Value<'a>);

impl fmt::Display for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Number(number) => number.fmt(f),
            Value::Histogram(histogram) => {
                write!(f, "a histogram (count {}, sum {:?})", histogram.count(), histogram.sum())
            }
            Value::Summary(summary) => {
                write!(f, "a summary (count {}, sum {:?})", summary.count(), summary.sum())
            }
            Value::Info => f.write_str("1"),
            Value::StateSet(states) => write!(f, "a state set {states:?}"),
        }
    }
}

/// What there is instead of a series that is not there.
struct Missing<'a>(&'a Assertion<'a>);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Assertion { snapshot, name, .. } = self.0;
        match snapshot.family(name) {
            Some(family) => write_series(f, family),
            None => near::write_families(f, snapshot, name),
        }
    }
}

fn write_series(f: &mut fmt::Formatter<'_>, family: FamilyView<'_>) -> fmt::Result {
    let count = family.series().count();
    if count == 0 {
        return write!(f, "  {} has no series yet", family.name());
    }
    write!(f, "  there is no such series; {} has", family.name())?;
    for series in family.series().take(SERIES_LISTED) {
        write!(f, "\n    {}{} {}", family.name(), Labels::of(series), Held(series.value()))?;
    }
    if count > SERIES_LISTED {
        write!(f, "\n    and {} more", count - SERIES_LISTED)?;
    }
    Ok(())
}
