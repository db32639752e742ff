//! What writers and readers of the same metrics notice of each other.

use std::{
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use quanta::Clock;
use tachometer::{Buckets, Counter, Histogram, Registry};

use crate::{Reading, VALUES, bounds, counters, values};

/// How long a writer is watched for one reading.
const WATCHED: Duration = Duration::from_millis(50);

/// Who reads meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Nobody.
    None,
    /// A thread that takes a snapshot every millisecond.
    Scraper,
    /// A thread that does nothing else.
    Saturating,
}

/// Calls `read` as the reader does, in a thread of its own, while `work` runs.
fn beside<R>(reader: Reader, read: impl Fn() + Sync, work: impl FnOnce() -> R) -> R {
    let done = AtomicBool::new(false);
    let started = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            started.wait();
            while reader != Reader::None && !done.load(Ordering::Acquire) {
                read();
                if reader == Reader::Scraper {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        started.wait();
        let result = work();
        done.store(true, Ordering::Release);
        result
    })
}

/// Increments between two readings of the clock, which has steps of some nanoseconds.
const BATCH: usize = 16;

/// The 99.9th percentile of the time of an increment in batches of sixteen, in nanoseconds.
#[must_use]
pub fn tail(reader: Reader, series: usize) -> Reading {
    let setup = move || {
        let registry = Registry::builder().max_series_per_family(series).build().expect("legal");
        let counters = counters(&registry, series);
        counters.iter().for_each(Counter::inc);
        let first = std::array::from_fn(|i| counters[i % series].clone());
        (registry, first, Clock::new())
    };
    Reading::new(setup, move |(registry, counters, clock): &(Registry, [Counter; BATCH], Clock)| {
        let scrape = || drop(black_box(registry.snapshot()));
        let mut times = beside(reader, scrape, || {
            let begun = Instant::now();
            let mut times = Vec::with_capacity(1 << 22);
            while begun.elapsed() < WATCHED {
                for _ in 0..1_000 {
                    let before = clock.raw();
                    black_box(counters).iter().for_each(Counter::inc);
                    times.push(clock.raw() - before);
                }
            }
            times
        });
        let rank = times.len() * 999 / 1000;
        let (_, tail, _) = times.select_nth_unstable(rank);
        clock.delta_as_nanos(0, *tail) as f64 / BATCH as f64
    })
}

fn histogram(bound_count: usize) -> (Registry, Histogram) {
    let registry = Registry::builder().self_metrics(false).build().expect("legal");
    let buckets = Buckets::explicit(bounds(bound_count));
    let histogram = registry.histogram_with("latency_seconds", "", buckets).expect("new");
    (registry, histogram)
}

/// Most loads of a bucket's number that a reader needed beside a writer that does nothing else.
#[must_use]
pub fn tries(bound_count: usize) -> Reading {
    Reading::new(
        move || histogram(bound_count),
        |(_, histogram)| {
            let read = || {
                let done = Instant::now() + WATCHED;
                let mut most = 0;
                while Instant::now() < done {
                    most = most.max(histogram.value().most_tries);
                }
                most
            };
            let observe = || values().iter().for_each(|value| histogram.observe(*value));
            f64::from(beside(Reader::Saturating, observe, read))
        },
    )
}

/// The nanoseconds of an observation beside a reader that takes snapshots.
#[must_use]
pub fn observe(reader: Reader, bound_count: usize) -> Reading {
    let observe = move |(registry, histogram): &(Registry, Histogram)| {
        let read = || drop(black_box(registry.snapshot()));
        beside(reader, read, || {
            let done = Instant::now() + WATCHED;
            let mut passes = Vec::new();
            while Instant::now() < done {
                let begun = Instant::now();
                values().iter().for_each(|value| black_box(histogram).observe(*value));
                passes.push(begun.elapsed());
            }
            let middle = passes.len() / 2;
            let (_, median, _) = passes.select_nth_unstable(middle);
            median.as_nanos() as f64 / VALUES as f64
        })
    };
    Reading::new(move || histogram(bound_count), observe)
}
