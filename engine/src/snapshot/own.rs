//! The values of self-metrics: numbers of the engine's own, read where they are while a snapshot is collected.
//!
//! They are no callbacks. No code of the program runs for them, nothing about them can fail, and no lock is taken.

use std::sync::Arc as Shared;

use crate::{
    drops::{DropReason, dropped_records},
    exemplar::{ExemplarProblem, Source},
    problems::{NamedProblem, named_problems},
    shard::Arena,
    sync::{Arc, AtomicU64, Ordering},
};

/// Where the value of a self-metric comes from.
#[derive(Debug)]
pub(crate) enum Own {
    /// The series of the schema, self-metrics not counted.
    Series,
    /// A number that the registry raises.
    Count(Arc<AtomicU64>),
    /// Records that the process has dropped for this reason.
    Dropped(DropReason),
    /// Problems of this kind with metrics by name.
    Named(NamedProblem),
    /// Exemplars that a registry is without for this reason.
    Exemplars(Shared<Source>, ExemplarProblem),
    /// What can be told of the shards.
    Arena(fn(&Arena) -> u64),
}

impl Own {
    pub(crate) fn read(&self, arena: &Arena, series: u64) -> u64 {
        match self {
            Self::Series => series,
            // Relaxed: the number stands for itself.
            Self::Count(count) => count.load(Ordering::Relaxed),
            Self::Dropped(reason) => dropped_records(*reason),
            Self::Named(problem) => named_problems(*problem),
            Self::Exemplars(source, problem) => source.problems(*problem),
            Self::Arena(read) => read(arena),
        }
    }
}
