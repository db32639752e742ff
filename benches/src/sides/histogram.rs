//! Observing a value in a histogram.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram as Hdr;
use tachometer::{Buckets, Histogram};

use super::{add_to, registry, shared, streams};
use crate::{HANDLES, Handles, Side, VALUES, bounds, values};

/// Buckets that the floor's cells have room for.
const MOST_BUCKETS: usize = 128;

/// [`Histogram::observe`].
#[must_use]
pub fn tachometer(handles: Handles, bound_count: usize) -> Side {
    engine(handles, bound_count, true)
}

/// The same on a handle of a disabled registry.
#[must_use]
pub fn noop(handles: Handles, bound_count: usize) -> Side {
    engine(handles, bound_count, false)
}

fn engine(handles: Handles, bound_count: usize, enabled: bool) -> Side {
    let (name, _) = registry(enabled);
    let histograms = engine_handles(bound_count, enabled);
    let values = values();
    shared(name, handles, histograms, |histogram, i| histogram.observe(values[i % VALUES]))
}

/// Handles to one histogram for each stream.
pub(super) fn engine_handles(bound_count: usize, enabled: bool) -> [Histogram; HANDLES] {
    let (_, registry) = registry(enabled);
    let buckets = Buckets::explicit(bounds(bound_count));
    let family = registry.histogram_family_with("latency_seconds", "", ["stream_name"], buckets);
    let family = family.expect("the name is new and the bounds ascend");
    streams().map(|stream| family.with([("stream_name", &*stream)]).expect("cells"))
}

/// A bucket and a sum of the thread's own, without a look-up and without protection against a reader. The buckets of
/// the values are known beforehand.
#[must_use]
pub fn floor(handles: Handles, bound_count: usize) -> Side {
    let values = values();
    let buckets = known_buckets(bound_count);
    let cells = |_| Box::new(CachePadded::new(BareCells::default()));
    Side::new("floor: bucket and sum", handles, cells, move |cells, i| {
        cells.observe(buckets[i % VALUES], values[i % VALUES]);
    })
}

/// In which bucket each of the values belongs.
pub(super) fn known_buckets(bound_count: usize) -> &'static [usize; VALUES] {
    let bounds = bounds(bound_count);
    let buckets = values().each_ref().map(|value| bounds.partition_point(|bound| bound < value));
    Box::leak(Box::new(buckets))
}

/// Buckets and a sum that promise a reader nothing.
pub(super) struct BareCells {
    sum: AtomicU64,
    buckets: [AtomicU64; MOST_BUCKETS],
}

impl Default for BareCells {
    fn default() -> Self {
        Self { sum: AtomicU64::default(), buckets: [const { AtomicU64::new(0) }; MOST_BUCKETS] }
    }
}

impl BareCells {
    pub(super) fn observe(&self, bucket: usize, value: f64) {
        add_to(&self.buckets[bucket % MOST_BUCKETS], 1);
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed)) + value;
        self.sum.store(sum.to_bits(), Ordering::Relaxed);
    }
}

/// `hdrhistogram`'s `record` with three digits from 1 ns to 60 s, in a histogram of the thread's own that no reader may
/// look at meanwhile. It is given nanoseconds as integers, and keeps no sum.
#[must_use]
pub fn hdrhistogram() -> Side {
    let nanoseconds = Box::new(values().map(|seconds| (seconds * 1e9) as u64));
    let nanoseconds: &'static [u64; VALUES] = Box::leak(nanoseconds);
    Side::new(
        "hdrhistogram",
        Handles::One,
        |_| Hdr::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("legal"),
        |histogram, i| {
            // Fails beyond 60 s, which no value reaches.
            let _ = histogram.record(nanoseconds[i % VALUES]);
        },
    )
}
