//! Gauges: values that are set.

use std::fmt;

use crate::{
    held::Held,
    sync::{AtomicF64, Ordering},
};

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
pub struct Gauge(pub(crate) Option<Held<GaugeCell>>);

/// The cell that all handles of a gauge share.
#[derive(Debug)]
pub(crate) struct GaugeCell {
    value: AtomicF64,
    initial: f64,
}

/// The value of a gauge that is absent until it is set: one of the many NaNs, which no arithmetic makes.
const UNSET: u64 = 0x7ff8_7461_6368_6f6d;

impl GaugeCell {
    /// A cell that holds 0, or nothing until it is set.
    pub(crate) fn new(absent_until_set: bool) -> Self {
        let initial = if absent_until_set { f64::from_bits(UNSET) } else { 0.0 };
        Self { value: AtomicF64::new(initial), initial }
    }

    /// The value, if there is one.
    pub(crate) fn get(&self) -> Option<f64> {
        let value = self.value.load(Ordering::Relaxed);
        (value.to_bits() != UNSET).then_some(value)
    }

    /// The bits of the value, others for one that was never set.
    pub(crate) fn bits(&self) -> u64 {
        self.value.load(Ordering::Relaxed).to_bits()
    }

    /// Begins again as it was registered.
    pub(crate) fn reset(&self) {
        self.set(self.initial);
    }

    fn set(&self, value: f64) {
        // Relaxed, here and below: the value stands for itself.
        self.value.store(value, Ordering::Relaxed);
    }

    fn add(&self, amount: f64) {
        if self.initial.is_nan() {
            let add = |value: f64| Some(if value.to_bits() == UNSET { amount } else { value + amount });
            let _ = self.value.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        } else {
            self.value.fetch_add(amount, Ordering::Relaxed);
        }
    }
}

impl Gauge {
    /// A gauge that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(None)
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        if let Some(cell) = &self.0 {
            cell.set(value);
        }
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: f64) {
        if let Some(cell) = &self.0 {
            cell.add(amount);
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
        self.0.as_ref().and_then(|cell| cell.get()).unwrap_or(0.0)
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Gauge" } else { "Gauge(noop)" })
    }
}
