//! What could not be recorded, counted by reason.

use crate::sync::{AtomicU64, Ordering, array_of, const_fn, process_wide_const};

/// Why a record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The value is NaN or infinite. (A [`Gauge`](crate::Gauge) stores such values and drops nothing.)
    NotFinite,
    /// A counter was asked to go down.
    Negative,
    /// There was no memory for a page of cells or for a shard: the allocator refused it, or, which takes hundreds of
    /// new threads at once, another thread was still about to get it.
    Memory,
    /// Every shard that the process can have is in use.
    Shards,
    /// The record came from inside another one: from the global allocator while the engine took memory, or from a
    /// signal handler that met its own thread half-way through an observation in the same histogram.
    Reentry,
    /// A collector was asked for what it cannot do: to add to a gauge that it can only set (see
    /// [`MetricsCollector::add_to_gauge`](crate::collector::MetricsCollector::add_to_gauge)), or to record in a metric
    /// of another kind.
    Unsupported,
    /// A collector's metric or series could not be registered; [`Registry::errors`](crate::Registry::errors) says why,
    /// unless it was a label's value that is too long.
    Refused,
}

impl DropReason {
    /// Every reason there is.
    pub const ALL: [Self; 7] = [
        Self::NotFinite,
        Self::Negative,
        Self::Memory,
        Self::Shards,
        Self::Reentry,
        Self::Unsupported,
        Self::Refused,
    ];

    /// The reason as a label value: `nan`, `negative`, `memory`, `shards`, `reentry`, `unsupported`,
    /// `refused`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFinite => "nan",
            Self::Negative => "negative",
            Self::Memory => "memory",
            Self::Shards => "shards",
            Self::Reentry => "reentry",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
        }
    }
}

/// How many records the process has dropped for this reason, over all registries.
///
/// ```
/// use tachometer::{DropReason, Registry, dropped_records};
///
/// let ratio = Registry::new().histogram("ratio", "Share of hits.")?;
/// let before = dropped_records(DropReason::NotFinite);
/// ratio.observe(f64::NAN);
/// assert_eq!(ratio.value().count, 0);
/// assert!(dropped_records(DropReason::NotFinite) > before);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn dropped_records(reason: DropReason) -> u64 {
    DROPS.get(reason)
}

process_wide_const! {
    /// Apart from the arena, which the first registration makes: a static metric drops records before that.
    static DROPS: Drops = Drops::new();
}

/// The counters. Shared by all threads: a drop is rare, and may happen where there is no shard to count it in.
#[derive(Debug)]
struct Drops([AtomicU64; DropReason::ALL.len()]);

impl Drops {
    const_fn! {
        fn new() -> Self {
            Self(array_of![AtomicU64::new(0); DropReason::ALL.len()])
        }
    }

    #[cold]
    fn count(&self, reason: DropReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self, reason: DropReason) -> u64 {
        self.0[reason as usize].load(Ordering::Relaxed)
    }
}

/// Counts a dropped record.
#[cold]
pub(crate) fn drop_record(reason: DropReason) {
    DROPS.count(reason);
}
