//! Helpers for tests of code that records.
//!
//! # How to test code that records
//!
//! **Give the code its registry.** A [`Registry`] is a value: the program makes one in `main`, a test makes one of its
//! own, and tests that run at the same time do not see each other's counts. There is nothing to reset in between. Read
//! what was recorded with [`assert_metric!`](crate::assert_metric), which fails with the series that are there:
//!
//! ```
//! use tachometer::{Counter, Registry, RegisterError, assert_metric};
//!
//! struct Producer { sent: Counter }
//!
//! impl Producer {
//!     fn new(registry: &Registry) -> Result<Self, RegisterError> {
//!         Ok(Self { sent: registry.counter("records_sent_total", "Records sent.")? })
//!     }
//!
//!     fn put(&self, _record: &str) {
//!         self.sent.inc();
//!     }
//! }
//!
//! // The test.
//! let registry = Registry::new();
//! Producer::new(&registry)?.put("hello");
//! assert_metric!(registry, "records_sent_total" == 1);
//! # Ok::<(), RegisterError>(())
//! ```
//!
//! **Scope the default** where the code records through the process-wide default collector: [`scoped`] gives a fresh
//! registry and puts it in the place of the default, on this thread, until the test ends.
//!
//! **Take the difference** where something has recorded before, as with static metrics, which the process has one of:
//! `registry.snapshot().since(&before)` holds what came in between, and [`assert_metric!`](crate::assert_metric) takes
//! a snapshot too.
//!
//! **Let the test advance the clock.** Under a [`MockClock`] timers measure what the test says, to the nanosecond, and
//! no test has to sleep.
//!
//! **Register everything once in an enabled registry.** A disabled one keeps no names and so finds no bad ones.

mod assert;
mod clock;
mod near;
mod scoped;

use std::borrow::Cow;

pub use assert::{Assertion, Comparison, assertion, label};
pub use clock::MockClock;
pub use scoped::{Scoped, scoped};

use crate::{Registry, Snapshot};

/// What [`assert_metric!`](crate::assert_metric) looks at: a snapshot, or what gives one.
pub trait MetricSource {
    /// The snapshot.
    fn metrics(&self) -> Cow<'_, Snapshot>;
}

impl MetricSource for Snapshot {
    fn metrics(&self) -> Cow<'_, Snapshot> {
        Cow::Borrowed(self)
    }
}

impl MetricSource for Registry {
    fn metrics(&self) -> Cow<'_, Snapshot> {
        Cow::Owned(self.snapshot())
    }
}

impl<S: MetricSource + ?Sized> MetricSource for &S {
    fn metrics(&self) -> Cow<'_, Snapshot> {
        (**self).metrics()
    }
}
