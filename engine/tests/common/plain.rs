//! Registries that hold what a test puts in and nothing else.

use tachometer::Registry;

/// A registry without self-metrics, for tests that look at all there is.
pub(crate) fn plain() -> Registry {
    Registry::builder().self_metrics(false).build().unwrap()
}
