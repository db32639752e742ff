//! Names that exist only if they are legal.

use std::sync::Arc;

use crate::error::{RegisterError, RegisterErrorReason as Reason};

/// A legal metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MetricName(Arc<str>);

impl MetricName {
    /// Parses `prefix_name`, or the name if the prefix is empty.
    pub(crate) fn parse(prefix: &str, name: &str) -> Result<Self, RegisterError> {
        if name.is_empty() {
            return Err(RegisterError::new("", Reason::EmptyName));
        }
        let full = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}_{name}") };
        if !is_metric_name(&full) {
            return Err(RegisterError::new(&full, Reason::IllegalMetricName));
        }
        Ok(Self(full.into()))
    }

    /// A name of the engine's own, which is legal.
    pub(crate) fn known(name: Arc<str>) -> Self {
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// Whether the name ends in this unit, but for a `_total`.
    pub(crate) fn has_unit(&self, unit: &str) -> bool {
        let name = self.0.strip_suffix("_total").unwrap_or(&self.0);
        let before = name.strip_suffix(unit);
        !unit.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    }
}

/// A legal label name: `[a-zA-Z_][a-zA-Z0-9_]*`, not `quantile` or `overflow`, and not beginning with two underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LabelName(Arc<str>);

impl LabelName {
    pub(crate) fn parse(name: &str) -> Result<Self, Reason> {
        if !is_label_name(name) {
            return Err(Reason::IllegalLabelName(name.into()));
        }
        if is_reserved_label(name) {
            return Err(Reason::ReservedLabel(name.into()));
        }
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
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
    fn prefixes_join_with_underscores() {
        let name = MetricName::parse("shop", "orders_total").unwrap();
        assert_eq!(name.as_str(), "shop_orders_total");
        let name = MetricName::parse("", "orders_total").unwrap();
        assert_eq!(name.as_str(), "orders_total");
    }

    #[test]
    fn a_unit_is_the_last_word_but_for_total() {
        let name = |name| MetricName::parse("", name).unwrap();
        for (legal, unit) in
            [("wait_seconds", "seconds"), ("sent_bytes_total", "bytes"), ("seconds", "seconds")]
        {
            assert!(name(legal).has_unit(unit), "{legal}");
        }
        for (other, unit) in
            [("wait", "seconds"), ("milliseconds", "seconds"), ("seconds_wait", "seconds"), ("a", "")]
        {
            assert!(!name(other).has_unit(unit), "{other}");
        }
    }

    #[test]
    fn illegal_names_do_not_exist() {
        for name in ["", "a-b", "é", "1a", "a b", "a\"b", "a\n"] {
            assert!(MetricName::parse("", name).is_err(), "{name}");
            assert!(LabelName::parse(name).is_err(), "{name}");
        }
        assert!(MetricName::parse("ns", "").is_err());
        assert!(MetricName::parse("", "job:rate").is_ok());
        assert!(LabelName::parse("job:rate").is_err());
    }
}
