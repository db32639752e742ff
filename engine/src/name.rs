//! Names that exist only if their policy allows them.

use std::{borrow::Cow, sync::Arc};

use crate::{error::RegisterErrorReason as Reason, name_policy::NamePolicy, size};

/// A metric's name as it is exposed: `[a-zA-Z_:][a-zA-Z0-9_:]*`, unless its policy keeps UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MetricName(Arc<str>);

impl MetricName {
    /// A name that is known to be good: the engine's own, or one that a policy has made.
    pub(crate) fn known(name: Arc<str>) -> Self {
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// A label's name as it is exposed: `[a-zA-Z_][a-zA-Z0-9_]*`, unless its policy keeps UTF-8; not `quantile` or
/// `overflow`, and not beginning with two underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelName {
    exposed: Arc<str>,
    /// What it was called before its policy translated it, if that was something else.
    declared: Option<Arc<str>>,
}

impl LabelName {
    /// What the policy makes of the name.
    pub(crate) fn translated(policy: NamePolicy, declared: &str) -> Result<Self, Reason> {
        let exposed = policy.translate_label(declared)?;
        let differs = exposed != declared;
        Ok(Self { exposed: exposed.into(), declared: differs.then(|| declared.into()) })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.exposed
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.exposed)
    }

    /// What the program calls it.
    pub(crate) fn declared(&self) -> &str {
        self.declared.as_ref().unwrap_or(&self.exposed)
    }

    /// What it takes of memory.
    pub(crate) fn bytes(&self) -> usize {
        size::shared(&*self.exposed) + self.declared.as_deref().map_or(0, size::shared)
    }

    /// Whether the program may mean it by this.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        *self.exposed == *name || self.declared() == name
    }

    /// What is wrong when this name and the other one are labels of the same series, if anything is.
    pub(crate) fn clash(&self, other: &Self) -> Option<Reason> {
        let name = underscored_label(&self.exposed);
        if name != underscored_label(&other.exposed) {
            return None;
        }
        if self.declared() == other.declared() {
            return Some(Reason::DuplicateLabel(self.declared().into()));
        }
        let labels = [other, self].map(|label| Box::from(label.declared()));
        Some(Reason::LabelCollision { labels, name: name.into() })
    }
}

/// A label name and its value, the same on every series of a registry or a child.
pub(crate) type ConstantLabel = (LabelName, Arc<str>);

/// Whether this can be, or begin, a metric's name.
pub(crate) const fn is_metric_name(name: &str) -> bool {
    is_name(name, true)
}

/// Whether this can be a label's name, reserved or not.
pub(crate) const fn is_label_name(name: &str) -> bool {
    is_name(name, false)
}

/// Whether a label's name means something else already.
pub(crate) const fn is_reserved_label(name: &str) -> bool {
    matches!(name.as_bytes(), b"quantile" | b"overflow" | [b'_', b'_', ..])
}

/// Whether a metric's name ends in this unit, but for a `_total`.
pub(crate) fn has_unit(name: &str, unit: &str) -> bool {
    let before = name.strip_suffix("_total").unwrap_or(name).strip_suffix(unit);
    !unit.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

/// How a client gets a metric's name that does not ask for UTF-8: with an underscore for each character that is not
/// legal.
pub(crate) fn underscored(name: &str) -> Cow<'_, str> {
    with_underscores(name, true)
}

/// The same for a label's name.
pub(crate) fn underscored_label(name: &str) -> Cow<'_, str> {
    with_underscores(name, false)
}

fn with_underscores(name: &str, colons: bool) -> Cow<'_, str> {
    if is_name(name, colons) {
        return name.into();
    }
    let is_legal = |at, character: char| match character {
        '0'..='9' => at > 0,
        ':' => colons,
        _ => character.is_ascii_alphabetic() || character == '_',
    };
    let characters = name.char_indices();
    characters.map(|(at, character)| if is_legal(at, character) { character } else { '_' }).collect()
}

// A loop instead of `all`: constants call it.
const fn is_name(name: &str, colons: bool) -> bool {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !(byte.is_ascii_alphanumeric() || byte == b'_' || colons && byte == b':') {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty() && !bytes[0].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_the_last_word_but_for_total() {
        for (legal, unit) in
            [("wait_seconds", "seconds"), ("sent_bytes_total", "bytes"), ("seconds", "seconds")]
        {
            assert!(has_unit(legal, unit), "{legal}");
        }
        for (other, unit) in
            [("wait", "seconds"), ("milliseconds", "seconds"), ("seconds_wait", "seconds"), ("a", "")]
        {
            assert!(!has_unit(other, unit), "{other}");
        }
    }

    #[test]
    fn illegal_names_do_not_exist() {
        for name in ["", "a-b", "é", "1a", "a b", "a\"b", "a\n"] {
            assert!(!is_metric_name(name), "{name}");
            assert!(LabelName::translated(NamePolicy::AS_IS, name).is_err(), "{name}");
        }
        assert!(is_metric_name("job:rate"));
        assert!(LabelName::translated(NamePolicy::AS_IS, "job:rate").is_err());
    }

    #[test]
    fn who_does_not_ask_for_utf8_gets_an_underscore_for_each_character() {
        for (name, expected) in [
            ("job:requests_total:rate5m", "job:requests_total:rate5m"),
            ("http.status:sum", "http_status:sum"),
            ("label with 😱", "label_with__"),
            ("花火", "__"),
            ("9lives", "_lives"),
            ("_9lives", "_9lives"),
        ] {
            assert_eq!(underscored(name), expected);
        }
        assert_eq!(underscored_label("a:b.c"), "a_b_c");
    }
}
