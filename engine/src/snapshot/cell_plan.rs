//! Which cells of the shards make up which values of a snapshot.
//!
//! Cells are added up page by page. A page is looked up once in each shard and read in the order of its cells, where
//! neighbours of the same kind are a run; only the sums are brought to their columns, whose order is that of the
//! labels.

use std::ops::Range;

use crate::{
    cells::growth,
    pairs,
    registry::metric::Series,
    shard::{
        Arena, Baseline, PAGE_CELLS, Page, Shard,
        table::{offset_of, page_of},
    },
    sync::{Cell64, Ordering},
};

/// Shards of which a page is read at once: the memory of one is waited for while that of others comes.
const PAGES_AT_ONCE: usize = 4;

/// The cells of a schema's series.
#[derive(Default)]
pub(super) struct CellPlan {
    /// Runs of neighbours, by slot.
    runs: Box<[Run]>,
    /// Runs that share a page.
    pages: Box<[Range<usize>]>,
    /// Where the values of each series of the runs begin. (With 2³² of them a snapshot would take 32 GiB.)
    columns: Box<[u32]>,
    /// What series held when they were reset, by their first column.
    baselines: Box<[(u32, Sum, Baseline)]>,
    /// Sums of integers that are exposed in another unit, by their column, and how many make one.
    scaled: Box<[(u32, f64)]>,
}

/// Series of one kind whose cells lie in one page, one behind the other.
struct Run {
    /// The first cell.
    slot: u32,
    sum: Sum,
    /// Their part of the columns.
    columns: Range<usize>,
}

/// How the cells of a series make up its values.
#[derive(Clone, Copy, PartialEq)]
enum Sum {
    Integer,
    Float,
    Pairs {
        buckets: u16,
    },
    /// Pairs whose sums are integers.
    IntegerPairs {
        buckets: u16,
    },
}

/// Gathers the series of a plan.
#[derive(Default)]
pub(super) struct CellPlanBuilder {
    /// First cell and first column.
    series: Vec<(u32, u32, Sum)>,
    baselines: Vec<(u32, Sum, Baseline)>,
    scaled: Vec<(u32, f64)>,
}

impl CellPlanBuilder {
    /// Adds a series whose values begin at `column`. Says whether it has cells.
    pub(super) fn add(&mut self, series: Series<'_>, column: usize) -> bool {
        let (Some(block), Some(sum)) = (series.block(), Sum::of(series)) else { return false };
        let column = column as u32;
        // Before any cell is loaded: see `CellBlock::baseline`.
        self.baselines.extend(block.baseline().map(|baseline| (column, sum, baseline)));
        self.series.push((block.slot(), column, sum));
        if let Series::IntegerHistogram(core) = series {
            let of_sum = column + core.buckets() as u32 + 1;
            self.scaled.push((of_sum, core.scale().resolution().per_unit()));
        }
        true
    }

    pub(super) fn build(self) -> CellPlan {
        let Self { mut series, baselines, scaled } = self;
        series.sort_unstable_by_key(|(slot, ..)| *slot);
        let neighbours = series.chunk_by(|(slot, _, sum), (next, _, next_sum)| {
            sum == next_sum && slot + sum.cells() as u32 == *next && page_of(*slot) == page_of(*next)
        });
        let mut end = 0;
        let run = |run: &[(u32, u32, Sum)]| {
            let (slot, _, sum) = run[0];
            let begin = end;
            end += run.len();
            Run { slot, sum, columns: begin..end }
        };
        let runs: Box<[Run]> = neighbours.map(run).collect();
        let mut end = 0;
        let page = |runs: &[Run]| {
            let begin = end;
            end += runs.len();
            begin..end
        };
        let pages = runs.chunk_by(|a, b| page_of(a.slot) == page_of(b.slot)).map(page).collect();
        let columns = series.iter().map(|(_, column, _)| *column).collect();
        CellPlan { runs, pages, columns, baselines: baselines.into(), scaled: scaled.into() }
    }
}

impl CellPlan {
    /// Adds the cells of every shard. Floats are added shard by shard in the arena's order, never rearranged, so that
    /// a sum of growing parts never falls from one snapshot to the next.
    pub(super) fn collect(&self, arena: &Arena, values: &mut [u64]) {
        let shards: Vec<&Shard> = arena.shards().collect();
        let mut pages = Vec::with_capacity(shards.len());
        for runs in &self.pages {
            let runs = &self.runs[runs.clone()];
            pages.clear();
            pages.extend(shards.iter().filter_map(|shard| shard.page(runs[0].slot)));
            let mut sums = [0; PAGE_CELLS];
            for some in pages.chunks(PAGES_AT_ONCE) {
                runs.iter().for_each(|run| run.add(some, &mut sums, &self.columns, values));
            }
            runs.iter().for_each(|run| run.bring(&sums, &self.columns, values));
        }
        for (column, sum, baseline) in &self.baselines {
            sum.subtract(&mut values[*column as usize..], baseline);
        }
        for (column, per_unit) in &self.scaled {
            let sum = &mut values[*column as usize];
            *sum = (*sum as f64 / per_unit).to_bits();
        }
    }

    pub(super) fn series(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let Self { runs, pages, columns, baselines, scaled } = self;
        size_of_val(&**runs)
            + size_of_val(&**pages)
            + size_of_val(&**columns)
            + size_of_val(&**baselines)
            + size_of_val(&**scaled)
    }
}

impl Run {
    /// Adds what some shards have: single cells to the sums of the page, pairs to the values.
    fn add(&self, pages: &[&Page], sums: &mut [u64; PAGE_CELLS], columns: &[u32], values: &mut [u64]) {
        let first = offset_of(self.slot);
        let cells = first..first + self.columns.len();
        match self.sum {
            Sum::Integer => add_cells(pages, cells, sums, u64::wrapping_add),
            Sum::Float => add_cells(pages, cells, sums, add_float),
            Sum::Pairs { buckets } | Sum::IntegerPairs { buckets } => {
                let undo_cells = (first..).step_by(self.sum.cells());
                let add = if matches!(self.sum, Sum::Pairs { .. }) { add_float } else { u64::wrapping_add };
                for (undo, column) in undo_cells.zip(&columns[self.columns.clone()]) {
                    let values = &mut values[*column as usize..];
                    pages.iter().for_each(|page| add_pairs(page, undo, usize::from(buckets), values, add));
                }
            }
        }
    }

    /// Brings the sums of single cells to their columns.
    fn bring(&self, sums: &[u64; PAGE_CELLS], columns: &[u32], values: &mut [u64]) {
        if let Sum::Pairs { .. } | Sum::IntegerPairs { .. } = self.sum {
            return;
        }
        let sums = &sums[offset_of(self.slot)..];
        for (column, sum) in columns[self.columns.clone()].iter().zip(sums) {
            values[*column as usize] = *sum;
        }
    }
}

impl Sum {
    fn of(series: Series<'_>) -> Option<Self> {
        match series {
            Series::Counter(_) | Series::UpDownCounter(_) => Some(Self::Integer),
            Series::FloatCounter(_) => Some(Self::Float),
            Series::Histogram(core) => Some(Self::Pairs { buckets: core.buckets() as u16 }),
            Series::IntegerHistogram(core) => Some(Self::IntegerPairs { buckets: core.buckets() as u16 }),
            Series::Gauge(_) | Series::SignalCounter(_) | Series::StateSet(_) | Series::Info(_) => None,
        }
    }

    /// Cells of a series.
    fn cells(self) -> usize {
        match self {
            Self::Integer | Self::Float => 1,
            Self::Pairs { buckets } | Self::IntegerPairs { buckets } => pairs::cells(usize::from(buckets)),
        }
    }

    /// Takes off what the series held when it was reset. No cell has fallen since.
    fn subtract(self, values: &mut [u64], baseline: &[u64]) {
        let integers = match self {
            Self::Integer => 1,
            Self::Float => 0,
            Self::Pairs { buckets } => usize::from(buckets) + 1,
            Self::IntegerPairs { .. } => values.len(),
        };
        for (at, (value, before)) in values.iter_mut().zip(baseline).enumerate() {
            if at < integers {
                *value = value.wrapping_sub(*before);
            } else {
                *value = growth(f64::from_bits(*value), f64::from_bits(*before)).to_bits();
            }
        }
    }
}

/// Adds single cells of pages to their sums.
fn add_cells(
    pages: &[&Page],
    cells: Range<usize>,
    sums: &mut [u64; PAGE_CELLS],
    add: impl Fn(u64, u64) -> u64,
) {
    let sums = &mut sums[cells.clone()];
    // Relaxed: single cells are read; that none ever falls follows from coherence.
    let add = |sum: u64, cell: &Cell64| add(sum, cell.load(Ordering::Relaxed));
    if let [a, b, c, d] = pages {
        let cells = a
            .cells(cells.clone())
            .iter()
            .zip(b.cells(cells.clone()))
            .zip(c.cells(cells.clone()))
            .zip(d.cells(cells.clone()));
        for (sum, (((a, b), c), d)) in sums.iter_mut().zip(cells) {
            *sum = add(add(add(add(*sum, a), b), c), d);
        }
        return;
    }
    for page in pages {
        sums.iter_mut().zip(page.cells(cells.clone())).for_each(|(sum, cell)| *sum = add(*sum, cell));
    }
}

/// Adds a histogram's observations in one shard: by bucket, in all, and their sum.
fn add_pairs(page: &Page, undo: usize, buckets: usize, values: &mut [u64], add: fn(u64, u64) -> u64) {
    for bucket in 0..buckets {
        let reading = pairs::read(page, undo, bucket);
        values[bucket] = values[bucket].wrapping_add(reading.count);
        values[buckets] = values[buckets].wrapping_add(reading.count);
        values[buckets + 1] = add(values[buckets + 1], reading.sum);
    }
}

fn add_float(a: u64, b: u64) -> u64 {
    (f64::from_bits(a) + f64::from_bits(b)).to_bits()
}
