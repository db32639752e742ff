//! The registrations that failed where nobody could be told: those of static metrics, and of collectors.

use super::Registry;
use crate::{
    error::RegisterError,
    sync::{Mutex, lock},
};

/// Errors that a registry keeps. A static registers once, and a collector each metric once, so only a program with more
/// of these than this can have more.
const MAX_ERRORS: usize = 1_024;

/// A registry's errors, oldest first.
pub(super) struct Errors(Mutex<Vec<RegisterError>>);

impl Errors {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl Registry {
    /// The registrations of [static metrics](crate::StaticMetric) and through an
    /// [`EngineCollector`](crate::collector::EngineCollector) that failed here, oldest first and each once; the first
    /// 1,024.
    ///
    /// Whatever else cannot be registered is the error of its own registration.
    ///
    /// ```
    /// use tachometer::{Registry, StaticCounter};
    ///
    /// static REQUESTS: StaticCounter = StaticCounter::new("requests-total", "Requests served.");
    ///
    /// let registry = Registry::new();
    /// REQUESTS.register_in(&registry);
    /// assert_eq!(registry.errors()[0].metric(), "requests-total");
    /// ```
    #[must_use]
    pub fn errors(&self) -> Vec<RegisterError> {
        lock(&self.catalog.errors.0).clone()
    }

    /// Keeps the error of a registration that nobody waits for. Collectors of one registry fail at the same metrics.
    pub(crate) fn keep_error(&self, error: RegisterError) {
        let mut errors = lock(&self.catalog.errors.0);
        if errors.len() < MAX_ERRORS && !errors.contains(&error) {
            errors.push(error);
        }
    }
}
