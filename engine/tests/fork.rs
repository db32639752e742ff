//! After `fork`, the child records on its own thread and on new ones, while the parent's threads record flat out.
//!
//! It asks callbacks too, with a worker thread of its own in place of the parent's.
//!
//! The child has copies of the shards of threads that it does not have, stopped wherever they were. It reads them, and
//! never records in them. A program without the test harness, whose threads would be forked as well.

#[cfg(unix)]
#[path = "common/children.rs"]
mod children;
#[cfg(unix)]
mod common;

#[cfg(unix)]
fn main() {
    unix::a_forked_child_records_while_the_parent_goes_on();
    println!("test a_forked_child_records_while_the_parent_goes_on ... ok");
    unix::a_forked_child_asks_callbacks_with_a_worker_of_its_own();
    println!("test a_forked_child_asks_callbacks_with_a_worker_of_its_own ... ok");
}

#[cfg(not(unix))]
fn main() {
    println!("there is no fork on this platform");
}

#[cfg(unix)]
mod unix {
    use std::{
        process,
        sync::atomic::{AtomicBool, AtomicU64, Ordering},
        thread,
    };

    use super::{children::status_of_child, common::Finish};
    use tachometer::{Buckets, Counter, Histogram, HistogramValue, LocalCounter, Registry};

    const FORKS: u64 = 200;
    const WRITERS: u64 = 3;
    const RECORDS: u64 = 1_000;
    /// A child that takes so long hangs. It is killed, and the test fails.
    const DEADLINE_SECONDS: u32 = 1;

    #[derive(Clone)]
    struct Metrics {
        counter: Counter,
        histogram: Histogram,
    }

    impl Metrics {
        /// Adds one observation of 1 or of 2, so that the sum that belongs to the buckets is known.
        fn record(&self, turn: u64) {
            self.counter.inc();
            self.histogram.observe(if turn.is_multiple_of(2) { 1.0 } else { 2.0 });
        }

        fn record_all(&self) {
            (0..RECORDS).for_each(|turn| self.record(turn));
        }
    }

    fn agrees(value: &HistogramValue) -> bool {
        value.count == value.counts.iter().sum::<u64>()
            && value.sum == value.counts[0] as f64 + 2.0 * value.counts[1] as f64
    }

    pub(crate) fn a_forked_child_records_while_the_parent_goes_on() {
        let registry = Registry::new();
        let metrics = Metrics {
            counter: registry.counter("events_total", "Events.").unwrap(),
            histogram: registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap(),
        };
        let done = AtomicBool::new(false);
        let made = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let mut turn = 0;
                    while !done.load(Ordering::Relaxed) {
                        metrics.record(turn);
                        turn += 1;
                    }
                    made.fetch_add(turn, Ordering::Relaxed);
                });
            }
            let finish = Finish(&done);
            let local = metrics.counter.local();
            let (child, parent) = (|| in_the_child(&metrics, &local), || metrics.record_all());
            let statuses: Vec<i32> =
                (0..FORKS).map(|_| status_of_child(DEADLINE_SECONDS, child, parent)).collect();
            drop(finish);
            assert_eq!(statuses, vec![0; FORKS as usize], "each 0 is a child that exited as it should");
        });
        let end = metrics.histogram.value();
        let expected = made.load(Ordering::Relaxed) + FORKS * RECORDS;
        assert_eq!((metrics.counter.value(), end.count), (expected, expected));
        assert!(agrees(&end), "{end:?}");
        println!("{FORKS} forks beside {expected} records of the parent");
    }

    pub(crate) fn a_forked_child_asks_callbacks_with_a_worker_of_its_own() {
        let registry = Registry::new();
        registry.counter_fn("process", "The number of the process.", || u64::from(process::id())).unwrap();
        let asked = |registry: &Registry| registry.snapshot().counter("process", &[]);
        for _ in 0..FORKS {
            // The worker may be about to wait for the next snapshot, and hold a lock for that, when the child is made.
            assert_eq!(asked(&registry), Some(u64::from(process::id())));
            let in_the_child = || {
                let this = Some(u64::from(process::id()));
                let good = asked(&registry) == this && asked(&registry) == this;
                if good { 0 } else { 2 }
            };
            assert_eq!(status_of_child(DEADLINE_SECONDS, in_the_child, || {}), 0);
        }
        assert_eq!(registry.callback_errors(), 0);
    }

    /// Records 1,000 on this thread, as many through a local handle that was made before the fork, and as many on a new
    /// thread, and returns 0 if that is what the metrics say.
    fn in_the_child(metrics: &Metrics, local: &LocalCounter) -> i32 {
        let before = (metrics.counter.value(), metrics.histogram.value());
        metrics.record_all();
        (0..RECORDS).for_each(|_| local.inc());
        let on_a_new_thread = metrics.clone();
        let joined = thread::spawn(move || on_a_new_thread.record_all()).join();
        let after = (metrics.counter.value(), metrics.histogram.value());
        if joined.is_err() {
            return 2;
        }
        if after.0 - before.0 != 3 * RECORDS {
            return 3;
        }
        if after.1.count - before.1.count != 2 * RECORDS {
            return 4;
        }
        if !agrees(&before.1) || !agrees(&after.1) {
            return 5;
        }
        0
    }
}
