//! Finding a value's bucket: a table on the exponent and the top bits of the mantissa.
//!
//! The bits of positive floats order as the floats do. Shifted right until every step of the shifted value holds at
//! most one bound, they index a table whose entry is that bound and the number of bounds below it; one comparison
//! with the bound decides between two buckets. One load and one comparison, flat from 5 bounds to 160, where a binary
//! search costs a mispredicted branch or two. The idea is that of HDR histograms' log-linear index, turned to
//! arbitrary bounds.
//!
//! The one test whether a step is in the table also keeps out what no bucket takes, NaN and the infinities. Their steps
//! lie beyond every table, with those of negative values and of what is far greater than the last bound, which are left
//! to a search at some nanoseconds.

use std::sync::Arc;

use crate::size;

/// Entries that a table may have: 64 KiB. Bounds that lie closer than that allows are searched for.
const MAX_ENTRIES: u64 = 4096;

/// The step of infinity, as the exponent is shifted to the lowest bits.
const INFINITE_EXPONENT: u64 = 0x7ff;

/// Maps a value to the bucket that holds it, if it lies in the table or before it. Clones share the table.
#[derive(Clone, Debug)]
pub(crate) struct BucketIndex {
    /// The step of the table's first entry.
    first: i64,
    shift: u32,
    /// Empty when no table can be had.
    entries: Arc<[Entry]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The one bound within this step, or +Inf.
    bound: f64,
    /// Bounds below this step.
    bucket: usize,
}

impl BucketIndex {
    /// For bounds that are finite, at least one, and none below the one before it.
    pub(crate) fn new(bounds: &[f64]) -> Self {
        Self::table(bounds).unwrap_or_default()
    }

    /// What the table takes of memory.
    pub(crate) fn bytes(&self) -> usize {
        size::shared(&*self.entries)
    }

    /// The smallest table in which no step holds two bounds, unless it would be too large, and some steps around it, so
    /// that few values lie outside.
    fn table(bounds: &[f64]) -> Option<Self> {
        // Only positive floats have bits in their order.
        if bounds[0] <= 0.0 {
            return None;
        }
        let shift = shift_apart(bounds)?;
        let step = |bound: f64| bound.to_bits() >> shift;
        let (lowest, highest) = (step(bounds[0]), step(bounds[bounds.len() - 1]));
        let length = highest - lowest + 1;
        let octave = 1 << (52 - shift);
        let around = octave.min(length.div_ceil(2));
        let first = lowest.saturating_sub(around);
        // Short of infinity, whose step must be in no table.
        let last = (highest + around).min((INFINITE_EXPONENT << (52 - shift)) - 1);
        if last - first + 1 > MAX_ENTRIES {
            return None;
        }
        let mut bucket = 0;
        let mut entries = Vec::with_capacity((last - first + 1) as usize);
        for k in first..=last {
            let within = bounds.get(bucket).copied().filter(|bound| step(*bound) == k);
            entries.push(Entry { bound: within.unwrap_or(f64::INFINITY), bucket });
            bucket += usize::from(within.is_some());
        }
        Some(Self { first: first as i64, shift, entries: entries.into() })
    }

    /// The number of bounds below `value`, which is the index of its bucket; `None` when that is to be searched for, as
    /// it is for every NaN and infinite value.
    #[inline(always)]
    pub(crate) fn find(&self, value: f64) -> Option<usize> {
        // As a signed integer a negative float is negative, and its step so far beyond the table as an unsigned one.
        // The shift comes before the subtraction, which then cannot overflow.
        let bits = value.to_bits() as i64;
        let step = (bits >> self.shift) - self.first;
        match self.entries.get(step as usize) {
            Some(entry) => Some(entry.bucket + usize::from(entry.bound < value)),
            // Before the table.
            None if step < 0 && bits >= 0 => Some(0),
            None => None,
        }
    }
}

/// No table. No step lies before it, for no value is known to belong to the first bucket.
impl Default for BucketIndex {
    fn default() -> Self {
        Self { first: 0, shift: 1, entries: Arc::default() }
    }
}

/// By how many bits to shift the bounds, at most, so that no two are equal; `None` if they must not be shifted at all,
/// or two are equal as they are.
///
/// A shift by 52 leaves the exponent; each bit less halves a step. One bit is always shifted out, so that `find` can
/// subtract steps without overflow.
fn shift_apart(bounds: &[f64]) -> Option<u32> {
    // Two numbers differ after a shift that leaves the topmost bit in which they differ.
    let topmost = |pair: &[f64]| (pair[0].to_bits() ^ pair[1].to_bits()).checked_ilog2();
    let shifts = bounds.windows(2).map(|pair| topmost(pair).unwrap_or(0));
    shifts.chain([52]).min().filter(|shift| *shift > 0)
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    /// The naive oracle.
    fn scan(bounds: &[f64], value: f64) -> usize {
        bounds.iter().take_while(|bound| **bound < value).count()
    }

    fn check(bounds: &[f64], values: impl IntoIterator<Item = f64>) {
        let index = BucketIndex::new(bounds);
        for value in values {
            if let Some(bucket) = index.find(value) {
                assert!(value.is_finite(), "{value} in {bounds:?}");
                assert_eq!(bucket, scan(bounds, value), "{value:e} in {bounds:?}");
            }
        }
    }

    #[test]
    fn values_around_each_bound_fall_where_a_scan_says() {
        let layouts: [Vec<f64>; 9] = [
            vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
            vec![1.0],
            (0..254).map(|i| 1e-4 * 1.05_f64.powi(i)).collect(),
            (0..254).map(f64::from).collect(),
            (1..=254).map(|i| 1000.0 + f64::from(i) / 1000.0).collect(),
            vec![-10.0, -1.0, 0.0, 1.0],
            vec![5e-324, 1e-310, f64::MIN_POSITIVE, 1.0, 1e300, f64::MAX],
            vec![1.0, 1.0_f64.next_up(), 2.0],
            vec![1.0, 1.0_f64.next_up()],
        ];
        let special = [0.0, -0.0, 5e-324, -5e-324, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY];
        for bounds in layouts {
            let near = bounds.iter().flat_map(|b| [b.next_down(), *b, b.next_up()]);
            check(&bounds, near.chain(special).collect::<Vec<_>>());
        }
    }

    #[test]
    fn common_layouts_get_a_table() {
        for count in [5, 11, 64, 160, 254] {
            let geometric = |i| 1e-4 * 1e5_f64.powf(f64::from(i) / f64::from(count));
            let layouts =
                [(0..count).map(geometric).collect::<Vec<_>>(), (1..=count).map(f64::from).collect()];
            for bounds in layouts {
                let index = BucketIndex::new(&bounds);
                let (first, last) = (bounds[0], bounds[bounds.len() - 1]);
                for value in bounds.iter().copied().chain([0.0, first / 1000.0, first, 1.1 * last]) {
                    assert_eq!(index.find(value), Some(scan(&bounds, value)), "{value:e} in {bounds:?}");
                }
            }
        }
    }

    /// A step at most holds a bound, an octave at most is added on each side, and nothing at infinity.
    #[test]
    fn a_table_reaches_as_far_around_the_bounds_as_half_of_them_or_an_octave() {
        let steps_of_an_octave = 2048_u64;
        let step = |number: u64| 1.0 + number as f64 / steps_of_an_octave as f64;
        let (octave, one) = (steps_of_an_octave as i64, 1023);
        let most = 2_f64.powi(1023);
        let layouts: [(Vec<f64>, i64, usize); 8] = [
            (vec![1.0], one - 1, 3),
            (vec![1.0, 2.0, 4.0], one - 1, 5),
            (vec![1.0, 1.5], 2 * one - 1, 4),
            (vec![1.0, 1.5, 2.0, 3.0, 4.0, 6.0], 2 * one - 2, 10),
            (vec![f64::MAX], 2 * one - 1, 2),
            // The longest there is, and one that would be longer.
            (vec![step(0), step(1), step(2047)], octave * one - 1024, 4096),
            (vec![step(0), step(1), step(2048)], 0, 0),
            // One step too long, even though infinity cuts it short.
            (vec![most / 2.0 * step(1024), most / 2.0 * step(1025), most * step(1024)], 0, 0),
        ];
        for (bounds, first, length) in layouts {
            let index = BucketIndex::new(&bounds);
            assert_eq!((index.first, index.entries.len()), (first, length), "{bounds:?}");
        }
    }

    #[test]
    fn what_is_not_finite_is_in_no_table() {
        for bounds in
            [vec![0.1, 1.0], vec![f64::MAX], vec![5e-324, f64::MAX], vec![-1.0, 1.0], vec![1e300, 1e308]]
        {
            let index = BucketIndex::new(&bounds);
            for value in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(index.find(value), None, "{value} in {bounds:?}");
            }
        }
    }
}
