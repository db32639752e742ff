//! The histogram's cells: pairs, and the protocol that keeps a pair whole without anybody waiting.
//!
//! ```text
//! cell    0      1      2          3       4          5       6          7
//!       undo  entered  2n₀+busy  sum₀   2n₁+busy    sum₁   2n₂+busy    sum₂ ...
//! ```
//!
//! A bucket is two neighbouring cells: twice its number of observations plus a busy bit, and the sum of the observed
//! values. One undo cell serves the whole histogram, because its owner makes one observation at a time. To observe:
//!
//! 1. the sum before the observation goes to the undo cell;
//! 2. the busy bit is set;
//! 3. the new sum is stored;
//! 4. the number is raised by one, which clears the busy bit.
//!
//! A reader loads the number, the sum, and the number again. When the number is odd, the sum may be old or new, and it
//! takes the undo cell in its place. When the number changed meanwhile, it starts over: at most twice for each
//! observation that the owner makes in this very bucket during the read. An owner that was preempted or killed between
//! two stores leaves the bucket as it was before the observation, and no reader waits for it; no owner ever waits for a
//! reader.
//!
//! A signal handler that interrupts an observation of its thread must not make another in the same histogram: one would
//! overwrite what the other has stored, or the undo cell that both need. So the owner says in the cell *entered* that
//! it is about, and whoever finds that said gives up. The cell is the owner's alone; no reader looks at it.
//!
//! So each bucket is read as it stood between two observations, and count and sum over the buckets are those of a set
//! of whole observations. (A sequence lock over the whole histogram would make the reader wait for a preempted owner,
//! or repeat for as long as there are observations anywhere in the histogram.)
//!
//! # Orderings
//!
//! Each is needed: with any of them weakened or left out, a model in `loom-tests/tests/histogram.rs` fails.
//!
//! - The first fence keeps the store to the undo cell behind the previous observation's last store: a reader that sees
//!   the new undo value also sees the earlier bucket complete, and does not repair it with a foreign sum.
//! - The odd store is Release, against the reader's Acquire load: who sees the busy bit sees the undo cell.
//! - The second fence, against the reader's fence: who sees the new sum also sees the busy bit when it loads the
//!   number again.
//! - The even store is Release: who sees the number sees its sum.
//!
//! *Entered* concerns one thread and needs the order of its instructions alone: a compiler fence behind its first
//! store and one in front of its second, so that what lies between does not leave it.

use crate::{
    shard::Page,
    sync::{Cell64, Ordering, compiler_fence, fence},
};

/// Most buckets of a histogram, the one up to +Inf included: what fits in a page.
pub(crate) const MAX_BUCKETS: usize = (crate::shard::PAGE_CELLS - FIRST_PAIR) / 2;

/// The cells in front of the pairs, and where the pairs begin.
const UNDO: usize = 0;
const ENTERED: usize = 1;
const FIRST_PAIR: usize = 2;

/// Cells of a histogram with this many buckets.
pub(crate) fn cells(buckets: usize) -> usize {
    FIRST_PAIR + 2 * buckets
}

/// The owner met its own observation half-way, in this histogram.
#[derive(Debug)]
pub(crate) struct Reentered;

/// Adds `n` observations to a bucket of the histogram whose cells begin at `first`. `add` adds to the bits of the sum:
/// [`plus`] or [`plus_integer`].
///
/// Wait-free: three loads and six stores. For the owner of the page's shard.
#[inline(always)]
pub(crate) fn record(
    page: &Page,
    first: usize,
    bucket: usize,
    n: u64,
    add: impl Fn(u64) -> u64,
) -> Result<(), Reentered> {
    record_slowly(page, first, bucket, n, add, || ())
}

/// The same, and calls `pause` half-way, with the new sum stored and the old number. A thread may be stopped there.
#[inline(always)]
pub(crate) fn record_slowly(
    page: &Page,
    first: usize,
    bucket: usize,
    n: u64,
    add: impl Fn(u64) -> u64,
    pause: impl FnOnce(),
) -> Result<(), Reentered> {
    let entered = page.cell(first + ENTERED);
    if entered.owner_load() != 0 {
        return Err(Reentered);
    }
    entered.owner_store(1, Ordering::Relaxed);
    compiler_fence(Ordering::SeqCst);
    let (count, total) = pair(page, first, bucket);
    let (before, sum_before) = (count.owner_load(), total.owner_load());
    fence(Ordering::Release);
    page.cell(first + UNDO).owner_store(sum_before, Ordering::Relaxed);
    count.owner_store(before | 1, Ordering::Release);
    fence(Ordering::Release);
    total.owner_store(add(sum_before), Ordering::Relaxed);
    pause();
    count.owner_store(before.wrapping_add(n << 1), Ordering::Release);
    compiler_fence(Ordering::SeqCst);
    entered.owner_store(0, Ordering::Relaxed);
    Ok(())
}

/// Adds to a sum of floats.
#[inline(always)]
pub(crate) fn plus(sum: f64) -> impl Fn(u64) -> u64 + Copy {
    move |before| (f64::from_bits(before) + sum).to_bits()
}

/// Adds to a sum of integers, which wraps around.
#[inline(always)]
pub(crate) fn plus_integer(sum: u64) -> impl Fn(u64) -> u64 + Copy {
    move |before| before.wrapping_add(sum)
}

/// A bucket as a reader found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) count: u64,
    /// An integer, or the bits of a float.
    pub(crate) sum: u64,
    /// How often the number was loaded until it stood still; 1 unless the owner was observing here.
    pub(crate) tries: u32,
}

/// Reads a bucket of the histogram whose cells begin at `first`. Any thread may.
#[inline]
pub(crate) fn read(page: &Page, first: usize, bucket: usize) -> Reading {
    let (count, total) = pair(page, first, bucket);
    let mut tries = 0;
    loop {
        tries += 1;
        let number = count.load(Ordering::Acquire);
        let cell = if number & 1 == 1 { page.cell(first + UNDO) } else { total };
        let sum = cell.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if count.load(Ordering::Relaxed) == number {
            return Reading { count: number >> 1, sum, tries };
        }
    }
}

#[inline(always)]
fn pair(page: &Page, first: usize, bucket: usize) -> (&Cell64, &Cell64) {
    let count = first + FIRST_PAIR + 2 * bucket;
    (page.cell(count), page.cell(count + 1))
}
