//! Random snapshots. Names come from short lists, so that they meet, before or after escaping.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tachometer::{Exemplar, FamilyBuilder, MetricKind, Number, Snapshot};

const FAMILIES: &[&str] = &[
    "a",
    "a.b",
    "a_b",
    "a:b",
    "x",
    "x_sum",
    "x_count",
    "x_bucket",
    "x_total",
    "x_created",
    "x.sum",
    "a_total",
    "a.total",
    "a_created",
    "a_info",
    "a_seconds",
    "a_seconds_total",
    "build",
    "build_info",
    "é",
    "9",
    "_",
];
const LABELS: &[&str] =
    &["l", "l.1", "l_1", "m", "le", "quantile", "__name__", "__x", "_x", "", "a", "a_b", "a.b", "佖"];
const HELPS: &[&str] = &["", "Plain.", "two\nlines", r#"back\slash "quoted""#];
const KINDS: &[MetricKind] = &[
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Histogram,
    MetricKind::Summary,
    MetricKind::Info,
    MetricKind::StateSet,
    MetricKind::Unknown,
];

/// Any snapshot.
pub(crate) fn snapshots() -> impl Strategy<Value = Snapshot> {
    vec(families(FAMILIES, LABELS), 0..6).prop_filter_map("a name or a series is there twice", build)
}

/// Snapshots with nothing in them that must be escaped, renamed or left out.
pub(crate) fn plain_snapshots() -> impl Strategy<Value = Snapshot> {
    vec(families(&["a", "b:c", "_d", "E9"], &["l", "m", "_n"]), 0..4)
        .prop_filter_map("a name or a series is there twice", build)
}

fn build(families: Vec<FamilyBuilder>) -> Option<Snapshot> {
    families.into_iter().fold(Snapshot::builder(), |snapshot, family| snapshot.family(family)).build().ok()
}

fn families(
    names: &'static [&'static str],
    labels: &'static [&'static str],
) -> impl Strategy<Value = FamilyBuilder> {
    let head = (select(names), select(KINDS), option::of(select(HELPS)), option::of(Just("seconds")));
    let series = (
        label_sets(labels),
        values(),
        option::of(any::<i64>()),
        option::of(times()),
        option::of(exemplars()),
    );
    let series = vec(series, 0..4);
    (head, series).prop_map(|((name, kind, help, unit), series)| {
        let mut family = FamilyBuilder::new(name, kind);
        if let Some(help) = help {
            family = family.help(help);
        }
        if let Some(unit) = unit {
            family = family.unit(unit);
        }
        for (labels, value, timestamp_ms, created, exemplar) in series {
            family = add_series(family, kind, &labels, value);
            if let Some(timestamp_ms) = timestamp_ms {
                family = family.timestamp_ms(timestamp_ms);
            }
            if let Some(created) = created {
                family = family.created(created);
            }
            let has_exemplars = matches!(kind, MetricKind::Counter | MetricKind::Histogram);
            if let Some(exemplar) = exemplar.filter(|_| has_exemplars) {
                family = family.exemplar(0, exemplar);
            }
        }
        family
    })
}

type LabelSet = Vec<(&'static str, String)>;

fn label_sets(names: &'static [&'static str]) -> impl Strategy<Value = LabelSet> {
    let value = prop_oneof![
        select(&["", "v", "w", r"a\b", "say \"hi\"", "two\nlines", "a,b=\"c\"} 1"][..])
            .prop_map(str::to_owned),
        any::<String>(),
    ];
    vec((select(names), value), 0..3).prop_map(|mut labels| {
        labels.sort_by_key(|(name, _)| *name);
        labels.dedup_by_key(|(name, _)| *name);
        labels
    })
}

fn times() -> impl Strategy<Value = SystemTime> {
    (0_u64..4_000_000_000, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds))
}

fn exemplars() -> impl Strategy<Value = Exemplar> {
    // The Python client takes escaped quotes in exemplars for quotes, so that there must be two.
    let label = prop_oneof![Just("4bf9".to_owned()), Just("a \"b\" # {".to_owned()), r#"[^"\\\pC]{0,40}"#];
    (option::of(label), floats(), option::of(times())).prop_map(|(label, value, time)| {
        let labels = label.iter().map(|label| ("trace_id", label));
        let exemplar = Exemplar::new(labels, value).expect("the label is short");
        time.into_iter().fold(exemplar, Exemplar::at)
    })
}

/// Enough to make a value of any kind.
#[derive(Clone, Debug)]
struct Parts {
    number: Number,
    floats: Vec<f64>,
    counts: Vec<u8>,
    sum: f64,
}

fn values() -> impl Strategy<Value = Parts> {
    let number = prop_oneof![
        any::<u64>().prop_map(Number::U64),
        any::<i64>().prop_map(Number::I64),
        floats().prop_map(Number::F64),
    ];
    (number, vec(floats(), 0..5), vec(any::<u8>(), 0..6), floats())
        .prop_map(|(number, floats, counts, sum)| Parts { number, floats, counts, sum })
}

fn floats() -> impl Strategy<Value = f64> {
    let special =
        [0.0, -0.0, 1.0, 0.1, 1e16, f64::MAX, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN];
    prop_oneof![select(special.to_vec()), any::<u64>().prop_map(f64::from_bits)]
}

fn add_series(family: FamilyBuilder, kind: MetricKind, labels: &LabelSet, value: Parts) -> FamilyBuilder {
    let labels = labels.iter().map(|(name, value)| (*name, value.as_str()));
    match kind {
        MetricKind::Histogram => {
            let mut bounds: Vec<f64> = value.floats.into_iter().filter(|bound| !bound.is_nan()).collect();
            bounds.sort_by(f64::total_cmp);
            bounds.dedup();
            let mut total = 0;
            let mut upto = |count: u8| {
                total += u64::from(count);
                total
            };
            let buckets: Vec<_> =
                bounds.into_iter().zip(&value.counts).map(|(bound, count)| (bound, upto(*count))).collect();
            family.histogram(labels, &buckets, value.sum, total + 1)
        }
        MetricKind::Summary => {
            let quantiles: Vec<_> = value.floats.iter().map(|quantile| (*quantile, value.sum)).collect();
            family.summary(labels, &quantiles, value.sum, value.counts.len() as u64)
        }
        MetricKind::Info => family.info(labels),
        MetricKind::StateSet => {
            let states = value
                .counts
                .iter()
                .map(|count| (["on", "off", "a\"b"][usize::from(*count) % 3], *count > 99));
            family.state_set(labels, &states.collect::<Vec<_>>())
        }
        _ => family.number(labels, value.number),
    }
}
