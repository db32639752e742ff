//! A result measured several times: its median, and how far the measurements lie apart.

/// By how many percent something is more than something else, over several pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    lower_quartile: f64,
    upper_quartile: f64,
}

impl Spread {
    /// Of the ratios of the pairs; `None` without any.
    pub(crate) fn of(ratios: impl IntoIterator<Item = f64>) -> Option<Self> {
        let ratios = Sorted::new(ratios)?;
        let percent = |part: f64| (ratios.quantile(part) - 1.0) * 100.0;
        Some(Self { median: percent(0.5), lower_quartile: percent(0.25), upper_quartile: percent(0.75) })
    }

    /// Where the middle half of the pairs lies.
    pub(crate) fn range(&self) -> String {
        format!("half of the pairs lie in {:+.1} .. {:+.1} %", self.lower_quartile, self.upper_quartile)
    }

    /// Whether the middle half of the pairs does not even agree that there is more. (That there is less is noise too:
    /// metrics take no work away.)
    pub(crate) fn is_lost_in_noise(&self) -> bool {
        self.lower_quartile <= 0.0
    }
}

/// The middle one of `values`; `None` without any.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Some(Sorted::new(values)?.quantile(0.5))
}

/// Numbers in order, at least one.
struct Sorted(Vec<f64>);

impl Sorted {
    fn new(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then_some(Self(values))
    }

    /// Linear between the two nearest ranks.
    fn quantile(&self, part: f64) -> f64 {
        let rank = part * (self.0.len() - 1) as f64;
        let (below, above) = (self.0[rank as usize], self.0[rank.ceil() as usize]);
        below + (above - below) * rank.fract()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_quartiles_of_the_ratios() {
        let spread = Spread::of([1.5, 1.01, 1.02, 1.03, 0.9]).unwrap();
        assert!((spread.median - 2.0).abs() < 1e-9);
        assert_eq!(spread.range(), "half of the pairs lie in +1.0 .. +3.0 %");
        assert!(!spread.is_lost_in_noise());
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!((median([4.0, 1.0, 2.0, 30.0]), median([])), (Some(3.0), None));
    }

    #[test]
    fn a_quartile_at_or_below_zero_is_noise() {
        assert!(Spread::of([0.9, 1.1, 0.95, 1.2]).unwrap().is_lost_in_noise());
        assert!(Spread::of([1.0]).unwrap().is_lost_in_noise());
        assert!(Spread::of([0.9, 0.95, 0.97]).unwrap().is_lost_in_noise());
        assert!(!Spread::of([0.9, 1.01, 1.02, 1.03, 1.04]).unwrap().is_lost_in_noise());
    }
}
