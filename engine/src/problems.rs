//! What went wrong with records by name, counted by kind.
//!
//! The attributes record by name and have nobody to hand an error to, so the counts are all that is left of it.

use crate::sync::{AtomicU64, Ordering, array_of, const_fn, process_wide_const};

/// What was wrong with a record or a declaration of [metrics by name](crate::named).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamedProblem {
    /// A name was used that nobody had declared. It was declared by that use, and what was recorded counts.
    UndeclaredName,
    /// A label was left out. Its value is the empty string, and what was recorded counts.
    MissingLabel,
    /// A label was given that the name was not declared with. Nothing was recorded.
    UndeclaredLabel,
    /// A label was given twice. Nothing was recorded.
    DuplicateLabel,
    /// The name is that of another kind of metric. Nothing was recorded.
    TypeConflict,
    /// A name, a label's name, a unit or buckets are illegal. Nothing was declared.
    IllegalDeclaration,
    /// The name is declared otherwise already, or would be exposed as another one is. Nothing was declared.
    Conflict,
    /// There are as many names as there may be. Nothing was declared.
    TooManyNames,
    /// A name was looked up from inside another look-up of the thread: by a global allocator that records. Nothing was
    /// recorded.
    Reentry,
}

impl NamedProblem {
    /// Every problem there is.
    pub const ALL: [Self; 9] = [
        Self::UndeclaredName,
        Self::MissingLabel,
        Self::UndeclaredLabel,
        Self::DuplicateLabel,
        Self::TypeConflict,
        Self::IllegalDeclaration,
        Self::Conflict,
        Self::TooManyNames,
        Self::Reentry,
    ];

    /// The problem as a label value: the variant's name in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UndeclaredName => "undeclared_name",
            Self::MissingLabel => "missing_label",
            Self::UndeclaredLabel => "undeclared_label",
            Self::DuplicateLabel => "duplicate_label",
            Self::TypeConflict => "type_conflict",
            Self::IllegalDeclaration => "illegal_declaration",
            Self::Conflict => "conflict",
            Self::TooManyNames => "too_many_names",
            Self::Reentry => "reentry",
        }
    }
}

/// How often the process has had this problem with [metrics by name](crate::named), over all collectors.
///
/// ```
/// use tachometer::{NamedProblem, Registry, collector::EngineCollector, named::NamedMetrics, named_problems};
///
/// let registry = Registry::new();
/// let metrics = NamedMetrics::new(std::sync::Arc::new(EngineCollector::new(&registry)));
/// let before = named_problems(NamedProblem::UndeclaredLabel);
/// metrics.increment_counter("cache_hits", 1.0, &[("cache_name", "embeddings")])?;
/// assert!(metrics.increment_counter("cache_hits", 1.0, &[("cache", "embeddings")]).is_err());
/// assert!(named_problems(NamedProblem::UndeclaredLabel) > before);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn named_problems(problem: NamedProblem) -> u64 {
    PROBLEMS.get(problem)
}

process_wide_const! {
    static PROBLEMS: Problems = Problems::new();
}

/// The counters. Shared by all threads, since a program that is right has no problems.
#[derive(Debug)]
struct Problems([AtomicU64; NamedProblem::ALL.len()]);

impl Problems {
    const_fn! {
        fn new() -> Self {
            Self(array_of![AtomicU64::new(0); NamedProblem::ALL.len()])
        }
    }

    #[cfg(not(tachometer_loom))]
    fn count(&self, problem: NamedProblem) {
        self.0[problem as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self, problem: NamedProblem) -> u64 {
        self.0[problem as usize].load(Ordering::Relaxed)
    }
}

/// Counts a problem.
#[cold]
#[cfg(not(tachometer_loom))]
pub(crate) fn count_problem(problem: NamedProblem) {
    PROBLEMS.count(problem);
}
