//! Observing a value in a histogram.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram as Hdr;
use prometheus::{HistogramOpts, HistogramVec};
use tachometer::{Buckets, Histogram};

use super::{registry, streams};
use crate::{Handles, Side, VALUES, bounds, values};

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
    Side::new(
        name,
        handles,
        move |i| histograms[i].clone(),
        |histogram, i| histogram.observe(values[i % VALUES]),
    )
}

/// Handles to one histogram for each stream.
pub(super) fn engine_handles(bound_count: usize, enabled: bool) -> [Histogram; crate::HANDLES] {
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
    let bounds = bounds(bound_count);
    let bucket = |value: &f64| bounds.partition_point(|bound| bound < value);
    let buckets: Box<[usize; VALUES]> = Box::new(values.each_ref().map(bucket));
    let buckets: &'static [usize; VALUES] = Box::leak(buckets);
    let cells = |_| Box::new(CachePadded::new([const { AtomicU64::new(0) }; 1 + MOST_BUCKETS]));
    Side::new("floor: bucket and sum", handles, cells, move |cells, i| {
        let (count, sum) = (&cells[1 + buckets[i % VALUES] % MOST_BUCKETS], &cells[0]);
        count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        let added = f64::from_bits(sum.load(Ordering::Relaxed)) + values[i % VALUES];
        sum.store(added.to_bits(), Ordering::Relaxed);
    })
}

/// `prometheus::Histogram::observe`.
#[must_use]
pub fn prometheus(handles: Handles, bound_count: usize) -> Side {
    let histograms = prometheus_handles(bound_count);
    let values = values();
    Side::new(
        "prometheus",
        handles,
        move |i| histograms[i].clone(),
        |histogram, i| histogram.observe(values[i % VALUES]),
    )
}

pub(super) fn prometheus_handles(bound_count: usize) -> [prometheus::Histogram; crate::HANDLES] {
    let options = HistogramOpts::new("latency_seconds", "Latency.").buckets(bounds(bound_count));
    let family = HistogramVec::new(options, &["stream_name"]).expect("legal");
    streams().map(|stream| family.with_label_values(&[&stream]))
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
