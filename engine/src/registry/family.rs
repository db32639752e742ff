//! The inside of a family: its series by key, their limit, and how they go.

use std::sync::Arc as Shared;

use super::{
    description::Description,
    entry::{Entry, Group, Layout},
    idle::Idle,
    metric::{AnySeries, Kind, Material, Metric},
    removals::Removals,
    scope::Scope,
    self_metrics::Tally,
};
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    extras::Extras,
    held::Origin,
    labels::key::{self, KeyWriter, OVERFLOW},
    name::ConstantLabel,
    shard::Arena,
    snapshot::{
        callback::{Callback, FamilyCall, Outline},
        collect::Source,
        registered::Registered,
        schema::{Draft, FamilyDraft, RegisteredDraft},
    },
    sync::{Arc, AtomicU64, Map, Mutex, Ordering, lock},
};

/// A family.
pub(crate) struct FamilyCore {
    pub(crate) description: Description,
    pub(crate) constant_labels: Shared<[ConstantLabel]>,
    entries: Map<Entry>,
    /// What is asked for the family's series, which are then not in the map: one callback for each child registry.
    callbacks: Mutex<Vec<ScopedCallback>>,
    layout: Layout,
    /// Series in all, without the one beyond the limit.
    count: AtomicU64,
    limit: u64,
    /// For families that forget idle series.
    idle: Option<Idle>,
    /// The registry's count of changes, raised by every series that comes or goes.
    version: Arc<AtomicU64>,
    /// The registry's count of what has left it.
    removals: Removals,
    arena: &'static Arena,
    /// The registry's count of errors, for look-ups that fail.
    pub(crate) tally: Tally,
    /// What is kept of the series beside their cells, if anything.
    extras: Option<Extras>,
}

/// A callback, and the key of the labels of the registry that it was registered in.
pub(crate) type ScopedCallback = (Shared<[u8]>, Shared<Callback>);

/// What a registry gives its families.
pub(crate) struct Environment {
    pub(crate) constant_labels: Shared<[ConstantLabel]>,
    pub(crate) limit: u64,
    pub(crate) idle: Option<Idle>,
    pub(crate) version: Arc<AtomicU64>,
    pub(crate) removals: Removals,
    pub(crate) arena: &'static Arena,
    pub(crate) tally: Tally,
    pub(crate) extras: Extras,
}

impl FamilyCore {
    pub(crate) fn new(description: Description, layout: Layout, environment: Environment) -> Self {
        let Environment { constant_labels, limit, idle, version, removals, arena, tally, extras } =
            environment;
        let has_open_labels = description.open_labels().next().is_some();
        // Only series that are looked up come and go.
        let idle = idle.filter(|_| has_open_labels);
        let extras = Some(extras).filter(|extras| extras.is_some() && description.kind.is_cumulative());
        Self {
            description,
            constant_labels,
            entries: if has_open_labels { Map::new() } else { Map::small() },
            callbacks: Mutex::new(Vec::new()),
            layout,
            count: AtomicU64::new(0),
            limit,
            idle,
            version,
            removals,
            arena,
            tally,
            extras,
        }
    }

    /// Raises the version, after a change. What changes the map does so under its lock, so that nobody finds the change
    /// before the version is new: who looks a series up, records in it and then takes a snapshot gets a schema that has
    /// it. Release, for the baselines of a restart, which no lock orders: the schema of this version has them.
    /// Returns the version before, which no other change has got.
    pub(crate) fn changed(&self) -> u64 {
        self.version.fetch_add(1, Ordering::Release)
    }

    /// What `read` makes of the series under a key, which are made now if there are none. Beyond the limit, of the one
    /// series that takes the rest.
    pub(crate) fn find_or_make<M: Metric, R>(
        &self,
        key: &KeyWriter,
        read: impl Fn(&Entry) -> R,
    ) -> Result<R, RegisterError> {
        // Handles to a series that is not looked up by values, but declared, need not be counted: it never goes.
        let counted = self.idle.is_some() && key.has_own_values();
        let key =
            key.finish(self.description.open_labels()).map_err(|reason| self.description.error(reason))?;
        if let Some(found) = self.entries.get(key, &read) {
            return Ok(found);
        }
        let found = match self.add(key, counted, |origin| self.make::<M>(origin), &read) {
            Err(Refusal::Limit) => self.overflow::<M, R>(&read),
            other => other,
        };
        found.map_err(|refusal| self.refused(refusal))
    }

    /// Adds an entry, unless another thread has added it meanwhile, and returns what `read` makes of it: under the lock
    /// of the map, so that a new series is not forgotten before there is a handle to it.
    fn add<R>(
        &self,
        key: &[u8],
        counted: bool,
        make: impl FnOnce(Origin<'_>) -> Option<Entry>,
        read: impl Fn(&Entry) -> R,
    ) -> Result<R, Refusal> {
        if self.is_full() {
            // It may be this very entry that has filled the family meanwhile.
            return self.entries.get(key, read).ok_or(Refusal::Limit);
        }
        let make = || {
            self.reserve()?;
            make(self.origin(key, counted)).ok_or_else(|| {
                self.release();
                Refusal::NoCells
            })
        };
        self.entries.get_or_try_insert(key, make, read)
    }

    /// Adds a series of another kind than handles make, unless it is there.
    pub(crate) fn add_one(
        &self,
        key: &[u8],
        make: impl FnOnce(Origin<'_>) -> AnySeries,
    ) -> Result<Entry, RegisterError> {
        if let Some(entry) = self.entries.get(key, Entry::clone) {
            return Ok(entry);
        }
        let entry = self.add(key, false, |origin| Some(Entry::One(make(origin))), Entry::clone);
        entry.map_err(|refusal| self.refused(refusal))
    }

    /// Adds the callback of the registry with these labels, unless it has one.
    pub(crate) fn add_callback(
        &self,
        scope: &Scope,
        constant_labels: Shared<[ConstantLabel]>,
        call: FamilyCall,
    ) -> Result<(), RegisterError> {
        let Description { name, help, kind, labels, .. } = &self.description;
        let own = labels.iter().skip(scope.labels().len());
        let outline = Outline {
            name: name.shared(),
            help: Shared::clone(help),
            kind: kind.exposed(),
            label_names: own.map(|label| label.name.clone()).collect(),
            constant_labels,
            max_series: self.limit as usize,
        };
        // Made before the lock is taken, so that one that is refused is dropped when it is released.
        let callback = Shared::new(call.register(outline));
        let callbacks = &mut *lock(&self.callbacks);
        if callbacks.iter().any(|(key, _)| key == scope.key()) {
            return Err(self.description.error(Reason::CallbackExists));
        }
        if callbacks.len() as u64 >= self.limit {
            return Err(self.refused(Refusal::Limit));
        }
        callbacks.push((Shared::clone(scope.key()), callback));
        self.changed();
        Ok(())
    }

    /// The callbacks, in the order of their registration.
    pub(crate) fn callbacks(&self) -> Vec<Shared<Callback>> {
        lock(&self.callbacks).iter().map(|(_, callback)| Shared::clone(callback)).collect()
    }

    /// Removes the callbacks of the registries with these labels and returns them, to be dropped outside of locks. The
    /// caller raises the version.
    pub(crate) fn take_callbacks(&self, scope: &[u8]) -> Vec<ScopedCallback> {
        lock(&self.callbacks).extract_if(.., |(key, _)| key.starts_with(scope)).collect()
    }

    fn refused(&self, refusal: Refusal) -> RegisterError {
        self.description.error(match refusal {
            Refusal::Limit => Reason::TooManySeries(self.limit),
            Refusal::NoCells => Reason::NoSlots,
        })
    }

    fn make<M: Metric>(&self, origin: Origin<'_>) -> Option<Entry> {
        let material = self.material();
        Entry::make(self.layout, origin, |origin| M::make(&material, origin))
    }

    /// What a new entry under this key is made of.
    fn origin<'a>(&'a self, key: &'a [u8], counted: bool) -> Origin<'a> {
        Origin { key, born: self.changed(), counted, extras: self.extras.as_ref() }
    }

    fn material(&self) -> Material<'_> {
        Material {
            arena: self.arena,
            layout: self.description.buckets.as_ref().map(Buckets::layout),
            scale: self.description.scale.as_ref(),
            absent_until_set: self.description.absent_until_set,
        }
    }

    /// What `read` makes of the entry whose series are all the one that takes what is beyond the limit.
    fn overflow<M: Metric, R>(&self, read: impl Fn(&Entry) -> R) -> Result<R, Refusal> {
        // Many label sets end up here: do not lock for writing for each.
        if let Some(found) = self.entries.get(OVERFLOW, &read) {
            return Ok(found);
        }
        let make = || {
            let origin = self.origin(OVERFLOW, false);
            let one = M::make(&self.material(), origin);
            Entry::make(self.layout, origin, |_| one.clone()).ok_or(Refusal::NoCells)
        };
        self.entries.get_or_try_insert(OVERFLOW, make, read)
    }

    fn width(&self) -> u64 {
        self.layout.width() as u64
    }

    // Relaxed, in all three: the count is a number of its own, and what matters is that no two reservations see the
    // same.

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Relaxed) + self.width() > self.limit
    }

    fn reserve(&self) -> Result<(), Refusal> {
        let more = |count: u64| Some(count + self.width()).filter(|count| *count <= self.limit);
        let reserved = self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        reserved.map(drop).map_err(|_| Refusal::Limit)
    }

    fn release(&self) {
        self.count.fetch_sub(self.width(), Ordering::Relaxed);
    }

    /// Removes the series under a key, if there are any. Handles to them record on, unseen.
    pub(crate) fn remove(&self, key: &[u8]) -> bool {
        self.remove_if(key, |_| true)
    }

    fn remove_if(&self, key: &[u8], agree: impl FnOnce(&Entry) -> bool) -> bool {
        self.entries.remove_if(key, |entry| {
            agree(entry) && {
                self.removed(key);
                true
            }
        })
    }

    /// Removes every series whose key begins with `scope`.
    pub(crate) fn clear(&self, scope: &[u8]) {
        self.entries.retain(|entry| {
            let keep = !entry.key().starts_with(scope);
            if !keep {
                self.removed(entry.key());
            }
            keep
        });
    }

    fn removed(&self, key: &[u8]) {
        if key != OVERFLOW {
            self.release();
        }
        self.removals.count();
        self.changed();
    }

    /// Removes one of the series under a key, if there are any. One of a group begins again instead.
    pub(crate) fn remove_one(&self, key: &[u8], index: usize) -> bool {
        match self.entries.get(key, Entry::group) {
            Some(Some(group)) => self.restart(&group, Some(index)),
            Some(None) => self.remove(key),
            None => false,
        }
    }

    /// Begins the series of a group again, or the one with this index. Says whether there is one.
    pub(crate) fn restart(&self, group: &Group, index: Option<usize>) -> bool {
        // What is beyond the limit belongs to many label sets.
        if group.key() == OVERFLOW || !group.reset(index) {
            return false;
        }
        group.set_born(self.changed());
        true
    }

    /// Whether a key that begins with `scope` has further values.
    pub(crate) fn has_open_labels_behind(&self, scope: &[u8]) -> bool {
        key::values(scope).count() < self.description.open_labels().count()
    }

    /// Forgets the series that nobody holds and nobody has recorded in for a while. The one that takes what is beyond the
    /// limit does not count its handles, and stays. The snapshot that asks for it began with the turn `begun`.
    pub(crate) fn forget_idle(&self, begun: u64) {
        let Some(idle) = &self.idle else { return };
        let mut unheld = Vec::new();
        self.entries.for_each(|entry| {
            if entry.is_unheld() {
                unheld.push((entry.key().into(), entry.fingerprint()));
            }
        });
        for (key, fingerprint) in idle.expired(unheld, begun) {
            // Asked again, under the lock: a look-up may have given a handle away, and it may have been used and
            // dropped.
            self.remove_if(&key, |entry| entry.is_unheld() && entry.fingerprint() == fingerprint);
        }
    }

    /// Calls `visit` with each entry, and how many series that has.
    pub(super) fn visit(&self, mut visit: impl FnMut(&Entry, usize)) {
        self.entries.for_each(|entry| {
            // Beyond the limit there is one series, however many handles to it.
            visit(entry, if entry.key() == OVERFLOW { 1 } else { self.layout.width() });
        });
    }

    /// What the maps of the series take of memory, without what entries own; and the text of keys beside them.
    pub(super) fn tables_bytes(&self) -> (usize, usize) {
        let (idle, text) = self.idle.as_ref().map_or((0, 0), Idle::bytes);
        (self.entries.bytes() + idle, text)
    }

    /// The family as it goes into a schema.
    pub(crate) fn draft(&self) -> Draft<Source> {
        let Description { name, help, unit, kind, labels, .. } = &self.description;
        let mut series = Vec::new();
        self.visit(|entry, width| {
            series.extend((0..width as u32).map(|index| (entry.clone(), index)));
        });
        let series = Registered::new(&self.constant_labels, labels, self.layout.width(), series);
        let (name, kind) = (name.shared(), kind.exposed());
        let (help, unit) = (Shared::clone(help), unit.clone());
        match self.description.kind {
            Kind::StateSet => {
                let (help, series) = (Some(help), series.state_sets());
                Draft::Listed(FamilyDraft { name, help, unit, kind, series })
            }
            _ => Draft::Registered(RegisteredDraft { name, help, unit, kind, series }),
        }
    }
}

/// Why an entry was not added.
#[derive(Debug)]
enum Refusal {
    /// The family has as many series as it may have.
    Limit,
    /// The process has no cells left.
    NoCells,
}
