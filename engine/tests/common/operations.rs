//! An operation with all of its parts.
#![allow(dead_code, reason = "each test uses some")]

use tachometer::{Counter, ErrorLabel, Family, Histogram, Operation, Outcome, Registry, UpDownCounter};

pub(crate) const OUTCOMES: [&str; 4] = ["ok", "error", "cancelled", "panicked"];

#[derive(Clone, Debug, PartialEq, ErrorLabel)]
pub(crate) enum LoadError {
    Timeout,
    Rejected { row: u64 },
}

pub(crate) struct Loads {
    pub(crate) latency: Histogram,
    pub(crate) records: Counter,
    pub(crate) bytes: Counter,
    pub(crate) active: UpDownCounter,
    pub(crate) outcomes: Family<Outcome, Counter>,
    pub(crate) errors: Family<LoadError, Counter>,
    pub(crate) operation: Operation<Family<LoadError, Counter>>,
}

impl Loads {
    pub(crate) fn new(registry: &Registry) -> Self {
        let latency = registry.histogram("load_duration_seconds", "").unwrap();
        let records = registry.counter("records_total", "").unwrap();
        let bytes = registry.counter("bytes_total", "").unwrap();
        let active = registry.up_down_counter("active_loads", "").unwrap();
        let outcomes = registry.declare("loads_total", "").label("outcome").register().unwrap();
        let errors = registry.declare("load_errors_total", "").label("error_type").register().unwrap();
        let operation = Operation::new()
            .latency(&latency)
            .records(&records)
            .bytes(&bytes)
            .in_flight(&active)
            .outcomes(&outcomes)
            .errors(&errors);
        Self { latency, records, bytes, active, outcomes, errors, operation }
    }

    /// Asserts how many have ended how (ok, error, cancelled, panicked), each of them timed.
    #[track_caller]
    pub(crate) fn assert_ended(&self, expected: [u64; 4]) {
        let ended = Outcome::ALL.map(|outcome| self.outcomes[outcome].value());
        assert_eq!(ended, expected, "{OUTCOMES:?}");
        assert_eq!(self.latency.value().count, expected.iter().sum());
    }

    /// Records, bytes, what is under way, and errors of each type.
    pub(crate) fn counts(&self) -> (u64, u64, i64, [u64; 2]) {
        let errors = [LoadError::Timeout, LoadError::Rejected { row: 0 }];
        let errors = errors.map(|error| self.errors.get(error).value());
        (self.records.value(), self.bytes.value(), self.active.value(), errors)
    }
}
