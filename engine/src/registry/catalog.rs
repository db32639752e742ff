//! What a registry holds: families by name, and the schema made of them.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc as Shared,
    time::Duration,
};

use super::{
    MAX_LABELS,
    entry::Layout,
    errors::Errors,
    family::{Description, Environment, FamilyCore},
    idle::{Idle, Turns},
    scope::{ConstantLabel, Scope},
};
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::{LabelName, MetricName},
    shard::Arena,
    snapshot::{
        Snapshot,
        collect::{Plan, collect},
        schema::Schema,
    },
    sync::{Arc, AtomicU64, Mutex, Ordering, lock},
};

/// The inside of a registry.
pub(super) struct Catalog {
    pub(super) constant_labels: Shared<[ConstantLabel]>,
    pub(super) default_buckets: Buckets,
    pub(super) enabled: bool,
    pub(super) limits: Limits,
    pub(super) arena: &'static Arena,
    names: Mutex<Names>,
    /// Raised by every change that a schema must follow.
    version: Arc<AtomicU64>,
    schema: Mutex<Option<(u64, Arc<Schema>)>>,
    turns: Turns,
    pub(super) callback_errors: AtomicU64,
    /// Registrations of statics that failed.
    pub(super) errors: Errors,
}

/// What a registry may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) series_per_family: usize,
    pub(super) families: usize,
    /// How long a series that nobody holds may be idle; for ever unless given.
    pub(super) idle_timeout: Option<Duration>,
}

/// The names that are taken.
#[derive(Default)]
struct Names {
    families: BTreeMap<MetricName, Arc<FamilyCore>>,
    /// The family that has each sample name.
    samples: HashMap<String, MetricName>,
}

impl Catalog {
    pub(super) fn new(
        constant_labels: Shared<[ConstantLabel]>,
        default_buckets: Buckets,
        enabled: bool,
        limits: Limits,
        arena: &'static Arena,
    ) -> Self {
        Self {
            constant_labels,
            default_buckets,
            enabled,
            limits,
            arena,
            names: Mutex::new(Names::default()),
            version: Arc::new(AtomicU64::new(0)),
            schema: Mutex::new(None),
            turns: Turns::new(),
            callback_errors: AtomicU64::new(0),
            errors: Errors::new(),
        }
    }

    /// The family that is described, registered now if there is none.
    pub(super) fn family(&self, description: Description) -> Result<Arc<FamilyCore>, RegisterError> {
        let layout = self.check(&description).map_err(|reason| description.error(reason))?;
        let Names { families, samples } = &mut *lock(&self.names);
        let full = families.len() >= self.limits.families;
        let vacant = match families.entry(description.name.clone()) {
            Entry::Occupied(family) => {
                let family = family.get();
                family.description.check_same(&description).map_err(|reason| description.error(reason))?;
                return Ok(Arc::clone(family));
            }
            Entry::Vacant(_) if full => {
                return Err(description.error(Reason::TooManyFamilies(self.limits.families)));
            }
            Entry::Vacant(vacant) => vacant,
        };
        for sample in description.sample_names() {
            if let Some(other) = samples.get(&sample) {
                let (sample, family) = (sample.into(), other.as_str().into());
                return Err(description.error(Reason::SampleNameClash { sample, family }));
            }
        }
        samples.extend(description.sample_names().map(|sample| (sample, description.name.clone())));
        let environment = Environment {
            constant_labels: Shared::clone(&self.constant_labels),
            limit: self.limits.series_per_family as u64,
            idle: self.limits.idle_timeout.map(|timeout| Idle::new(timeout, self.turns.clone())),
            version: Arc::clone(&self.version),
            arena: self.arena,
        };
        let family = vacant.insert(Arc::new(FamilyCore::new(description, layout, environment)));
        self.changed();
        Ok(Arc::clone(family))
    }

    /// Checks the labels of a family against each other, against the constant labels and against the limits.
    fn check(&self, description: &Description) -> Result<Layout, Reason> {
        let names = || description.labels.iter().map(|label| &label.name);
        let constant = || self.constant_labels.iter().map(|(name, _)| name);
        if names().count() > MAX_LABELS {
            return Err(Reason::TooManyLabels(names().count()));
        }
        check_unique(names(), constant())?;
        let reserved = description.kind.reserved_label(description.name.as_str());
        if let Some(name) = names().chain(constant()).find(|name| Some(name.as_str()) == reserved) {
            return Err(Reason::ReservedLabel(name.as_str().into()));
        }
        let limit = self.limits.series_per_family;
        match description.width() {
            Some(1) if description.labels.iter().all(|label| label.known.is_none()) => Ok(Layout::One),
            Some(width) if width <= limit => Ok(Layout::Group(width)),
            width => Err(Reason::TooManyCombinations { combinations: width.unwrap_or(usize::MAX), limit }),
        }
    }

    /// Checks the labels of a child registry.
    pub(super) fn check_scope(&self, scope: &Scope) -> Result<(), Reason> {
        check_unique(scope.label_names(), self.constant_labels.iter().map(|(name, _)| name))
    }

    /// Removes a family, or those of its series whose keys begin with `scope`. Says whether there was one.
    pub(super) fn unregister(&self, name: &MetricName, scope: &[u8]) -> bool {
        let Names { families, samples } = &mut *lock(&self.names);
        let Some(family) = families.get(name) else { return false };
        if !scope.is_empty() {
            family.clear(scope);
            if !family.is_empty() {
                return true;
            }
        }
        families.remove(name);
        samples.retain(|_, family| family != name);
        self.changed();
        true
    }

    /// Raises the version, under the lock of the names: see `FamilyCore::changed`.
    fn changed(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    pub(super) fn families(&self) -> Vec<Arc<FamilyCore>> {
        lock(&self.names).families.values().cloned().collect()
    }

    /// Takes a snapshot, and forgets idle series after it, where that is wanted.
    pub(super) fn snapshot(&self) -> Snapshot {
        let begun = self.limits.idle_timeout.map(|_| self.turns.draw());
        let (snapshot, failed) = collect(self.schema(), self.arena);
        if failed > 0 {
            // Relaxed: a number of its own.
            self.callback_errors.fetch_add(failed, Ordering::Relaxed);
        }
        if let Some(begun) = begun {
            self.families().iter().for_each(|family| family.forget_idle(begun));
        }
        snapshot
    }

    /// The schema of the metrics that are registered now.
    pub(super) fn schema(&self) -> Arc<Schema> {
        let mut cached = lock(&self.schema);
        // Loaded before the families are visited: whatever was changed before this version is found, and what is changed
        // later raises it again. Acquire: see `FamilyCore::changed`.
        let version = self.version.load(Ordering::Acquire);
        if let Some((of, schema)) = &*cached
            && *of == version
        {
            return Arc::clone(schema);
        }
        let schema = Arc::new(self.build_schema());
        *cached = Some((version, Arc::clone(&schema)));
        schema
    }

    fn build_schema(&self) -> Schema {
        let drafts = self.families().iter().map(|family| family.draft()).collect();
        let mut plan = Plan::default();
        let parts = Schema::assemble(drafts, |series, column, source| plan.add(series, column, source));
        Schema::new(parts, plan.finish())
    }
}

/// Checks that no name is among those before it, or among `others`.
fn check_unique<'a>(
    names: impl Iterator<Item = &'a LabelName> + Clone,
    others: impl Iterator<Item = &'a LabelName> + Clone,
) -> Result<(), Reason> {
    for (at, name) in names.clone().enumerate() {
        if names.clone().take(at).chain(others.clone()).any(|other| other == name) {
            return Err(Reason::DuplicateLabel(name.as_str().into()));
        }
    }
    Ok(())
}
