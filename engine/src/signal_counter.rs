//! Counters for signal handlers.

use std::fmt;

use crate::{
    held::Held,
    sync::{AtomicU64, Ordering},
};

/// A count of events that a signal handler may record.
///
/// One atomic of the process, a `fetch_add` for each record: no thread-local, no page, no lease. That makes it the one
/// async-signal-safe handle, at about 10 ns and more when threads meet; everywhere else use a
/// [`Counter`](crate::Counter). Register it, and make the clone that the handler uses, before the handler is installed.
/// The value wraps around at 2⁶⁴.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let hangups = registry.signal_counter("hangups_total", "SIGHUP received.")?;
/// hangups.inc();
/// assert_eq!(hangups.value(), 1);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SignalCounter(pub(crate) Option<Held<SignalCell>>);

/// The cell that all handles share.
#[derive(Debug)]
pub(crate) struct SignalCell {
    value: AtomicU64,
}

impl SignalCell {
    pub(crate) fn new() -> Self {
        Self { value: AtomicU64::new(0) }
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed, here and below: the value stands for itself.
        self.value.load(Ordering::Relaxed)
    }

    /// Begins again at 0. An addition at this moment counts before it or after it.
    pub(crate) fn reset(&self) {
        self.value.store(0, Ordering::Relaxed);
    }
}

impl SignalCounter {
    /// A counter that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(None)
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        if let Some(cell) = &self.0 {
            cell.value.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.as_ref().map_or(0, |cell| cell.get())
    }
}

impl fmt::Debug for SignalCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "SignalCounter" } else { "SignalCounter(noop)" })
    }
}
