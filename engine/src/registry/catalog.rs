//! What a registry holds: families by name, and the schema made of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc as Shared,
    time::Duration,
};

use super::{
    MAX_LABELS,
    description::Description,
    entry::Layout,
    errors::Errors,
    family::{Environment, FamilyCore},
    idle::{Idle, Turns},
    removals::Removals,
    scope::Scope,
    self_metrics::SelfMetrics,
};
use crate::{
    Buckets, MetricKind,
    error::{RegisterError, RegisterErrorReason as Reason},
    extras::Extras,
    name::{ConstantLabel, LabelName, MetricName, underscored, underscored_label},
    name_policy::NamePolicy,
    shard::{Arena, arena},
    size,
    snapshot::{callback::Callback, claims::claimed_names, known::Known, workers::Runner},
    sync::{Arc, AtomicU64, Mutex, Ordering, lock},
};

/// The inside of a registry.
pub(super) struct Catalog {
    pub(super) constant_labels: Shared<[ConstantLabel]>,
    pub(super) default_buckets: Buckets,
    pub(super) options: Options,
    pub(super) arena: &'static Arena,
    pub(super) names: Mutex<Names>,
    /// Raised by every change that a schema must follow.
    pub(super) version: Arc<AtomicU64>,
    pub(super) removals: Removals,
    pub(super) known: Mutex<Option<Known>>,
    pub(super) runner: Runner,
    pub(super) turns: Turns,
    pub(super) callback_errors: Arc<AtomicU64>,
    /// Registrations of statics that failed.
    pub(super) errors: Errors,
    pub(super) self_metrics: SelfMetrics,
    /// What is kept of series beside their cells.
    pub(super) extras: Extras,
}

/// What can be chosen when a registry is built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) enabled: bool,
    pub(super) series_per_family: usize,
    pub(super) families: usize,
    /// How long a series that nobody holds may be idle; for ever unless given.
    pub(super) idle_timeout: Option<Duration>,
    pub(super) callback_timeout: Duration,
}

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names {
    pub(super) families: BTreeMap<MetricName, Registered>,
    /// The family that has each name of an exposition, see [`claimed_names`].
    pub(super) claims: HashMap<String, MetricName>,
    /// In the order of their registration, in which they may claim names.
    pub(super) collectors: Vec<Collector>,
}

/// A collector, by its name in the registry or the child that it was registered in.
pub(super) struct Collector {
    pub(super) name: Box<str>,
    pub(super) scope: Arc<Scope>,
    pub(super) callback: Shared<Callback>,
}

impl Collector {
    pub(super) fn is(&self, name: &str, scope: &Scope) -> bool {
        *self.name == *name && self.scope.is_same(scope)
    }
}

/// A family, and the keys of the registry and the children that have registered it.
pub(super) struct Registered {
    pub(super) core: Arc<FamilyCore>,
    /// No more than the family may have series.
    scopes: BTreeSet<Shared<[u8]>>,
    /// Whether there have been more than are remembered. The family then stays until the root unregisters it.
    crowded: bool,
}

impl Registered {
    fn scopes_bytes(&self) -> usize {
        let keys = self.scopes.iter().map(|key| size::shared(&**key)).sum::<usize>();
        size::tree(self.scopes.len(), size_of::<Shared<[u8]>>()) + keys
    }
}

impl Catalog {
    pub(super) fn new(
        constant_labels: Shared<[ConstantLabel]>,
        default_buckets: Buckets,
        options: Options,
        extras: Extras,
        self_metrics: SelfMetrics,
    ) -> Self {
        let callback_errors = Arc::new(AtomicU64::new(0));
        // Their names are taken. They have no families, so nobody can be given one.
        let own = self_metrics.drafts(&constant_labels, &callback_errors, &extras);
        let own = own.into_iter().flat_map(|draft| {
            let name = MetricName::known(Shared::clone(&draft.name));
            claimed_names(&draft.name, draft.kind).into_iter().map(move |claim| (claim, name.clone()))
        });
        let claims = own.collect();
        Self {
            constant_labels,
            default_buckets,
            options,
            arena: arena(),
            names: Mutex::new(Names { claims, ..Names::default() }),
            version: Arc::new(AtomicU64::new(0)),
            removals: Removals::new(),
            known: Mutex::new(None),
            runner: Runner::new(options.callback_timeout),
            turns: Turns::new(),
            callback_errors,
            errors: Errors::new(),
            self_metrics,
            extras,
        }
    }

    /// The family that is described, registered now if there is none, for the scope with this key.
    pub(super) fn family(
        &self,
        description: Description,
        scope: &Shared<[u8]>,
    ) -> Result<Arc<FamilyCore>, RegisterError> {
        let layout = self.check(&description).map_err(|reason| description.error(reason))?;
        let Names { families, claims, .. } = &mut *lock(&self.names);
        if let Some(Registered { core, scopes, crowded }) = families.get_mut(&description.name) {
            core.description.check_same(&description).map_err(|reason| description.error(reason))?;
            if scopes.len() < self.options.series_per_family {
                scopes.insert(Shared::clone(scope));
            } else {
                *crowded |= !scopes.contains(scope);
            }
            return Ok(Arc::clone(core));
        }
        if families.len() >= self.options.families {
            return Err(description.error(Reason::TooManyFamilies(self.options.families)));
        }
        let own = description.claimed_names();
        for claim in &own {
            if let Some(other) = claims.get(claim) {
                let registered = families.get(other).map(|family| &family.core.description);
                return Err(description.error(clash(&description, claim, other, registered)));
            }
        }
        let name = description.name.clone();
        claims.extend(own.into_iter().map(|claim| (claim, name.clone())));
        let environment = Environment {
            constant_labels: Shared::clone(&self.constant_labels),
            limit: self.options.series_per_family as u64,
            idle: self.options.idle_timeout.map(|timeout| Idle::new(timeout, self.turns.clone())),
            version: Arc::clone(&self.version),
            removals: self.removals.clone(),
            arena: self.arena,
            tally: self.self_metrics.tally.clone(),
            extras: self.extras.clone(),
        };
        let core = Arc::new(FamilyCore::new(description, layout, environment));
        let scopes = [Shared::clone(scope)].into();
        families.insert(name, Registered { core: Arc::clone(&core), scopes, crowded: false });
        self.changed();
        Ok(core)
    }

    /// Checks the labels of a family against each other, against the constant labels and against the limits.
    fn check(&self, description: &Description) -> Result<Layout, Reason> {
        let names = || description.labels.iter().map(|label| &label.name);
        let constant = || self.constant_labels.iter().map(|(name, _)| name);
        if names().count() > MAX_LABELS {
            return Err(Reason::TooManyLabels(names().count()));
        }
        check_unique(names(), constant())?;
        let reserved =
            description.kind.exposed().added_label(description.name.as_str()).map(underscored_label);
        let is_reserved = |name: &&LabelName| Some(underscored_label(name.as_str())) == reserved;
        if let Some(name) = names().chain(constant()).find(is_reserved) {
            return Err(Reason::ReservedLabel(name.declared().into()));
        }
        let limit = self.options.series_per_family;
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

    /// Removes a family from a scope: those of its series whose keys begin with the key of the scope. The root's is
    /// empty, so that it removes all of it; else the family goes with its last scope and stays for the others until
    /// then, also without series. Says whether the scope had the family.
    pub(super) fn unregister(&self, name: &MetricName, scope: &Scope) -> bool {
        let removed = {
            let Names { families, claims, .. } = &mut *lock(&self.names);
            let Some(Registered { core, scopes, crowded }) = families.get_mut(name) else { return false };
            let key = scope.key();
            let is_root = key.is_empty();
            // Children with other label names can have the same values, and so the same key.
            let own_labels = core.description.labels.iter().map(|label| &label.name);
            let is_of_scope = scope.label_names().eq(own_labels.take(scope.labels().len()));
            if !is_root && !(is_of_scope && (scopes.remove(key) || *crowded)) {
                return false;
            }
            let callbacks = core.take_callbacks(key);
            let whole = is_root || (scopes.is_empty() && !*crowded);
            if whole {
                claims.retain(|_, family| family != name);
            } else {
                core.clear(key);
            }
            self.removals.count();
            self.changed();
            (callbacks, whole.then(|| families.remove(name)))
        };
        self.forget(removed);
        true
    }

    /// Drops what was removed from the registry, and the schema of the last snapshot, which has it too: without locks,
    /// because callbacks are the program's.
    pub(super) fn forget<T>(&self, removed: T) {
        let known = lock(&self.known).take();
        drop((known, removed));
    }

    /// Raises the version, under the lock of the names, which a snapshot takes after it has loaded the version.
    pub(super) fn changed(&self) {
        // Relaxed: had the snapshot come to that lock before, its load would have come before this too.
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// The name that a family is exposed under; if none is, the ones of the families that were declared so, perhaps in
    /// several units.
    pub(super) fn exposed_names(&self, declared: &str, policy: NamePolicy) -> Vec<MetricName> {
        let families = &lock(&self.names).families;
        let exposed = policy.metric_name(declared, MetricKind::Unknown, None);
        let exposed = MetricName::known(exposed.as_deref().unwrap_or(declared).into());
        if families.contains_key(&exposed) {
            return vec![exposed];
        }
        let is_meant = |family: &&Registered| family.core.description.declared() == declared;
        families.values().filter(is_meant).map(|family| family.core.description.name.clone()).collect()
    }

    pub(super) fn families(&self) -> Vec<Arc<FamilyCore>> {
        lock(&self.names).families.values().map(|family| Arc::clone(&family.core)).collect()
    }

    /// What the tables of names take of memory.
    pub(super) fn names_bytes(&self) -> usize {
        let Names { families, claims, .. } = &*lock(&self.names);
        size::tree(families.len(), size_of::<(MetricName, Registered)>())
            + size::table(claims.capacity(), size_of::<(String, MetricName)>())
            + claims.keys().map(String::capacity).sum::<usize>()
            + families.values().map(Registered::scopes_bytes).sum::<usize>()
    }

    /// What the schema of the last snapshot takes of memory.
    pub(super) fn schema_bytes(&self) -> usize {
        let schema = lock(&self.known).as_ref().map(|known| Arc::clone(&known.schema));
        schema.map_or(0, |schema| schema.bytes(&self.constant_labels))
    }
}

/// Checks that no name is among those before it, or among `others`.
fn check_unique<'a>(
    names: impl Iterator<Item = &'a LabelName> + Clone,
    others: impl Iterator<Item = &'a LabelName> + Clone,
) -> Result<(), Reason> {
    for (at, name) in names.clone().enumerate() {
        let mut before = names.clone().take(at).chain(others.clone());
        if let Some(clash) = before.find_map(|other| name.clash(other)) {
            return Err(clash);
        }
    }
    Ok(())
}

/// What is wrong when a family needs a name that another one has.
fn clash(
    requested: &Description,
    claim: &str,
    other: &MetricName,
    registered: Option<&Description>,
) -> Reason {
    match registered {
        // They differ in nothing that remains without UTF-8.
        Some(registered) if underscored(other.as_str()) == underscored(requested.name.as_str()) => {
            requested.collision(registered.declared(), requested.declared())
        }
        _ => Reason::SampleNameClash { sample: claim.into(), family: other.as_str().into() },
    }
}
