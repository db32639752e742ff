//! The records of an operation in cells of the thread's own.

use std::{hint::black_box, sync::atomic::AtomicU64};

use crossbeam_utils::CachePadded;

use super::{
    super::{add_to, histogram},
    BOUNDS, BYTES, DURATIONS, RECORDS, Time,
};
use crate::{Handles, Side, values};

#[derive(Default)]
struct Cells {
    latency: histogram::BareCells,
    records: AtomicU64,
    bytes: AtomicU64,
    active: AtomicU64,
    ok: AtomicU64,
}

impl Cells {
    fn record(&self, bucket: usize, seconds: f64) {
        self.latency.observe(bucket, seconds);
        add_to(&self.records, RECORDS);
        add_to(&self.bytes, BYTES);
        add_to(&self.ok, 1);
        add_to(&self.active, 1_u64.wrapping_neg());
    }
}

/// Five cells and a sum, without a look-up and without protection against a reader. The buckets of the durations are
/// known beforehand, and the clock is `quanta`'s.
#[must_use]
pub fn floor(handles: Handles, time: Time) -> Side {
    let (values, buckets) = (values(), histogram::known_buckets(BOUNDS));
    let name = "floor: own cells";
    let cells = |_| Box::new(CachePadded::new(Cells::default()));
    match time {
        Time::Clock => Side::new(name, handles, cells, move |cells, i| {
            add_to(&cells.active, 1);
            let started = quanta::Instant::now();
            cells.record(buckets[i % DURATIONS], black_box(started.elapsed()).as_secs_f64());
        }),
        Time::Callers => Side::new(name, handles, cells, move |cells, i| {
            add_to(&cells.active, 1);
            cells.record(buckets[i % DURATIONS], values[i % DURATIONS]);
        }),
    }
}
