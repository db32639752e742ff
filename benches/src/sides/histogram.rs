//! Observing a value in a histogram.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram as Hdr;
use tachometer::{Buckets, DynamicFamily, Histogram, IntegerHistogram};

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

/// [`IntegerHistogram::observe`], given nanoseconds.
#[must_use]
pub fn integers(handles: Handles, bound_count: usize) -> Side {
    let (name, registry) = registry(true);
    let buckets = Buckets::explicit(bounds(bound_count));
    let family = registry.declare("latency_seconds", "").labels(["stream_name"]).buckets(buckets);
    let family: DynamicFamily<IntegerHistogram> = family.register().expect("the name is new");
    let histograms = streams().map(|stream| family.with([("stream_name", &*stream)]).expect("cells"));
    let nanoseconds = nanoseconds();
    shared(name, handles, histograms, |histogram, i| histogram.observe(nanoseconds[i % VALUES]))
}

/// [`Buckets::index_of`].
#[must_use]
pub fn index(bound_count: usize) -> Side {
    let buckets = Buckets::explicit(bounds(bound_count)).expect("they ascend");
    let values = values();
    Side::new(
        "index_of",
        Handles::One,
        move |_| (buckets.clone(), 0),
        |(buckets, sum), i| *sum += buckets.index_of(values[i % VALUES]).unwrap_or(0),
    )
}

/// A binary search of the standard library.
#[must_use]
pub fn partition_point(bound_count: usize) -> Side {
    let bounds: Box<[f64]> = bounds(bound_count).into();
    let values = values();
    Side::new(
        "partition_point",
        Handles::One,
        move |_| (bounds.clone(), 0),
        |(bounds, sum), i| *sum += bounds.partition_point(|bound| *bound < values[i % VALUES]),
    )
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
    let nanoseconds = nanoseconds();
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

fn nanoseconds() -> &'static [u64; VALUES] {
    Box::leak(Box::new(values().map(|seconds| (seconds * 1e9) as u64)))
}
