//! In-flight guards: something is under way for as long as a value lives.

use std::fmt;

use crate::{Gauge, StaticGauge, StaticUpDownCounter, UpDownCounter};

/// Counts one thing as under way: it added 1 to its gauge when it was made, and subtracts 1 when it is dropped, be it by
/// a return, a panic, or a future that is dropped before it has finished.
///
/// Made by [`UpDownCounter::track`] and [`Gauge::track`], which borrow the handle, and by
/// [`UpDownCounter::track_owned`] and [`Gauge::track_owned`], whose guard can go wherever the work goes: into a task, to
/// another thread. Costs two records; the owned one also the clone of a handle.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let active = registry.up_down_counter("active_requests", "Requests under way.")?;
/// let request = active.track();
/// assert_eq!(active.value(), 1);
/// drop(request);
/// assert_eq!(active.value(), 0);
///
/// let guard = active.track_owned();
/// std::thread::spawn(move || drop(guard)).join().unwrap();
/// assert_eq!(active.value(), 0);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use = "a guard that is dropped at once counts nothing as under way"]
pub struct InFlight<G: Tracked> {
    gauge: G,
}

/// A handle that can go up and down, or a reference to one. Nobody outside can name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not track what is under way",
    label = "cannot go up and down",
    note = "use an `UpDownCounter`, a `Gauge`, or the static twin of one"
)]
pub trait Tracked {
    /// Adds 1.
    fn enter(&self);

    /// Subtracts 1.
    fn leave(&self);
}

impl<G: Tracked> InFlight<G> {
    #[inline]
    pub(crate) fn enter(gauge: G) -> Self {
        gauge.enter();
        Self { gauge }
    }
}

impl<G: Tracked> Drop for InFlight<G> {
    #[inline]
    fn drop(&mut self) {
        self.gauge.leave();
    }
}

impl<G: Tracked> fmt::Debug for InFlight<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InFlight")
    }
}

impl<G: Tracked> Tracked for &G {
    #[inline]
    fn enter(&self) {
        (**self).enter();
    }

    #[inline]
    fn leave(&self) {
        (**self).leave();
    }
}

macro_rules! tracked {
    ($($handle:ident)*) => {$(
        impl Tracked for $handle {
            #[inline]
            fn enter(&self) {
                self.inc();
            }

            #[inline]
            fn leave(&self) {
                self.dec();
            }
        }

        impl $handle {
            /// Adds 1 now, and subtracts 1 when the guard is dropped: see [`InFlight`].
            #[inline]
            pub fn track(&self) -> InFlight<&Self> {
                InFlight::enter(self)
            }
        }
    )*};
}

tracked!(UpDownCounter Gauge StaticUpDownCounter StaticGauge);

macro_rules! tracked_owned {
    ($($handle:ident)*) => {$(
        impl $handle {
            /// The same with a guard that owns a handle and so may outlive this one, in a task or on another thread.
            #[inline]
            pub fn track_owned(&self) -> InFlight<Self> {
                InFlight::enter(self.clone())
            }
        }
    )*};
}

tracked_owned!(UpDownCounter Gauge);
