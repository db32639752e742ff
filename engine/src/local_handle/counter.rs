//! The local handles of the counters.

use super::LocalCell;
use crate::{
    Counter, FloatCounter, UpDownCounter,
    counter::{is_amount, refuse},
    pairs,
};

/// A [`Counter`] of the calling thread alone, from [`Counter::local`]: the cheapest record there is.
///
/// It holds the thread's cell, so that a record is one addition to memory, without a look at a thread-local. What it
/// records is the counter's at once; there is nothing to flush. While it lives it counts as a handle, and its thread's
/// shard stays the thread's own. It records as exactly in the destructor of a thread-local, in whichever order these
/// run. One that is leaked keeps the shard, which is one of 4,096, and the counter's cells for ever.
///
/// ```
/// use std::thread;
///
/// let registry = tachometer::Registry::new();
/// let lines = registry.counter("lines_total", "Lines read.")?;
/// thread::scope(|scope| {
///     for file in ["a\nb\n", "c\n"] {
///         let lines = &lines;
///         scope.spawn(move || {
///             let lines = lines.local();
///             file.lines().for_each(|_| lines.inc());
///         });
///     }
/// });
/// assert_eq!(lines.value(), 3);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// It stays on its thread. Another thread takes the [`Counter`] and makes a local handle of its own:
///
/// ```compile_fail,E0277
/// let lines = tachometer::Counter::noop().local();
/// std::thread::spawn(move || lines.inc());
/// ```
///
/// ```compile_fail,E0277
/// let lines = tachometer::Counter::noop().local();
/// std::thread::scope(|scope| drop(scope.spawn(|| lines.inc())));
/// ```
#[derive(Debug)]
#[must_use]
pub struct LocalCounter(LocalCell);

impl LocalCounter {
    pub(crate) fn new(counter: &Counter) -> Self {
        Self(LocalCell::new(&counter.0))
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.update(move |value| value.wrapping_add(n));
    }
}

/// A [`FloatCounter`] of the calling thread alone, from [`FloatCounter::local`]. See [`LocalCounter`].
///
/// ```
/// let registry = tachometer::Registry::new();
/// let busy = registry.float_counter("busy_seconds_total", "Seconds spent working.")?;
/// let local = busy.local();
/// local.add(0.25);
/// local.add(f64::NAN);
/// assert_eq!(busy.value(), 0.25);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// ```compile_fail,E0277
/// fn needs_send(_: impl Send) {}
/// needs_send(tachometer::FloatCounter::noop().local());
/// ```
///
/// ```compile_fail,E0277
/// fn needs_sync(_: impl Sync) {}
/// needs_sync(tachometer::FloatCounter::noop().local());
/// ```
#[derive(Debug)]
#[must_use]
pub struct LocalFloatCounter(LocalCell);

impl LocalFloatCounter {
    pub(crate) fn new(counter: &FloatCounter) -> Self {
        Self(LocalCell::new(&counter.0))
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds `amount`, if it is finite and not negative. What is refused is counted as by [`FloatCounter::add`].
    #[inline]
    pub fn add(&self, amount: f64) {
        if !is_amount(amount) {
            return refuse(&self.0.handle, amount);
        }
        self.0.update(pairs::plus(amount));
    }
}

/// An [`UpDownCounter`] of the calling thread alone, from [`UpDownCounter::local`]. See [`LocalCounter`].
///
/// ```
/// let registry = tachometer::Registry::new();
/// let queued = registry.up_down_counter("queued", "Jobs queued.")?;
/// let local = queued.local();
/// local.add(3);
/// local.dec();
/// queued.dec();
/// assert_eq!(queued.value(), 1);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// ```compile_fail,E0277
/// fn needs_send(_: impl Send) {}
/// needs_send(tachometer::UpDownCounter::noop().local());
/// ```
///
/// ```compile_fail,E0277
/// fn needs_sync(_: impl Sync) {}
/// needs_sync(tachometer::UpDownCounter::noop().local());
/// ```
#[derive(Debug)]
#[must_use]
pub struct LocalUpDownCounter(LocalCell);

impl LocalUpDownCounter {
    pub(crate) fn new(counter: &UpDownCounter) -> Self {
        Self(LocalCell::new(&counter.0))
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.sub(1);
    }

    /// Adds `n`, which may be negative. The sum wraps around.
    #[inline]
    pub fn add(&self, n: i64) {
        self.0.update(move |value| value.wrapping_add(n as u64));
    }

    /// Subtracts `n`. The sum wraps around.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.0.update(move |value| value.wrapping_sub(n as u64));
    }
}
