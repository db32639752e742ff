//! A registry's options as data: from code, from environment variables, or from both.

mod error;
mod install;
mod misspelt;
mod setting;
mod variables;

use std::collections::BTreeMap;

pub use error::{ConfigError, ConfigErrorReason};

use crate::{
    Buckets, MetricKind, Registry, RegistryBuilder, error::RegisterErrorReason as Reason,
    labels::key::MAX_LABEL_VALUE_BYTES, name::is_metric_name, name_policy::NamePolicy,
};
use setting::Setting;

/// The options of a registry that people who run a program want to set.
///
/// Begin with the default, change what you want, and [`build`](Self::build) a registry, or [`install`](Self::install)
/// the one that the process has one of:
///
/// ```
/// use tachometer::MetricsConfig;
///
/// let config = MetricsConfig {
///     namespace: "amp".into(),
///     subsystem: "loader".into(),
///     default_labels: [("env".into(), "prod".into())].into(),
///     histogram_buckets: vec![0.001, 0.01, 0.1, 1.0, 10.0],
///     ..MetricsConfig::default()
/// };
/// let registry = config.build()?;
/// registry.counter("records_processed_total", "Total records processed.")?.inc();
/// let name = "amp_loader_records_processed_total";
/// assert_eq!(registry.snapshot().counter(name, &[("env", "prod")]), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Environment variables
///
/// [`from_env`](Self::from_env) reads them, and [`with_env`](Self::with_env) lets them change options that code has
/// set. For the prefix `AMP` they are
///
/// | variable | value | example |
/// |---|---|---|
/// | `AMP_METRICS_ENABLED` | `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in any case | `off` |
/// | `AMP_METRICS_NAMESPACE` | a name | `amp` |
/// | `AMP_METRICS_SUBSYSTEM` | a name | `loader` |
/// | `AMP_METRICS_DEFAULT_LABELS` | `name=value`, with commas between | `env=prod,zone=eu` |
/// | `AMP_METRICS_HISTOGRAM_BUCKETS` | upper bounds that rise, with commas between | `0.001,0.01,0.1` |
///
/// Each takes the place of the whole option. A label's value cannot hold a comma here. What cannot be read is never
/// ignored but an error that names the variable, and so is a variable whose name is nearly one of these.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsConfig {
    /// Whether anything is recorded: see [`RegistryBuilder::enabled`]. It is, by default.
    pub enabled: bool,
    /// What all names begin with: see [`RegistryBuilder::namespace`]. Nothing, by default.
    pub namespace: String,
    /// What follows the namespace: see [`RegistryBuilder::subsystem`]. Nothing, by default.
    pub subsystem: String,
    /// Labels of every series: see [`RegistryBuilder::label`]. None, by default. `le` is an error, because no histogram
    /// could have it.
    pub default_labels: BTreeMap<String, String>,
    /// The upper bounds of histograms that are registered without any: see [`RegistryBuilder::default_buckets`].
    /// [`Buckets::seconds`], by default.
    pub histogram_buckets: Vec<f64>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            namespace: String::new(),
            subsystem: String::new(),
            default_labels: BTreeMap::new(),
            histogram_buckets: Buckets::seconds().bounds().to_vec(),
        }
    }
}

impl MetricsConfig {
    /// Makes a registry with these options.
    ///
    /// # Errors
    ///
    /// When the namespace, the subsystem, a label or the buckets are illegal: see [`RegistryBuilder::build`].
    pub fn build(&self) -> Result<Registry, ConfigError> {
        self.check().map_err(|(setting, reason)| ConfigError::illegal(setting.field(), reason))?;
        self.builder().build().map_err(ConfigError::of_registry)
    }

    /// A builder with these options, for those that are not among them. It finds what is wrong when it builds.
    pub fn builder(&self) -> RegistryBuilder {
        let builder = Registry::builder()
            .enabled(self.enabled)
            .namespace(&*self.namespace)
            .subsystem(&*self.subsystem)
            .default_buckets(self.buckets());
        self.default_labels.iter().fold(builder, |builder, (name, value)| builder.label(name, value))
    }

    fn buckets(&self) -> Result<Buckets, crate::BucketsError> {
        Buckets::explicit(self.histogram_buckets.iter().copied())
    }

    /// Finds the option that no registry can have.
    fn check(&self) -> Result<(), (Setting, Reason)> {
        for (setting, prefix) in
            [(Setting::Namespace, &self.namespace), (Setting::Subsystem, &self.subsystem)]
        {
            if !prefix.is_empty() && !is_metric_name(prefix) {
                return Err((setting, Reason::IllegalPrefix(prefix.as_str().into())));
            }
        }
        for (name, value) in &self.default_labels {
            NamePolicy::AS_IS.translate_label(name).map_err(|reason| (Setting::DefaultLabels, reason))?;
            // A registry may have it, but then none of its histograms could be registered.
            if MetricKind::Histogram.added_label("") == Some(name.as_str()) {
                return Err((Setting::DefaultLabels, Reason::ReservedLabel(name.as_str().into())));
            }
            if value.len() > MAX_LABEL_VALUE_BYTES {
                return Err((Setting::DefaultLabels, Reason::LabelValueTooLong(name.as_str().into())));
            }
        }
        let buckets = self.buckets().map_err(|error| (Setting::HistogramBuckets, Reason::Buckets(error)));
        buckets.map(drop)
    }
}
