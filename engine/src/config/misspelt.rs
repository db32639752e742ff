//! Variables of nearly the right name.
//!
//! A program may have variables of its own with this prefix, so not every unknown one is wrong. But one that is ignored
//! for a slip of the pen is hard to find.

use super::setting::Setting;

/// Letters that may be wrong, missing or too many.
const SLIPS: usize = 2;

/// The option that a variable was to set whose name ends so: one that is spelt nearly so, or whose first word is
/// missing, such as `LABELS`.
pub(super) fn meant(end: &str) -> Option<Setting> {
    let without_first_word = |setting: &Setting| setting.variable().split_once('_').map(|(_, rest)| rest);
    Setting::ALL.into_iter().find(|setting| {
        distance(setting.variable(), end) <= SLIPS || without_first_word(setting) == Some(end)
    })
}

/// The letters to change, leave out or add to make one text of the other: Levenshtein's distance.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    // What the letters so far cost to become the first 0, 1, 2.. letters of `to`.
    let mut costs: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut costs[0], row + 1);
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = costs[column + 1];
            costs[column + 1] = changed.min(diagonal + 1).min(costs[column] + 1);
        }
    }
    costs[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_found_and_another_name_is_not() {
        assert_eq!(meant("NAMESPCE"), Some(Setting::Namespace));
        assert_eq!(meant("enabled"), None);
        assert_eq!(meant("ENABLE"), Some(Setting::Enabled));
        assert_eq!(meant("SUB_SYSTEM"), Some(Setting::Subsystem));
        assert_eq!(meant("DEFAULT_LABEL"), Some(Setting::DefaultLabels));
        assert_eq!(meant("LABELS"), Some(Setting::DefaultLabels));
        assert_eq!(meant("BUCKETS"), Some(Setting::HistogramBuckets));
        for other in ["PORT", "ADDRESS", "", "é", "HISTOGRAM"] {
            assert_eq!(meant(other), None, "{other}");
        }
    }

    #[test]
    fn the_distance_is_the_least_number_of_changes() {
        for (from, to, expected) in [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to), expected);
            assert_eq!(distance(to, from), expected);
        }
    }
}
