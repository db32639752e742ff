//! The options of a configuration, one by one.

use super::MetricsConfig;

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    Enabled,
    Namespace,
    Subsystem,
    DefaultLabels,
    HistogramBuckets,
}

impl Setting {
    pub(super) const ALL: [Self; 5] =
        [Self::Enabled, Self::Namespace, Self::Subsystem, Self::DefaultLabels, Self::HistogramBuckets];

    /// The name of the field.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Namespace => "namespace",
            Self::Subsystem => "subsystem",
            Self::DefaultLabels => "default_labels",
            Self::HistogramBuckets => "histogram_buckets",
        }
    }

    /// What the environment variable's name ends in.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Namespace => "NAMESPACE",
            Self::Subsystem => "SUBSYSTEM",
            Self::DefaultLabels => "DEFAULT_LABELS",
            Self::HistogramBuckets => "HISTOGRAM_BUCKETS",
        }
    }

    /// The option as an environment variable would say it.
    pub(super) fn written(self, config: &MetricsConfig) -> String {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Enabled => config.enabled.to_string(),
            Self::Namespace => config.namespace.clone(),
            Self::Subsystem => config.subsystem.clone(),
            Self::DefaultLabels => {
                joined(config.default_labels.iter().map(|(name, value)| format!("{name}={value}")).collect())
            }
            Self::HistogramBuckets => joined(config.histogram_buckets.iter().map(f64::to_string).collect()),
        }
    }

    /// Whether two configurations mean the same by it. Bounds are compared as numbers, without one of +Inf, which is
    /// there anyway.
    pub(super) fn is_same(self, one: &MetricsConfig, other: &MetricsConfig) -> bool {
        match self {
            Self::Enabled => one.enabled == other.enabled,
            Self::Namespace => one.namespace == other.namespace,
            Self::Subsystem => one.subsystem == other.subsystem,
            Self::DefaultLabels => one.default_labels == other.default_labels,
            Self::HistogramBuckets => one.buckets() == other.buckets(),
        }
    }
}
