//! The local handle of a histogram.

use std::{fmt, time::Duration};

use crate::{
    Histogram,
    shard::{Keeper, Page, local},
};

/// A [`Histogram`] of the calling thread alone, from [`Histogram::local`]. See [`LocalCounter`](crate::LocalCounter).
///
/// It holds the page of the thread's cells and records in it as every handle does, so that a reader finds whole
/// observations. What it saves is the look at the thread-local.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let size = registry.histogram("message_bytes", "Size of a message.")?;
/// let local = size.local();
/// [3.0, 4.0, f64::NAN].iter().for_each(|bytes| local.observe(*bytes));
/// assert_eq!((size.value().count, size.value().sum), (2, 7.0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// ```compile_fail,E0277
/// fn needs_send(_: impl Send) {}
/// needs_send(tachometer::Histogram::noop().local());
/// ```
///
/// ```compile_fail,E0277
/// fn needs_sync(_: impl Sync) {}
/// needs_sync(tachometer::Histogram::noop().local());
/// ```
#[must_use]
pub struct LocalHistogram {
    /// `None` for a no-op, and where the thread has no shard to keep.
    page: Option<&'static Page>,
    _keeper: Option<Keeper>,
    handle: Histogram,
}

impl LocalHistogram {
    pub(crate) fn new(histogram: &Histogram) -> Self {
        let kept = histogram.core().and_then(|core| local::keep(core.block().slot()));
        let (page, keeper) = kept.unzip();
        Self { page, _keeper: keeper, handle: histogram.clone() }
    }

    /// Records a value. What is refused is counted as by [`Histogram::observe`].
    #[inline]
    pub fn observe(&self, value: f64) {
        self.handle.observe_at(self.page, value);
    }

    /// Records `n` observations of the same value at the cost of one. See [`Histogram::observe_n`].
    #[inline]
    pub fn observe_n(&self, value: f64, n: u64) {
        self.handle.observe_n_at(self.page, value, n);
    }

    /// Records a duration, in seconds.
    #[inline]
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }
}

impl fmt::Debug for LocalHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.handle.is_noop() { "LocalHistogram(noop)" } else { "LocalHistogram" })
    }
}
