//! The options of a registry.

use std::sync::Arc as Shared;

use super::{Registry, family::ConstantLabel};
use crate::{
    Buckets,
    buckets::IntoBuckets,
    error::{BucketsError, RegisterError, RegisterErrorReason as Reason},
    name::{LabelName, is_metric_name},
};

/// Sets the options of a [`Registry`]. Made by [`Registry::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RegistryBuilder {
    namespace: String,
    subsystem: String,
    labels: Vec<(String, String)>,
    buckets: Result<Buckets, BucketsError>,
    enabled: bool,
}

impl RegistryBuilder {
    pub(super) fn new() -> Self {
        Self {
            namespace: String::new(),
            subsystem: String::new(),
            labels: Vec::new(),
            buckets: Ok(Buckets::default()),
            enabled: true,
        }
    }

    /// Puts `namespace_` in front of every name.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Puts `subsystem_` in front of every name, behind the namespace.
    pub fn subsystem(mut self, subsystem: impl Into<String>) -> Self {
        self.subsystem = subsystem.into();
        self
    }

    /// Gives every series this label.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// The buckets of histograms that are registered without any; [`Buckets::seconds`] unless set.
    pub fn default_buckets(mut self, buckets: impl IntoBuckets) -> Self {
        self.buckets = buckets.into_buckets();
        self
    }

    /// Whether anything is recorded. A disabled registry hands out handles of the same types that do nothing, and its
    /// snapshots are empty. It keeps no names, so it finds no bad ones: let a test register everything in an enabled
    /// one.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Makes the registry.
    ///
    /// # Errors
    ///
    /// When the namespace, the subsystem or a label's name is illegal, a label occurs twice, or the default buckets
    /// could not be made.
    pub fn build(self) -> Result<Registry, RegisterError> {
        let error = |reason| RegisterError::new("", reason);
        for part in [&self.namespace, &self.subsystem] {
            if !part.is_empty() && !is_metric_name(part) {
                return Err(error(Reason::IllegalPrefix(part.as_str().into())));
            }
        }
        let mut labels: Vec<ConstantLabel> = Vec::new();
        for (name, value) in self.labels {
            let name = LabelName::parse(&name).map_err(error)?;
            if labels.iter().any(|(other, _)| *other == name) {
                return Err(error(Reason::DuplicateLabel(name.as_str().into())));
            }
            labels.push((name, Shared::from(value)));
        }
        let buckets = self.buckets.map_err(|buckets| error(Reason::Buckets(buckets)))?;
        Ok(Registry::with_options(self.namespace, self.subsystem, labels.into(), buckets, self.enabled))
    }
}
