//! What the record of an operation's end reads, beside the cells: a few slots, and where the bucket of a duration is
//! found.

use std::sync::Arc as Shared;

use super::parts::{Handles, OUTCOMES};
use crate::{
    Counter, Histogram,
    buckets::Layout,
    cells, histogram,
    shard::{NO_SLOT, Page, local, table::page_of},
};

/// The slots of an operation's cells, on a cache line of their own. Those that were not asked for are [`NO_SLOT`].
///
/// The handles lie on several lines, and those of histograms point to others, so that a program with many operations
/// would find few of them in its nearest cache. They are there to keep the cells.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Plan {
    /// A slot in the page that holds all cells; none if they lie in several, or in none because one is a gauge's.
    page: u32,
    in_flight: u32,
    records: u32,
    bytes: u32,
    outcomes: [u32; OUTCOMES],
    latency: [u32; OUTCOMES],
    /// Of the histograms, which are one family and so have it in common; `None` when nobody asks for the time.
    layout: Option<Shared<Layout>>,
    /// Whether what is under way is counted in a gauge, of which this knows nothing else.
    has_gauge: bool,
}

const _: () = assert!(size_of::<Plan>() == 64, "a plan takes one cache line");

impl Plan {
    /// The plan of these handles.
    pub(super) fn of(handles: &Handles) -> Self {
        let slots = |counters: &[Counter; OUTCOMES]| counters.each_ref().map(|counter| counter.0.slot());
        let mut plan = Self {
            page: NO_SLOT,
            in_flight: handles.in_flight.0.slot(),
            records: handles.records.0.slot(),
            bytes: handles.bytes.0.slot(),
            outcomes: slots(&handles.outcomes),
            latency: handles.latency.each_ref().map(Histogram::slot),
            layout: handles.latency[0].core().map(|core| Shared::clone(core.layout())),
            has_gauge: handles.in_flight_gauge.0.is_some(),
        };
        if !plan.has_gauge {
            plan.page = plan.common_page();
        }
        plan
    }

    /// A slot in the page that all cells lie in, [`NO_SLOT`] when there is no such page.
    fn common_page(&self) -> u32 {
        let ends = [self.in_flight, self.records, self.bytes];
        let mut slots =
            ends.into_iter().chain(self.outcomes).chain(self.latency).filter(|slot| *slot != NO_SLOT);
        let Some(first) = slots.next() else { return NO_SLOT };
        if slots.all(|slot| page_of(slot) == page_of(first)) { first } else { NO_SLOT }
    }

    /// Whether somebody asks how long it takes.
    #[inline(always)]
    pub(super) fn is_timed(&self) -> bool {
        self.layout.is_some()
    }

    /// Counts one more under way, and says whether a gauge is to count it too.
    #[inline(always)]
    pub(super) fn enter(&self) -> bool {
        cells::add(self.in_flight, 1);
        self.has_gauge
    }

    /// Records an end, when the thread has one page that holds all cells, and the bucket is found in a table. Says
    /// whether it was so; else nothing is recorded.
    #[inline(always)]
    pub(super) fn record(&self, outcome: usize, seconds: f64, records: u64, bytes: u64) -> bool {
        // The bucket before the page, as a histogram does it.
        let bucket = self.layout.as_ref().map(|layout| layout.index.find(seconds));
        let Some(page) = local::own_page(self.page) else { return false };
        match bucket {
            None => {}
            Some(Some(bucket)) => histogram::record_in(page, self.latency[outcome], bucket, 1, seconds),
            Some(None) => return false,
        }
        add(page, self.records, records);
        add(page, self.bytes, bytes);
        add(page, self.outcomes[outcome], 1);
        // One less, as wrapping integers have it.
        add(page, self.in_flight, u64::MAX);
        true
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            page: NO_SLOT,
            in_flight: NO_SLOT,
            records: NO_SLOT,
            bytes: NO_SLOT,
            outcomes: [NO_SLOT; OUTCOMES],
            latency: [NO_SLOT; OUTCOMES],
            layout: None,
            has_gauge: false,
        }
    }
}

#[inline(always)]
fn add(page: &Page, slot: u32, n: u64) {
    if slot != NO_SLOT {
        cells::add_in(page, slot, n);
    }
}
