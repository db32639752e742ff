//! What a registry and its children put in front: a prefix of names, and labels.

use std::sync::Arc as Shared;

use crate::{
    error::{RegisterError, RegisterErrorReason as Reason},
    labels::{
        key::KeyWriter,
        set::{LabelDescriber, Labels},
    },
    name::{ConstantLabel, LabelName, MetricName, is_metric_name},
};

/// The prefix and the labels of a registry's child. The root has a prefix only: its labels are the catalog's.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    prefix: String,
    labels: Vec<ConstantLabel>,
    key: Shared<[u8]>,
}

/// Labels that a child registry gives all its series: pairs of names and values, or a struct with `#[derive(Labels)]`.
pub trait CommonLabels {
    /// The names and the values.
    #[doc(hidden)]
    fn pairs(self) -> Result<Vec<(String, String)>, RegisterError>;
}

impl<N: Into<String>, V: Into<String>, const LEN: usize> CommonLabels for [(N, V); LEN] {
    fn pairs(self) -> Result<Vec<(String, String)>, RegisterError> {
        Ok(self.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<L: Labels> CommonLabels for &L {
    fn pairs(self) -> Result<Vec<(String, String)>, RegisterError> {
        let error = |reason| RegisterError::new("", reason);
        let labels = LabelDescriber::labels_of::<L>(&[]).map_err(error)?;
        let values = KeyWriter::all_values(self, labels.iter().map(|label| &label.name)).map_err(error)?;
        Ok(labels.iter().map(|label| label.name.as_str().to_owned()).zip(values).collect())
    }
}

impl Scope {
    /// The scope of a registry with this prefix, whose parts are joined with underscores.
    pub(crate) fn root(parts: [&str; 2]) -> Result<Self, Reason> {
        let mut scope = Self::default();
        for part in parts {
            scope.prefix = join(&scope.prefix, part)?;
        }
        Ok(scope)
    }

    /// The scope within this one.
    pub(crate) fn child(&self, prefix: &str, labels: Vec<(String, String)>) -> Result<Self, Reason> {
        let mut child =
            Self { prefix: join(&self.prefix, prefix)?, labels: self.labels.clone(), key: Shared::default() };
        for (name, value) in labels {
            child.labels.push((LabelName::parse(&name)?, value.into()));
        }
        let mut key = KeyWriter::new(&[]);
        child.labels.iter().for_each(|(_, value)| key.push(value));
        child.key = key.finish(child.labels.iter().map(|(name, _)| name))?.into();
        Ok(child)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn label_names(&self) -> impl Iterator<Item = &LabelName> + Clone {
        self.labels.iter().map(|(name, _)| name)
    }

    pub(crate) fn labels(&self) -> &[ConstantLabel] {
        &self.labels
    }

    /// The labels' values, as the beginning of a key.
    pub(crate) fn key(&self) -> &Shared<[u8]> {
        &self.key
    }

    /// The full name of a metric.
    pub(crate) fn metric_name(&self, name: &str) -> Result<MetricName, RegisterError> {
        MetricName::parse(&self.prefix, name)
    }
}

fn join(prefix: &str, part: &str) -> Result<String, Reason> {
    match (prefix, part) {
        (_, "") => Ok(prefix.to_owned()),
        (_, part) if !is_metric_name(part) => Err(Reason::IllegalPrefix(part.into())),
        ("", _) => Ok(part.to_owned()),
        _ => Ok(format!("{prefix}_{part}")),
    }
}
