//! What lies under one key of a family: a series, or a group of them.

use std::{
    any::Any,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc as Shared,
};

use super::metric::{AnyHandle, Metric, Series};
use crate::{
    held::{Counted, Held},
    size::{self, ARC},
    sync::{Arc, AtomicU32, AtomicU64, Ordering},
};

/// The series under one key.
#[derive(Clone)]
pub(crate) enum Entry {
    /// Of a family whose labels are all open, with the number that tells it from others under the same key.
    One(AnyHandle, u64),
    /// One for each combination of the closed labels' values.
    Group(Group),
}

/// What lies under each key of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    One,
    /// A group of so many.
    Group(usize),
}

impl Layout {
    /// Series under a key.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::One => 1,
            Self::Group(width) => width,
        }
    }
}

impl Entry {
    /// A new entry; `None` when `make` makes no handle. No other entry under this key has had the number `born`.
    pub(crate) fn make<M: Metric>(
        layout: Layout,
        key: &[u8],
        born: u64,
        counted: bool,
        mut make: impl FnMut() -> Option<M>,
    ) -> Option<Self> {
        let Layout::Group(width) = layout else { return Some(Self::One(make()?.into_any(), born)) };
        let handles: Option<Shared<[M]>> = (0..width).map(|_| make()).collect();
        let (key, handles) = (key.into(), Box::new(handles?));
        let members =
            Members { key, handles, born: AtomicU64::new(born), counted, holders: AtomicU32::new(0) };
        Some(Self::Group(Group(Held::new(Arc::new(members)))))
    }

    /// The series, by the index of the closed labels' values.
    pub(crate) fn series(&self) -> impl Iterator<Item = Series<'_>> {
        let (one, group) = match self {
            Self::One(handle, _) => (Some(handle.series()), None),
            Self::Group(group) => (None, Some(group.series())),
        };
        one.into_iter().chain(group.into_iter().flatten())
    }

    /// Whether nobody holds a handle to any of the series; false where handles are not counted.
    pub(crate) fn is_unheld(&self) -> bool {
        let group_is_unheld = match self {
            Self::One(..) => true,
            Self::Group(group) => group.0.is_only(),
        };
        group_is_unheld && self.series().all(Series::is_unheld)
    }

    /// A number that differs when something was recorded, also where a series that was made again or begun again has
    /// come to hold what the one before it held.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let born = match self {
            Self::One(_, born) => *born,
            // Relaxed: who begins the group again holds it meanwhile, and the fingerprint is of groups that nobody
            // holds.
            Self::Group(group) => group.0.born.load(Ordering::Relaxed),
        };
        born.hash(&mut hasher);
        self.series().for_each(|series| series.fingerprint().hash(&mut hasher));
        hasher.finish()
    }

    /// The group, if it is one.
    pub(crate) fn group(&self) -> Option<Group> {
        match self {
            Self::One(..) => None,
            Self::Group(group) => Some(group.clone()),
        }
    }

    /// A handle to the series with this index.
    pub(crate) fn open<M: Metric>(&self, index: usize) -> M {
        // The registry hands a family out only as its own kind.
        let handle = match self {
            Self::One(handle, _) => M::of(handle).cloned(),
            Self::Group(group) => group.handles().and_then(|handles| handles.get(index).cloned()),
        };
        handle.unwrap_or_else(M::noop)
    }
}

/// The series of a group, by the index of the closed labels' values.
#[derive(Clone)]
pub(crate) struct Group(Held<Members>);

struct Members {
    /// The key that the group lies under.
    key: Shared<[u8]>,
    handles: Box<dyn Handles>,
    /// Tells the group, since it was begun again, from itself before, and from others under its key.
    born: AtomicU64,
    counted: bool,
    holders: AtomicU32,
}

/// The handles of a group, whatever their type.
trait Handles: Any + Send + Sync {
    fn len(&self) -> usize;
    fn series(&self, index: usize) -> Series<'_>;
    fn bytes(&self) -> usize;
}

impl<M: Metric> Handles for Shared<[M]> {
    fn len(&self) -> usize {
        <[M]>::len(self)
    }

    fn series(&self, index: usize) -> Series<'_> {
        self[index].series()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + size::shared(&**self)
    }
}

impl Group {
    pub(crate) fn key(&self) -> &Shared<[u8]> {
        &self.0.key
    }

    /// The handles, if they have this type.
    pub(crate) fn handles<M: Metric>(&self) -> Option<&Shared<[M]>> {
        let handles: &dyn Any = &*self.0.handles;
        handles.downcast_ref()
    }

    fn series(&self) -> impl Iterator<Item = Series<'_>> {
        (0..self.0.handles.len()).map(|index| self.0.handles.series(index))
    }

    /// What the group takes of memory, its series and the text of the key excluded.
    pub(crate) fn bytes(&self) -> usize {
        size::shared(&*self.0) + ARC + self.0.handles.bytes()
    }

    /// Begins the series again, or the one with this index. Says whether there is one.
    pub(crate) fn reset(&self, index: Option<usize>) -> bool {
        let chosen = self.series().enumerate().filter(|(at, _)| index.is_none_or(|index| index == *at));
        chosen.map(|(_, series)| series.reset()).count() > 0
    }

    pub(crate) fn set_born(&self, born: u64) {
        self.0.born.store(born, Ordering::Relaxed);
    }
}

impl Counted for Members {
    fn holders(&self) -> Option<&AtomicU32> {
        self.counted.then_some(&self.holders)
    }
}
