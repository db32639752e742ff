//! What the loops record: values, bounds, and registries full of series.

use std::{
    f64::consts::TAU,
    sync::{Barrier, LazyLock},
    thread,
};

use tachometer::{Counter, Registry};

/// How many [`values`] there are: a power of two, so that a loop finds the next one with a mask.
pub const VALUES: usize = 4096;

/// Label names of every series of [`recorded_registry`].
pub const SERIES_LABELS: [&str; 3] = ["stream_name", "shard_id", "operation"];

/// Log-normal seconds with a median of 50 ms, as latencies are. The same in every run and for every side.
#[must_use]
pub fn values() -> &'static [f64; VALUES] {
    static ALL: LazyLock<Box<[f64; VALUES]>> = LazyLock::new(|| Box::new(log_normal(0.05_f64.ln(), 1.5)));
    &ALL
}

/// Box and Muller's method on numbers of a 64-bit xorshift.
fn log_normal(mu: f64, sigma: f64) -> [f64; VALUES] {
    let mut state = 88_172_645_463_325_252_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // In (0, 1): the half keeps the logarithm finite.
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    std::array::from_fn(|_| {
        let radius = (-2.0 * uniform().ln()).sqrt();
        (mu + sigma * radius * (TAU * uniform()).cos()).exp()
    })
}

/// Histogram bounds: for 11 the usual defaults in seconds, otherwise as many in geometric steps from 0.1 ms to 10 s.
#[must_use]
pub fn bounds(count: usize) -> Vec<f64> {
    if count == 11 {
        return tachometer::Buckets::seconds().bounds().to_vec();
    }
    (1..=count).map(|i| 1e-4 * 1e5_f64.powf(i as f64 / count as f64)).collect()
}

/// The labels of series `i` of many: names and values, in the order of [`SERIES_LABELS`].
#[must_use]
pub fn series_labels(i: usize) -> [(&'static str, String); 3] {
    let values = [format!("orders-{}", i / 1000), format!("shardId-{:012}", i % 1000), "put".to_owned()];
    let mut values = values.into_iter();
    SERIES_LABELS.map(|name| (name, values.next().unwrap_or_default()))
}

/// New counters of a registry, with these labels. The registry must allow so many in a family.
///
/// # Panics
///
/// When the process has no cells left, or the registry has them already.
#[must_use]
pub fn counters(registry: &Registry, series: usize) -> Vec<Counter> {
    let family = registry.counter_family("records_processed_total", "Records processed.", SERIES_LABELS);
    let family = family.expect("the name is new");
    let counter = |i| {
        let labels = series_labels(i);
        family.with(labels.each_ref().map(|(name, value)| (*name, &**value))).expect("cells")
    };
    (0..series).map(counter).collect()
}

/// A registry of `series` counters with three labels each, every one of which has been recorded by `threads` threads.
///
/// # Panics
///
/// When the process has no cells left.
#[must_use]
pub fn recorded_registry(enabled: bool, series: usize, threads: usize) -> Registry {
    let builder = Registry::builder().enabled(enabled).max_series_per_family(series);
    // The peers have none.
    let registry = builder.self_metrics(false).build().expect("legal");
    let counters = counters(&registry, series);
    // All threads live until all have recorded, so that none adopts the cells of another.
    let all_recorded = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                counters.iter().zip(1_u64..).for_each(|(counter, i)| counter.add(i * 7919));
                all_recorded.wait();
            });
        }
    });
    registry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_reach_every_bucket_with_a_bound() {
        let registry = Registry::new();
        let histogram = registry.histogram("latency_seconds", "").unwrap();
        values().iter().for_each(|value| histogram.observe(*value));
        let counts = histogram.value().counts;
        assert!(counts[..11].iter().all(|count| *count > 0), "{counts:?}");
        let mut sorted = values().to_vec();
        sorted.sort_by(f64::total_cmp);
        assert!((0.04..0.06).contains(&sorted[VALUES / 2]));
    }

    #[test]
    fn bounds_ascend() {
        for count in [11, 64] {
            let bounds = bounds(count);
            assert_eq!(bounds.len(), count);
            assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        }
    }

    #[test]
    fn every_thread_records_every_series() {
        let snapshot = recorded_registry(true, 3, 2).snapshot();
        let family = snapshot.family("records_processed_total").unwrap();
        assert_eq!(family.series().count(), 3);
        let third = [("stream_name", "orders-0"), ("shard_id", "shardId-000000000002"), ("operation", "put")];
        assert_eq!(snapshot.counter("records_processed_total", &third), Some(2 * 3 * 7919));
        assert_eq!(recorded_registry(false, 3, 1).snapshot().families().count(), 0);
    }
}
