//! Reads the pipeline's metrics out of a snapshot.

use std::collections::BTreeMap;

use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, SeriesView, Snapshot, Value};

use crate::{NAMESPACE, totals::Totals};

/// What producers sent.
pub(crate) fn sent(snapshot: &Snapshot) -> Totals {
    Totals {
        records: count(snapshot, "producer_records_sent_total"),
        bytes: count(snapshot, "producer_bytes_sent_total"),
    }
}

/// What consumers received, all shards together.
pub(crate) fn received(snapshot: &Snapshot) -> Totals {
    Totals {
        records: count(snapshot, "consumer_records_received_total"),
        bytes: count(snapshot, "consumer_bytes_received_total"),
    }
}

/// Sum of the series of a counter.
pub(crate) fn count(snapshot: &Snapshot, name: &str) -> u64 {
    series(snapshot, name).iter().map(whole).sum()
}

/// Sum of the series of a gauge.
pub(crate) fn gauge(snapshot: &Snapshot, name: &str) -> f64 {
    let number = |series: &SeriesView<'_>| match series.value() {
        Value::Number(number) => number.as_f64(),
        _ => 0.0,
    };
    series(snapshot, name).iter().map(number).sum()
}

/// A counter summed by the value of one of its labels, without those that are zero.
pub(crate) fn count_by(snapshot: &Snapshot, name: &str, label: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for series in series(snapshot, name) {
        let value = series.labels().find(|(name, _)| *name == label).map_or("", |(_, value)| value);
        *sums.entry(value.to_owned()).or_default() += whole(&series);
    }
    sums.retain(|_, sum| *sum > 0);
    sums
}

/// Quantiles of a histogram over all its series, in seconds; `None` when nothing was observed.
pub(crate) fn quantiles<const N: usize>(
    snapshot: &Snapshot,
    name: &str,
    wanted: [f64; N],
) -> Option<[f64; N]> {
    let merged = merge(snapshot, name)?;
    let histogram = merged.histogram(name, &NO_LABELS)?;
    Some(wanted.map(|quantile| histogram.quantile(quantile)))
}

/// All series of a histogram as one. They share their bounds, so this loses nothing but the labels.
fn merge(snapshot: &Snapshot, name: &str) -> Option<Snapshot> {
    let (mut buckets, mut count, mut sum) = (BTreeMap::new(), 0, 0.0);
    for series in series(snapshot, name) {
        let Value::Histogram(histogram) = series.value() else { continue };
        // The bits of positive floats are ordered as the floats are.
        for (bound, upto) in histogram.cumulative() {
            *buckets.entry(bound.to_bits()).or_insert(0) += upto;
        }
        count += histogram.count();
        sum += histogram.sum();
    }
    if count == 0 {
        return None;
    }
    let buckets: Vec<(f64, u64)> =
        buckets.into_iter().map(|(bits, upto)| (f64::from_bits(bits), upto)).collect();
    let family = FamilyBuilder::new(name, MetricKind::Histogram).histogram(NO_LABELS, &buckets, sum, count);
    Snapshot::builder().family(family).build().ok()
}

fn series<'a>(snapshot: &'a Snapshot, name: &str) -> Vec<SeriesView<'a>> {
    let family = snapshot.family(&format!("{NAMESPACE}_{name}"));
    family.map_or_else(Vec::new, |family| family.series().collect())
}

fn whole(series: &SeriesView<'_>) -> u64 {
    match series.value() {
        Value::Number(Number::U64(count)) => count,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use tachometer::{Buckets, Registry};

    use super::*;

    #[test]
    fn series_are_summed_merged_and_grouped() {
        let registry = Registry::builder().namespace(NAMESPACE).build().unwrap();
        let errors = registry.counter_family("errors_total", "Errors.", ["shard", "type"]).unwrap();
        for (shard, kind, count) in
            [("0", "slow", 2), ("1", "slow", 3), ("1", "lost", u64::MAX / 2), ("1", "none", 0)]
        {
            errors.with([("shard", shard), ("type", kind)]).unwrap().add(count);
        }
        let bounds = Buckets::explicit([1.0, 2.0, 4.0]);
        let times = registry.histogram_family_with("time_seconds", "Time.", ["shard"], bounds).unwrap();
        times.with([("shard", "0")]).unwrap().observe_n(0.5, 50);
        times.with([("shard", "1")]).unwrap().observe_n(3.0, 50);

        let snapshot = registry.snapshot();
        assert_eq!(count(&snapshot, "errors_total"), u64::MAX / 2 + 5, "no digit is lost in a float");
        let by_type = count_by(&snapshot, "errors_total", "type");
        assert_eq!(by_type, BTreeMap::from([("lost".to_owned(), u64::MAX / 2), ("slow".to_owned(), 5)]));
        assert_eq!(quantiles(&snapshot, "time_seconds", [0.5, 1.0]), Some([1.0, 4.0]));
        assert_eq!(quantiles(&snapshot, "no_such_seconds", [0.5]), None);
    }
}
