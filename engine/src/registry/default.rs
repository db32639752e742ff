//! The process-wide registry, for programs that want one and for static metrics.

use std::sync::OnceLock;

use super::{Registry, RegistryBuilder};
use crate::error::{RegisterError, RegisterErrorReason as Reason};

static DEFAULT: OnceLock<Registry> = OnceLock::new();

/// The registry that the process has one of, and that [static metrics](crate::StaticMetric) belong to.
///
/// It is a plain [`Registry::new`] with the [self-metrics](RegistryBuilder::self_metrics) of the process, made by the
/// first call, unless one with options was [installed](RegistryBuilder::install) before. It is never dropped.
/// (`Registry::default()` is not this one: it makes a new registry.) Control plane; after the first call it costs a
/// load.
///
/// ```
/// use tachometer::default_registry;
///
/// let requests = default_registry().counter("requests_total", "Requests served.")?;
/// requests.inc();
/// assert_eq!(default_registry().snapshot().counter("requests_total", &[]), Some(1));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn default_registry() -> &'static Registry {
    DEFAULT.get_or_init(|| process_wide(RegistryBuilder::new()).build_plain(true))
}

impl RegistryBuilder {
    /// Makes the registry, as [`build`](Self::build) does, and installs it as the [default one](default_registry).
    /// For the start of `main`.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); and when there is a default registry already, installed or made by its first use.
    /// That one stays.
    ///
    /// ```
    /// use tachometer::{Registry, StaticCounter, default_registry};
    ///
    /// static ORDERS: StaticCounter = StaticCounter::new("orders_total", "Orders placed.");
    ///
    /// let registry = Registry::builder().namespace("shop").install()?;
    /// ORDERS.register();
    /// ORDERS.inc();
    /// assert_eq!(registry.snapshot().counter("shop_orders_total", &[]), Some(1));
    /// assert!(Registry::builder().install().is_err(), "one is enough");
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn install(self) -> Result<&'static Registry, RegisterError> {
        let mut registry = Some(process_wide(self).build()?);
        let installed = DEFAULT.get_or_init(|| registry.take().unwrap_or_default());
        match registry {
            None => Ok(installed),
            Some(_) => installed.counted(Err(RegisterError::new("", Reason::DefaultExists))),
        }
    }
}

/// Gives the registry the self-metrics of the process.
fn process_wide(mut builder: RegistryBuilder) -> RegistryBuilder {
    builder.process_wide = true;
    builder
}
