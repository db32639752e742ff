//! The early cells of numbers: one 64-bit atomic each, which can be closed.
//!
//! ```text
//! 0 ............ 2⁶³ - 1      an integer modulo 2⁶³, and a second cell for what does not fit
//! bits of a float             a sum of amounts that are not negative, so never NaN
//! 2⁶⁴ - 1                     closed: neither of these
//! ```
//!
//! Closed is a value of its own, so an integer's cell has 63 bits left, read as a signed number. A record that leaves
//! their range adds the rest, which is 2⁶³ modulo 2⁶⁴, as one to the *carries*, a cell like the first. Each cell closes
//! by itself; a record that finds the second closed and the first open adds its rest to the handle. So the sum is exact
//! modulo 2⁶⁴, like the handles'. Only while such a record is under way, beyond 2⁶² in size, it can be read without
//! its rest.

use crate::sync::{AtomicU64, Ordering, const_fn};

/// The value of a closed cell. As a float it is one of the NaNs.
const CLOSED: u64 = u64::MAX;

/// What one of the carries stands for.
const CARRY: u64 = 1 << 63;

/// Replaces the value by `change` of it and returns what it was; `None` when the cell is closed. `change` must not
/// return [`CLOSED`]. Lock-free.
fn update(cell: &AtomicU64, change: impl Fn(u64) -> u64) -> Option<u64> {
    // Acquire, here and below: who finds the cell closed sees the handle that was published before.
    let mut before = cell.load(Ordering::Acquire);
    while before != CLOSED {
        // Relaxed: the value stands for itself, and the swap that closes the cell follows it in the cell's own order.
        match cell.compare_exchange_weak(before, change(before), Ordering::Relaxed, Ordering::Acquire) {
            Ok(_) => return Some(before),
            Err(now) => before = now,
        }
    }
    None
}

/// Closes the cell and returns what was in it.
fn close(cell: &AtomicU64) -> u64 {
    // Release: see `update`.
    cell.swap(CLOSED, Ordering::Release)
}

/// The early cell of an integer, a sum modulo 2⁶⁴.
pub(super) struct EarlyInteger {
    low: AtomicU64,
    carries: AtomicU64,
}

impl EarlyInteger {
    const_fn! {
        pub(super) fn new() -> Self {
            Self { low: AtomicU64::new(0), carries: AtomicU64::new(0) }
        }
    }

    /// Adds `n`, and returns what has to be added to the handle instead; `None` when that is nothing.
    pub(super) fn add(&self, n: u64) -> Option<u64> {
        let Some(before) = update(&self.low, |low| low_bits(extend(low).wrapping_add(n))) else {
            return Some(n);
        };
        let sum = extend(before).wrapping_add(n);
        let carries = extend(low_bits(sum)) != sum;
        let closed = carries && update(&self.carries, |carries| low_bits(carries + 1)).is_none();
        closed.then_some(CARRY)
    }

    /// Closes the cells and returns the sum.
    pub(super) fn close(&self) -> u64 {
        let low = extend(close(&self.low));
        low.wrapping_add(close(&self.carries).wrapping_mul(CARRY))
    }

    /// The sum, while the cells are open.
    pub(super) fn value(&self) -> u64 {
        let low = extend(self.low.load(Ordering::Relaxed));
        low.wrapping_add(self.carries.load(Ordering::Relaxed).wrapping_mul(CARRY))
    }
}

/// The low 63 bits.
fn low_bits(value: u64) -> u64 {
    value & !CARRY
}

/// The low 63 bits as a signed number, extended to 64.
fn extend(low: u64) -> u64 {
    ((low << 1) as i64 >> 1) as u64
}

/// The early cell of a float, a sum of amounts that are not negative.
pub(super) struct EarlyFloat(AtomicU64);

impl EarlyFloat {
    const_fn! {
        pub(super) fn new() -> Self {
            // The bits of 0.0.
            Self(AtomicU64::new(0))
        }
    }

    /// Adds `amount`, which is not negative; `false` when the cell is closed.
    pub(super) fn add(&self, amount: f64) -> bool {
        update(&self.0, |bits| (f64::from_bits(bits) + amount).to_bits()).is_some()
    }

    /// Closes the cell and returns the sum.
    pub(super) fn close(&self) -> f64 {
        f64::from_bits(close(&self.0))
    }

    /// The sum, while the cell is open.
    pub(super) fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(any(tachometer_loom, tachometer_shuttle))]
impl EarlyInteger {
    /// For controls: what [`EarlyInteger::close`] does, by loads and stores.
    pub(super) fn close_without_swap(&self) -> u64 {
        let sum = self.value();
        self.low.store(CLOSED, Ordering::Release);
        self.carries.store(CLOSED, Ordering::Release);
        sum
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_integer_of_any_size_is_exact() {
        let amounts = [
            0,
            1,
            u64::MAX,
            CARRY,
            CARRY - 1,
            CARRY + 1,
            1 << 62,
            (1 << 62) - 1,
            u64::MAX << 62,
            0x1234_5678,
        ];
        for first in amounts {
            for second in amounts {
                for third in amounts {
                    let cell = EarlyInteger::new();
                    for n in [first, second, third] {
                        assert_eq!(cell.add(n), None);
                    }
                    let sum = first.wrapping_add(second).wrapping_add(third);
                    assert_eq!(cell.value(), sum, "{first:x} {second:x} {third:x}");
                    assert_eq!(cell.close(), sum, "{first:x} {second:x} {third:x}");
                    assert_eq!(cell.add(first), Some(first));
                }
            }
        }
    }

    #[test]
    fn a_carry_that_finds_its_cell_closed_is_handed_back() {
        let cell = EarlyInteger::new();
        assert_eq!(close(&cell.carries), 0);
        assert_eq!(cell.add(CARRY + 5), Some(CARRY));
        assert_eq!(close(&cell.low), 5);
    }

    #[test]
    fn small_numbers_around_zero_need_no_carry() {
        let cell = EarlyInteger::new();
        for n in [-1_i64, 1, -5, 3, 2] {
            assert_eq!(cell.add(n as u64), None);
            assert_eq!(cell.carries.load(Ordering::Relaxed), 0);
        }
        assert_eq!(cell.close(), 0);
    }

    #[test]
    fn a_float_is_kept_until_the_cell_is_closed() {
        let cell = EarlyFloat::new();
        assert!(cell.add(0.5) && cell.add(f64::MAX) && cell.add(f64::MAX));
        assert_eq!(cell.value(), f64::INFINITY);
        assert_eq!(cell.close(), f64::INFINITY);
        assert!(!cell.add(1.0));
    }
}
