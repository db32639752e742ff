//! Gauges: values that are set.

use std::fmt;

use crate::sync::{Arc, AtomicF64, Ordering};

/// A value that is set, as an `f64`: a queue's length, a temperature, a version's timestamp.
///
/// All threads share one cell and the last writer wins. [`set`](Self::set) is one relaxed store; [`add`](Self::add) and
/// [`sub`](Self::sub) are compare-and-swap loops, lock-free and exempt from the nanosecond: tens of nanoseconds when
/// threads meet. For a count that goes up and down, an [`UpDownCounter`](crate::UpDownCounter) is cheaper. NaN and
/// infinities are stored as they are.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let depth = registry.gauge("queue_depth", "Records waiting.")?;
/// depth.set(17.0);
/// depth.sub(2.0);
/// assert_eq!(depth.value(), 15.0);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Gauge(pub(crate) Option<Arc<AtomicF64>>);

impl Gauge {
    /// A gauge that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(None)
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        if let Some(cell) = &self.0 {
            // Relaxed, here and below: the value stands for itself.
            cell.store(value, Ordering::Relaxed);
        }
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: f64) {
        if let Some(cell) = &self.0 {
            cell.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// Subtracts `amount`.
    #[inline]
    pub fn sub(&self, amount: f64) {
        self.add(-amount);
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.add(-1.0);
    }

    /// The value; 0 when the gauge was never set or its registry is disabled.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |cell| cell.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Gauge" } else { "Gauge(noop)" })
    }
}
