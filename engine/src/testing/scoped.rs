//! A registry for a test of code that records through the process-wide default.

use std::{borrow::Cow, sync::Arc};

use super::MetricSource;
use crate::{
    Registry, Snapshot,
    collector::{EngineCollector, MetricsCollector, ScopedCollector, scoped_collector},
};

/// A fresh registry, whose collector is the [default](crate::collector::default_collector) of this thread while this
/// lives.
///
/// For code that records through the default collector, by name, or by the attributes that take a name. Tests that run
/// at the same time, each on its thread, do not see each other's records. A thread that is started meanwhile has
/// not this default, and a task may run on another thread: give those [`collector`](Scoped::collector), by
/// [`with_collector`](crate::FutureExt::with_collector).
///
/// ```
/// use tachometer::{assert_metric, collector::{MetricId, with_default}, testing};
///
/// static CACHE_HITS: MetricId = MetricId::counter("cache_hits", "Cache hits.", &["cache_name"]);
///
/// fn look_up() {
///     with_default(|collector| collector.increment(&CACHE_HITS, 1.0, &["embeddings"]));
/// }
///
/// let metrics = testing::scoped();
/// look_up();
/// assert_metric!(metrics, "cache_hits" { cache_name = "embeddings" } == 1);
/// ```
///
/// Only the default *collector* is another: [`default_registry`](crate::default_registry) and the static metrics in it
/// stay the process' own.
#[must_use = "the default is back when this is dropped"]
pub fn scoped() -> Scoped {
    let registry = Registry::new();
    let collector: Arc<dyn MetricsCollector> = Arc::new(EngineCollector::new(&registry));
    Scoped { _scope: scoped_collector(Arc::clone(&collector)), registry, collector }
}

/// What [`scoped`] gives: a registry, and a guard.
#[derive(Debug)]
pub struct Scoped {
    _scope: ScopedCollector,
    registry: Registry,
    collector: Arc<dyn MetricsCollector>,
}

impl Scoped {
    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The collector, for other threads and for tasks.
    #[must_use]
    pub fn collector(&self) -> Arc<dyn MetricsCollector> {
        Arc::clone(&self.collector)
    }
}

impl MetricSource for Scoped {
    fn metrics(&self) -> Cow<'_, Snapshot> {
        self.registry.metrics()
    }
}
