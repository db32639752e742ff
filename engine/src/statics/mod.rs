//! Static metrics: declared in a `static`, recorded in from the first instruction of `main`, registered when the
//! program has made up its mind how.
//!
//! A record never registers. Until somebody calls `register`, what is recorded goes to *early cells* in the static
//! itself, shared by all threads; the registration takes it over into the series, and from then on a record goes to a
//! kept handle like any other.
//!
//! ```text
//!                   next ◄── registration ──► series, by name      1. the handle, for whom finds a cell closed
//!                    │            │
//!     records ──► early cells ────┘ take over and close            2. closed and empty in one step
//!        │           │ closed: to `next`
//!        └────► handle                                             3. the handle, for everybody
//! ```
//!
//! # The protocol
//!
//! An early cell is one atomic, and *closed* is a value of it. A recorder that finds no handle changes the early cell
//! by compare-and-swap, unless it is closed, in which case it records through `next`. The registration publishes
//! `next`, takes what is in the cell and leaves it closed, in one swap, adds what it took to the series, and publishes
//! the handle. So each record lies on one side of that swap: before it, and the registration takes it along, whole and
//! once; or after it, and it finds the cell closed. A recorder owes nothing after its compare-and-swap and no other
//! thread waits for it, wherever it is stopped.
//!
//! (The cell could be a plain sum instead, with recorders that look for the handle once more after they added, and then
//! move the sum themselves. That is exact in the end, but a recorder on its way between the two holds what others
//! recorded long before: a snapshot after the registration misses it.)
//!
//! What was recorded before `register` returned is therefore in every snapshot taken after. A snapshot taken while
//! `register` runs may show the series without its early records, in part or all of them; sums do not fall.
//!
//! A **histogram** has an early cell for each bucket, of 128 bits: count and sum move as one.
//!
//! A **gauge** is set, and the last writer wins, so its registration must not put an early value behind one that a
//! recorder set through the handle meanwhile. It takes until nothing is left, and closes the cell in the step that
//! finds it empty. Recorders get at the handle only after that, so that until then the registration is the only one
//! to write on the static's behalf, in the order in which the values came. It repeats once for each time that somebody
//! records in between; recorders never wait.
//!
//! # Orderings
//!
//! What an early cell holds is in the cell itself, so records are Relaxed. Closing is Release and each load that may
//! find the cell closed is Acquire: who sees it closed sees `next` and, of a gauge, what the registration wrote. With
//! either weakened, the models in `loom-tests/tests/statics.rs` fail.

use std::fmt;

use crate::Registry;

mod cells;
mod counter;
mod deferred;
mod gauge;
mod histogram;
mod wide;

pub use counter::{StaticCounter, StaticFloatCounter, StaticSignalCounter, StaticUpDownCounter};
pub use gauge::StaticGauge;
pub use histogram::StaticHistogram;

/// Registers static metrics in the [default registry](crate::default_registry), in this order.
///
/// Those that are registered already, there or elsewhere, stay as they are. What cannot be registered becomes a no-op
/// and is listed by [`Registry::errors`]; the others are not affected. Control plane: locks and allocates.
///
/// ```
/// use tachometer::{StaticCounter, StaticHistogram, default_registry, register_statics};
///
/// static REQUESTS: StaticCounter = StaticCounter::new("requests_total", "Requests served.");
/// static LATENCY: StaticHistogram =
///     StaticHistogram::new("request_duration_seconds", "Time to serve.", &[0.005, 0.05, 0.5]);
///
/// REQUESTS.inc(); // kept in the static until it is registered
/// register_statics(&[&REQUESTS, &LATENCY]);
/// REQUESTS.inc();
/// LATENCY.observe(0.02);
/// let snapshot = default_registry().snapshot();
/// assert_eq!(snapshot.counter("requests_total", &[]), Some(2));
/// assert_eq!(snapshot.histogram("request_duration_seconds", &[]).unwrap().count(), 1);
/// assert_eq!(default_registry().errors(), []);
/// ```
#[cfg(not(tachometer_loom))]
pub fn register_statics(metrics: &[&dyn StaticMetric]) {
    for metric in metrics {
        metric.register();
    }
}

/// A metric that can be declared in a `static`, whatever its type.
///
/// ```
/// use tachometer::{Registry, StaticCounter, StaticGauge, StaticMetric};
///
/// static JOBS: StaticCounter = StaticCounter::new("jobs_total", "Jobs done.");
/// static DEPTH: StaticGauge = StaticGauge::new("queue_depth", "Jobs waiting.");
/// static ALL: [&dyn StaticMetric; 2] = [&JOBS, &DEPTH];
///
/// let registry = Registry::new();
/// ALL.iter().for_each(|metric| metric.register_in(&registry));
/// assert_eq!(registry.snapshot().gauge("queue_depth", &[]), Some(0.0));
/// ```
pub trait StaticMetric: sealed::Sealed + fmt::Debug + Send + Sync {
    /// Registers it in the [default registry](crate::default_registry), unless it is registered already.
    ///
    /// When that fails the metric becomes a no-op, and the error is in [`Registry::errors`].
    #[cfg(not(tachometer_loom))]
    fn register(&self) {
        self.register_in(crate::default_registry());
    }

    /// Registers it in this registry, unless it is registered already, here or elsewhere: a static registers once, and
    /// the first registration wins, failed or not.
    fn register_in(&self, registry: &Registry);
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// What all static metrics have: the registration, the handle after it, and what they print for debugging.
///
/// The type has a `deferred`, makes its handle with `make`, and moves what it recorded with `take_over`.
macro_rules! static_metric {
    ($name:ident, $handle:ident) => {
        impl $name {
            /// Registers it in the [default registry](crate::default_registry), unless it is registered already, and
            /// takes over what it has recorded: that is in every snapshot from then on.
            ///
            /// When it cannot be registered the static becomes a no-op, and the error is in
            /// [`Registry::errors`](crate::Registry::errors). Control plane: locks and allocates.
            #[cfg(not(tachometer_loom))]
            pub fn register(&self) {
                self.register_in(crate::default_registry());
            }

            /// Registers it in this registry, unless it is registered already, here or elsewhere: a static registers
            /// once, and the first registration wins, failed or not. For tests; but tests of one process share its
            /// statics.
            pub fn register_in(&self, registry: &$crate::Registry) {
                self.register_with(registry, |handle| self.take_over(handle));
            }

            fn register_with(&self, registry: &$crate::Registry, take_over: impl FnOnce(&$handle)) {
                let make = |name: &str, help: &str| self.make(registry, name, help);
                self.deferred.register(registry, $handle::noop(), make, take_over);
            }

            /// The handle, once it is registered; a no-op if that failed. Costs a load.
            #[inline]
            pub fn handle(&self) -> Option<&$handle> {
                self.deferred.handle()
            }
        }

        impl $crate::statics::sealed::Sealed for $name {}

        impl $crate::statics::StaticMetric for $name {
            fn register_in(&self, registry: &$crate::Registry) {
                self.register_in(registry);
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.deferred).finish()
            }
        }
    };
}
use static_metric;
