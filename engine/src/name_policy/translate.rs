//! What a policy makes of a name: characters first, then the unit, then `_total`.

use super::{Escape, NamePolicy, TotalSuffix, UnitSuffix, unit::Unit};
use crate::{
    MetricKind,
    error::RegisterErrorReason as Reason,
    name::{has_unit, is_label_name, is_metric_name, is_reserved_label, underscored_label},
};

/// What a metric is exposed as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Translation {
    pub(crate) name: String,
    /// In words. Whether the name says it is up to the policy.
    pub(crate) unit: Option<String>,
}

impl NamePolicy {
    /// What the policy makes of a metric's name.
    pub(crate) fn translate(
        self,
        declared: &str,
        kind: MetricKind,
        unit: Option<&str>,
    ) -> Result<Translation, Reason> {
        let spelled = self.spelled(declared)?;
        let (base, total) = match kind {
            MetricKind::Counter => split_total(&spelled),
            _ => (&*spelled, ""),
        };
        let mut name = base.to_owned();
        let words = self.add_unit(&mut name, kind, unit);
        let is_missing = kind == MetricKind::Counter && total != "_total";
        if self.total == TotalSuffix::IfMissing && is_missing {
            push_word(&mut name, "total");
        } else {
            name.push_str(total);
        }
        if self.escape != Escape::Utf8 && name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert(0, '_');
        }
        if self.unit != UnitSuffix::InName {
            return Ok(Translation { name, unit: words });
        }
        match unit {
            Some(unit) if !has_unit(&name, unit) => Err(Reason::UnitMismatch(unit.into())),
            _ => Ok(Translation { name, unit: unit.map(str::to_owned) }),
        }
    }

    /// What the policy makes of a label's name.
    pub(crate) fn translate_label(self, declared: &str) -> Result<String, Reason> {
        let is_legal = match self.escape {
            Escape::Refuse => is_label_name(declared),
            Escape::Underscores | Escape::Utf8 => !declared.is_empty(),
        };
        if !is_legal {
            return Err(Reason::IllegalLabelName(declared.into()));
        }
        let mut name = match self.escape {
            Escape::Underscores => with_underscores(declared, char::is_ascii_alphanumeric)?,
            Escape::Refuse | Escape::Utf8 => declared.to_owned(),
        };
        if self.escape == Escape::Underscores && name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert_str(0, "key_");
        }
        // What clients get that do not ask for UTF-8 may begin with two underscores: any two letters in front may be
        // such.
        let is_reserved = is_reserved_label(declared) || is_reserved_label(&name);
        if is_reserved || underscored_label(&name) == "__name__" {
            return Err(Reason::ReservedLabel(declared.into()));
        }
        Ok(name)
    }

    /// The name, of characters that it may have.
    fn spelled(self, declared: &str) -> Result<String, Reason> {
        match self.escape {
            _ if declared.is_empty() => Err(Reason::EmptyName),
            Escape::Refuse if !is_metric_name(declared) => Err(Reason::IllegalMetricName),
            Escape::Refuse | Escape::Utf8 => Ok(declared.to_owned()),
            Escape::Underscores => {
                with_underscores(declared, |character| character.is_ascii_alphanumeric() || *character == ':')
            }
        }
    }

    /// Appends the unit where the policy wants it, and says what it is in words.
    fn add_unit(self, name: &mut String, kind: MetricKind, unit: Option<&str>) -> Option<String> {
        let unit = Unit::parse(unit?, kind == MetricKind::Gauge, self.escape == Escape::Utf8);
        let text = unit.text();
        match self.unit {
            UnitSuffix::InName | UnitSuffix::Never => {}
            UnitSuffix::IfMissingEnd => push_unless_last(name, text.as_deref()),
            UnitSuffix::KnownOnly => push_unless_last(name, unit.only_known().text().as_deref()),
            UnitSuffix::IfMissingToken => {
                for part in [unit.main(), unit.per().as_deref()].into_iter().flatten() {
                    if !has_words(name, part) {
                        push_word(name, part);
                    }
                }
            }
        }
        text
    }
}

/// An underscore for each run of characters that are not `kept`.
fn with_underscores(name: &str, kept: impl Fn(&char) -> bool) -> Result<String, Reason> {
    let mut spelled = String::with_capacity(name.len());
    for character in name.chars() {
        if kept(&character) {
            spelled.push(character);
        } else if !spelled.ends_with('_') {
            spelled.push('_');
        }
    }
    if spelled == "_" && name != "_" {
        return Err(Reason::UntranslatableName(name.into()));
    }
    Ok(spelled)
}

/// A counter's name in front of `_total`, and that; whatever separates it, where that is allowed.
fn split_total(name: &str) -> (&str, &str) {
    let base = name.strip_suffix("total").unwrap_or_default();
    match base.char_indices().next_back() {
        Some((at, separator)) if is_separator(separator) => name.split_at(at),
        _ => (name, ""),
    }
}

fn push_unless_last(name: &mut String, word: Option<&str>) {
    let Some(word) = word else { return };
    let is_last =
        name.strip_suffix(word).is_some_and(|before| before.chars().next_back().is_none_or(is_separator));
    if !is_last {
        push_word(name, word);
    }
}

fn push_word(name: &mut String, word: &str) {
    if !name.ends_with('_') {
        name.push('_');
    }
    name.push_str(word);
}

/// Whether a name has these words side by side.
fn has_words(name: &str, words: &str) -> bool {
    let split = |text| str::split(text, is_separator).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let (name, words): (Vec<&str>, Vec<&str>) = (split(name), split(words));
    name.windows(words.len().max(1)).any(|side_by_side| side_by_side == words)
}

/// Letters of any script make words. A colon does too, as in classic names.
fn is_separator(character: char) -> bool {
    !character.is_alphanumeric() && character != ':'
}
