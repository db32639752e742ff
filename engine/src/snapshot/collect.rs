//! Collecting: one pass over the pages that the shards have touched.

use std::{fmt, ops::Range};

use super::{Snapshot, known::Answered, own::Own, schema::Schema};
use crate::{
    cells::growth,
    gauge::GaugeCell,
    pairs,
    shard::{
        Arena, Baseline, CellBlock, Page,
        table::{offset_of, page_of},
    },
    signal_counter::SignalCell,
    state_set::StateCell,
    sync::{Arc, Ordering},
};

/// Where the values of a series come from.
pub(crate) enum Source {
    /// The sum over all shards of one cell, as wrapping integers.
    Integer(Arc<CellBlock>),
    /// The sum over all shards of one cell, as floats.
    Float(Arc<CellBlock>),
    /// The pairs of a histogram.
    Pairs { block: Arc<CellBlock>, buckets: usize },
    /// The pairs of a histogram of integers, and how many make a unit.
    IntegerPairs { block: Arc<CellBlock>, buckets: usize, per_unit: f64 },
    /// One shared float.
    Gauge(Arc<GaugeCell>),
    /// One shared integer.
    Signal(Arc<SignalCell>),
    /// The bits of one shared integer.
    States(Arc<StateCell>),
    /// A number of the engine's own.
    Own(Own),
    /// Nothing but labels.
    Info,
}

/// How to fill the column of values: the cells page by page, then everything that lies elsewhere.
#[derive(Default)]
pub(crate) struct Plan {
    cells: Vec<CellEntry>,
    /// Runs of entries whose cells share a page.
    pages: Vec<Range<usize>>,
    others: Vec<OtherEntry>,
    /// Self-metrics, by their column.
    own: Vec<(usize, Own)>,
    /// What series held when they were reset, by their first column.
    baselines: Vec<(usize, Sum, Baseline)>,
    /// Sums of integers that are exposed in another unit, and how many make one.
    scaled: Vec<(usize, f64)>,
    /// Keeps the slots from being reused until the last snapshot with this plan is gone.
    blocks: Vec<Arc<CellBlock>>,
}

struct CellEntry {
    slot: u32,
    sum: Sum,
    column: usize,
}

#[derive(Clone, Copy)]
enum Sum {
    Integer,
    Float,
    Pairs { buckets: u16 },
    IntegerPairs { buckets: u16 },
}

struct OtherEntry {
    series: u32,
    column: usize,
    source: Other,
}

enum Other {
    Gauge(Arc<GaugeCell>),
    Signal(Arc<SignalCell>),
    States(Arc<StateCell>),
}

impl Plan {
    /// Adds the series with this index, whose values begin at `column`.
    pub(crate) fn add(&mut self, series: u32, column: usize, source: Source) {
        let (block, sum) = match source {
            Source::Integer(block) => (block, Sum::Integer),
            Source::Float(block) => (block, Sum::Float),
            Source::Pairs { block, buckets } => (block, Sum::Pairs { buckets: buckets as u16 }),
            Source::IntegerPairs { block, buckets, per_unit } => {
                self.scaled.push((column + buckets + 1, per_unit));
                (block, Sum::IntegerPairs { buckets: buckets as u16 })
            }
            Source::Gauge(gauge) => return self.add_other(series, column, Other::Gauge(gauge)),
            Source::Signal(value) => return self.add_other(series, column, Other::Signal(value)),
            Source::States(cell) => return self.add_other(series, column, Other::States(cell)),
            Source::Own(own) => return self.own.push((column, own)),
            Source::Info => return,
        };
        // Before any cell is loaded: see `CellBlock::baseline`.
        self.baselines.extend(block.baseline().map(|baseline| (column, sum, baseline)));
        self.cells.push(CellEntry { slot: block.slot(), sum, column });
        self.blocks.push(block);
    }

    fn add_other(&mut self, series: u32, column: usize, source: Other) {
        self.others.push(OtherEntry { series, column, source });
    }

    /// Sorts the entries by slot and finds the pages among them.
    pub(crate) fn finish(mut self) -> Self {
        self.cells.sort_unstable_by_key(|entry| entry.slot);
        let mut end = 0;
        for page in self.cells.chunk_by(|a, b| page_of(a.slot) == page_of(b.slot)) {
            self.pages.push(end..end + page.len());
            end += page.len();
        }
        self
    }

    /// What the plan takes of memory. The blocks belong to their series.
    pub(super) fn bytes(&self) -> usize {
        let Self { cells, pages, others, own, baselines, scaled, blocks } = self;
        let sizes = [
            cells.capacity() * size_of::<CellEntry>(),
            pages.capacity() * size_of::<Range<usize>>(),
            others.capacity() * size_of::<OtherEntry>(),
            own.capacity() * size_of::<(usize, Own)>(),
            baselines.capacity() * size_of::<(usize, Sum, Baseline)>(),
            scaled.capacity() * size_of::<(usize, f64)>(),
            blocks.capacity() * size_of::<Arc<CellBlock>>(),
        ];
        sizes.iter().sum()
    }

    /// Adds the cells of every shard. Floats are added shard by shard in the arena's order, never rearranged, so that
    /// a sum of growing parts never falls from one snapshot to the next.
    fn collect_cells(&self, arena: &Arena, values: &mut [u64]) {
        for shard in arena.shards() {
            for entries in &self.pages {
                let entries = &self.cells[entries.clone()];
                if let Some(page) = shard.page(entries[0].slot) {
                    entries.iter().for_each(|entry| entry.add(page, values));
                }
            }
        }
        for (column, sum, baseline) in &self.baselines {
            sum.subtract(&mut values[*column..], baseline);
        }
        for (column, per_unit) in &self.scaled {
            values[*column] = (values[*column] as f64 / per_unit).to_bits();
        }
    }

    /// Reads gauges and everything else of which there is one, and notes the series without a value.
    fn collect_others(&self, values: &mut [u64], missing: &mut Vec<u32>) {
        for OtherEntry { series, column, source } in &self.others {
            match source {
                Other::Gauge(gauge) => match gauge.get() {
                    Some(value) => values[*column] = value.to_bits(),
                    None => missing.push(*series),
                },
                Other::Signal(cell) => values[*column] = cell.get(),
                Other::States(cell) => cell.write(&mut values[*column..]),
            }
        }
    }

    /// Reads the self-metrics of a schema with so many series in all.
    fn collect_own(&self, arena: &Arena, series: usize, values: &mut [u64]) {
        let series = (series - self.own.len()) as u64;
        self.own.iter().for_each(|(column, own)| values[*column] = own.read(arena, series));
    }
}

impl Sum {
    /// Takes off what the series held when it was reset. No cell has fallen since.
    fn subtract(self, values: &mut [u64], baseline: &[u64]) {
        let integers = match self {
            Self::Integer => 1,
            Self::Float => 0,
            Self::Pairs { buckets } => usize::from(buckets) + 1,
            Self::IntegerPairs { buckets } => usize::from(buckets) + 2,
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

impl CellEntry {
    fn add(&self, page: &Page, values: &mut [u64]) {
        let offset = offset_of(self.slot);
        let values = &mut values[self.column..];
        match self.sum {
            // Relaxed: a single cell is read; that it never falls follows from coherence.
            Sum::Integer => values[0] = values[0].wrapping_add(page.cell(offset).load(Ordering::Relaxed)),
            Sum::Float => {
                add_float(&mut values[0], f64::from_bits(page.cell(offset).load(Ordering::Relaxed)))
            }
            Sum::Pairs { buckets } => {
                let add = |sum: &mut u64, more| add_float(sum, f64::from_bits(more));
                add_pairs(page, offset, buckets.into(), values, add);
            }
            Sum::IntegerPairs { buckets } => {
                let add = |sum: &mut u64, more| *sum = sum.wrapping_add(more);
                add_pairs(page, offset, buckets.into(), values, add);
            }
        }
    }
}

/// Adds the buckets of a histogram in one shard, and their sums by `add`.
fn add_pairs(page: &Page, offset: usize, buckets: usize, values: &mut [u64], add: impl Fn(&mut u64, u64)) {
    for bucket in 0..buckets {
        let reading = pairs::read(page, offset, bucket);
        values[bucket] = values[bucket].wrapping_add(reading.count);
        values[buckets] = values[buckets].wrapping_add(reading.count);
        add(&mut values[buckets + 1], reading.sum);
    }
}

fn add_float(bits: &mut u64, value: f64) {
    *bits = (f64::from_bits(*bits) + value).to_bits();
}

/// Completes a snapshot that has the answers of callbacks already. No lock is held while cells are read.
pub(crate) fn collect(schema: Arc<Schema>, arena: &Arena, answered: Answered) -> Snapshot {
    let Answered { mut values, mut missing, .. } = answered;
    schema.plan.collect_others(&mut values, &mut missing);
    schema.plan.collect_own(arena, schema.series.len(), &mut values);
    schema.plan.collect_cells(arena, &mut values);
    missing.sort_unstable();
    Snapshot::new(schema, values, missing.into())
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("cells", &self.cells.len()).field("others", &self.others.len()).finish()
    }
}
