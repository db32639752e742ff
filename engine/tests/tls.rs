//! What the destructors of thread-locals record counts, before and after the engine's own thread-local is gone.
//!
//! Destructors run in the opposite order of first touches. A recorder that was touched after the thread's first record
//! is destroyed while the thread still has its shard; one that was touched before it, when the shard is given back
//! already and each record leases one.
#![forbid(unsafe_code)]

use std::{cell::RefCell, env, process::Command, thread};

use tachometer::{
    Counter, DropReason, FloatCounter, Gauge, Histogram, Registry, UpDownCounter, dropped_records,
};

const THREADS: u64 = 100;
const RECORDS: u64 = 3;

/// One handle of each kind that records per thread.
#[derive(Clone)]
struct Metrics {
    counter: Counter,
    float: FloatCounter,
    up_down: UpDownCounter,
    gauge: Gauge,
    histogram: Histogram,
}

impl Metrics {
    fn new(registry: &Registry) -> Self {
        Self {
            counter: registry.counter("events_total", "Events.").unwrap(),
            float: registry.float_counter("seconds_total", "Seconds.").unwrap(),
            up_down: registry.up_down_counter("open", "Open.").unwrap(),
            gauge: registry.gauge("level", "Level.").unwrap(),
            histogram: registry.histogram("size", "Size.").unwrap(),
        }
    }

    fn record(&self) {
        self.counter.inc();
        self.float.add(0.5);
        self.up_down.sub(1);
        self.gauge.add(1.0);
        self.histogram.observe(2.0);
    }

    fn assert_recorded(&self, times: u64) {
        let value = self.histogram.value();
        assert_eq!(self.counter.value(), times);
        assert_eq!(self.float.value(), 0.5 * times as f64);
        assert_eq!(self.up_down.value(), -(times as i64));
        assert_eq!(self.gauge.value(), times as f64);
        assert_eq!((value.count, value.sum), (times, 2.0 * times as f64));
    }
}

/// Records when it is dropped.
struct Recorder(Metrics);

impl Drop for Recorder {
    fn drop(&mut self) {
        for _ in 0..RECORDS {
            self.0.record();
        }
    }
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
    static SECOND: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

fn arm(metrics: &Metrics) {
    RECORDER.with(|recorder| *recorder.borrow_mut() = Some(Recorder(metrics.clone())));
}

/// Runs `body` on 100 threads that end at about the same time.
fn on_a_hundred_threads(body: impl Fn(&Metrics) + Sync) -> Metrics {
    let metrics = Metrics::new(&Registry::new());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| body(&metrics))).collect();
        // A join by hand waits for the destructors; the end of the scope does not.
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    metrics
}

#[test]
fn a_destructor_that_runs_before_the_shard_is_given_back_records() {
    let metrics = on_a_hundred_threads(|metrics| {
        metrics.record();
        arm(metrics);
    });
    metrics.assert_recorded(THREADS * (RECORDS + 1));
}

#[test]
fn a_destructor_that_runs_after_the_shard_is_given_back_records() {
    let metrics = on_a_hundred_threads(|metrics| {
        arm(metrics);
        metrics.record();
    });
    metrics.assert_recorded(THREADS * (RECORDS + 1));
}

#[test]
fn a_thread_may_record_for_the_first_time_in_a_destructor() {
    let metrics = on_a_hundred_threads(arm);
    metrics.assert_recorded(THREADS * RECORDS);
}

#[test]
fn two_destructors_on_both_sides_of_the_shard_record() {
    let metrics = on_a_hundred_threads(|metrics| {
        SECOND.with(|recorder| *recorder.borrow_mut() = Some(Recorder(metrics.clone())));
        metrics.record();
        arm(metrics);
    });
    metrics.assert_recorded(THREADS * (2 * RECORDS + 1));
}

/// Runs a timer each way when it is dropped.
struct TimesItself(Histogram);

impl Drop for TimesItself {
    fn drop(&mut self) {
        self.0.start_timer().stop();
        drop(self.0.start_timer());
        self.0.start_timer().discard();
    }
}

thread_local! {
    static TIMES_ITSELF: RefCell<Option<TimesItself>> = const { RefCell::new(None) };
}

/// The clock has a thread-local of its own, which a destructor may outlive as well.
#[test]
fn timers_work_in_destructors_of_either_order() {
    let registry = Registry::new();
    let timed = registry.histogram("duration_seconds", "Durations.").unwrap();
    let counter = registry.counter("touches_total", "Touches.").unwrap();
    let set = |timed: &Histogram| {
        TIMES_ITSELF.with(|slot| *slot.borrow_mut() = Some(TimesItself(timed.clone())));
    };
    // In the order in which the thread first touches the destructor, a timer, and its shard by a plain record.
    let orders: [[u8; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let (timed, counter) = (timed.clone(), counter.clone());
        let body = move || {
            for touch in order {
                match touch {
                    0 => set(&timed),
                    1 => timed.start_timer().discard(),
                    _ => counter.inc(),
                }
            }
        };
        thread::spawn(body).join().unwrap();
    }
    assert_eq!(timed.value().count, 2 * orders.len() as u64);
    assert_eq!(counter.value(), orders.len() as u64);
}

#[test]
fn nothing_in_a_destructor_is_dropped() {
    let before: Vec<u64> = DropReason::ALL.map(dropped_records).to_vec();
    on_a_hundred_threads(|metrics| {
        arm(metrics);
        metrics.record();
    });
    assert_eq!(DropReason::ALL.map(dropped_records).to_vec(), before);
}

const AGAIN: &str = "TACHOMETER_TEST_DESTRUCTORS";

/// This very test again, in a process of its own: were a destructor to abort, the process would not end as it should.
#[test]
fn a_process_in_whose_destructors_a_hundred_threads_record_ends_with_exit_code_0() {
    if let Ok(order) = env::var(AGAIN) {
        return record_in_destructors(&order);
    }
    for order in ["before", "after", "first"] {
        let name = "a_process_in_whose_destructors_a_hundred_threads_record_ends_with_exit_code_0";
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(AGAIN, order)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{order}: {printed}{output:?}");
        assert!(printed.contains("300 recorded in destructors"), "{order}: {printed}");
    }
}

/// The destructor runs before the shard is given back, after it, or makes the thread's first record.
fn record_in_destructors(order: &str) {
    let metrics = on_a_hundred_threads(|metrics| match order {
        "before" => {
            metrics.record();
            arm(metrics);
        }
        "after" => {
            arm(metrics);
            metrics.record();
        }
        _ => arm(metrics),
    });
    let by_threads = if order == "first" { 0 } else { THREADS };
    metrics.assert_recorded(by_threads + 300);
    println!("{} recorded in destructors", metrics.counter.value() - by_threads);
}
