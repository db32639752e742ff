//! What a family was declared as.

use std::sync::Arc as Shared;

use super::metric::Kind;
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    integer_histogram::Scale,
    labels::label::Label,
    name::{LabelName, MetricName},
};

/// What a family was declared as.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) name: MetricName,
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
        if self.unit != other.unit || self.absent_until_set != other.absent_until_set {
            return Err(Reason::OptionsConflict);
        }
        Ok(())
    }

    /// The names of the samples that an exposition of this family holds, the family's own among them.
    pub(crate) fn sample_names(&self) -> impl Iterator<Item = String> {
        self.kind.sample_suffixes().iter().map(|suffix| format!("{}{suffix}", self.name.as_str()))
    }
}
