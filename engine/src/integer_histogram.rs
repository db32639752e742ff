//! Histograms of integers: nanoseconds and bytes, with sums that are exact.

use std::{fmt, sync::Arc as Shared, time::Duration};

use crate::{
    HistogramValue,
    buckets::Layout,
    held::Held,
    histogram::HistogramCore,
    pairs,
    shard::{CellBlock, local},
    size,
};

/// A distribution of integers over fixed buckets: durations in nanoseconds, sizes in bytes.
///
/// Observed are integers of the [`Resolution`], exposed is the base unit: nanoseconds are observed, and bounds and sum
/// exposed in seconds. To a scrape it is a histogram like every other. Its sum is kept as an integer: it is exact at
/// any number of observations, wraps around at 2⁶⁴ (584 years of nanoseconds), and becomes a float only when it is
/// exposed. Nothing that can be observed is not finite, and so nothing is dropped for that.
///
/// A value belongs to a bucket when the float nearest to it, divided by how many make a unit, is at most the bucket's
/// bound: 300,000,000 nanoseconds belong to the bucket up to 0.3 seconds.
///
/// Costs and promises are those of a [`Histogram`](crate::Histogram).
///
/// ```
/// use std::time::Duration;
/// use tachometer::{Buckets, Registry, Resolution};
///
/// let registry = Registry::new();
/// let buckets = Buckets::seconds();
/// let latency = registry.integer_histogram("latency_seconds", "Latency.", buckets, Resolution::Nanoseconds)?;
/// latency.observe(25_000_000);
/// latency.observe_duration(Duration::from_millis(300));
/// assert_eq!((latency.value().count, latency.sum()), (2, 325_000_000));
/// assert_eq!(registry.snapshot().histogram("latency_seconds", &[]).unwrap().sum(), 0.325);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct IntegerHistogram {
    core: Option<Held<IntegerCore>>,
}

/// What an [`IntegerHistogram`] observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// Durations in nanoseconds, exposed in seconds.
    Nanoseconds,
    /// Durations in microseconds, exposed in seconds.
    Microseconds,
    /// Durations in milliseconds, exposed in seconds.
    Milliseconds,
    /// Whole units, exposed as they are: bytes, records.
    Units,
}

/// The cells of a series, and what its integers mean.
#[derive(Debug)]
pub(crate) struct IntegerCore {
    cells: HistogramCore,
    scale: Shared<Scale>,
}

/// What the integers of a family mean.
#[derive(Debug)]
pub(crate) struct Scale {
    resolution: Resolution,
    /// As they are exposed.
    bounds: Shared<[f64]>,
    /// Of the integers: the greatest that belongs to each bucket.
    layout: Shared<Layout>,
}

impl IntegerHistogram {
    /// A histogram that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self { core: None }
    }

    pub(crate) fn new(core: Held<IntegerCore>) -> Self {
        Self { core: Some(core) }
    }

    pub(crate) fn core(&self) -> Option<&Held<IntegerCore>> {
        self.core.as_ref()
    }

    /// Records a value.
    #[inline]
    pub fn observe(&self, value: u64) {
        if let Some(core) = &self.core {
            core.observe(value, 1, value);
        }
    }

    /// Records `n` observations of the same value at the cost of one. The count of a bucket wraps around at 2⁶³.
    #[inline]
    pub fn observe_n(&self, value: u64, n: u64) {
        // As in `Histogram::observe_n`: an observation that left its bucket's number as it was could not be seen.
        if n << 1 != 0
            && let Some(core) = &self.core
        {
            core.observe(value, n, value.wrapping_mul(n));
        }
    }

    /// Records a duration, as a whole number of what the histogram observes, rounded down; whole seconds where that is
    /// [`Units`](Resolution::Units).
    #[inline]
    pub fn observe_duration(&self, duration: Duration) {
        if let Some(core) = &self.core {
            let value = core.scale.resolution.whole(duration);
            core.observe(value, 1, value);
        }
    }

    /// The sum over all threads, for tests and reports, as it is exposed: in the base unit.
    #[must_use]
    pub fn value(&self) -> HistogramValue {
        self.core.as_ref().map_or_else(|| HistogramValue::zero(0), |core| core.value())
    }

    /// The sum of all observations as they were observed, exactly, but for its wrapping around at 2⁶⁴.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.core.as_ref().map_or(0, |core| core.grown().1)
    }
}

impl Resolution {
    /// That of a histogram with this name which is told none.
    pub(crate) fn of(name: &str) -> Self {
        if name.ends_with("_seconds") { Self::Nanoseconds } else { Self::Units }
    }

    /// How many make a unit of what is exposed.
    pub(crate) fn per_unit(self) -> f64 {
        match self {
            Self::Nanoseconds => 1e9,
            Self::Microseconds => 1e6,
            Self::Milliseconds => 1e3,
            Self::Units => 1.0,
        }
    }

    /// So many there are in a duration.
    #[inline]
    fn whole(self, duration: Duration) -> u64 {
        let (per_second, nanoseconds_each) = match self {
            Self::Nanoseconds => (1_000_000_000, 1),
            Self::Microseconds => (1_000_000, 1_000),
            Self::Milliseconds => (1_000, 1_000_000),
            Self::Units => return duration.as_secs(),
        };
        let part = u64::from(duration.subsec_nanos() / nanoseconds_each);
        duration.as_secs().saturating_mul(per_second).saturating_add(part)
    }
}

impl Scale {
    /// For histograms with these bounds, as they are exposed.
    pub(crate) fn new(resolution: Resolution, exposed: &Layout) -> Self {
        let per_unit = resolution.per_unit();
        let scaled: Shared<[f64]> = exposed.bounds.iter().map(|bound| greatest(*bound, per_unit)).collect();
        Self { resolution, bounds: Shared::clone(&exposed.bounds), layout: Shared::new(Layout::new(scaled)) }
    }

    pub(crate) fn resolution(&self) -> Resolution {
        self.resolution
    }

    pub(crate) fn bounds(&self) -> &Shared<[f64]> {
        &self.bounds
    }

    /// What it takes of memory, without the bounds as they are exposed.
    pub(crate) fn bytes(&self) -> usize {
        size::shared(self) + self.layout.bytes()
    }
}

/// The greatest integer that is at most `bound` when it is divided by `per_unit`; -1 if there is none, and 2⁶⁴ if all
/// are. Beyond 2⁵³ the greatest that is a float: to it are compared the floats nearest to integers.
fn greatest(bound: f64, per_unit: f64) -> f64 {
    const ALL: f64 = 18_446_744_073_709_551_616.0;
    let above = |whole: f64| (whole + 1.0).max(whole.next_up());
    let below = |whole: f64| (whole - 1.0).min(whole.next_down());
    // The product is rounded, and so off by a few at most.
    let mut whole = (bound * per_unit).floor().clamp(-1.0, ALL);
    while whole >= 0.0 && whole / per_unit > bound {
        whole = below(whole);
    }
    while whole < ALL && above(whole) / per_unit <= bound {
        whole = above(whole);
    }
    whole
}

impl IntegerCore {
    pub(crate) fn new(block: CellBlock, scale: &Shared<Scale>) -> Self {
        let cells = HistogramCore::new(block, Shared::clone(&scale.layout));
        Self { cells, scale: Shared::clone(scale) }
    }

    pub(crate) fn block(&self) -> &CellBlock {
        self.cells.block()
    }

    pub(crate) fn buckets(&self) -> usize {
        self.cells.buckets()
    }

    pub(crate) fn scale(&self) -> &Scale {
        &self.scale
    }

    /// The bucket of a value, and the value as it is exposed.
    pub(crate) fn bucket(&self, value: u64) -> Option<(usize, f64)> {
        let bucket = self.cells.layout().find(value as f64)?;
        Some((bucket, value as f64 / self.scale.resolution.per_unit()))
    }

    #[inline(always)]
    fn observe(&self, value: u64, n: u64, sum: u64) {
        // As a signed integer, for which processors have an instruction. What is negative then is in no table.
        match self.cells.layout().index.find(value as i64 as f64) {
            Some(bucket) => self.record(bucket, n, sum),
            None => self.observe_outside_table(value, n, sum),
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_outside_table(&self, value: u64, n: u64, sum: u64) {
        // There is a bucket for every finite value.
        if let Some(bucket) = self.cells.layout().search(value as f64) {
            self.record(bucket, n, sum);
        }
    }

    #[inline(always)]
    fn record(&self, bucket: usize, n: u64, sum: u64) {
        self.cells.record(local::own_page(self.cells.slot()), bucket, n, pairs::plus_integer(sum));
    }

    /// Begins again without observations.
    pub(crate) fn reset(&self) {
        self.block().reset(|| {
            let (total, sum) = self.total();
            total.counts.iter().copied().chain([total.count, sum]).collect()
        });
    }

    pub(crate) fn value(&self) -> HistogramValue {
        let (mut value, sum) = self.grown();
        value.sum = sum as f64 / self.scale.resolution.per_unit();
        value
    }

    /// What was observed since the series was begun: the counts, and the sum as an integer.
    fn grown(&self) -> (HistogramValue, u64) {
        let baseline = self.block().baseline();
        let (mut value, mut sum) = self.total();
        if let Some([counts @ .., count, before]) = baseline.as_deref() {
            value.subtract_counts(counts, *count);
            sum = sum.wrapping_sub(*before);
        }
        (value, sum)
    }

    /// All that was ever observed.
    fn total(&self) -> (HistogramValue, u64) {
        let mut value = HistogramValue::zero(self.buckets());
        let mut sum = 0_u64;
        self.cells.read(|bucket, reading| {
            value.add_counts(bucket, reading);
            sum = sum.wrapping_add(reading.sum);
        });
        (value, sum)
    }
}

impl fmt::Debug for IntegerHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.core.is_none() { "IntegerHistogram(noop)" } else { "IntegerHistogram" })
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_integer_of_a_bucket_divides_to_its_bound_and_the_next_one_does_not() {
        for resolution in [Resolution::Nanoseconds, Resolution::Microseconds, Resolution::Units] {
            let per_unit = resolution.per_unit();
            for bound in
                [0.0, 1e-9, 0.1, 29e-9_f64.next_down(), 0.3, 0.7, 1.0 / 3.0, 1.1, 2.5, 10.0, 1e5 / 7.0, 9e6]
            {
                let whole = greatest(bound, per_unit);
                assert_eq!(whole.fract(), 0.0, "{whole} is no integer");
                let whole = whole as u64;
                assert!(whole as f64 / per_unit <= bound, "{whole} is above {bound}");
                assert!((whole + 1) as f64 / per_unit > bound, "{whole} is not the greatest below {bound}");
            }
        }
        assert_eq!(
            (greatest(-0.1, 1e9), greatest(1e300, 1e9), greatest(1e11, 1e9)),
            (-1.0, 2_f64.powi(64), 2_f64.powi(64))
        );
    }

    #[test]
    fn a_duration_is_rounded_down_and_never_wraps() {
        let duration = Duration::new(2, 3_004_999);
        let whole = |resolution: Resolution| resolution.whole(duration);
        assert_eq!(whole(Resolution::Nanoseconds), 2_003_004_999);
        assert_eq!(whole(Resolution::Microseconds), 2_003_004);
        assert_eq!((whole(Resolution::Milliseconds), whole(Resolution::Units)), (2_003, 2));
        assert_eq!(Resolution::Nanoseconds.whole(Duration::MAX), u64::MAX);
    }
}
