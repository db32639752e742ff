//! What a name is to be declared as, and under which name it is exposed.

use super::identity::MAX_NAME_BYTES;
use crate::{
    MAX_LABELS, MetricKind,
    collector::MetricId,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::{LabelName, MetricName, has_unit},
};

/// The help text of what was used before it was declared.
const UNDECLARED: &str = "Declared by its first use.";

/// A legal declaration.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The name as the program says it.
    pub(super) key: &'a str,
    /// The name as the collector is told it: with the unit.
    pub(super) exposed: Box<str>,
    pub(super) help: &'a str,
    pub(super) kind: MetricKind,
    pub(super) label_names: Vec<&'a str>,
    pub(super) unit: Option<&'static str>,
    /// Those of a [`MetricId`], which has good ones only.
    pub(super) buckets: Option<&'static [f64]>,
}

impl<'a> Draft<'a> {
    pub(super) fn declared(id: &MetricId) -> Result<Self, RegisterError> {
        let label_names = id.label_names().to_vec();
        Self {
            unit: id.unit(),
            buckets: id.buckets(),
            ..Self::new(id.name(), id.help(), id.kind(), label_names)
        }
        .checked()
    }

    pub(super) fn first_used(
        key: &'a str,
        kind: MetricKind,
        labels: &[(&'a str, &str)],
    ) -> Result<Self, RegisterError> {
        let label_names = labels.iter().map(|(name, _)| *name).collect();
        Self::new(key, UNDECLARED, kind, label_names).checked()
    }

    fn new(key: &'a str, help: &'a str, kind: MetricKind, label_names: Vec<&'a str>) -> Self {
        Self { key, exposed: Box::default(), help, kind, label_names, unit: None, buckets: None }
    }

    fn checked(mut self) -> Result<Self, RegisterError> {
        self.check_lengths().map_err(|reason| RegisterError::new(self.key, reason))?;
        self.check_labels().map_err(|reason| RegisterError::new(self.key, reason))?;
        let is_duration = self.kind == MetricKind::Histogram && self.key.ends_with("_duration");
        self.unit = self.unit.or(is_duration.then_some("seconds"));
        self.exposed = exposed_name(self.key, self.unit)?;
        Ok(self)
    }

    fn check_lengths(&self) -> Result<(), Reason> {
        let mut names = self.label_names.iter().chain([&self.key]);
        if names.any(|name| name.len() > MAX_NAME_BYTES) {
            return Err(Reason::NameTooLong(MAX_NAME_BYTES));
        }
        Ok(())
    }

    fn check_labels(&self) -> Result<(), Reason> {
        let names = &self.label_names;
        if names.len() > MAX_LABELS {
            return Err(Reason::TooManyLabels(names.len()));
        }
        for (at, name) in names.iter().enumerate() {
            LabelName::parse(name)?;
            if self.kind.added_label(self.key) == Some(*name) {
                return Err(Reason::ReservedLabel((*name).into()));
            }
            if names.iter().take(at).any(|before| before == name) {
                return Err(Reason::DuplicateLabel((*name).into()));
            }
        }
        Ok(())
    }
}

/// The name with the unit as its last word, but for `_total`.
fn exposed_name(key: &str, unit: Option<&str>) -> Result<Box<str>, RegisterError> {
    MetricName::parse("", key)?;
    let Some(unit) = unit else { return Ok(key.into()) };
    if unit.is_empty() {
        return Err(RegisterError::new(key, Reason::UnitMismatch(unit.into())));
    }
    if has_unit(key, unit) {
        return Ok(key.into());
    }
    let with_unit = match key.strip_suffix("_total") {
        Some(base) => format!("{base}_{unit}_total"),
        None => format!("{key}_{unit}"),
    };
    MetricName::parse("", &with_unit)?;
    Ok(with_unit.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposed(key: &str, kind: MetricKind) -> String {
        Draft::first_used(key, kind, &[]).unwrap().exposed.into()
    }

    #[test]
    fn a_duration_is_exposed_in_seconds_and_what_has_its_unit_as_it_is() {
        let histogram = |key| exposed(key, MetricKind::Histogram);
        assert_eq!(histogram("request_duration"), "request_duration_seconds");
        assert_eq!(histogram("request_duration_seconds"), "request_duration_seconds");
        assert_eq!(histogram("duration_of_requests"), "duration_of_requests");
        assert_eq!(histogram("token_usage"), "token_usage");
    }

    #[test]
    fn counters_and_gauges_keep_their_names() {
        assert_eq!(exposed("request_count", MetricKind::Counter), "request_count");
        assert_eq!(exposed("busy_duration", MetricKind::Counter), "busy_duration");
        assert_eq!(exposed("last_run_duration", MetricKind::Gauge), "last_run_duration");
    }

    #[test]
    fn a_declared_unit_becomes_the_last_word_unless_it_is() {
        for (key, unit, expected) in [
            ("retrieval_time", "seconds", "retrieval_time_seconds"),
            ("retrieval_time_seconds", "seconds", "retrieval_time_seconds"),
            ("sent_total", "bytes", "sent_bytes_total"),
            ("sent_bytes_total", "bytes", "sent_bytes_total"),
            ("request_duration", "milliseconds", "request_duration_milliseconds"),
        ] {
            assert_eq!(&*exposed_name(key, Some(unit)).unwrap(), expected);
        }
        assert!(exposed_name("size", Some("")).is_err());
        assert!(exposed_name("size", Some("per-cent")).is_err());
    }
}
