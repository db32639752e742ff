//! What a registry and its children put in front: a prefix of names, and labels.

use std::sync::Arc as Shared;

use crate::{
    error::{RegisterError, RegisterErrorReason as Reason},
    labels::{
        key::KeyWriter,
        set::{LabelDescriber, Labels},
    },
    name::{ConstantLabel, LabelName, is_metric_name},
    name_policy::NamePolicy,
};

/// The prefix and the labels of a registry's child, and how it translates names. The root's labels are the catalog's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    policy: NamePolicy,
    /// As it was declared.
    prefix: String,
    labels: Vec<ConstantLabel>,
    key: Shared<[u8]>,
}

/// Labels that a child registry gives all its series: pairs of names and values, or a struct with `#[derive(Labels)]`.
pub trait CommonLabels {
    /// The names, as they were declared, and the values.
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
        // The child's policy looks at the names.
        let labels = LabelDescriber::labels_of::<L>(NamePolicy::UTF8, &[]).map_err(error)?;
        let values = KeyWriter::all_values(self, labels.iter().map(|label| &label.name)).map_err(error)?;
        Ok(labels.iter().map(|label| label.name.declared().to_owned()).zip(values).collect())
    }
}

impl Scope {
    /// The scope of a registry with this prefix, whose parts are joined with underscores.
    pub(crate) fn root(policy: NamePolicy, parts: [&str; 2]) -> Result<Self, Reason> {
        let mut scope = Self { policy, ..Self::default() };
        for part in parts {
            scope.prefix = scope.join(part)?;
        }
        Ok(scope)
    }

    /// The same scope, which translates names otherwise from now on.
    pub(crate) fn with_policy(&self, policy: NamePolicy) -> Self {
        Self { policy, ..self.clone() }
    }

    /// The scope within this one.
    pub(crate) fn child(&self, prefix: &str, labels: Vec<(String, String)>) -> Result<Self, Reason> {
        let mut child = Self { prefix: self.join(prefix)?, key: Shared::default(), ..self.clone() };
        for (name, value) in labels {
            child.labels.push((LabelName::translated(self.policy, &name)?, value.into()));
        }
        let mut key = KeyWriter::new(&[]);
        child.labels.iter().for_each(|(_, value)| key.push(value));
        child.key = key.finish(child.labels.iter().map(|(name, _)| name))?.into();
        Ok(child)
    }

    /// Whether the two have the same prefix and the same labels.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.prefix, &self.labels) == (&other.prefix, &other.labels)
    }

    pub(crate) fn policy(&self) -> NamePolicy {
        self.policy
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

    /// The name of a metric with the prefix, before it is translated. An empty name stays empty.
    pub(crate) fn full_name(&self, name: &str) -> String {
        if name.is_empty() || self.prefix.is_empty() {
            return name.to_owned();
        }
        format!("{}_{name}", self.prefix)
    }

    fn join(&self, part: &str) -> Result<String, Reason> {
        if part.is_empty() {
            return Ok(self.prefix.clone());
        }
        if !self.policy.takes_any_characters() && !is_metric_name(part) {
            return Err(Reason::IllegalPrefix(part.into()));
        }
        Ok(self.full_name(part))
    }
}
