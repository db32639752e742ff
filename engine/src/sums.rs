//! The value of a series of one cell a shard: the sum over all shards, less what it was when the series was last reset.

use crate::{
    cells::growth,
    shard::{CellBlock, table::offset_of},
    sync::Ordering,
};

/// The sum of integers.
pub(crate) fn integer(cell: &CellBlock) -> u64 {
    // Before the cells: see `CellBlock::baseline`.
    let baseline = baseline(cell);
    integers(cell).wrapping_sub(baseline)
}

/// The sum of floats.
pub(crate) fn float(cell: &CellBlock) -> f64 {
    let baseline = baseline(cell);
    growth(floats(cell), f64::from_bits(baseline))
}

/// Begins a sum of integers again at 0.
pub(crate) fn reset_integer(cell: &CellBlock) {
    cell.reset(|| [integers(cell)].into());
}

/// Begins a sum of floats again at 0.
pub(crate) fn reset_float(cell: &CellBlock) {
    cell.reset(|| [floats(cell).to_bits()].into());
}

/// The bits of the sum when the series was last reset.
fn baseline(cell: &CellBlock) -> u64 {
    cell.baseline().and_then(|values| values.first().copied()).unwrap_or(0)
}

fn integers(cell: &CellBlock) -> u64 {
    fold(cell, 0, u64::wrapping_add)
}

fn floats(cell: &CellBlock) -> f64 {
    fold(cell, 0.0, |sum, bits| sum + f64::from_bits(bits))
}

/// Folds the cell of every shard that has one, in the arena's order.
fn fold<T>(cell: &CellBlock, start: T, add: impl Fn(T, u64) -> T) -> T {
    let slot = cell.slot();
    let pages = cell.arena().shards().filter_map(|shard| shard.page(slot));
    // Relaxed: each cell is read by itself.
    pages.fold(start, |sum, page| add(sum, page.cell(offset_of(slot)).load(Ordering::Relaxed)))
}
