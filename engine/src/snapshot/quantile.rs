//! Quantiles of a histogram.

use super::view::HistogramView;

/// PromQL's `histogram_quantile` for classic buckets.
pub(super) fn classic(q: f64, histogram: &HistogramView<'_>) -> f64 {
    let bounds = histogram.bounds();
    let counts = histogram.counts();
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    if q.is_nan() || total == 0.0 || bounds.is_empty() {
        return f64::NAN;
    }
    let mut rank = q * total;
    let mut below = 0.0;
    let found = counts.iter().position(|count| {
        let reached = below + *count as f64 >= rank;
        if !reached {
            below += *count as f64;
        }
        reached
    });
    let bucket = found.unwrap_or(bounds.len());
    if bucket == bounds.len() {
        return bounds[bounds.len() - 1];
    }
    if bucket == 0 && bounds[0] <= 0.0 {
        return bounds[0];
    }
    let start = if bucket == 0 { 0.0 } else { bounds[bucket - 1] };
    rank -= below;
    start + (bounds[bucket] - start) * (rank / counts[bucket] as f64)
}

/// The quantile that an hdrhistogram with three significant digits answers, fed with each bucket at its upper bound.
pub(super) fn hdr(q: f64, histogram: &HistogramView<'_>) -> f64 {
    let bounds = histogram.bounds();
    let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else { return f64::NAN };
    if histogram.counts().iter().all(|count| *count == 0) || !(0.0..=1.0).contains(&q) || *first <= 0.0 {
        return f64::NAN;
    }
    // Values become integers of a thousandth of the first bound, which keeps its three digits.
    let unit = first / 1_000.0;
    let highest = (last / unit).ceil();
    if highest >= (u64::MAX >> 2) as f64 {
        return f64::NAN;
    }
    let Ok(mut hdr) = hdrhistogram::Histogram::<u64>::new_with_bounds(1, (highest as u64).max(2), 3) else {
        return f64::NAN;
    };
    for (bucket, count) in histogram.counts().iter().enumerate() {
        let bound = bounds.get(bucket).unwrap_or(last);
        hdr.saturating_record_n((bound / unit).round() as u64, *count);
    }
    let answer = hdr.value_at_quantile(q) as f64 * unit;
    answer.min(*last)
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    fn view<R>(bounds: &[f64], counts: &[u64], check: impl FnOnce(HistogramView<'_>) -> R) -> R {
        let mut values = counts.to_vec();
        values.extend([counts.iter().sum(), 0]);
        check(HistogramView { bounds, values: &values })
    }

    /// Values as Prometheus answers `histogram_quantile` for the same buckets.
    #[test]
    fn classic_quantiles_are_those_of_promql() {
        view(&[1.0, 2.0, 4.0], &[10, 10, 0, 0], |h| {
            assert_eq!(classic(0.5, &h), 1.0);
            assert_eq!(classic(0.75, &h), 1.5);
            assert_eq!(classic(0.25, &h), 0.5);
            assert_eq!(classic(1.0, &h), 2.0);
            assert_eq!(classic(-0.1, &h), f64::NEG_INFINITY);
            assert_eq!(classic(1.1, &h), f64::INFINITY);
            assert!(classic(f64::NAN, &h).is_nan());
        });
        view(&[1.0, 2.0], &[0, 0, 5], |h| assert_eq!(classic(0.5, &h), 2.0));
        view(&[-1.0, 2.0], &[4, 0, 0], |h| assert_eq!(classic(0.5, &h), -1.0));
        view(&[1.0], &[0, 0], |h| assert!(classic(0.5, &h).is_nan()));
    }

    #[test]
    fn hdr_quantiles_keep_the_stated_error() {
        let steps = 16.0;
        let bounds: Vec<f64> =
            (0..10).flat_map(|k| (0..16).map(move |j| 2f64.powi(k) * (1.0 + f64::from(j) / 16.0))).collect();
        let mut counts = vec![0; bounds.len() + 1];
        let mut exact: Vec<f64> = (0..10_000).map(|i| 1.5 + f64::from(i) / 20.0).collect();
        for value in &exact {
            counts[bounds.partition_point(|bound| bound < value)] += 1;
        }
        exact.sort_by(f64::total_cmp);
        view(&bounds, &counts, |h| {
            for q in [0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let truth = exact[((q * 10_000.0_f64).ceil() as usize).clamp(1, 10_000) - 1];
                let answer = hdr(q, &h);
                assert!(answer >= truth * 0.999, "{q}: {answer} below {truth}");
                assert!(answer <= truth * (1.0 + 1.0 / steps + 0.001), "{q}: {answer} above {truth}");
            }
        });
        view(&[1.0, 1e15], &[1, 1, 0], |h| assert!((hdr(1.0, &h) / 1e15 - 1.0).abs() < 0.001));
        view(&[1.0, 1e16], &[1, 1, 0], |h| assert!(hdr(1.0, &h).is_nan(), "too far apart"));
    }
}
