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

/// What another thread does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// There is none.
    Nobody,
    /// It reads every millisecond.
    EveryMillisecond,
    /// It reads, or writes, and does nothing else.
    WithoutPause,
}

/// Calls `act` in a thread of its own while `work` runs.
fn beside<R>(other: Beside, act: impl Fn() + Sync, work: impl FnOnce() -> R) -> R {
    let done = AtomicBool::new(false);
    let started = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            started.wait();
            while other != Beside::Nobody && !done.load(Ordering::Acquire) {
                act();
                if other == Beside::EveryMillisecond {
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
pub fn tail(other: Beside, series: usize) -> Reading {
    let setup = move || {
        let registry = Registry::builder().max_series_per_family(series).build().expect("legal");
        let counters = counters(&registry, series);
        counters.iter().for_each(Counter::inc);
        let first = std::array::from_fn(|i| counters[i % series].clone());
        (registry, first, Clock::new())
    };
    Reading::new(setup, move |(registry, counters, clock): &(Registry, [Counter; BATCH], Clock)| {
        let scrape = || drop(black_box(registry.snapshot()));
        let mut times = beside(other, scrape, || {
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

/// Most loads of a bucket's number that a reader needed.
#[must_use]
pub fn tries(writer: Beside, bound_count: usize) -> Reading {
    Reading::new(
        move || histogram(bound_count),
        move |(_, histogram)| {
            let read = || {
                let done = Instant::now() + WATCHED;
                let mut most = 0;
                while Instant::now() < done {
                    most = most.max(histogram.value().most_tries);
                }
                most
            };
            let observe = || values().iter().for_each(|value| histogram.observe(*value));
            f64::from(beside(writer, observe, read))
        },
    )
}

/// The nanoseconds of an observation beside a reader that takes snapshots.
#[must_use]
pub fn observe(other: Beside, bound_count: usize) -> Reading {
    let observe = move |(registry, histogram): &(Registry, Histogram)| {
        let read = || drop(black_box(registry.snapshot()));
        beside(other, read, || {
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

/// The nanoseconds of a snapshot of one histogram whose writer stands half-way through an observation, or of one that
/// nobody records in.
#[must_use]
pub fn snapshot(bound_count: usize, writer_stands: bool) -> Reading {
    const SNAPSHOTS: u32 = 1_000;
    Reading::new(
        move || histogram(bound_count),
        move |(registry, histogram)| {
            let take = || {
                let begun = Instant::now();
                (0..SNAPSHOTS).for_each(|_| drop(black_box(registry.snapshot())));
                begun.elapsed().as_nanos() as f64 / f64::from(SNAPSHOTS)
            };
            let (stands, go_on) = (Barrier::new(2), Barrier::new(2));
            thread::scope(|scope| {
                scope.spawn(|| {
                    histogram.observe(0.05);
                    let pause = || {
                        stands.wait();
                        go_on.wait();
                    };
                    if writer_stands { histogram.observe_slowly(0.05, pause) } else { pause() }
                });
                stands.wait();
                let took = take();
                go_on.wait();
                took
            })
        },
    )
}
