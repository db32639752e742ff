//! What lies under one key of a family: a series, or a group of them.

use std::{
    any::Any,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc as Shared,
};

use super::metric::{AnySeries, Metric, Series};
use crate::{
    held::{Body, Header, Held, Origin},
    size,
    sync::{Arc, Keyed},
};

/// The series under one key. Maps and schemas keep it; who records holds handles.
#[derive(Clone)]
pub(crate) enum Entry {
    /// Of a family whose labels are all open.
    One(AnySeries),
    /// One for each combination of the closed labels' values.
    Group(Arc<Body<Box<dyn Handles>>>),
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
    /// A new entry; `None` when `make` makes no handle.
    pub(crate) fn make<M: Metric>(
        layout: Layout,
        origin: Origin<'_>,
        mut make: impl FnMut(Origin<'_>) -> Option<M>,
    ) -> Option<Self> {
        let Layout::Group(width) = layout else { return make(origin)?.kept().map(Self::One) };
        let handles: Option<Shared<[M]>> = (0..width).map(|_| make(Origin { key: &[], ..origin })).collect();
        let origin = Origin { extras: None, ..origin };
        Some(Self::Group(Arc::new(Body::new(origin, Box::new(handles?)))))
    }

    /// The key that it lies under.
    pub(crate) fn key(&self) -> &[u8] {
        self.header().key()
    }

    fn header(&self) -> &Header {
        match self {
            Self::One(series) => series.borrow().header(),
            Self::Group(group) => group.header(),
        }
    }

    /// The series with this index of the closed labels' values.
    pub(crate) fn series_at(&self, index: usize) -> Option<Series<'_>> {
        match self {
            Self::One(series) => Some(series.borrow()),
            Self::Group(group) => group.series_at(index),
        }
    }

    /// The series, by the index of the closed labels' values.
    pub(crate) fn series(&self) -> impl Iterator<Item = Series<'_>> {
        let width = match self {
            Self::One(_) => 1,
            Self::Group(group) => group.len(),
        };
        (0..width).filter_map(|index| self.series_at(index))
    }

    /// Whether nobody holds a handle to any of the series; false where handles are not counted.
    pub(crate) fn is_unheld(&self) -> bool {
        match self {
            Self::One(series) => series.borrow().is_unheld(0),
            // A group has a handle to each of its series.
            Self::Group(group) => {
                group.header().has_holders(0) && self.series().all(|series| series.is_unheld(1))
            }
        }
    }

    /// A number that differs when something was recorded, also where a series that was made again or begun again has
    /// come to hold what the one before it held.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.header().born().hash(&mut hasher);
        self.series().for_each(|series| series.fingerprint().hash(&mut hasher));
        hasher.finish()
    }

    /// The group, if it is one.
    pub(crate) fn group(&self) -> Option<Group> {
        match self {
            Self::One(_) => None,
            Self::Group(group) => Some(Group(Held::new(Arc::clone(group)))),
        }
    }

    /// A handle to the series with this index.
    pub(crate) fn open<M: Metric>(&self, index: usize) -> M {
        // The registry hands a family out only as its own kind.
        let handle = match self {
            Self::One(series) => M::open(series),
            Self::Group(group) => handles_of(group).and_then(|handles| handles.get(index).cloned()),
        };
        handle.unwrap_or_else(M::noop)
    }

    /// What it takes of memory beside its series and the text of the key.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Group(group) => size::shared(&**group) + group.bytes(),
        }
    }
}

impl Keyed for Entry {
    type Key = [u8];

    fn key(&self) -> &[u8] {
        self.key()
    }
}

/// The series of a group, by the index of the closed labels' values.
#[derive(Clone)]
pub(crate) struct Group(Held<Box<dyn Handles>>);

/// The handles of a group, whatever their type.
pub(crate) trait Handles: Any + Send + Sync {
    fn len(&self) -> usize;
    fn series_at(&self, index: usize) -> Option<Series<'_>>;
    fn bytes(&self) -> usize;
}

impl<M: Metric> Handles for Shared<[M]> {
    fn len(&self) -> usize {
        <[M]>::len(self)
    }

    fn series_at(&self, index: usize) -> Option<Series<'_>> {
        self.get(index)?.series()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + size::shared(&**self)
    }
}

impl Group {
    pub(crate) fn key(&self) -> &[u8] {
        self.header().key()
    }

    /// The handles, if they have this type.
    pub(crate) fn handles<M: Metric>(&self) -> Option<&Shared<[M]>> {
        handles_of(self.0.body())
    }

    /// Begins the series again, or the one with this index. Says whether there is one.
    pub(crate) fn reset(&self, index: Option<usize>) -> bool {
        let chosen = (0..self.0.len()).filter(|at| index.is_none_or(|index| index == *at));
        chosen.filter_map(|at| self.0.series_at(at)).map(Series::reset).count() > 0
    }

    pub(crate) fn set_born(&self, born: u64) {
        self.header().set_born(born);
    }

    fn header(&self) -> &Header {
        self.0.body().header()
    }
}

fn handles_of<M: Metric>(group: &Body<Box<dyn Handles>>) -> Option<&Shared<[M]>> {
    let handles: &dyn Any = &***group;
    handles.downcast_ref()
}
