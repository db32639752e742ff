//! Metrics to record in, and an error to count.
#![allow(dead_code, reason = "not all tests use all of it")]

use std::num::ParseIntError;

use tachometer::{
    Counter, ErrorLabel, ErrorName, Family, Gauge, Histogram, LabelValue, Metrics, Outcome, Registry,
    UpDownCounter,
};

#[derive(Debug, PartialEq, ErrorLabel)]
pub(crate) enum LoadError {
    Rejected { row: u64 },
    Malformed(ParseIntError),
}

impl From<ParseIntError> for LoadError {
    fn from(error: ParseIntError) -> Self {
        Self::Malformed(error)
    }
}

#[derive(Clone, Copy, LabelValue)]
pub(crate) enum Method {
    Get,
    Put,
}

#[derive(Clone, Metrics)]
pub(crate) struct Seen {
    /// Time.
    pub(crate) time: Histogram,
    /// Calls.
    pub(crate) calls: Counter,
    /// Under way.
    pub(crate) active: UpDownCounter,
    /// Under way, as a gauge.
    pub(crate) level: Gauge,
    /// Most that were under way at once.
    pub(crate) most_active: Gauge,
    /// Errors.
    #[metric(label = "error_type")]
    pub(crate) errors: Family<LoadError, Counter>,
    /// Errors by their type's name.
    #[metric(label = "error_type")]
    pub(crate) named_errors: Family<ErrorName, Counter>,
    /// Time by outcome.
    #[metric(label = "outcome")]
    pub(crate) time_by_outcome: Family<Outcome, Histogram>,
    /// Calls by outcome.
    #[metric(label = "outcome")]
    pub(crate) calls_by_outcome: Family<Outcome, Counter>,
    /// Time by method.
    #[metric(label = "method")]
    pub(crate) time_by_method: Family<Method, Histogram>,
    /// Time by endpoint.
    #[metric(label = "endpoint")]
    pub(crate) time_by_endpoint: Family<String, Histogram>,
    /// Calls by endpoint.
    #[metric(label = "endpoint")]
    pub(crate) calls_by_endpoint: Family<String, Counter>,
    /// Under way by endpoint.
    #[metric(label = "endpoint")]
    pub(crate) active_by_endpoint: Family<String, Gauge>,
    /// Time by endpoint and outcome.
    #[metric(labels("endpoint", "outcome"))]
    pub(crate) requests: Family<(String, Outcome), Histogram>,
    /// Errors by endpoint.
    #[metric(labels("endpoint", "error_type"))]
    pub(crate) request_errors: Family<(String, LoadError), Counter>,
}

impl Seen {
    pub(crate) fn new() -> Self {
        Registry::new().register(()).unwrap()
    }

    /// Remembers how many are under way.
    pub(crate) fn note(&self) {
        let active = self.active.value() as f64 + self.level.value();
        self.most_active.set(active.max(self.most_active.value()));
    }

    /// How often each outcome was, as timed: ok, error, cancelled, panicked.
    pub(crate) fn outcomes(&self) -> [u64; 4] {
        [Outcome::Ok, Outcome::Error, Outcome::Cancelled, Outcome::Panicked]
            .map(|outcome| self.time_by_outcome[outcome].value().count)
    }

    /// How often each outcome was, as counted.
    pub(crate) fn counted_outcomes(&self) -> [u64; 4] {
        [Outcome::Ok, Outcome::Error, Outcome::Cancelled, Outcome::Panicked]
            .map(|outcome| self.calls_by_outcome[outcome].value())
    }

    /// Errors in all.
    pub(crate) fn errors(&self) -> u64 {
        self.rejected() + self.malformed()
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.errors[LoadError::Rejected { row: 0 }].value()
    }

    pub(crate) fn malformed(&self) -> u64 {
        self.errors[LoadError::Malformed("".parse::<u64>().unwrap_err())].value()
    }
}

/// Fails if it is told to.
pub(crate) fn load(fail: bool) -> Result<u64, LoadError> {
    if fail { Err(LoadError::Rejected { row: 7 }) } else { Ok(7) }
}
