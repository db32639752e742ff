//! The configuration of the default registry.

use super::{ConfigError, ConfigErrorReason, MetricsConfig, setting::Setting};
use crate::{
    Registry, default_registry,
    sync::{Mutex, lock, process_wide_const},
};

process_wide_const! {
    /// What the default registry was made with, if a configuration made it.
    static INSTALLED: Mutex<Option<MetricsConfig>> = Mutex::new(None);
}

impl MetricsConfig {
    /// Makes the [default registry](crate::default_registry) with these options; again with the same ones, returns it.
    /// For the start of `main`: whatever uses the default registry earlier makes one without options.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); when it was made with other options, of which the error names the first; and when it
    /// was made otherwise, by [`RegistryBuilder::install`](crate::RegistryBuilder::install) or by its first use. It
    /// stays as it is.
    ///
    /// ```
    /// use tachometer::{MetricsConfig, default_registry};
    ///
    /// let config = MetricsConfig { namespace: "amp".into(), ..MetricsConfig::default() };
    /// config.install()?.counter("retry_attempts_total", "Retries.")?.inc();
    /// assert_eq!(default_registry().snapshot().counter("amp_retry_attempts_total", &[]), Some(1));
    ///
    /// assert!(config.install().is_ok(), "the same again");
    /// let error = MetricsConfig::default().install().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`namespace=`: the default registry was made with `amp`; configure it once, or each time alike",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn install(&self) -> Result<&'static Registry, ConfigError> {
        self.check().map_err(|(setting, reason)| ConfigError::illegal(setting.field(), reason))?;
        let installed = &mut *lock(&INSTALLED);
        if let Some(first) = installed {
            return self.check_same(first).map(|()| default_registry());
        }
        let registry = self.builder().install().map_err(ConfigError::of_registry)?;
        *installed = Some(self.clone());
        Ok(registry)
    }

    fn check_same(&self, first: &Self) -> Result<(), ConfigError> {
        let Some(setting) = Setting::ALL.into_iter().find(|setting| !setting.is_same(first, self)) else {
            return Ok(());
        };
        let reason = ConfigErrorReason::Differs { installed: setting.written(first).into() };
        Err(ConfigError::new(setting.field(), setting.written(self), reason))
    }
}
