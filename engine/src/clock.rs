//! The clock of timers: `quanta`'s, also where `quanta` itself would panic.
//!
//! `quanta::Instant::now` looks into a thread-local of its own, through which `quanta::with_clock` puts a mock in
//! place, and panics once that is destroyed: in the destructors of other thread-locals, where a panic ends the
//! process. A timer must work there too. So a sentinel is touched right after that thread-local. Thread-locals are
//! destroyed in the reverse order of their first use (`std` does so on Linux, macOS and Windows, and promises it
//! nowhere): the sentinel goes first, and from then on the thread reads a plain clock.

use std::{cell::Cell, sync::LazyLock};

use quanta::{Clock, Instant};

use crate::sync::per_thread;

/// The clock without a thread-local. (Of `std` also under loom: no model looks into quanta.)
static PLAIN_CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

/// Whether quanta's thread-local exists.
#[derive(Clone, Copy)]
enum Override {
    Fresh,
    There,
    Gone,
}

per_thread! {
    static OVERRIDE: Cell<Override> = Cell::new(Override::Fresh);
    static SENTINEL: Sentinel = Sentinel;
}

/// Calibrates the clock, which takes a millisecond or more, so that no timer has to.
pub(crate) fn warm_up() {
    LazyLock::force(&PLAIN_CLOCK);
}

/// The time.
#[inline]
pub(crate) fn now() -> Instant {
    match OVERRIDE.try_with(Cell::get) {
        Ok(Override::There) => Instant::now(),
        Ok(Override::Fresh) => first_now(),
        _ => PLAIN_CLOCK.now(),
    }
}

#[cold]
fn first_now() -> Instant {
    let now = Instant::now();
    if SENTINEL.try_with(|_| ()).is_ok() {
        let _ = OVERRIDE.try_with(|state| state.set(Override::There));
    }
    now
}

/// Ends the use of quanta's thread-local.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = OVERRIDE.try_with(|state| state.set(Override::Gone));
    }
}
