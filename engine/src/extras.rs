//! What a registry keeps of a series beside its cells, where it is told to: when it was begun, and its exemplars.
//!
//! A series without either has a null pointer for them, and a plain record never looks at it.

use std::sync::Arc as Shared;

use crate::{
    clock,
    exemplar::{Source, series::SeriesExemplars},
    sync::{AtomicU64, Ordering},
};

/// What is to be kept of the series of a registry.
#[derive(Clone)]
pub(crate) struct Extras {
    pub(crate) created: bool,
    pub(crate) exemplars: Option<Shared<Source>>,
}

impl Extras {
    /// Whether there is anything to keep.
    pub(crate) fn is_some(&self) -> bool {
        self.created || self.exemplars.is_some()
    }
}

/// What is kept of a series.
#[derive(Debug)]
pub(crate) struct SeriesExtras {
    /// When it was begun, in milliseconds since the Unix epoch.
    created: Option<AtomicU64>,
    exemplars: Option<SeriesExemplars>,
}

impl SeriesExtras {
    /// Those of a series that begins now.
    pub(crate) fn new(extras: &Extras) -> Self {
        Self {
            created: extras.created.then(|| AtomicU64::new(clock::unix_milliseconds())),
            exemplars: extras.exemplars.as_ref().map(SeriesExemplars::new),
        }
    }

    /// When the series was begun, in milliseconds since the Unix epoch.
    pub(crate) fn created(&self) -> Option<u64> {
        // Relaxed, here and below: the version, which rises behind a reset, orders it for the schema that has it.
        self.created.as_ref().map(|created| created.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn exemplars(&self) -> Option<&SeriesExemplars> {
        self.exemplars.as_ref()
    }

    /// Begins again.
    pub(crate) fn reset(&self) {
        if let Some(created) = &self.created {
            created.store(clock::unix_milliseconds(), Ordering::Relaxed);
        }
        if let Some(exemplars) = &self.exemplars {
            exemplars.clear();
        }
    }

    /// What they take of memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.exemplars.as_ref().map_or(0, SeriesExemplars::bytes)
    }
}
