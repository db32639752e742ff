//! Time for models, which have none: it stands still until a model lets some pass.
//!
//! A thread that looks at the clock while time passes may see the old time, and a timed wait that begins then may not
//! end by it: the model explores both. Whoever is woken by the passing sees the new time.

use std::{
    sync::{LockResult, PoisonError, Weak},
    time::Duration,
};

use super::{AtomicU64, MutexGuard, Ordering, primitives, process_wide};

process_wide! {
    static CLOCK: Clock = Clock { nanoseconds: AtomicU64::new(0), sleepers: std::sync::Mutex::new(Vec::new()) };
}

#[derive(Debug)]
struct Clock {
    nanoseconds: AtomicU64,
    /// Where somebody has waited for some time. They lie where no model looks, and order nothing.
    sleepers: std::sync::Mutex<Vec<Weak<primitives::Condvar>>>,
}

/// Lets time pass, and wakes all who wait for that.
pub(crate) fn pass(time: Duration) {
    CLOCK.nanoseconds.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    // Collected first: to wake somebody is a point where models change threads.
    let sleepers: Vec<_> =
        CLOCK.with_sleepers(|sleepers| sleepers.iter().filter_map(Weak::upgrade).collect());
    sleepers.iter().for_each(|sleeper| sleeper.notify_all());
}

impl Clock {
    fn with_sleepers<R>(&self, work: impl FnOnce(&mut Vec<Weak<primitives::Condvar>>) -> R) -> R {
        work(&mut self.sleepers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The part of `std::time::Instant` that the engine uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(CLOCK.nanoseconds.load(Ordering::Relaxed))
    }

    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_nanos(Self::now().0.saturating_sub(self.0))
    }
}

/// A condition variable whose timed waits end when the model lets time pass, however little: whoever waits must look
/// again, as after any wake-up without a reason.
#[derive(Debug)]
pub(crate) struct Condvar(std::sync::Arc<primitives::Condvar>);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(std::sync::Arc::new(primitives::Condvar::new()))
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        pause: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, primitives::WaitTimeoutResult)> {
        let this = std::sync::Arc::downgrade(&self.0);
        CLOCK.with_sleepers(|sleepers| {
            if !sleepers.iter().any(|sleeper| sleeper.ptr_eq(&this)) {
                sleepers.push(this);
            }
        });
        self.0.wait_timeout(guard, pause)
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}
