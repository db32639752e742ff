//! What a name stands for, made at run time and kept for ever.
//!
//! Collectors take `&'static MetricId`s. So the one of a name is leaked, once for all that declare it alike, and there
//! is a limit to their number.

use std::collections::BTreeMap;

use super::{draft::Draft, refused::counted, values};
use crate::{
    collector::MetricId,
    error::{RegisterError, RegisterErrorReason as Reason},
    problems::{NamedProblem, count_problem},
    sync::{Mutex, lock, process_wide_const},
};

/// Metrics that the process can have by name: as many as a registry can have families. What several
/// [`NamedMetrics`](super::NamedMetrics) declare alike counts once.
pub const MAX_NAMES: usize = crate::DEFAULT_MAX_FAMILIES;

/// Bytes that a metric's name and a label's may have by name, since they are kept for ever.
pub const MAX_NAME_BYTES: usize = 255;

process_wide_const! {
    static ALL: Mutex<All> = Mutex::new(All { by_key: BTreeMap::new(), count: 0 });
}

/// Every identity of the process.
struct All {
    by_key: BTreeMap<&'static str, Vec<&'static Identity>>,
    count: usize,
}

/// A name, and the metric that it stands for.
#[derive(Debug)]
pub(super) struct Identity {
    /// The name as the program says it.
    pub(super) key: &'static str,
    pub(super) id: MetricId,
}

impl Identity {
    /// The one that is declared so, made now if there is none.
    pub(super) fn of(draft: &Draft<'_>) -> Result<&'static Self, RegisterError> {
        let all = &mut *lock(&ALL);
        let alike = all.by_key.get(draft.key).into_iter().flatten().find(|known| known.is(draft));
        if let Some(known) = alike {
            return Ok(known);
        }
        if all.count >= MAX_NAMES {
            return Err(RegisterError::new(draft.key, Reason::TooManyNames(MAX_NAMES)));
        }
        let identity: &'static Self = Box::leak(Box::new(Self::leak(draft)));
        all.by_key.entry(identity.key).or_default().push(identity);
        all.count += 1;
        Ok(identity)
    }

    fn leak(draft: &Draft<'_>) -> Self {
        let text = |text: &str| -> &'static str { text.to_owned().leak() };
        let label_names: Vec<_> = draft.label_names.iter().map(|name| text(name)).collect();
        let id = MetricId::unchecked(text(&draft.told), text(draft.help), draft.kind, label_names.leak());
        let id = draft.unit.map_or(id, |unit| id.with_unit(unit));
        let id = draft.buckets.map_or(id, |bounds| id.with_buckets(bounds));
        Self { key: text(draft.key), id }
    }

    fn is(&self, draft: &Draft<'_>) -> bool {
        self.key == draft.key && *self.id.name() == *draft.told && self.check_same(draft).is_ok()
    }

    /// Whether a second declaration of the name asks for just this.
    pub(super) fn check_same(&self, draft: &Draft<'_>) -> Result<(), Reason> {
        let id = &self.id;
        if id.kind() != draft.kind {
            let (registered, requested) = (id.kind().as_str(), draft.kind.as_str());
            return Err(Reason::TypeConflict { registered, requested });
        }
        if id.help() != draft.help {
            return Err(Reason::HelpConflict(id.help().into()));
        }
        if id.label_names() != draft.label_names {
            return Err(Reason::LabelsConflict(id.label_names().iter().map(|name| (*name).into()).collect()));
        }
        if id.buckets() != draft.buckets {
            return Err(Reason::BucketsConflict);
        }
        if id.unit() != draft.unit {
            return Err(Reason::OptionsConflict);
        }
        Ok(())
    }

    /// Calls `work` with the labels' values in the order of their declaration. What is wrong with the labels it counts.
    pub(super) fn with_values(
        &self,
        labels: &[(&str, &str)],
        work: impl FnOnce(&[&str]),
    ) -> Result<(), RegisterError> {
        let all_given = values::in_order(self.id.label_names(), labels, work);
        if !all_given.map_err(|reason| counted(RegisterError::new(self.key, reason)))? {
            count_problem(NamedProblem::MissingLabel);
        }
        Ok(())
    }

    /// The same with labels of which everything has been said before.
    pub(super) fn with_checked_values(&self, labels: &[(&str, &str)], work: impl FnOnce(&[&str])) {
        let _ = values::in_order(self.id.label_names(), labels, work);
    }
}
