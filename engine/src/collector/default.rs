//! The collector that the process has one of.

use std::sync::Arc;

use super::{MetricsCollector, NoOpCollector};
use crate::sync::{Mutex, lock};

static DEFAULT: Mutex<Option<Arc<dyn MetricsCollector>>> = Mutex::new(None);

/// The collector that libraries use unless they were given one: a [`NoOpCollector`] until another is
/// [set](set_default_collector).
#[must_use]
pub fn default_collector() -> Arc<dyn MetricsCollector> {
    lock(&DEFAULT).clone().unwrap_or_else(|| Arc::new(NoOpCollector))
}

/// Sets the default collector, and returns the one before. Call sites that use the default follow.
pub fn set_default_collector(collector: Arc<dyn MetricsCollector>) -> Arc<dyn MetricsCollector> {
    lock(&DEFAULT).replace(collector).unwrap_or_else(|| Arc::new(NoOpCollector))
}

/// Makes the [`NoOpCollector`] the default again, and returns the one before.
pub fn reset_default_collector() -> Arc<dyn MetricsCollector> {
    lock(&DEFAULT).take().unwrap_or_else(|| Arc::new(NoOpCollector))
}

/// Calls `work` with the default collector.
pub fn with_default<R>(work: impl FnOnce(&dyn MetricsCollector) -> R) -> R {
    work(&*default_collector())
}
