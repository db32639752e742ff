//! The clock of timers: `quanta`'s, also where `quanta` itself would panic.
//!
//! `quanta::Instant::now` looks into a thread-local of its own, through which `quanta::with_clock` puts a mock in
//! place, and panics once that is destroyed: in the destructors of other thread-locals, where a panic ends the
//! process. A timer must work there too. So a sentinel is touched right after that thread-local. Thread-locals are
//! destroyed in the reverse order of their first use (`std` does so on Linux, macOS and Windows, and promises it
//! nowhere): the sentinel goes first, and from then on the thread reads a plain clock.

use std::{
    cell::Cell,
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use quanta::{Clock, Instant};

use crate::sync::per_thread;

/// The clock without a thread-local. (Of `std` also under loom: no model looks into quanta.)
static PLAIN_CLOCK: OnceLock<Clock> = OnceLock::new();

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
    PLAIN_CLOCK.get_or_init(Clock::new);
}

/// The time.
#[inline]
pub(crate) fn now() -> Instant {
    match OVERRIDE.try_with(Cell::get) {
        Ok(Override::There) => Instant::now(),
        Ok(Override::Fresh) => first_now(),
        _ => PLAIN_CLOCK.get_or_init(Clock::new).now(),
    }
}

/// The time of day, in milliseconds since the Unix epoch; 0 by a clock that is set to before it.
pub(crate) fn unix_milliseconds() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// The time so many milliseconds after the Unix epoch; the epoch itself for what no time can hold.
pub(crate) fn since_epoch(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}

#[cold]
fn first_now() -> Instant {
    let now = Instant::now();
    if SENTINEL.try_with(|_| ()).is_ok() {
        let _ = OVERRIDE.try_with(|state| state.set(Override::There));
    }
    now
}

/// How long something takes: since a reading of a clock, or exactly so long.
///
/// What started by the engine's clock ends by it, and what started at an instant of the caller's by the system's, so
/// that no difference is taken between two clocks.
#[derive(Clone, Copy, Debug)]
pub enum Stopwatch {
    Running(Instant),
    RunningBySystem(std::time::Instant),
    Stopped(Duration),
}

impl Stopwatch {
    /// Starts now.
    #[inline]
    pub(crate) fn start() -> Self {
        Self::Running(now())
    }

    /// Starts now, maybe before any histogram is registered, and so before the clock is calibrated: until then by the
    /// system's clock, which is ready at any time and costs a few nanoseconds more.
    pub(crate) fn start_early() -> Self {
        match PLAIN_CLOCK.get() {
            Some(_) => Self::start(),
            None => Self::RunningBySystem(std::time::Instant::now()),
        }
    }

    /// Has been running since `start`.
    #[inline]
    pub(crate) fn since(start: std::time::Instant) -> Self {
        Self::RunningBySystem(start)
    }

    /// How long it has been running, or was. Zero if a clock went backwards.
    #[inline]
    pub(crate) fn elapsed(self) -> Duration {
        match self {
            Self::Running(start) => now().saturating_duration_since(start),
            Self::RunningBySystem(start) => start.elapsed(),
            Self::Stopped(elapsed) => elapsed,
        }
    }

    /// The same in seconds, for callers that are inlined: reading a clock is much code.
    #[inline(never)]
    pub(crate) fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// Ends the use of quanta's thread-local.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = OVERRIDE.try_with(|state| state.set(Override::Gone));
    }
}
