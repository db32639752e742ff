//! After `fork`, the child records on its own thread and on new ones, while the parent's threads record flat out.
//!
//! The child has copies of the shards of threads that it does not have, stopped wherever they were. It reads them, and
//! never records in them. A program without the test harness, whose threads would be forked as well.

#[cfg(unix)]
mod common;

#[cfg(unix)]
fn main() {
    unix::a_forked_child_records_while_the_parent_goes_on();
    println!("test a_forked_child_records_while_the_parent_goes_on ... ok");
}

#[cfg(not(unix))]
fn main() {
    println!("there is no fork on this platform");
}

#[cfg(unix)]
mod unix {
    use std::{
        sync::atomic::{AtomicBool, AtomicU64, Ordering},
        thread,
    };

    use super::common::Finish;
    use tachometer::{Buckets, Counter, Histogram, HistogramValue, Registry};

    const FORKS: u64 = 50;
    const WRITERS: u64 = 3;
    const RECORDS: u64 = 1_000;
    /// A child that hangs is killed after this, and the test fails.
    const DEADLINE_SECONDS: u32 = 20;

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
            let statuses: Vec<i32> = (0..FORKS).map(|_| status_of_child(&metrics)).collect();
            drop(finish);
            assert_eq!(statuses, vec![0; FORKS as usize], "each 0 is a child that exited as it should");
        });
        let end = metrics.histogram.value();
        let expected = made.load(Ordering::Relaxed) + FORKS * RECORDS;
        assert_eq!((metrics.counter.value(), end.count), (expected, expected));
        assert!(agrees(&end), "{end:?}");
        println!("{FORKS} forks beside {expected} records of the parent");
    }

    /// Forks, records on in the parent, and waits for the child. Returns the status that `waitpid` gives.
    fn status_of_child(metrics: &Metrics) -> i32 {
        // SAFETY: the child allocates and starts threads after the fork of a program with several threads, which POSIX
        // leaves open and the C libraries of Linux and macOS allow. It takes no lock of Rust's that another thread
        // could have held at the fork: the writers only record.
        match unsafe { libc::fork() } {
            0 => in_the_child(metrics),
            child => {
                assert!(child > 0, "fork: {}", std::io::Error::last_os_error());
                metrics.record_all();
                let mut status = 0;
                // SAFETY: `status` is valid for writes during the call.
                let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
                assert_eq!(waited, child, "waitpid: {}", std::io::Error::last_os_error());
                status
            }
        }
    }

    /// Records 1,000 on this thread and 1,000 on a new one, and exits with 0 if that is what the metrics say.
    fn in_the_child(metrics: &Metrics) -> ! {
        // SAFETY: it has no preconditions.
        let exit = |code| unsafe { libc::_exit(code) };
        // SAFETY: it has none either. Its signal ends a child that hangs.
        unsafe { libc::alarm(DEADLINE_SECONDS) };
        let before = (metrics.counter.value(), metrics.histogram.value());
        metrics.record_all();
        let on_a_new_thread = metrics.clone();
        let joined = thread::spawn(move || on_a_new_thread.record_all()).join();
        let after = (metrics.counter.value(), metrics.histogram.value());
        if joined.is_err() {
            exit(2);
        }
        if after.0 - before.0 != 2 * RECORDS {
            exit(3);
        }
        if after.1.count - before.1.count != 2 * RECORDS {
            exit(4);
        }
        if !agrees(&before.1) || !agrees(&after.1) {
            exit(5);
        }
        exit(0)
    }
}
