//! What a family was declared as.

use std::sync::Arc as Shared;

use super::metric::Kind;
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    integer_histogram::Scale,
    labels::label::Label,
    name::{LabelName, MetricName, underscored},
    snapshot::claims::claimed_names,
};

/// What a family was declared as.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) name: MetricName,
    /// The name with the registry's prefix, before a policy translated it, if that was something else.
    pub(crate) declared: Option<Shared<str>>,
    pub(crate) help: Shared<str>,
    pub(crate) unit: Option<Shared<str>>,
    pub(crate) kind: Kind,
    /// In the order of their declaration, those of child registries first.
    pub(crate) labels: Box<[Label]>,
    /// Of a histogram, and of nothing else.
    pub(crate) buckets: Option<Buckets>,
    /// Of a histogram of integers, and of nothing else.
    pub(crate) scale: Option<Shared<Scale>>,
    pub(crate) absent_until_set: bool,
}

impl Description {
    pub(crate) fn error(&self, reason: Reason) -> RegisterError {
        RegisterError::new(self.name.as_str(), reason)
    }

    /// What the program calls it, with the registry's prefix.
    pub(crate) fn declared(&self) -> &str {
        self.declared.as_deref().unwrap_or(self.name.as_str())
    }

    pub(crate) fn open_labels(&self) -> impl Iterator<Item = &LabelName> + Clone {
        self.labels.iter().filter(|label| label.known.is_none()).map(|label| &label.name)
    }

    /// The combinations of the closed labels' values; `None` when they cannot be counted.
    pub(crate) fn width(&self) -> Option<usize> {
        let known = self.labels.iter().filter_map(|label| label.known.as_ref());
        known.map(|known| known.len()).try_fold(1_usize, usize::checked_mul)
    }

    /// Whether a second registration asks for just this family.
    pub(crate) fn check_same(&self, other: &Self) -> Result<(), Reason> {
        if self.declared() != other.declared() {
            return Err(other.collision(self.declared(), other.declared()));
        }
        if self.kind != other.kind {
            let (registered, requested) = (self.kind.as_str(), other.kind.as_str());
            return Err(Reason::TypeConflict { registered, requested });
        }
        if self.help != other.help {
            return Err(Reason::HelpConflict((&*self.help).into()));
        }
        if self.labels != other.labels {
            return Err(Reason::LabelsConflict(self.labels.iter().map(Label::described).collect()));
        }
        if self.buckets != other.buckets {
            return Err(Reason::BucketsConflict);
        }
        let resolution = |description: &Self| description.scale.as_ref().map(|scale| scale.resolution());
        if resolution(self) != resolution(other) {
            return Err(Reason::OptionsConflict);
        }
        if let (Some(unit), Some(other_unit)) = (&self.unit, &other.unit)
            && unit != other_unit
        {
            let [registered, requested] =
                [unit, other_unit].map(|unit| format!("{} in {unit}", self.declared()));
            return Err(other.collision(&registered, &requested));
        }
        if self.unit != other.unit || self.absent_until_set != other.absent_until_set {
            return Err(Reason::OptionsConflict);
        }
        Ok(())
    }

    /// What is wrong when a family that was declared otherwise has this name, where UTF-8 is not asked for.
    pub(crate) fn collision(&self, registered: &str, requested: &str) -> Reason {
        let name = underscored(self.name.as_str()).into();
        Reason::NameCollision { registered: registered.into(), requested: requested.into(), name }
    }

    /// The names that the family takes in an exposition.
    pub(crate) fn claimed_names(&self) -> Vec<String> {
        claimed_names(self.name.as_str(), self.kind.exposed())
    }
}
