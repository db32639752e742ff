//! Static counters: numbers that only grow, and those that come and go.

use super::{
    cells::{EarlyFloat, EarlyInteger},
    deferred::Deferred,
    static_metric,
};
use crate::{
    Counter, FloatCounter, Registry, SignalCounter, UpDownCounter,
    counter::{is_amount, refusal},
    drops::drop_record,
    error::RegisterError,
    sync::const_fn,
};

/// Counters of events differ in their handles alone.
macro_rules! static_count {
    ($(#[$doc:meta])* $name:ident of $handle:ident, registered by $register:ident) => {
        $(#[$doc])*
        pub struct $name {
            deferred: Deferred<$handle>,
            early: EarlyInteger,
        }

        impl $name {
            const_fn! {
                /// A counter with this name and help text, which are checked when it is registered.
                #[must_use]
                pub fn new(name: &'static str, help: &'static str) -> Self {
                    Self { deferred: Deferred::new(name, help), early: EarlyInteger::new() }
                }
            }

            /// Adds 1.
            #[inline]
            pub fn inc(&self) {
                self.add(1);
            }

            /// Adds `n`.
            #[inline]
            pub fn add(&self, n: u64) {
                match self.handle() {
                    Some(handle) => handle.add(n),
                    None => self.add_early(n),
                }
            }

            /// The value: what was recorded before the call, as far as this thread knows of it. Takes a lock, against a
            /// registration under way; for tests and reports, and not for signal handlers.
            #[must_use]
            pub fn value(&self) -> u64 {
                self.deferred.settled(|handle| handle.map_or_else(|| self.early.value(), $handle::value))
            }

            #[cold]
            fn add_early(&self, n: u64) {
                if let Some(rest) = self.early.add(n)
                    && let Some(next) = self.deferred.next()
                {
                    next.add(rest);
                }
            }

            fn make(&self, registry: &Registry, name: &str, help: &str) -> Result<$handle, RegisterError> {
                registry.$register(name, help)
            }

            fn take_over(&self, handle: &$handle) {
                add_unless_none(self.early.close(), |sum| handle.add(sum));
            }
        }

        static_metric!($name, $handle);
    };
}

static_count! {
    /// A [`Counter`] for a `static`.
    ///
    /// It records from the start. Until it is registered a record is a compare-and-swap on a cell in the static that all
    /// threads share, lock-free and tens of nanoseconds when they meet; after that it costs what the handle does and one
    /// load. What was recorded before counts, to the last increment, also while it is being registered.
    ///
    /// ```
    /// use tachometer::{StaticCounter, default_registry};
    ///
    /// static REQUESTS: StaticCounter = StaticCounter::new("requests_total", "Requests served.");
    ///
    /// REQUESTS.inc();
    /// assert_eq!(REQUESTS.value(), 1);
    /// REQUESTS.register();
    /// REQUESTS.add(2);
    /// assert_eq!(default_registry().snapshot().counter("requests_total", &[]), Some(3));
    /// ```
    StaticCounter of Counter, registered by counter
}

#[cfg(any(tachometer_loom, tachometer_shuttle))]
impl StaticCounter {
    /// For a control: takes over without a swap.
    pub(crate) fn register_without_swap(&self, registry: &Registry) {
        self.register_with(registry, |handle| handle.add(self.early.close_without_swap()));
    }
}

/// A [`FloatCounter`] for a `static`.
///
/// Costs and promises are those of a [`StaticCounter`]. What it recorded before the registration is added to the
/// series as one sum. A negative, NaN or infinite addition is dropped and counted, before and after.
///
/// ```
/// use tachometer::StaticFloatCounter;
///
/// static BUSY: StaticFloatCounter = StaticFloatCounter::new("busy_seconds_total", "Seconds spent working.");
///
/// BUSY.add(0.25);
/// BUSY.add(-1.0);
/// BUSY.register();
/// assert_eq!(BUSY.value(), 0.25);
/// ```
pub struct StaticFloatCounter {
    deferred: Deferred<FloatCounter>,
    early: EarlyFloat,
}

impl StaticFloatCounter {
    const_fn! {
        /// A counter with this name and help text, which are checked when it is registered.
        #[must_use]
        pub fn new(name: &'static str, help: &'static str) -> Self {
            Self { deferred: Deferred::new(name, help), early: EarlyFloat::new() }
        }
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds `amount`, if it is finite and not negative.
    #[inline]
    pub fn add(&self, amount: f64) {
        match self.handle() {
            Some(handle) => handle.add(amount),
            None => self.add_early(amount),
        }
    }

    /// The value. See [`StaticCounter::value`].
    #[must_use]
    pub fn value(&self) -> f64 {
        self.deferred.settled(|handle| handle.map_or_else(|| self.early.value(), FloatCounter::value))
    }

    #[cold]
    fn add_early(&self, amount: f64) {
        if !is_amount(amount) {
            drop_record(refusal(amount));
        } else if !self.early.add(amount)
            && let Some(next) = self.deferred.next()
        {
            next.add(amount);
        }
    }

    fn make(&self, registry: &Registry, name: &str, help: &str) -> Result<FloatCounter, RegisterError> {
        registry.float_counter(name, help)
    }

    fn take_over(&self, handle: &FloatCounter) {
        add_unless_none(self.early.close(), |sum| handle.add_sum(sum));
    }
}

static_metric!(StaticFloatCounter, FloatCounter);

/// An [`UpDownCounter`] for a `static`. Exposed as a gauge.
///
/// Costs and promises are those of a [`StaticCounter`].
///
/// ```
/// use tachometer::StaticUpDownCounter;
///
/// static OPEN: StaticUpDownCounter = StaticUpDownCounter::new("connections", "Connections open.");
///
/// OPEN.add(3);
/// OPEN.register();
/// OPEN.dec();
/// assert_eq!(OPEN.value(), 2);
/// ```
pub struct StaticUpDownCounter {
    deferred: Deferred<UpDownCounter>,
    early: EarlyInteger,
}

impl StaticUpDownCounter {
    const_fn! {
        /// A counter with this name and help text, which are checked when it is registered.
        #[must_use]
        pub fn new(name: &'static str, help: &'static str) -> Self {
            Self { deferred: Deferred::new(name, help), early: EarlyInteger::new() }
        }
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.add(-1);
    }

    /// Adds `n`, which may be negative. The sum wraps around.
    #[inline]
    pub fn add(&self, n: i64) {
        match self.handle() {
            Some(handle) => handle.add(n),
            None => self.add_early(n),
        }
    }

    /// Subtracts `n`. The sum wraps around.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.add(n.wrapping_neg());
    }

    /// The value. See [`StaticCounter::value`] and [`UpDownCounter::value`].
    #[must_use]
    pub fn value(&self) -> i64 {
        self.deferred.settled(|handle| handle.map_or_else(|| self.early.value() as i64, UpDownCounter::value))
    }

    #[cold]
    fn add_early(&self, n: i64) {
        if let Some(rest) = self.early.add(n as u64)
            && let Some(next) = self.deferred.next()
        {
            next.add(rest as i64);
        }
    }

    fn make(&self, registry: &Registry, name: &str, help: &str) -> Result<UpDownCounter, RegisterError> {
        registry.up_down_counter(name, help)
    }

    fn take_over(&self, handle: &UpDownCounter) {
        add_unless_none(self.early.close(), |sum| handle.add(sum as i64));
    }
}

static_metric!(StaticUpDownCounter, UpDownCounter);

static_count! {
    /// A [`SignalCounter`] for a `static`: a signal handler may record in it, before and after it is registered.
    ///
    /// Nothing has to be registered before the handler is installed: an early record is a load and a compare-and-swap of
    /// one 64-bit atomic, which a handler may interrupt anywhere. Registering is not for handlers.
    ///
    /// ```
    /// use tachometer::StaticSignalCounter;
    ///
    /// static HANGUPS: StaticSignalCounter = StaticSignalCounter::new("hangups_total", "SIGHUP received.");
    ///
    /// HANGUPS.inc();
    /// HANGUPS.register();
    /// assert_eq!(HANGUPS.value(), 1);
    /// ```
    StaticSignalCounter of SignalCounter, registered by signal_counter
}

/// Adds what was taken over. Nothing is not added: the registering thread would take a shard and map a page for it.
fn add_unless_none<T: Default + PartialEq>(taken: T, add: impl FnOnce(T)) {
    if taken != T::default() {
        add(taken);
    }
}
