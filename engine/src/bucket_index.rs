//! Finding a value's bucket: a table on the exponent and the top bits of the mantissa.
//!
//! The bits of positive floats order as the floats do. Shifted right until every step of the shifted value holds at
//! most one bound, they index a table whose entry is that bound and the number of bounds below it; one comparison
//! with the bound decides between two buckets. One load and one comparison, flat from 5 bounds to 160, where a binary
//! search costs a mispredicted branch or two. The idea is that of HDR histograms' log-linear index, turned to
//! arbitrary bounds.

use std::sync::Arc;

/// Entries that a table may have: 64 KiB. Bounds that lie closer than that allows are searched for.
const MAX_ENTRIES: u64 = 4096;

/// Maps a value to the bucket that holds it.
#[derive(Debug)]
pub(crate) struct BucketIndex {
    shift: u32,
    /// The step of the table's first entry.
    first: i64,
    /// The index of the last entry.
    last: usize,
    /// Empty when no table can be had.
    entries: Box<[Entry]>,
    /// What is searched then.
    bounds: Arc<[f64]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The one bound within this step, or +Inf.
    bound: f64,
    /// Bounds below this step.
    bucket: usize,
}

impl BucketIndex {
    /// For bounds that are finite, ascending and at least one.
    pub(crate) fn new(bounds: Arc<[f64]>) -> Self {
        let (shift, first, entries) = Self::table(&bounds).unwrap_or_default();
        Self { shift, first, last: entries.len().saturating_sub(1), entries: entries.into(), bounds }
    }

    /// What the table takes of memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.entries)
    }

    /// The smallest table in which no step holds two bounds, unless it would be too large.
    fn table(bounds: &[f64]) -> Option<(u32, i64, Vec<Entry>)> {
        // Only positive floats have bits in their order. (Values at or below 0 are no problem: they all belong to the
        // first bucket.)
        if bounds[0] <= 0.0 {
            return None;
        }
        let apart = |shift: u32| {
            bounds.windows(2).all(|pair| pair[0].to_bits() >> shift != pair[1].to_bits() >> shift)
        };
        // A shift by 52 leaves the exponent; each bit less halves a step. One bit is always shifted out, so that `find`
        // can subtract steps without overflow.
        let shift = (1..=52).rev().find(|shift| apart(*shift))?;
        let step = |bound: f64| bound.to_bits() >> shift;
        let (first, last) = (step(bounds[0]), step(bounds[bounds.len() - 1]));
        if last - first + 2 > MAX_ENTRIES {
            return None;
        }
        let mut bucket = 0;
        let mut entries = Vec::with_capacity((last - first + 2) as usize);
        for k in first..=last {
            let within = bounds.get(bucket).copied().filter(|bound| step(*bound) == k);
            entries.push(Entry { bound: within.unwrap_or(f64::INFINITY), bucket });
            bucket += usize::from(within.is_some());
        }
        // Everything beyond the last step.
        entries.push(Entry { bound: f64::INFINITY, bucket: bounds.len() });
        Some((shift, first as i64, entries))
    }

    /// The number of bounds below `value`, which is the index of its bucket. `value` must not be NaN.
    #[inline(always)]
    pub(crate) fn find(&self, value: f64) -> usize {
        self.find_in_table(value).unwrap_or_else(|| self.search(value))
    }

    /// The same, `None` when there is no table to look in.
    #[inline(always)]
    pub(crate) fn find_in_table(&self, value: f64) -> Option<usize> {
        // As a signed integer a negative float is negative, and falls to the first entry like every value below it.
        let step = ((value.to_bits() as i64) >> self.shift) - self.first;
        let entry = self.entries.get((step.max(0) as usize).min(self.last))?;
        Some(entry.bucket + usize::from(entry.bound < value))
    }

    #[cold]
    fn search(&self, value: f64) -> usize {
        self.bounds.partition_point(|bound| *bound < value)
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    /// The naive oracle.
    fn scan(bounds: &[f64], value: f64) -> usize {
        bounds.iter().take_while(|bound| **bound < value).count()
    }

    fn check(bounds: &[f64], values: impl IntoIterator<Item = f64>) {
        let index = BucketIndex::new(bounds.into());
        for value in values {
            assert_eq!(index.find(value), scan(bounds, value), "{value:e} in {bounds:?}");
        }
    }

    #[test]
    fn values_around_each_bound_fall_where_a_scan_says() {
        let layouts: [Vec<f64>; 8] = [
            vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
            vec![1.0],
            (0..254).map(|i| 1e-4 * 1.05_f64.powi(i)).collect(),
            (0..254).map(f64::from).collect(),
            (1..=254).map(|i| 1000.0 + f64::from(i) / 1000.0).collect(),
            vec![-10.0, -1.0, 0.0, 1.0],
            vec![5e-324, 1e-310, f64::MIN_POSITIVE, 1.0, 1e300, f64::MAX],
            vec![1.0, 1.0_f64.next_up(), 2.0],
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
            let bounds: Vec<f64> =
                (0..count).map(|i| 1e-4 * 1e5_f64.powf(f64::from(i) / f64::from(count))).collect();
            let index = BucketIndex::new(bounds.into());
            assert!(!index.entries.is_empty(), "{count} bounds");
        }
    }
}
