//! The early cell of 128 bits: two 64-bit values that move as one, which can be closed.
//!
//! On x86-64 it is changed by `cmpxchg16b`, which all of these processors have but the first, of 2003 to 2005, and
//! which is found at run time; no compiler flag is needed. It is lock-free there and on 64-bit Arm, among others that
//! `portable-atomic` lists. On the rest that crate falls back to a lock for the length of a load or a swap. That
//! concerns early records in histograms and gauges, and nothing after the registration.

use crate::sync::{AtomicU128, Ordering, const_fn};

/// Set in the value of a closed cell and in no other.
const CLOSED: u128 = 1 << 127;

/// The values of an open cell have their highest bit clear. It starts with 0, *empty*.
pub(super) struct Wide(AtomicU128);

impl Wide {
    const_fn! {
        pub(super) fn new() -> Self {
            Self(AtomicU128::new(0))
        }
    }

    /// Replaces the value by `change` of it; `false` when the cell is closed. `change` must not set the highest bit.
    /// Lock-free where 128-bit atomics are.
    pub(super) fn update(&self, change: impl Fn(u128) -> u128) -> bool {
        // Acquire, here and below: who finds the cell closed sees the handle that was published before and, of a gauge,
        // what the registration wrote to it.
        let mut before = self.0.load(Ordering::Acquire);
        while before != CLOSED {
            // Relaxed: the value stands for itself, and whoever takes it follows it in the cell's own order.
            match self.0.compare_exchange_weak(before, change(before), Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => before = now,
            }
        }
        false
    }

    /// Closes the cell and returns what was in it.
    pub(super) fn close(&self) -> u128 {
        // Release: see `update`.
        self.0.swap(CLOSED, Ordering::Release)
    }

    /// Closes the cell if it is empty.
    pub(super) fn close_empty(&self) -> bool {
        // Release: see `update`. Relaxed when it is not empty: then nothing was learnt but that.
        self.0.compare_exchange(0, CLOSED, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Empties the cell and returns what was in it.
    pub(super) fn take(&self) -> u128 {
        // Relaxed: as in `update`.
        self.0.swap(0, Ordering::Relaxed)
    }

    /// The value, while the cell is open.
    pub(super) fn value(&self) -> u128 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Packs two values; the highest bit of `high` must be clear.
pub(super) fn pack(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The two values.
pub(super) fn unpack(value: u128) -> (u64, u64) {
    ((value >> 64) as u64, value as u64)
}
