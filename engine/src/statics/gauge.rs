//! The static gauge: a value that is set, where the last writer wins also around the registration.

use super::{
    deferred::Deferred,
    static_metric,
    wide::{Wide, pack, unpack},
};
use crate::{Gauge, Registry, error::RegisterError, sync::const_fn};

/// In the cell's high half: the value was set. Without it, it is the sum of what was added.
const SET: u64 = 1;

/// A [`Gauge`] for a `static`.
///
/// It records from the start. Until it is registered a record is a compare-and-swap on a 128-bit cell in the static,
/// lock-free on all but old or small processors; after that it costs what the handle does and one load.
///
/// The registration sets the series to the early value. If the gauge was not set before, only added to, it adds; so a
/// gauge that was never touched leaves the series as it is. Of two values set through the static the later one wins,
/// whatever happens between them; and no addition is lost. To other handles of the same series an early value counts as
/// set while `register` runs.
///
/// ```
/// use tachometer::{StaticGauge, default_registry};
///
/// static DEPTH: StaticGauge = StaticGauge::new("queue_depth", "Jobs waiting.");
///
/// DEPTH.set(17.0);
/// DEPTH.register();
/// DEPTH.sub(2.0);
/// assert_eq!(default_registry().snapshot().gauge("queue_depth", &[]), Some(15.0));
/// ```
pub struct StaticGauge {
    deferred: Deferred<Gauge>,
    /// Whether it was set, and the bits of the value.
    early: Wide,
}

impl StaticGauge {
    const_fn! {
        /// A gauge with this name and help text, which are checked when it is registered.
        #[must_use]
        pub fn new(name: &'static str, help: &'static str) -> Self {
            Self { deferred: Deferred::new(name, help), early: Wide::new() }
        }
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        match self.handle() {
            Some(handle) => handle.set(value),
            None => self.set_early(value),
        }
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: f64) {
        match self.handle() {
            Some(handle) => handle.add(amount),
            None => self.add_early(amount),
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

    /// The value; 0 when the gauge was never touched or is a no-op. Takes a lock, against a registration under way.
    #[must_use]
    pub fn value(&self) -> f64 {
        let early = || f64::from_bits(unpack(self.early.value()).1);
        self.deferred.settled(|handle| handle.map_or_else(early, Gauge::value))
    }

    #[cold]
    fn set_early(&self, value: f64) {
        if !self.early.update(|_| pack(SET, value.to_bits()))
            && let Some(next) = self.deferred.next()
        {
            next.set(value);
        }
    }

    #[cold]
    fn add_early(&self, amount: f64) {
        let add = |cell| {
            let (set, bits) = unpack(cell);
            pack(set, (f64::from_bits(bits) + amount).to_bits())
        };
        if !self.early.update(add)
            && let Some(next) = self.deferred.next()
        {
            next.add(amount);
        }
    }

    fn make(&self, registry: &Registry, name: &str, help: &str) -> Result<Gauge, RegisterError> {
        registry.gauge(name, help)
    }

    fn take_over(&self, handle: &Gauge) {
        while !self.early.close_empty() {
            let (set, bits) = unpack(self.early.take());
            let value = f64::from_bits(bits);
            if set == SET { handle.set(value) } else { handle.add(value) }
        }
    }
}

static_metric!(StaticGauge, Gauge);

#[cfg(any(tachometer_loom, tachometer_shuttle))]
impl StaticGauge {
    /// For a control: closes the cell first, and then sets what was in it.
    pub(crate) fn register_closing_first(&self, registry: &Registry) {
        self.register_with(registry, |handle| handle.set(f64::from_bits(unpack(self.early.close()).1)));
    }
}
