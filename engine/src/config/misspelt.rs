//! Variables of nearly the right name.
//!
//! A program may have variables of its own with this prefix, so not every unknown one is wrong. But one that is ignored
//! for a slip of the pen is hard to find.

use super::setting::Setting;
use crate::distance::distance;

/// Letters that may be wrong, missing or too many. With two, `ENABLE_X`, which is a program's own, were `ENABLED`.
const SLIPS: usize = 1;

/// Letters that may be left out at the end, as in `SUBSYS`.
const CUT_OFF: usize = 3;

/// The option that a variable was to set whose name ends so: one that is spelt nearly so, or begins so, or whose first
/// word is missing, as in `LABELS` and `LABEL`.
pub(super) fn meant(end: &str) -> Option<Setting> {
    Setting::ALL.into_iter().find(|setting| {
        let variable = setting.variable();
        let without_first_word = variable.split_once('_').map(|(_, rest)| rest);
        is_cut_off(variable, end)
            || is_near(variable, end)
            || without_first_word.is_some_and(|rest| is_near(rest, end))
    })
}

fn is_near(name: &str, other: &str) -> bool {
    distance(name, other) <= SLIPS
}

fn is_cut_off(name: &str, beginning: &str) -> bool {
    name.strip_prefix(beginning).is_some_and(|rest| rest.len() <= CUT_OFF)
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
        assert_eq!(meant("LABEL"), Some(Setting::DefaultLabels));
        assert_eq!(meant("BUCKET"), Some(Setting::HistogramBuckets));
        assert_eq!(meant("SUBSYS"), Some(Setting::Subsystem));
        for other in ["PORT", "ADDRESS", "", "é", "HISTOGRAM", "ENABLE_X", "DEFAULT", "NAME", "LAB"] {
            assert_eq!(meant(other), None, "{other}");
        }
    }
}
