//! Names that are near a name that is not there.

use std::fmt;

use crate::{Snapshot, distance::distance};

/// Names that a failure lists.
const NAMES_LISTED: usize = 5;

/// Says that the family is not there, and which ones have names like it.
pub(super) fn write_families(f: &mut fmt::Formatter<'_>, snapshot: &Snapshot, name: &str) -> fmt::Result {
    let names: Vec<&str> = snapshot.families().map(|family| family.name()).collect();
    if names.is_empty() {
        return f.write_str("  the snapshot is empty; is the registry disabled, or another one?");
    }
    let near = near(name, &names);
    if near.is_empty() {
        return write!(f, "  there is no such family, and none of the {} has a name like it", names.len());
    }
    write!(f, "  there is no such family; near it {} ", if near.len() == 1 { "is" } else { "are" })?;
    for (position, name) in near.iter().enumerate() {
        write!(f, "{}`{name}`", if position == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// The names that hold this one or are in it, as when a namespace was left out, and those that a few letters make of
/// it; the nearest first.
fn near<'a>(name: &str, names: &[&'a str]) -> Vec<&'a str> {
    let most = 2.max(name.len() / 4);
    let mut near: Vec<(usize, &str)> = names
        .iter()
        .filter_map(|other| {
            let distance = distance(name, other);
            let holds = !name.is_empty() && (other.contains(name) || name.contains(other));
            (holds || distance <= most).then_some((distance, *other))
        })
        .collect();
    near.sort_unstable();
    near.truncate(NAMES_LISTED);
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_those_of_few_changes_and_of_other_prefixes() {
        let names = ["queue_size", "requests_total", "shop_request_total", "request_totals", "reqst_totl"];
        let expected = ["request_totals", "requests_total", "reqst_totl", "shop_request_total"];
        assert_eq!(near("request_total", &names), expected);
        assert_eq!(near("errors", &names), [""; 0]);
    }
}
