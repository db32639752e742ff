//! The values of labels that come by name, in the order of their declaration.

use crate::{MAX_LABELS, error::RegisterErrorReason as Reason};

/// Labels that most metrics have at most. More take a larger array, which costs more to clear.
const FEW: usize = 6;

/// Calls `work` with the labels' values in the order of `names`, those that are not given empty. Says whether all were
/// given.
pub(super) fn in_order(
    names: &[&str],
    given: &[(&str, &str)],
    work: impl FnOnce(&[&str]),
) -> Result<bool, Reason> {
    if names.len() <= FEW {
        arrange(names, given, &mut [""; FEW], work)
    } else {
        arrange(names, given, &mut [""; MAX_LABELS], work)
    }
}

fn arrange<'a>(
    names: &[&str],
    given: &[(&str, &'a str)],
    values: &mut [&'a str],
    work: impl FnOnce(&[&str]),
) -> Result<bool, Reason> {
    // No declaration has more names than there is room for.
    let values = &mut values[..names.len()];
    let in_order =
        given.len() == names.len() && given.iter().zip(names).all(|((name, _), known)| name == known);
    if in_order {
        for (value, (_, given)) in values.iter_mut().zip(given) {
            *value = *given;
        }
    } else {
        search(names, given, values)?;
    }
    work(values);
    Ok(given.len() == names.len())
}

/// Puts each value to its name's place.
fn search<'a>(names: &[&str], given: &[(&str, &'a str)], values: &mut [&'a str]) -> Result<(), Reason> {
    for (at, (name, value)) in given.iter().enumerate() {
        let known = names.iter().position(|known| known == name);
        let place = known.and_then(|known| values.get_mut(known));
        *place.ok_or_else(|| Reason::UnknownLabel((*name).into()))? = *value;
        if given.iter().take(at).any(|(before, _)| before == name) {
            return Err(Reason::DuplicateLabel((*name).into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&str], given: &[(&str, &str)]) -> Result<(Vec<String>, bool), Reason> {
        let mut values = Vec::new();
        let all_given = in_order(names, given, |ordered| {
            values = ordered.iter().map(|value| (*value).to_owned()).collect();
        })?;
        Ok((values, all_given))
    }

    #[test]
    fn values_come_in_the_order_of_the_declaration_whatever_theirs() {
        let expected = Ok((vec!["1".to_owned(), "2".to_owned(), "3".to_owned()], true));
        assert_eq!(ordered(&["a", "b", "c"], &[("a", "1"), ("b", "2"), ("c", "3")]), expected);
        assert_eq!(ordered(&["a", "b", "c"], &[("c", "3"), ("a", "1"), ("b", "2")]), expected);
    }

    #[test]
    fn a_missing_value_is_empty_and_said() {
        assert_eq!(ordered(&["a", "b"], &[("b", "2")]), Ok((vec![String::new(), "2".to_owned()], false)));
        assert_eq!(ordered(&["a"], &[]), Ok((vec![String::new()], false)));
        assert_eq!(ordered(&[], &[]), Ok((vec![], true)));
    }

    #[test]
    fn unknown_and_repeated_labels_are_errors() {
        assert_eq!(ordered(&["a", "b"], &[("a", "1"), ("c", "3")]), Err(Reason::UnknownLabel("c".into())));
        assert_eq!(ordered(&[], &[("a", "1")]), Err(Reason::UnknownLabel("a".into())));
        assert_eq!(ordered(&["a", "b"], &[("a", "1"), ("a", "1")]), Err(Reason::DuplicateLabel("a".into())));
        let twice = [("a", "1"), ("b", "2"), ("a", "3")];
        assert_eq!(ordered(&["a", "b"], &twice), Err(Reason::DuplicateLabel("a".into())));
    }

    #[test]
    fn as_many_labels_as_a_family_can_have_find_their_places() {
        let names: Vec<String> = (0..MAX_LABELS).map(|at| format!("label_{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let given: Vec<(&str, &str)> = names.iter().rev().map(|name| (*name, *name)).collect();
        let expected = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(ordered(&names, &given), Ok((expected, true)));
    }
}
