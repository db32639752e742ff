//! The labels of a series under names that the format can spell.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tachometer::SeriesView;

use crate::format::Escaping;

/// How the label names of a family's series are to be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelNames {
    /// As they are: all are legal.
    Legal,
    /// By this scheme, since not all are legal.
    Spelled(Escaping),
}

/// Gives each label of `series` to `label`, by an exposable name.
///
/// Names that are legal as they stand, which is all that a registry makes, are passed on as they are. Otherwise they
/// are escaped, and where two names become the same the values are joined by `;` in the order of the original names,
/// as OpenTelemetry joins attributes: a line must not have the same label twice, and no value should vanish.
pub(crate) fn for_each_label(series: SeriesView<'_>, names: LabelNames, mut label: impl FnMut(&str, &str)) {
    let LabelNames::Spelled(escaping) = names else {
        return series.labels().for_each(|(name, value)| label(name, value));
    };
    let mut escaped = BTreeMap::<Cow<'_, str>, String>::new();
    for (name, value) in series.labels() {
        escaped
            .entry(escaping.label_name(name))
            .and_modify(|joined| {
                joined.push(';');
                joined.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    escaped.iter().for_each(|(name, value)| label(name, value));
}
