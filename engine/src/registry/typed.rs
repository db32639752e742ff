//! Families whose labels the compiler knows.

use std::{fmt, marker::PhantomData, ops::Index, sync::Arc as Shared};

use super::{
    entry::{Entry, Group},
    family::FamilyCore,
    metric::{Metric, Series},
};
use crate::{
    error::RegisterError,
    labels::{
        key::KeyWriter,
        list::{ClosedList, OpenValues},
        set::{ClosedLabels, Labels, LabelsOf, Resolved},
    },
    sync::Arc,
};

/// A family of metrics that share a name and differ by the labels `L`.
///
/// `L` is an enum with `#[derive(LabelValue)]` for one label, or a struct with `#[derive(Labels)]` for several. A
/// wrong label, a missing one, or a string where an enum belongs does not compile. Cloning gives another handle to
/// the family.
///
/// When the values of all labels are known beforehand (enums and `bool`), every series exists from the start, at 0, and
/// is chosen by an index: no hash, no lock, half a nanosecond more than a handle that was kept.
///
/// ```
/// use tachometer::{Counter, Family, LabelValue, Registry};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Status { Ok, Throttled, Failed }
///
/// let registry = Registry::new();
/// let sent: Family<Status, Counter> =
///     registry.declare("records_sent_total", "Records sent.").label("status").register()?;
/// sent[Status::Ok].add(500);
/// let snapshot = registry.snapshot();
/// assert_eq!(snapshot.counter("records_sent_total", &[("status", "ok")]), Some(500));
/// assert_eq!(snapshot.counter("records_sent_total", &[("status", "failed")]), Some(0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// When some are not (strings, numbers), [`with`](Self::with) resolves these, once, to a family of the others. Keep the
/// result: the look-up hashes the values and takes a lock of a concurrent map.
///
/// ```
/// use tachometer::{Counter, Family, LabelValue, Labels, Registry};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Status { Ok, Throttled, Failed }
///
/// #[derive(Labels)]
/// struct Sent { stream_name: String, status: Status }
///
/// let registry = Registry::new();
/// let sent: Family<Sent, Counter> = registry.declare("records_sent_total", "Records sent.").register()?;
/// let orders: Family<Status, Counter> = sent.with("orders")?;
/// orders[Status::Throttled].inc();
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub struct Family<L, M> {
    /// `None` in a disabled registry.
    scope: Option<FamilyScope>,
    /// The series, when all labels that are left are closed. The scope has no key then, because the group has it.
    group: Option<Group>,
    /// Those of the group, at hand; none when there is no group.
    handles: Shared<[M]>,
    labels: PhantomData<fn(L)>,
}

/// A family, or the part of it whose keys begin with `key`.
#[derive(Clone)]
pub(crate) struct FamilyScope {
    pub(crate) core: Arc<FamilyCore>,
    pub(crate) key: Shared<[u8]>,
}

/// A look-up by the open labels: a family, none in a disabled registry, and the key.
pub struct LookUp<'a>(Option<(&'a Arc<FamilyCore>, &'a KeyWriter)>);

impl<L, M: Metric> Family<L, M> {
    /// A family that records nothing, as a disabled registry hands it out.
    pub fn noop() -> Self {
        Self::with_open_labels(None)
    }

    fn with_open_labels(scope: Option<FamilyScope>) -> Self {
        Self { scope, group: None, handles: Shared::default(), labels: PhantomData }
    }

    /// The family of the closed labels that are left.
    pub(crate) fn of(look_up: LookUp<'_>) -> Result<Self, RegisterError> {
        let Some((core, key)) = look_up.0 else { return Ok(Self::noop()) };
        let Some(group) = core.find_or_make::<M, _>(key, Entry::group)? else { return Ok(Self::noop()) };
        let handles = group.handles().map(Shared::clone).unwrap_or_default();
        let scope = FamilyScope { core: Arc::clone(core), key: Shared::default() };
        Ok(Self { scope: Some(scope), group: Some(group), handles, labels: PhantomData })
    }
}

impl<L: Labels, M: Metric> Family<L, M> {
    /// The family in this scope. All its series exist from now on if it has no open labels.
    pub(crate) fn new(scope: FamilyScope) -> Result<Self, RegisterError> {
        if scope.core.has_open_labels_behind(&scope.key) {
            return Ok(Self::with_open_labels(Some(scope)));
        }
        let key = KeyWriter::new(&scope.key);
        let family = Self::of(LookUp(Some((&scope.core, &key))))?;
        if family.group.is_some() {
            return Ok(family);
        }
        // No labels at all: one series, by itself.
        let handle = scope.core.find_or_make::<M, _>(&key, |entry| entry.open(0))?;
        Ok(Self { handles: Shared::from([handle]), ..Self::with_open_labels(Some(scope)) })
    }

    /// Resolves the open labels: a value for one, a tuple for several, in the order of their declaration.
    ///
    /// Gives a handle when all labels are open, else the family of the closed ones, of which there can be six. The
    /// series are made now if there are none. A look-up that finds them takes no memory, unless the values are longer
    /// than 256 bytes together. Past the registry's [limit](crate::RegistryBuilder::max_series_per_family), what is
    /// recorded goes to the one series `{overflow="true"}`.
    ///
    /// # Errors
    ///
    /// When a value is longer than [`MAX_LABEL_VALUE_BYTES`](crate::labels::MAX_LABEL_VALUE_BYTES) or cannot be
    /// displayed, or the process has no cells left.
    pub fn with(&self, open: impl OpenValues<L::Open<()>>) -> Result<Resolved<L, M>, RegisterError>
    where
        L::Closed<()>: ClosedList,
    {
        let Some(scope) = &self.scope else { return L::Closed::<()>::resolve(LookUp(None)) };
        let key = self.key_of(scope, |key| open.write(key));
        scope.core.tally.count(L::Closed::<()>::resolve(LookUp(Some((&scope.core, &key)))))
    }

    /// The series with these labels: all of them, open and closed, in a struct like `L`. Costs a look-up, like
    /// [`with`](Self::with).
    ///
    /// # Errors
    ///
    /// Those of [`with`](Self::with).
    pub fn series<K: LabelsOf<L>>(&self, labels: &K) -> Result<M, RegisterError> {
        let Some(scope) = &self.scope else { return Ok(M::noop()) };
        let key = self.key_of(scope, |key| labels.write(key));
        let handle = scope.core.find_or_make::<M, _>(&key, |entry| entry.open(labels.index()));
        scope.core.tally.count(handle)
    }

    /// Removes the series with these labels, and says whether there was one.
    ///
    /// Handles to it record on, unseen and harmlessly; the series begins at 0 when it is looked up again. A series that
    /// has closed labels begins at 0 at once instead, and handles to it record in it.
    pub fn remove<K: LabelsOf<L>>(&self, labels: &K) -> bool {
        let Some(scope) = &self.scope else { return false };
        self.restart(scope, Some(labels.index())).unwrap_or_else(|| {
            let key = self.key_of(scope, |key| labels.write(key));
            key.written().is_some_and(|key| scope.core.remove_one(key, labels.index()))
        })
    }

    /// Removes all series with these open labels, whatever their closed ones, and says whether there were any. See
    /// [`remove`](Self::remove).
    pub fn remove_with(&self, open: impl OpenValues<L::Open<()>>) -> bool {
        let Some(scope) = &self.scope else { return false };
        self.restart(scope, None).unwrap_or_else(|| {
            let key = self.key_of(scope, |key| open.write(key));
            key.written().is_some_and(|key| scope.core.remove(key))
        })
    }

    /// Removes all series. See [`remove`](Self::remove).
    pub fn clear(&self) {
        if let Some(scope) = &self.scope
            && self.restart(scope, None).is_none()
        {
            scope.core.clear(&scope.key);
        }
    }

    /// Begins the series at hand again, or the one with this index, and says whether there is one; `None` when the
    /// family has open labels, and so none at hand.
    fn restart(&self, scope: &FamilyScope, index: Option<usize>) -> Option<bool> {
        if let Some(group) = &self.group {
            return Some(scope.core.restart(group, index));
        }
        // Of a family without labels.
        let one = self.handles.first()?;
        one.series().into_iter().for_each(Series::reset);
        scope.core.changed();
        Some(true)
    }

    /// The key with these values behind those of the scope.
    fn key_of(&self, scope: &FamilyScope, write: impl FnOnce(&mut KeyWriter)) -> KeyWriter {
        let mut key = KeyWriter::new(self.group.as_ref().map_or(&*scope.key, Group::key));
        write(&mut key);
        key
    }
}

impl<L: Labels, M: Metric> Family<L, M> {
    /// The series with these labels, by its index: the same as `family[labels]`.
    #[inline]
    pub fn get(&self, labels: L) -> &M
    where
        L: ClosedLabels,
    {
        self.get_by(&labels)
    }

    /// The same, for labels that hold more than they say.
    #[inline]
    pub(crate) fn get_by(&self, labels: &L) -> &M {
        self.handles.get(labels.index()).unwrap_or_else(|| M::noop_ref())
    }
}

impl fmt::Debug for LookUp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LookUp").field(&self.0.map(|(_, key)| key)).finish()
    }
}

/// `family[labels]`: the series, without a hash or a lock. Never panics.
impl<L: ClosedLabels, M: Metric> Index<L> for Family<L, M> {
    type Output = M;

    #[inline]
    fn index(&self, labels: L) -> &M {
        self.get(labels)
    }
}

impl LookUp<'_> {
    /// The handle to the one series under the key.
    pub(crate) fn handle<M: Metric>(self) -> Result<M, RegisterError> {
        let Some((core, key)) = self.0 else { return Ok(M::noop()) };
        core.find_or_make::<M, _>(key, |entry| entry.open(0))
    }
}

impl<L, M> Clone for Family<L, M> {
    fn clone(&self) -> Self {
        let (scope, group, handles) = (self.scope.clone(), self.group.clone(), Shared::clone(&self.handles));
        Self { scope, group, handles, labels: PhantomData }
    }
}

impl<L, M> fmt::Debug for Family<L, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scope.as_ref().map_or("noop", |scope| scope.core.description.name.as_str());
        f.debug_tuple("Family").field(&name).finish()
    }
}
