//! The difference of two snapshots.

use super::{
    Snapshot,
    schema::{Series, Shape},
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
                let series = &self.schema.series[index as usize];
                if let Some(before) = earlier.values_of(self, &family.name, index, series) {
                    let values = &mut difference.values[series.column..][..before.len()];
                    subtract(&series.shape, values, before);
                }
            }
        }
        difference
    }

    /// The values here of the series that has this index and these labels in `later`.
    fn values_of(&self, later: &Self, family: &str, index: u32, series: &Series) -> Option<&[u64]> {
        let columns = series.shape.columns();
        if self.schema.id == later.schema.id {
            return (!self.is_missing(index)).then(|| &self.values[series.column..][..columns]);
        }
        let at = self.schema.families.binary_search_by(|f| (*f.name).cmp(family)).ok()?;
        let first = self.schema.families[at].series.start;
        let range = self.schema.families[at].series.clone();
        let all = &self.schema.series[range.start as usize..range.end as usize];
        let at = all.binary_search_by(|s| s.labels.cmp(&series.labels)).ok()?;
        if all[at].shape != series.shape || self.is_missing(first + at as u32) {
            return None;
        }
        Some(&self.values[all[at].column..][..columns])
    }
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
