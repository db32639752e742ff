//! Structs of metrics.

use super::Registry;
use crate::RegisterError;

/// A struct whose fields are metrics. `#[derive(Metrics)]` writes this.
///
/// Written by hand, it is:
///
/// ```
/// use tachometer::{Counter, Gauge, Metrics, RegisterError, Registry};
///
/// struct Queue { pushed_total: Counter, depth: Gauge }
///
/// impl Metrics for Queue {
///     type Common = ();
///
///     fn register(registry: &Registry, common: ()) -> Result<Self, RegisterError> {
///         let registry = registry.child("queue", &common)?;
///         Ok(Self {
///             pushed_total: registry.declare("pushed_total", "Items pushed.").register()?,
///             depth: registry.declare("depth", "Items waiting.").register()?,
///         })
///     }
/// }
///
/// let queue: Queue = Registry::new().register(())?;
/// # Ok::<(), RegisterError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of metrics",
    label = "not a struct of metrics",
    note = "use a struct with `#[derive(Metrics)]`"
)]
pub trait Metrics: Sized {
    /// The labels that all of the metrics have in common: a struct with `#[derive(Labels)]`, or `()`.
    type Common;

    /// Registers every metric.
    ///
    /// # Errors
    ///
    /// Those of the first metric that cannot be registered.
    fn register(registry: &Registry, common: Self::Common) -> Result<Self, RegisterError>;
}
