//! What a name is to be declared as, and under which name it is exposed.

use super::identity::MAX_NAME_BYTES;
use crate::{
    MAX_LABELS, MetricKind,
    collector::MetricId,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::{LabelName, has_unit},
    name_policy::NamePolicy,
};

/// The help text of what was used before it was declared.
const UNDECLARED: &str = "Declared by its first use.";

/// A legal declaration.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The name as the program says it.
    pub(super) key: &'a str,
    /// The name as the collector is told it: with the unit, unless the collector appends that itself.
    pub(super) told: Box<str>,
    /// The name as the collector exposes it.
    pub(super) exposed: Box<str>,
    pub(super) help: &'a str,
    pub(super) kind: MetricKind,
    pub(super) label_names: Vec<&'a str>,
    pub(super) unit: Option<&'static str>,
    /// Those of a [`MetricId`], which has good ones only.
    pub(super) buckets: Option<&'static [f64]>,
}

impl<'a> Draft<'a> {
    pub(super) fn declared(id: &MetricId, policy: NamePolicy) -> Result<Self, RegisterError> {
        let label_names = id.label_names().to_vec();
        Self {
            unit: id.unit(),
            buckets: id.buckets(),
            ..Self::new(id.name(), id.help(), id.kind(), label_names)
        }
        .checked(policy)
    }

    pub(super) fn first_used(
        key: &'a str,
        kind: MetricKind,
        labels: &[(&'a str, &str)],
        policy: NamePolicy,
    ) -> Result<Self, RegisterError> {
        let label_names = labels.iter().map(|(name, _)| *name).collect();
        Self::new(key, UNDECLARED, kind, label_names).checked(policy)
    }

    fn new(key: &'a str, help: &'a str, kind: MetricKind, label_names: Vec<&'a str>) -> Self {
        let [told, exposed] = <[Box<str>; 2]>::default();
        Self { key, told, exposed, help, kind, label_names, unit: None, buckets: None }
    }

    fn checked(mut self, policy: NamePolicy) -> Result<Self, RegisterError> {
        let key = self.key;
        let error = |reason| RegisterError::new(key, reason);
        self.check_lengths().map_err(error)?;
        let is_duration = self.kind == MetricKind::Histogram && self.key.ends_with("_duration");
        self.unit = self.unit.or(is_duration.then_some("seconds"));
        self.told =
            if policy == NamePolicy::AS_IS { with_unit(self.key, self.unit)? } else { self.key.into() };
        let metric = policy.translate(&self.told, self.kind, self.unit);
        let metric = metric.map_err(|reason| RegisterError::new(&self.told, reason))?;
        self.exposed = metric.name.into();
        self.check_labels(policy).map_err(error)?;
        Ok(self)
    }

    fn check_lengths(&self) -> Result<(), Reason> {
        let mut names = self.label_names.iter().chain([&self.key]);
        if names.any(|name| name.len() > MAX_NAME_BYTES) {
            return Err(Reason::NameTooLong(MAX_NAME_BYTES));
        }
        Ok(())
    }

    fn check_labels(&self, policy: NamePolicy) -> Result<(), Reason> {
        let names = &self.label_names;
        if names.len() > MAX_LABELS {
            return Err(Reason::TooManyLabels(names.len()));
        }
        let mut before: Vec<LabelName> = Vec::with_capacity(names.len());
        for name in names {
            let label = LabelName::translated(policy, name)?;
            if self.kind.added_label(&self.exposed) == Some(label.as_str()) {
                return Err(Reason::ReservedLabel((*name).into()));
            }
            if let Some(clash) = before.iter().find_map(|other| label.clash(other)) {
                return Err(clash);
            }
            before.push(label);
        }
        Ok(())
    }
}

/// The name with the unit as its last word, but for `_total`.
fn with_unit(key: &str, unit: Option<&str>) -> Result<Box<str>, RegisterError> {
    let Some(unit) = unit else { return Ok(key.into()) };
    if unit.is_empty() {
        return Err(RegisterError::new(key, Reason::UnitMismatch(unit.into())));
    }
    if has_unit(key, unit) {
        return Ok(key.into());
    }
    Ok(match key.strip_suffix("_total") {
        Some(base) => format!("{base}_{unit}_total").into(),
        None => format!("{key}_{unit}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposed(key: &str, kind: MetricKind) -> String {
        Draft::first_used(key, kind, &[], NamePolicy::AS_IS).unwrap().exposed.into()
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
            assert_eq!(&*with_unit(key, Some(unit)).unwrap(), expected);
        }
        assert!(with_unit("size", Some("")).is_err());
        let illegal = MetricId::gauge("size", "", &[]).with_unit("per-cent");
        assert!(Draft::declared(&illegal, NamePolicy::AS_IS).is_err());
    }

    #[test]
    fn a_policy_of_the_collector_translates_names_and_appends_units() {
        let draft = |key, kind, policy| Draft::first_used(key, kind, &[], policy).unwrap();
        for (policy, expected) in [
            (NamePolicy::AS_IS, ["request_duration_seconds", "request_duration_seconds"]),
            (NamePolicy::WITHOUT_UNITS, ["request_duration", "request_duration"]),
            (NamePolicy::OTEL_PYTHON, ["request_duration", "request_duration_seconds"]),
        ] {
            let draft = draft("request_duration", MetricKind::Histogram, policy);
            assert_eq!([&*draft.told, &*draft.exposed], expected);
        }
        let calls = draft("rpc.calls", MetricKind::Counter, NamePolicy::WITHOUT_UNITS);
        assert_eq!([&*calls.told, &*calls.exposed], ["rpc.calls", "rpc_calls_total"]);
    }
}
