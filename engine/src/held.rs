//! What the handles to a series share, and handles that count themselves, for families that forget the series that
//! nobody holds.
//!
//! [`Arc::strong_count`] is a relaxed load and not to be decided on, and maps, schemas and snapshots hold the cells
//! too. So a handle counts itself in what it holds, where the family asks for it; elsewhere it is an `Arc` and no more.
//!
//! - A handle that is dropped counts itself out with Release, and who finds that nobody is left loads the count with
//!   Acquire: it then sees all that was ever recorded through handles.
//! - From none, the count rises only through a look-up, under the lock of the map. Who holds that lock and finds none
//!   knows that there is no handle, and that none appears.

use std::ops::Deref;

use crate::{
    extras::{Extras, SeriesExtras},
    sync::{Arc, AtomicU32, AtomicU64, Ordering},
};

/// What the handles to a series share: its cells, or where they lie, and what its family knows it by.
///
/// The key lies here, and nowhere else: the map of the family finds it, and the schemas of snapshots read the labels'
/// values in it.
#[derive(Debug)]
pub(crate) struct Body<T> {
    header: Header,
    content: T,
}

/// What a family knows a series by, or the series of a group.
#[derive(Debug)]
pub(crate) struct Header {
    key: Box<[u8]>,
    /// Tells it from others under its key, and from itself before it was begun again.
    born: AtomicU64,
    counted: bool,
    holders: AtomicU32,
    /// What the registry keeps of the series beside its cells; as a rule nothing.
    extras: Option<Box<SeriesExtras>>,
}

/// What a [`Header`] is made of.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// Empty for a series of a group, which lies under the key of the group.
    pub(crate) key: &'a [u8],
    /// No other under this key has had this number.
    pub(crate) born: u64,
    /// Whether handles count themselves.
    pub(crate) counted: bool,
    /// What is kept of a series beside its cells.
    pub(crate) extras: Option<&'a Extras>,
}

impl<T> Body<T> {
    pub(crate) fn new(origin: Origin<'_>, content: T) -> Self {
        let Origin { key, born, counted, extras } = origin;
        let (born, holders) = (AtomicU64::new(born), AtomicU32::new(0));
        let extras = extras.map(|extras| Box::new(SeriesExtras::new(extras)));
        Self { header: Header { key: key.into(), born, counted, holders, extras }, content }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }
}

impl<T> Deref for Body<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.content
    }
}

impl Header {
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn born(&self) -> u64 {
        // Relaxed: who begins a group again holds it meanwhile, and the number is asked of what nobody holds.
        self.born.load(Ordering::Relaxed)
    }

    pub(crate) fn set_born(&self, born: u64) {
        self.born.store(born, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn extras(&self) -> Option<&SeriesExtras> {
        self.extras.as_deref()
    }

    /// Whether there are so many handles; false where they are not counted.
    pub(crate) fn has_holders(&self, holders: u32) -> bool {
        // Acquire: see the module.
        self.counted && self.holders.load(Ordering::Acquire) == holders
    }
}

/// What a handle holds: an `Arc` that counts itself if its content says so.
#[derive(Debug)]
pub(crate) struct Held<T>(Arc<Body<T>>);

impl<T> Held<T> {
    pub(crate) fn new(body: Arc<Body<T>>) -> Self {
        if body.header.counted {
            // Relaxed: the count rises under the lock of the map, or beside a handle that is counted already.
            body.header.holders.fetch_add(1, Ordering::Relaxed);
        }
        Self(body)
    }

    /// The `Arc`, uncounted.
    pub(crate) fn body(&self) -> &Arc<Body<T>> {
        &self.0
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.0))
    }
}

impl<T> Drop for Held<T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.header.counted {
            // Release: see the module.
            self.0.header.holders.fetch_sub(1, Ordering::Release);
        }
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0.content
    }
}
