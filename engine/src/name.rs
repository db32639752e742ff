//! Names that exist only if they are legal.

use std::sync::Arc;

use crate::error::{RegisterError, RegisterErrorReason as Reason};

/// A legal metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MetricName(Arc<str>);

impl MetricName {
    /// Joins the parts that are not empty with `_` and parses the result.
    pub(crate) fn parse(namespace: &str, subsystem: &str, name: &str) -> Result<Self, RegisterError> {
        let parts = [namespace, subsystem, name].into_iter().filter(|part| !part.is_empty());
        let full = parts.collect::<Vec<_>>().join("_");
        if name.is_empty() {
            return Err(RegisterError::new("", Reason::EmptyName));
        }
        if !is_metric_name(&full) {
            return Err(RegisterError::new(&full, Reason::IllegalMetricName));
        }
        Ok(Self(full.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// A legal label name: `[a-zA-Z_][a-zA-Z0-9_]*`, not `quantile`, and not beginning with two underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LabelName(Arc<str>);

impl LabelName {
    pub(crate) fn parse(name: &str) -> Result<Self, Reason> {
        if !is_name(name, |_| false) {
            return Err(Reason::IllegalLabelName(name.into()));
        }
        if name == "quantile" || name.starts_with("__") {
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

/// Whether this can be, or begin, a metric's name.
pub(crate) fn is_metric_name(name: &str) -> bool {
    is_name(name, |byte| byte == b':')
}

fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || also(byte);
    !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_join_with_underscores() {
        let name = MetricName::parse("shop", "", "orders_total").unwrap();
        assert_eq!(name.as_str(), "shop_orders_total");
        let name = MetricName::parse("shop", "web", "orders_total").unwrap();
        assert_eq!(name.as_str(), "shop_web_orders_total");
    }

    #[test]
    fn illegal_names_do_not_exist() {
        for name in ["", "a-b", "é", "1a", "a b", "a\"b", "a\n"] {
            assert!(MetricName::parse("", "", name).is_err(), "{name}");
            assert!(LabelName::parse(name).is_err(), "{name}");
        }
        assert!(MetricName::parse("ns", "", "").is_err());
        assert!(MetricName::parse("", "", "job:rate").is_ok());
        assert!(LabelName::parse("job:rate").is_err());
    }
}
