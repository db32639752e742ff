//! The names that are declared.

use std::{collections::BTreeMap, convert::Infallible};

use super::{draft::Draft, identity::Identity, recent, refused::counted};
use crate::{
    MetricKind,
    collector::{MetricId, MetricsCollector},
    error::{RegisterError, RegisterErrorReason as Reason},
    problems::{NamedProblem, count_problem},
    reentry::one_at_a_time,
    sync::{AtomicU64, Keyed, Map, Mutex, Ordering, lock, process_wide_const},
};

/// The names of one [`NamedMetrics`](super::NamedMetrics). None is ever taken back.
pub(super) struct Names {
    /// Tells its names from those of others in what a thread remembers.
    owner: u64,
    known: Map<&'static Identity>,
    /// By the name that is exposed. Its lock is that of all declarations, and is taken before the map's.
    exposed: Mutex<BTreeMap<Box<str>, &'static Identity>>,
}

impl Names {
    pub(super) fn new() -> Self {
        process_wide_const! { static OWNERS: AtomicU64 = AtomicU64::new(0); }
        // Relaxed: only that no two are equal matters.
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        Self { owner, known: Map::new(), exposed: Mutex::new(BTreeMap::new()) }
    }

    /// Declares a metric, unless it is declared so already.
    pub(super) fn declare(
        &self,
        id: &MetricId,
        collector: &dyn MetricsCollector,
    ) -> Result<(), RegisterError> {
        alone(|| {
            let draft = Draft::declared(id, collector.name_policy())?;
            let (identity, _) = self.define(&draft)?;
            identity.check_same(&draft).map_err(|reason| RegisterError::new(draft.key, reason))
        })
    }

    /// The metric of this name and kind, declared with these labels if the name is not declared.
    #[inline]
    pub(super) fn find_or_declare(
        &self,
        name: &str,
        kind: MetricKind,
        labels: &[(&str, &str)],
        collector: &dyn MetricsCollector,
    ) -> Result<&'static Identity, RegisterError> {
        let identity = match recent::find(self.owner, name) {
            Some(identity) => identity,
            None => alone(|| self.find_slowly(name, kind, labels, collector)).map_err(counted)?,
        };
        if identity.id.kind() != kind {
            let (registered, requested) = (identity.id.kind().as_str(), kind.as_str());
            return Err(counted(RegisterError::new(name, Reason::TypeConflict { registered, requested })));
        }
        Ok(identity)
    }

    /// What this thread does not remember.
    #[cold]
    fn find_slowly(
        &self,
        name: &str,
        kind: MetricKind,
        labels: &[(&str, &str)],
        collector: &dyn MetricsCollector,
    ) -> Result<&'static Identity, RegisterError> {
        let identity = match self.known.get(name, |identity| *identity) {
            Some(identity) => identity,
            None => self.declare_by_use(name, kind, labels, collector)?,
        };
        recent::remember(self.owner, identity);
        Ok(identity)
    }

    fn declare_by_use(
        &self,
        name: &str,
        kind: MetricKind,
        labels: &[(&str, &str)],
        collector: &dyn MetricsCollector,
    ) -> Result<&'static Identity, RegisterError> {
        let draft = Draft::first_used(name, kind, labels, collector.name_policy())?;
        let (identity, is_new) = self.define(&draft)?;
        if is_new {
            count_problem(NamedProblem::UndeclaredName);
        }
        Ok(identity)
    }

    /// What the draft's name stands for, whatever that is, and whether it does so from now on.
    fn define(&self, draft: &Draft<'_>) -> Result<(&'static Identity, bool), RegisterError> {
        let exposed = &mut *lock(&self.exposed);
        if let Some(known) = self.known.get(draft.key, |identity| *identity) {
            return Ok((known, false));
        }
        if let Some(other) = exposed.get(&*draft.exposed) {
            let (sample, family) = (draft.exposed.clone(), other.key.into());
            return Err(RegisterError::new(draft.key, Reason::SampleNameClash { sample, family }));
        }
        let identity = Identity::of(draft)?;
        exposed.insert(draft.exposed.clone(), identity);
        let make = || Ok::<_, Infallible>(identity);
        let Ok(identity) = self.known.get_or_try_insert(identity.key, make, |identity| *identity);
        Ok((identity, true))
    }
}

impl Keyed for &'static Identity {
    type Key = str;

    fn key(&self) -> &str {
        self.key
    }
}

/// Does what takes locks and memory, unless this thread is in a look-up already.
fn alone<R>(work: impl FnOnce() -> Result<R, RegisterError>) -> Result<R, RegisterError> {
    // Without the name: a copy of it would ask the allocator again, which would come back here.
    one_at_a_time(work).unwrap_or_else(|| Err(RegisterError::new("", Reason::Reentry)))
}
