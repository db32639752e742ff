//! What the record of an operation reads, beside the cells: where they lie, and where a duration's bucket is found.

use super::parts::{Handles, OUTCOMES};
use crate::{
    Histogram,
    bucket_index::BucketIndex,
    cells, histogram, pairs,
    shard::{
        NO_SLOT, Page, local,
        table::{offset_of, page_of},
    },
};

/// The offset of a cell that was not asked for.
const NONE: u16 = u16::MAX;

/// Where the cells of an operation lie, if one page holds all of them: one cache line.
///
/// The handles lie on several, and those of histograms point to others, so that a program with many operations would
/// find few of them in its nearest cache. They are there to keep the cells, and for records of other operations.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Plan {
    /// A slot in the page; none if the cells lie in several, one part is no cell but a gauge, or one may have
    /// exemplars.
    page: u32,
    /// Offsets in the page, here and below.
    in_flight: u16,
    records: u16,
    bytes: u16,
    outcomes: [u16; OUTCOMES],
    latency: [u16; OUTCOMES],
    /// Whether somebody asks how long it takes.
    is_timed: bool,
    /// Whether there is nothing to record at all, as in a disabled registry.
    is_empty: bool,
    /// Of the histograms, which are one family and so have their buckets in common.
    index: BucketIndex,
}

const _: () = assert!(size_of::<Plan>() == 64, "a plan takes one cache line");

impl Plan {
    /// The plan of these handles.
    pub(super) fn of(handles: &Handles) -> Self {
        let in_flight = handles.in_flight.0.slot();
        let [records, bytes] = [&handles.records, &handles.bytes].map(|counter| counter.0.slot());
        let outcomes = handles.outcomes.each_ref().map(|counter| counter.0.slot());
        let latency = handles.latency.each_ref().map(Histogram::slot);
        let cells = || {
            let all = [in_flight, records, bytes].into_iter().chain(outcomes).chain(latency);
            all.filter(|slot| *slot != NO_SLOT)
        };
        let has_gauge = handles.in_flight_gauge.0.is_some();
        let is_apart = has_gauge || handles.has_exemplars();
        let index = handles.latency[0].core().map(|core| core.layout().index.clone());
        Self {
            page: if is_apart { NO_SLOT } else { common_page(cells()) },
            in_flight: offset(in_flight),
            records: offset(records),
            bytes: offset(bytes),
            outcomes: outcomes.map(offset),
            latency: latency.map(offset),
            is_timed: index.is_some(),
            is_empty: !has_gauge && cells().next().is_none(),
            index: index.unwrap_or_default(),
        }
    }

    #[inline(always)]
    pub(super) fn is_timed(&self) -> bool {
        self.is_timed
    }

    /// Counts one more under way, when the thread has the one page. Says false when there is something to record
    /// apart.
    #[inline(always)]
    pub(super) fn enter(&self) -> bool {
        let Some(page) = local::own_page(self.page) else { return self.is_empty };
        add(page, self.in_flight, 1);
        true
    }

    /// Records an end, when the thread has the one page, and the bucket is found in a table. Says false when there is
    /// something to record apart, and then has recorded nothing.
    #[inline(always)]
    pub(super) fn record(&self, outcome: usize, seconds: f64, records: u64, bytes: u64) -> bool {
        // The bucket before the page, as a histogram does it.
        let Some(bucket) = self.bucket(seconds) else { return false };
        let Some(page) = local::own_page(self.page) else { return self.is_empty };
        let latency = self.latency[outcome];
        if latency != NONE {
            histogram::record_in(page, latency.into(), bucket, 1, pairs::plus(seconds));
        }
        add(page, self.records, records);
        add(page, self.bytes, bytes);
        add(page, self.outcomes[outcome], 1);
        // One less, as wrapping integers have it.
        add(page, self.in_flight, u64::MAX);
        true
    }

    /// The bucket of a duration, any one if nobody asks for it; `None` when it is not found in a table.
    #[inline(always)]
    fn bucket(&self, seconds: f64) -> Option<usize> {
        if self.is_timed { self.index.find(seconds) } else { Some(0) }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            page: NO_SLOT,
            in_flight: NONE,
            records: NONE,
            bytes: NONE,
            outcomes: [NONE; OUTCOMES],
            latency: [NONE; OUTCOMES],
            is_timed: false,
            is_empty: true,
            index: BucketIndex::default(),
        }
    }
}

/// A slot in the page that all of these lie in, [`NO_SLOT`] when there is no such page.
fn common_page(mut slots: impl Iterator<Item = u32>) -> u32 {
    let Some(first) = slots.next() else { return NO_SLOT };
    if slots.all(|slot| page_of(slot) == page_of(first)) { first } else { NO_SLOT }
}

fn offset(slot: u32) -> u16 {
    if slot == NO_SLOT { NONE } else { offset_of(slot) as u16 }
}

#[inline(always)]
fn add(page: &Page, offset: u16, n: u64) {
    if offset != NONE {
        cells::add_in(page, offset.into(), n);
    }
}
