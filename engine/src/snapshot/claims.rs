//! The names that a family takes in an exposition, in any format: no other family may have them.

use std::iter;

use crate::{MetricKind, name::underscored};

/// The family's own name in front, those of its samples, and what OpenMetrics calls it: `x` for a counter `x_total`,
/// and for an info `x_info`. `_created` is a sample there too, for who wants it.
///
/// They are spelled with underscores for all that a classic name cannot have, because clients that do not ask for UTF-8
/// get them so.
pub(crate) fn claimed_names(name: &str, kind: MetricKind) -> Vec<String> {
    let name = &*underscored(name);
    let without = |suffix| name.strip_suffix(suffix).filter(|family: &&str| !family.is_empty());
    let (family, suffixes): (&str, &[&str]) = match kind {
        MetricKind::Counter => match without("_total") {
            Some(family) => (family, &["", "_total", "_created"]),
            // Of unknown type in OpenMetrics.
            None => (name, &[""]),
        },
        MetricKind::Histogram => (name, &["", "_bucket", "_sum", "_count", "_created"]),
        MetricKind::Summary => (name, &["", "_sum", "_count", "_created"]),
        MetricKind::Info => (without("_info").unwrap_or(name), &["", "_info"]),
        MetricKind::Gauge | MetricKind::StateSet | MetricKind::Unknown => (name, &[""]),
    };
    let others = suffixes.iter().map(|suffix| format!("{family}{suffix}")).filter(|other| other != name);
    iter::once(name.to_owned()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_takes_its_own_name_its_samples_and_the_one_of_openmetrics() {
        for (name, kind, expected) in [
            ("x", MetricKind::Gauge, &["x"][..]),
            ("x", MetricKind::Counter, &["x"]),
            ("x_total", MetricKind::Counter, &["x_total", "x", "x_created"]),
            ("_total", MetricKind::Counter, &["_total"]),
            ("x_total", MetricKind::Gauge, &["x_total"]),
            ("x", MetricKind::Info, &["x", "x_info"]),
            ("x_info", MetricKind::Info, &["x_info", "x"]),
            ("x", MetricKind::Summary, &["x", "x_sum", "x_count", "x_created"]),
            ("x", MetricKind::Histogram, &["x", "x_bucket", "x_sum", "x_count", "x_created"]),
            ("x.y", MetricKind::StateSet, &["x_y"]),
            ("x.total", MetricKind::Counter, &["x_total", "x", "x_created"]),
        ] {
            assert_eq!(claimed_names(name, kind), expected, "{kind:?} {name}");
        }
    }
}
