//! The distribution of what was observed, for a collector that has no buckets.

use std::fmt;

use hdrhistogram::Histogram;

/// Digits that a quantile has.
const DIGITS: u8 = 2;

/// What a histogram of an [`InMemoryCollector`](super::InMemoryCollector) holds.
///
/// Count, sum, minimum and maximum are exact. Quantiles come from `hdrhistogram`s and are within one percent, for
/// values whose magnitude lies between 10⁻⁹ and 10¹⁶: nanoseconds as well as terabytes. Below that they are within
/// 10⁻¹¹, and above all are alike. However much is observed, it takes at most 200 KB, and 40 KB when all values are
/// between 0 and 1, such as seconds.
#[derive(Clone, Default, PartialEq)]
pub struct Distribution {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// In the order of [`Band::ALL`].
    bands: [Option<Box<Histogram<u64>>>; 4],
}

/// A range of values that shares a scale. An hdrhistogram counts integers of 64 bits, which is too few for all.
#[derive(Clone, Copy)]
enum Band {
    /// At -1 or below.
    NegativeLarge,
    NegativeSmall,
    /// 0 to below 1.
    Small,
    /// 1 or above.
    Large,
}

impl Band {
    /// Every band, in the order of its values.
    const ALL: [Self; 4] = [Self::NegativeLarge, Self::NegativeSmall, Self::Small, Self::Large];

    fn of(value: f64) -> Self {
        match (value < 0.0, value.abs() >= 1.0) {
            (true, true) => Self::NegativeLarge,
            (true, false) => Self::NegativeSmall,
            (false, false) => Self::Small,
            (false, true) => Self::Large,
        }
    }

    fn is_negative(self) -> bool {
        matches!(self, Self::NegativeLarge | Self::NegativeSmall)
    }

    /// How many integers there are to 1. From 128 on, an integer is known to one part in 128 or better: that is 10⁻⁹ in
    /// the small bands, and everything in the large ones, where 10¹⁶ has 62 bits.
    fn scale(self) -> f64 {
        match self {
            Self::NegativeSmall | Self::Small => (1_u64 << 37) as f64,
            Self::NegativeLarge | Self::Large => (1_u64 << 8) as f64,
        }
    }
}

/// The largest magnitude that is told from larger ones.
const LARGEST: f64 = 1e16;

impl Distribution {
    /// Observations in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The least of them; 0 when there are none.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The greatest of them; 0 when there are none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Their mean; NaN when there are none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The value that a share `q` of the observations does not exceed, within one percent; NaN when there are none, or
    /// `q` is not between 0 and 1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return f64::NAN;
        }
        let mut rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        for (band, histogram) in Band::ALL.into_iter().zip(&self.bands) {
            let Some(histogram) = histogram else { continue };
            if rank <= histogram.len() {
                return value_at(band, histogram, rank).clamp(self.min, self.max);
            }
            rank -= histogram.len();
        }
        self.max
    }

    /// Adds a finite value.
    pub(super) fn observe(&mut self, value: f64) {
        (self.min, self.max) = match self.count {
            0 => (value, value),
            _ => (self.min.min(value), self.max.max(value)),
        };
        self.count += 1;
        self.sum += value;
        let band = Band::of(value);
        let histogram = &mut self.bands[band as usize];
        if histogram.is_none() {
            *histogram = Histogram::new(DIGITS).ok().map(Box::new);
        }
        if let Some(histogram) = histogram {
            // Grows as far as the largest magnitude needs, so it is never too small.
            let _ = histogram.record((value.abs().min(LARGEST) * band.scale()).round() as u64);
        }
    }
}

/// The value with this rank in a band, the least of them first.
fn value_at(band: Band, histogram: &Histogram<u64>, rank: u64) -> f64 {
    // The least of negative values has the greatest magnitude.
    let rank = if band.is_negative() { histogram.len() + 1 - rank } else { rank };
    let mut passed = 0;
    let mut values = histogram.iter_recorded();
    let found = values.find(|value| {
        passed += value.count_since_last_iteration();
        passed >= rank
    });
    let integer = found.map_or(0, |value| histogram.median_equivalent(value.value_iterated_to()));
    let magnitude = integer as f64 / band.scale();
    if band.is_negative() { -magnitude } else { magnitude }
}

/// To three digits, for people.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let scale = 10_f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// `count=3 sum=0.6 min=0.1 max=0.3 p50=0.2 p99=0.3`
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, sum, min, max, .. } = self;
        write!(f, "count={count} sum={sum:?} min={min:?} max={max:?}")?;
        if *count > 0 {
            let [p50, p99] = [0.5, 0.99].map(|q| rounded(self.quantile(q)));
            write!(f, " p50={p50:?} p99={p99:?}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }
}
