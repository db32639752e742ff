//! A histogram's count, buckets and sum agree in every snapshot, whatever the writers are doing.
//!
//! Every bucket of these histograms receives one value only, a whole number, so the sum that belongs to a set of
//! counts is known exactly: one foreign, missing or torn observation shows.
#![forbid(unsafe_code)]

mod common;

use std::{
    sync::{
        Barrier, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use common::Finish;
use tachometer::{Buckets, Histogram, HistogramValue, HistogramView, Registry};

/// The bounds 1, 2, 4 .. 512; each bucket receives its own bound, and the last one 1024.
const BOUNDS: usize = 10;

fn value_of(bucket: usize) -> f64 {
    f64::from(1_u32 << bucket)
}

/// What must hold of counts and a sum that were read together. Returns what is wrong.
fn disagreement(counts: &[u64], count: u64, sum: f64) -> Option<String> {
    let total: u64 = counts.iter().sum();
    let implied: f64 = counts.iter().enumerate().map(|(bucket, n)| value_of(bucket) * *n as f64).sum();
    let agree = total == count && implied == sum;
    (!agree).then(|| {
        format!("count {count}, buckets {counts:?}, sum {sum}, but the buckets make {total} and {implied}")
    })
}

fn check(seen: &HistogramView<'_>) {
    assert_eq!(disagreement(seen.counts(), seen.count(), seen.sum()), None);
}

fn assert_grown(earlier: &mut Vec<u64>, now: &[u64]) {
    let fallen = earlier.iter().zip(now).position(|(before, after)| after < before);
    assert_eq!(fallen, None, "a bucket went backwards: {earlier:?} to {now:?}");
    now.clone_into(earlier);
}

/// Held by each test: beside another test's threads, the readers would meet fewer writers half-way.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs `write(histogram, writer, turn)` on `writers` threads, over and over, until `read` returns. Gives back the
/// turns taken in all.
fn while_writing<R>(
    histogram: &Histogram,
    writers: u64,
    write: impl Fn(&Histogram, u64, u64) + Sync,
    read: impl FnOnce() -> R,
) -> (u64, R) {
    let _alone = ALONE.lock();
    let done = AtomicBool::new(false);
    let turns = AtomicU64::new(0);
    let start = Barrier::new(writers as usize + 1);
    let result = thread::scope(|scope| {
        for writer in 0..writers {
            let (done, turns, start, write) = (&done, &turns, &start, &write);
            scope.spawn(move || {
                start.wait();
                let mut turn = 0;
                while !done.load(Ordering::Relaxed) {
                    write(histogram, writer, turn);
                    turn += 1;
                }
                turns.fetch_add(turn, Ordering::Relaxed);
            });
        }
        let _finish = Finish(&done);
        start.wait();
        read()
    });
    (turns.load(Ordering::Relaxed), result)
}

/// Observations that must be seen in the making before a test is content, however few the scheduler lets through.
const MEANWHILE: u64 = 100_000;

/// Reads at least `reads` times, and until [`MEANWHILE`] observations were seen. Returns the reads.
fn read_on(reads: u64, mut read: impl FnMut() -> HistogramValue) -> u64 {
    let mut done = 0;
    loop {
        let value = read();
        assert_eq!(disagreement(&value.counts, value.count, value.sum), None);
        done += 1;
        if done >= reads && value.count >= MEANWHILE {
            return done;
        }
    }
}

fn doubling_histogram(registry: &Registry) -> Histogram {
    registry.histogram_with("seen", "Seen.", Buckets::exponential(1.0, 2.0, BOUNDS)).unwrap()
}

#[test]
fn ten_thousand_snapshots_beside_eight_writers_all_agree() {
    let registry = Registry::new();
    let histogram = doubling_histogram(&registry);
    let write = |histogram: &Histogram, writer: u64, turn: u64| {
        histogram.observe(value_of(((turn * 7 + writer) % (BOUNDS as u64 + 1)) as usize));
    };
    let mut earlier = vec![0; BOUNDS + 1];
    let mut most_tries = 0;
    let (turns, snapshots) = while_writing(&histogram, 8, write, || {
        read_on(10_000, || {
            let snapshot = registry.snapshot();
            let seen = snapshot.histogram("seen", &[]).unwrap();
            check(&seen);
            assert_grown(&mut earlier, seen.counts());
            let value = histogram.value();
            assert_grown(&mut earlier, &value.counts);
            most_tries = most_tries.max(value.most_tries);
            value
        })
    });
    println!(
        "{snapshots} snapshots, {turns} observations meanwhile, a bucket took at most {most_tries} tries"
    );
    let end = histogram.value();
    assert_eq!((end.count, end.most_tries), (turns, 1));
    assert_eq!(disagreement(&end.counts, end.count, end.sum), None);
}

/// All writers in one bucket, the worst place for a reader. (Were a reader to wait for a stopped writer, or repeat for
/// as long as anybody writes, this would not end.)
#[test]
fn a_reader_of_the_one_bucket_that_everybody_writes_agrees_too() {
    let registry = Registry::new();
    let histogram = doubling_histogram(&registry);
    let write = |histogram: &Histogram, _: u64, _: u64| histogram.observe(8.0);
    let mut most_tries = 0;
    let (turns, _) = while_writing(&histogram, 2, write, || {
        read_on(50_000, || {
            let value = histogram.value();
            most_tries = most_tries.max(value.most_tries);
            value
        })
    });
    println!("{turns} observations of one bucket, which took at most {most_tries} tries");
    assert_eq!(histogram.value().counts[3], turns);
}

/// Observations by the dozen, and of none. A bucket that gains nothing keeps its number, and a reader must not take
/// that for a bucket in which nothing happened.
#[test]
fn observations_by_number_and_of_none_agree_as_well() {
    let registry = Registry::new();
    let histogram = doubling_histogram(&registry);
    let write = |histogram: &Histogram, _: u64, turn: u64| match turn % 3 {
        0 => histogram.observe_n(1.0, 0),
        1 => histogram.observe_n(512.0, 3),
        _ => histogram.observe_n(1024.0, 1),
    };
    let (turns, _) = while_writing(&histogram, 2, write, || read_on(50_000, || histogram.value()));
    let end = histogram.value().counts;
    assert_eq!((end[0], end[9] / 3 + end[10] <= turns, end[9] % 3), (0, true, 0));
}

#[test]
fn so_many_that_they_wrap_around_to_none_are_none() {
    let histogram = doubling_histogram(&Registry::new());
    histogram.observe(4.0);
    histogram.observe_n(4.0, 1 << 63);
    assert_eq!((histogram.value().count, histogram.value().sum), (1, 4.0));
}

#[test]
fn a_writer_stopped_half_way_has_not_observed_and_keeps_no_reader_waiting() {
    let _alone = ALONE.lock();
    let registry = Registry::new();
    // So that the histogram's cells are not the first of their page.
    let _counter = registry.counter("events_total", "Events.").unwrap();
    let histogram = doubling_histogram(&registry);
    let (stopped, go_on) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            histogram.observe(4.0);
            histogram.observe_slowly(4.0, || {
                stopped.wait();
                go_on.wait();
            });
        });
        stopped.wait();
        // The writer goes on when these have been read, and not before.
        let value = histogram.value();
        assert_eq!((value.count, value.sum, value.most_tries), (1, 4.0, 1));
        assert_eq!(registry.snapshot(), registry.snapshot());
        go_on.wait();
    });
    assert_eq!((histogram.value().count, histogram.value().sum), (2, 8.0));
}
