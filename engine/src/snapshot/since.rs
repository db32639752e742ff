//! The difference of two snapshots.

use std::{cmp::Ordering, ops::Range};

use super::{
    Snapshot,
    schema::{Family, Shape},
    view::MetricKind,
};

impl Snapshot {
    /// What was recorded between `earlier` and this snapshot: counters, histograms and summaries' counts less their
    /// earlier values, everything else as it is here.
    ///
    /// A series that `earlier` does not have (it came later, or its callback failed then) counts from 0, and so
    /// does one that has fallen since (it was made again, or a `u64` wrapped), as Prometheus reads it. The cost is
    /// that of comparing labels where the schemas differ.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut difference = self.clone();
        for family in &self.schema.families {
            let cumulative =
                matches!(family.kind, MetricKind::Counter | MetricKind::Histogram | MetricKind::Summary);
            if !cumulative {
                continue;
            }
            for index in family.series.clone() {
                if let Some(before) = earlier.values_of(self, family, index) {
                    let values = &mut difference.values[family.column(index)..][..before.len()];
                    subtract(family.shape(index), values, before);
                }
            }
        }
        difference
    }

    /// The values here of the series that has this index, in this family, in `later`.
    fn values_of(&self, later: &Self, family: &Family, index: u32) -> Option<&[u64]> {
        let columns = family.shape(index).columns();
        if self.schema.id == later.schema.id {
            return (!self.is_missing(index)).then(|| &self.values[family.column(index)..][..columns]);
        }
        let families = &self.schema.families;
        let here = &families[families.binary_search_by(|here| here.name.cmp(&family.name)).ok()?];
        let found = find(here, family.labels(index))?;
        if here.shape(found) != family.shape(index) || self.is_missing(found) {
            return None;
        }
        Some(&self.values[here.column(found)..][..columns])
    }
}

/// The index of the series with these labels, if the family has one.
fn find<'a>(family: &'a Family, labels: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Option<u32> {
    let Range { mut start, mut end } = family.series.clone();
    while start < end {
        let middle = start + (end - start) / 2;
        match family.labels(middle).cmp(labels.clone()) {
            Ordering::Less => start = middle + 1,
            Ordering::Equal => return Some(middle),
            Ordering::Greater => end = middle,
        }
    }
    None
}

fn subtract(shape: &Shape, values: &mut [u64], before: &[u64]) {
    match shape {
        Shape::U64 if values[0] >= before[0] => values[0] -= before[0],
        Shape::F64 => {
            let (now, then) = (f64::from_bits(values[0]), f64::from_bits(before[0]));
            if now >= then {
                values[0] = (now - then).to_bits();
            }
        }
        Shape::Histogram(bounds) => {
            let counts = ..bounds.len() + 2;
            if values[counts].iter().zip(&before[counts]).all(|(now, then)| now >= then) {
                subtract_counts_and_sum(values, before, 0);
            }
        }
        Shape::Summary(quantiles) if values[quantiles.len()] >= before[quantiles.len()] => {
            subtract_counts_and_sum(values, before, quantiles.len());
        }
        _ => {}
    }
}

/// Subtracts the counts from `from` on, and the sum, which is last.
fn subtract_counts_and_sum(values: &mut [u64], before: &[u64], from: usize) {
    let sum = values.len() - 1;
    for at in from..sum {
        values[at] -= before[at];
    }
    values[sum] = (f64::from_bits(values[sum]) - f64::from_bits(before[sum])).to_bits();
}
