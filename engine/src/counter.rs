//! Counters: numbers that only grow.

use crate::{
    LocalCounter, LocalFloatCounter, LocalUpDownCounter,
    cells::SumCell,
    drops::{DropReason, drop_record},
    pairs,
    shard::local::OwnPages,
    sums,
};

/// A count of events, as a `u64`.
///
/// Cloning gives another handle to the same series. Recording is wait-free and costs about a nanosecond at any number
/// of threads: each thread adds to a cell of its own, and a snapshot adds the cells up. The sum wraps around at 2⁶⁴,
/// which Prometheus reads as a reset.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let requests = registry.counter("requests_total", "Requests served.")?;
/// requests.inc();
/// requests.add(2);
/// assert_eq!(requests.value(), 3);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Counter(pub(crate) SumCell);

impl Counter {
    /// A counter that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(SumCell::noop())
    }

    /// A handle for the tightest loops of the calling thread, which it cannot leave: it holds the thread's cell, and
    /// need not look for it at each record.
    ///
    /// Costs some 40 ns with its drop, and the first touch of the page if the thread has not recorded there. Make it
    /// before the loop, and keep it as long as the loop or the thread lasts. It records all the same, at what an
    /// ordinary handle costs, when the thread has no shard to keep (its thread-locals are gone, or 4,096 threads keep
    /// one) or memory is refused.
    pub fn local(&self) -> LocalCounter {
        LocalCounter::new(self)
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.update(move |value| value.wrapping_add(n));
    }

    /// The same, when the thread's pages are at hand.
    #[inline(always)]
    pub(crate) fn add_in(&self, pages: OwnPages<'_>, n: u64) {
        self.0.update_in(pages, move |value| value.wrapping_add(n));
    }

    /// The sum over all threads: at least what was added before the call, as far as this thread knows of it. Costs a
    /// few nanoseconds a thread; for tests and reports.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.block().map_or(0, |cell| sums::integer(cell))
    }
}

/// A sum that only grows, as an `f64`: seconds, bytes as fractions, money.
///
/// Recording is wait-free and costs a few nanoseconds, the latency of a float addition, at any number of threads.
/// A negative, NaN or infinite addition is dropped and counted by
/// [`dropped_records`](crate::dropped_records), so that the counter never falls and is never NaN. (It is infinite once
/// finite amounts add up to more than `f64::MAX`.)
///
/// ```
/// let registry = tachometer::Registry::new();
/// let busy = registry.float_counter("busy_seconds_total", "Seconds spent working.")?;
/// busy.add(0.25);
/// busy.add(-1.0);
/// assert_eq!(busy.value(), 0.25);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FloatCounter(pub(crate) SumCell);

impl FloatCounter {
    /// A counter that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(SumCell::noop())
    }

    /// A handle for the tightest loops of the calling thread, which it cannot leave. See [`Counter::local`].
    pub fn local(&self) -> LocalFloatCounter {
        LocalFloatCounter::new(self)
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Adds `amount`, if it is finite and not negative.
    #[inline]
    pub fn add(&self, amount: f64) {
        if !is_amount(amount) {
            return refuse(&self.0, amount);
        }
        self.add_sum(amount);
    }

    /// Adds what is not negative. A sum of many amounts, as a static's early cell holds it, may be infinite.
    #[inline]
    pub(crate) fn add_sum(&self, sum: f64) {
        self.0.update(pairs::plus(sum));
    }

    /// The sum over all threads. See [`Counter::value`].
    #[must_use]
    pub fn value(&self) -> f64 {
        self.0.block().map_or(0.0, |cell| sums::float(cell))
    }
}

/// Whether a float counter takes this amount.
#[inline]
pub(crate) fn is_amount(amount: f64) -> bool {
    (0.0..=f64::MAX).contains(&amount)
}

/// Drops what a counter with these cells does not take.
#[cold]
pub(crate) fn refuse(cell: &SumCell, amount: f64) {
    if !cell.is_noop() {
        drop_record(refusal(amount));
    }
}

/// Why it does not.
pub(crate) fn refusal(amount: f64) -> DropReason {
    if amount.is_sign_negative() && amount.is_finite() { DropReason::Negative } else { DropReason::NotFinite }
}

/// A count that goes up and down, as an `i64`: connections open, jobs queued. Exposed as a gauge.
///
/// Recording is as cheap as a [`Counter`]'s, because each thread keeps a cell of its own; what one thread adds
/// another may subtract. For a value that is set rather than counted, use a [`Gauge`](crate::Gauge).
///
/// ```
/// let registry = tachometer::Registry::new();
/// let open = registry.up_down_counter("connections", "Connections open.")?;
/// open.inc();
/// open.add(2);
/// open.dec();
/// assert_eq!(open.value(), 2);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UpDownCounter(pub(crate) SumCell);

impl UpDownCounter {
    /// A counter that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self(SumCell::noop())
    }

    /// A handle for the tightest loops of the calling thread, which it cannot leave. See [`Counter::local`].
    pub fn local(&self) -> LocalUpDownCounter {
        LocalUpDownCounter::new(self)
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.sub(1);
    }

    /// Adds `n`, which may be negative. The sum wraps around.
    #[inline]
    pub fn add(&self, n: i64) {
        self.0.update(move |value| value.wrapping_add(n as u64));
    }

    /// Subtracts `n`. The sum wraps around.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.0.update(move |value| value.wrapping_sub(n as u64));
    }

    /// Subtracts 1, when the thread's pages are at hand.
    #[inline(always)]
    pub(crate) fn dec_in(&self, pages: OwnPages<'_>) {
        self.0.update_in(pages, |value| value.wrapping_sub(1));
    }

    /// The sum over all threads. While threads add and subtract, a call may see one thread's subtraction and miss the
    /// addition of another that came before it.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.0.block().map_or(0, |cell| sums::integer(cell) as i64)
    }
}
