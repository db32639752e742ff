//! The collector that keeps what is recorded in memory, for tests and debugging.

use std::{collections::BTreeMap, fmt, fmt::Write};

use super::{Distribution, MetricId, MetricsCollector};
use crate::{
    DropReason, MetricKind,
    counter::{is_amount, refusal},
    drops::drop_record,
    labels::MAX_LABEL_VALUE_BYTES,
    sync::{Mutex, lock},
};

/// Series that an [`InMemoryCollector`] keeps, unless it is told otherwise.
pub const DEFAULT_MAX_MEMORY_SERIES: usize = 10_000;

/// Keeps what is recorded, by series, for tests and debugging: in maps that print well.
///
/// ```
/// use tachometer::collector::{InMemoryCollector, MetricId, MetricsCollector};
///
/// static RECORDS_SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &["stream_name"]);
/// static FLUSH: MetricId = MetricId::histogram("flush_seconds", "Time to flush.", &[]);
///
/// let collector = InMemoryCollector::new();
/// collector.increment(&RECORDS_SENT, 1.0, &["my-stream"]);
/// collector.histogram(&FLUSH, 0.25, &[]);
///
/// assert_eq!(collector.counters()["records_sent_total{stream_name=my-stream}"], 1.0);
/// assert_eq!(collector.histograms()["flush_seconds"].max(), 0.25);
/// let printed = r#"{"flush_seconds": (count=1 sum=0.25 min=0.25 max=0.25 p50=0.25 p99=0.25), "#.to_owned()
///     + r#""records_sent_total{stream_name=my-stream}": 1.0}"#;
/// assert_eq!(format!("{:?}", collector.metrics()), printed);
/// ```
///
/// A series' key is `name{a=b,c=d}`, with the labels in the order of their names, and just the name where there are no
/// labels. Values stand in it as they are, without quotes: two sets of labels whose values contain `,` and `=` may have
/// the same key, and are then one series here.
///
/// Takes a lock and makes the key for each record. What it keeps is bounded: beyond 10,000 series, or as many as
/// [`with_max_series`](Self::with_max_series) says, the rest of a metric goes to the series `name{overflow=true}`, and
/// so does what has more than [`MAX_LABEL_VALUE_BYTES`] in the values of its labels together; of a histogram it keeps a
/// [`Distribution`] and not the values. Counters refuse what is negative, NaN or infinite, and histograms what is NaN or
/// infinite; that, and a record by a method for another kind of metric, is counted as a [dropped
/// record](crate::dropped_records).
pub struct InMemoryCollector {
    series: Mutex<BTreeMap<String, Recorded>>,
    max_series: usize,
}

/// What an [`InMemoryCollector`] has of a series.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Recorded {
    /// The sum of all increments.
    Counter(f64),
    /// The value.
    Gauge(f64),
    /// What was observed.
    Histogram(Distribution),
}

impl InMemoryCollector {
    /// A collector without series.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_series(DEFAULT_MAX_MEMORY_SERIES)
    }

    /// A collector that keeps at most so many series, beside one for each metric that takes the rest.
    #[must_use]
    pub fn with_max_series(max_series: usize) -> Self {
        Self { series: Mutex::new(BTreeMap::new()), max_series }
    }

    /// The counters, by key.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, f64> {
        self.of_kind(|recorded| if let Recorded::Counter(sum) = recorded { Some(*sum) } else { None })
    }

    /// The gauges, by key.
    #[must_use]
    pub fn gauges(&self) -> BTreeMap<String, f64> {
        self.of_kind(|recorded| if let Recorded::Gauge(value) = recorded { Some(*value) } else { None })
    }

    /// The histograms, by key.
    #[must_use]
    pub fn histograms(&self) -> BTreeMap<String, Distribution> {
        self.of_kind(|recorded| match recorded {
            Recorded::Histogram(distribution) => Some(distribution.clone()),
            _ => None,
        })
    }

    /// Everything, by key.
    #[must_use]
    pub fn metrics(&self) -> BTreeMap<String, Recorded> {
        lock(&self.series).clone()
    }

    /// The series with this key, such as `records_sent_total{stream_name=my-stream}`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Recorded> {
        lock(&self.series).get(key).cloned()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        lock(&self.series).clear();
    }

    fn of_kind<T>(&self, select: impl Fn(&Recorded) -> Option<T>) -> BTreeMap<String, T> {
        let series = lock(&self.series);
        series.iter().filter_map(|(key, recorded)| Some((key.clone(), select(recorded)?))).collect()
    }

    /// Changes the series, which begins as `new` if there is none. `change` says whether it is of the right kind.
    fn record(
        &self,
        metric: &'static MetricId,
        labels: &[&str],
        new: Recorded,
        change: impl FnOnce(&mut Recorded) -> bool,
    ) {
        let is_changed = metric.kind() == new.kind() && {
            let mut key =
                if is_too_long(metric, labels) { overflow_key(metric) } else { key(metric, labels) };
            let mut series = lock(&self.series);
            if series.len() >= self.max_series && !series.contains_key(&key) {
                key = overflow_key(metric);
            }
            change(series.entry(key).or_insert(new))
        };
        if !is_changed {
            drop_record(DropReason::Unsupported);
        }
    }

    fn change_gauge(&self, metric: &'static MetricId, labels: &[&str], change: impl FnOnce(&mut f64)) {
        self.record(metric, labels, Recorded::Gauge(0.0), |recorded| match recorded {
            Recorded::Gauge(value) => {
                change(value);
                true
            }
            _ => false,
        });
    }
}

impl Recorded {
    /// The number that a counter or a gauge has.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Counter(number) | Self::Gauge(number) => Some(*number),
            Self::Histogram(_) => None,
        }
    }

    /// What a histogram has.
    #[must_use]
    pub fn distribution(&self) -> Option<&Distribution> {
        match self {
            Self::Histogram(distribution) => Some(distribution),
            _ => None,
        }
    }

    /// Counter, gauge or histogram.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        match self {
            Self::Counter(_) => MetricKind::Counter,
            Self::Gauge(_) => MetricKind::Gauge,
            Self::Histogram(_) => MetricKind::Histogram,
        }
    }
}

impl MetricsCollector for InMemoryCollector {
    fn increment(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        if !is_amount(value) {
            return drop_record(refusal(value));
        }
        self.record(metric, labels, Recorded::Counter(0.0), |recorded| match recorded {
            Recorded::Counter(sum) => {
                *sum += value;
                true
            }
            _ => false,
        });
    }

    fn gauge(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        self.change_gauge(metric, labels, |gauge| *gauge = value);
    }

    fn histogram(&self, metric: &'static MetricId, value: f64, labels: &[&str]) {
        if !value.is_finite() {
            return drop_record(DropReason::NotFinite);
        }
        self.record(
            metric,
            labels,
            Recorded::Histogram(Distribution::default()),
            |recorded| match recorded {
                Recorded::Histogram(distribution) => {
                    distribution.observe(value);
                    true
                }
                _ => false,
            },
        );
    }

    fn add_to_gauge(&self, metric: &'static MetricId, change: f64, labels: &[&str]) {
        self.change_gauge(metric, labels, |gauge| *gauge += change);
    }
}

/// `name{a=b,c=d}`, the labels sorted by name.
fn key(metric: &MetricId, values: &[&str]) -> String {
    let mut labels: Vec<_> = metric.labels(values).collect();
    labels.sort_unstable();
    let mut key = metric.name().to_owned();
    for (at, (name, value)) in labels.iter().enumerate() {
        let before = if at == 0 { '{' } else { ',' };
        // Into a string, which takes everything.
        let _ = write!(key, "{before}{name}={value}");
    }
    if !labels.is_empty() {
        key.push('}');
    }
    key
}

/// The series of what cannot have one of its own.
fn overflow_key(metric: &MetricId) -> String {
    format!("{}{{overflow=true}}", metric.name())
}

/// Whether the values are too much text to keep. A limit on series alone would not bound the memory.
fn is_too_long(metric: &MetricId, values: &[&str]) -> bool {
    metric.labels(values).map(|(_, value)| value.len()).sum::<usize>() > MAX_LABEL_VALUE_BYTES
}

impl Default for InMemoryCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InMemoryCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InMemoryCollector({} series)", lock(&self.series).len())
    }
}

/// The number, or the distribution.
impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(number) | Self::Gauge(number) => write!(f, "{number:?}"),
            Self::Histogram(distribution) => write!(f, "{distribution}"),
        }
    }
}

/// The same, so that maps of them print well.
impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(number) | Self::Gauge(number) => write!(f, "{number:?}"),
            Self::Histogram(distribution) => write!(f, "{distribution:?}"),
        }
    }
}
