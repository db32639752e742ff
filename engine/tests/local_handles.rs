//! Local handles record what ordinary ones do, in destructors of any order too, and no two threads share a shard.
//!
//! Destructors run in the opposite order of first touches. A local handle in a thread-local that was touched before the
//! thread's first record is destroyed after the guard that returns the shard.
#![forbid(unsafe_code)]

use std::{cell::RefCell, mem, panic, sync::Barrier, thread};

use tachometer::{
    Buckets, Counter, DropReason, FloatCounter, Histogram, LocalCounter, LocalFloatCounter, LocalHistogram,
    LocalUpDownCounter, MAX_BOUNDS, Registry, UpDownCounter, dropped_records, shards_made,
};

const THREADS: u64 = 100;
const RECORDS: u64 = 100;

/// One handle of each kind that has a local one.
#[derive(Clone)]
struct Metrics {
    counter: Counter,
    float: FloatCounter,
    up_down: UpDownCounter,
    histogram: Histogram,
}

impl Metrics {
    fn new(registry: &Registry) -> Self {
        Self {
            counter: registry.counter("events_total", "Events.").unwrap(),
            float: registry.float_counter("seconds_total", "Seconds.").unwrap(),
            up_down: registry.up_down_counter("open", "Open.").unwrap(),
            histogram: registry.histogram("size", "Size.").unwrap(),
        }
    }

    fn record(&self) {
        self.counter.inc();
        self.float.add(0.5);
        self.up_down.sub(1);
        self.histogram.observe(2.0);
    }

    fn local(&self) -> Locals {
        Locals {
            counter: self.counter.local(),
            float: self.float.local(),
            up_down: self.up_down.local(),
            histogram: self.histogram.local(),
        }
    }

    #[track_caller]
    fn assert_recorded(&self, times: u64) {
        let size = self.histogram.value();
        assert_eq!(self.counter.value(), times);
        assert_eq!(self.float.value(), 0.5 * times as f64);
        assert_eq!(self.up_down.value(), -(times as i64));
        assert_eq!((size.count, size.sum), (times, 2.0 * times as f64));
    }
}

struct Locals {
    counter: LocalCounter,
    float: LocalFloatCounter,
    up_down: LocalUpDownCounter,
    histogram: LocalHistogram,
}

impl Locals {
    fn record(&self) {
        self.counter.inc();
        self.float.add(0.5);
        self.up_down.sub(1);
        self.histogram.observe(2.0);
    }
}

/// Records when it is dropped: in a local handle that it has, in the ordinary ones, and in a new local one.
struct Recorder {
    metrics: Metrics,
    locals: Option<Locals>,
}

/// Records that a recorder makes.
const OF_RECORDER: u64 = 2 * RECORDS;
const OF_RECORDER_WITH_LOCALS: u64 = 3 * RECORDS;

impl Drop for Recorder {
    fn drop(&mut self) {
        let late = self.metrics.local();
        for _ in 0..RECORDS {
            self.locals.iter().for_each(Locals::record);
            self.metrics.record();
            late.record();
        }
    }
}

thread_local! {
    static FIRST: RefCell<Option<Recorder>> = const { RefCell::new(None) };
    static SECOND: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

type Place = thread::LocalKey<RefCell<Option<Recorder>>>;

fn touch(place: &'static Place) {
    place.with(|recorder| drop(recorder.borrow()));
}

fn put(place: &'static Place, metrics: &Metrics, locals: Option<Locals>) {
    let recorder = Recorder { metrics: metrics.clone(), locals };
    place.with(|place| *place.borrow_mut() = Some(recorder));
}

/// Runs `body` on 100 threads that start while others end.
fn on_a_hundred_threads(body: impl Fn(&Metrics) + Sync) -> Metrics {
    let metrics = Metrics::new(&Registry::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..THREADS / 4 {
                    // A join by hand waits for the destructors; the end of a scope does not.
                    thread::scope(|inner| inner.spawn(|| body(&metrics)).join().unwrap());
                }
            });
        }
    });
    metrics
}

#[test]
fn local_and_ordinary_handles_of_a_thread_record_in_the_same_series() {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    let (early, again) = (metrics.local(), metrics.local());
    for _ in 0..RECORDS {
        early.record();
        metrics.record();
        again.record();
    }
    metrics.assert_recorded(3 * RECORDS);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("events_total", &[]), Some(3 * RECORDS));
    assert_eq!(snapshot.histogram("size", &[]).unwrap().sum(), 6.0 * RECORDS as f64);
    drop(early);
    again.record();
    metrics.record();
    metrics.assert_recorded(3 * RECORDS + 2);
}

#[test]
fn every_method_of_a_local_handle_does_what_the_ordinary_one_does() {
    let registry = Registry::new();
    let (plain, local) = (Metrics::new(&registry), Metrics::new(&Registry::new()));
    let locals = local.local();
    let before = DropReason::ALL.map(dropped_records);
    for n in [0, 1, 7, u64::MAX, 1 << 63] {
        plain.counter.add(n);
        locals.counter.add(n);
        plain.up_down.add(n as i64);
        locals.up_down.add(n as i64);
        plain.histogram.observe_n(0.5, n);
        locals.histogram.observe_n(0.5, n);
    }
    plain.up_down.inc();
    locals.up_down.inc();
    plain.up_down.dec();
    locals.up_down.dec();
    plain.float.inc();
    locals.float.inc();
    // Now, because beside the largest float it will be nothing.
    assert_eq!((plain.float.value(), local.float.value()), (1.0, 1.0));
    for value in [0.25, -1.0, f64::NAN, f64::INFINITY, -0.0, f64::MAX] {
        plain.float.add(value);
        locals.float.add(value);
        plain.histogram.observe(value);
        locals.histogram.observe(value);
    }
    let duration = std::time::Duration::from_millis(42);
    plain.histogram.observe_duration(duration);
    locals.histogram.observe_duration(duration);
    assert_eq!(local.counter.value(), plain.counter.value());
    assert_eq!(local.up_down.value(), plain.up_down.value());
    assert_eq!(local.float.value(), plain.float.value());
    assert_eq!(local.histogram.value(), plain.histogram.value());
    // As many by each of the two; no other test of this program drops any.
    let dropped = DropReason::ALL.map(dropped_records);
    let by_reason = |reason: DropReason| dropped[reason as usize] - before[reason as usize];
    assert_eq!([by_reason(DropReason::NotFinite), by_reason(DropReason::Negative)], [8, 2]);
}

#[test]
fn a_local_handle_that_is_destroyed_before_the_guard_records_in_its_destructor() {
    let metrics = on_a_hundred_threads(|metrics| {
        let locals = metrics.local();
        locals.record();
        put(&FIRST, metrics, Some(locals));
    });
    metrics.assert_recorded(THREADS * (1 + OF_RECORDER_WITH_LOCALS));
}

#[test]
fn a_local_handle_that_outlives_the_guard_records_in_its_destructor() {
    let metrics = on_a_hundred_threads(|metrics| {
        touch(&FIRST);
        put(&FIRST, metrics, Some(metrics.local()));
    });
    metrics.assert_recorded(THREADS * OF_RECORDER_WITH_LOCALS);
}

#[test]
fn local_handles_in_each_order_around_the_guard_and_another_recorder_record() {
    let orders: [[u8; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        for locals_of_second in [false, true] {
            let metrics = on_a_hundred_threads(|metrics| {
                for step in order {
                    match step {
                        0 => touch(&FIRST),
                        1 => touch(&SECOND),
                        _ => metrics.record(),
                    }
                }
                put(&FIRST, metrics, Some(metrics.local()));
                put(&SECOND, metrics, locals_of_second.then(|| metrics.local()));
            });
            let second = if locals_of_second { OF_RECORDER_WITH_LOCALS } else { OF_RECORDER };
            metrics.assert_recorded(THREADS * (1 + OF_RECORDER_WITH_LOCALS + second));
        }
    }
}

#[test]
fn a_thread_that_panics_drops_its_local_handle_and_loses_nothing() {
    let metrics = Metrics::new(&Registry::new());
    for _ in 0..10 {
        let metrics = metrics.clone();
        let body = move || {
            let locals = metrics.local();
            locals.record();
            panic::resume_unwind(Box::new("on purpose"));
        };
        assert!(thread::spawn(body).join().is_err());
    }
    metrics.assert_recorded(10);
}

/// Tells another thread to begin when the guard is gone, and records beside it.
struct Duel {
    counter: LocalCounter,
    begin: &'static Barrier,
}

/// Enough for two threads on one cell to overwrite each other many times.
const OF_DUEL: u64 = 200_000;

impl Drop for Duel {
    fn drop(&mut self) {
        self.begin.wait();
        // Until the other has its shard, which would be this one if it were free.
        self.begin.wait();
        (0..OF_DUEL).for_each(|_| self.counter.inc());
    }
}

thread_local! {
    static DUEL: RefCell<Option<Duel>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_that_starts_meanwhile_does_not_get_the_shard_of_a_local_handle() {
    const DUELS: u64 = 20;
    let counter = Registry::new().counter("events_total", "Events.").unwrap();
    for _ in 0..DUELS {
        let begin: &Barrier = Box::leak(Box::new(Barrier::new(2)));
        let ends = {
            let counter = counter.clone();
            thread::spawn(move || {
                DUEL.with(|duel| drop(duel.borrow()));
                let duel = Duel { counter: counter.local(), begin };
                DUEL.with(|place| *place.borrow_mut() = Some(duel));
            })
        };
        begin.wait();
        let starts = {
            let counter = counter.clone();
            thread::spawn(move || {
                counter.inc();
                begin.wait();
                (1..OF_DUEL).for_each(|_| counter.inc());
            })
        };
        starts.join().unwrap();
        ends.join().unwrap();
    }
    assert_eq!(counter.value(), 2 * DUELS * OF_DUEL);
}

#[test]
fn the_last_local_handle_returns_the_shard_and_a_leaked_one_never_does() {
    const RETURNED: usize = 2_000;
    const LEAKED: usize = 50;
    let metrics = Metrics::new(&Registry::new());
    let on_a_thread = |body: &(dyn Fn() + Sync)| thread::scope(|scope| scope.spawn(body).join().unwrap());
    for _ in 0..RETURNED {
        on_a_thread(&|| {
            touch(&FIRST);
            put(&FIRST, &metrics, Some(metrics.local()));
        });
    }
    // Other tests of this program have a dozen threads at a time, and none of them keeps a shard.
    assert!(shards_made() < RETURNED / 10, "{} shards", shards_made());
    metrics.assert_recorded(RETURNED as u64 * OF_RECORDER_WITH_LOCALS);
    for _ in 0..LEAKED {
        on_a_thread(&|| {
            let leaked = metrics.counter.local();
            leaked.inc();
            mem::forget(leaked);
        });
    }
    assert!(shards_made() >= LEAKED, "{} shards", shards_made());
    assert_eq!(
        metrics.counter.value(),
        RETURNED as u64 * OF_RECORDER_WITH_LOCALS + LEAKED as u64,
        "what was recorded in a shard that is never returned counts"
    );
}

#[test]
fn local_handles_record_on_pages_beyond_the_near_ones() {
    const PAGES: usize = 200;
    let registry = Registry::new();
    let widest = Buckets::linear(1.0, 1.0, MAX_BOUNDS).unwrap();
    let family = registry.histogram_family_with("size", "Sizes.", ["page"], widest).unwrap();
    let pages: Vec<Histogram> =
        (0..PAGES).map(|page| family.with([("page", &*page.to_string())]).unwrap()).collect();
    let record = || {
        let locals: Vec<LocalHistogram> = pages.iter().map(Histogram::local).collect();
        for local in locals.iter().chain(&locals) {
            local.observe(3.0);
        }
        pages.iter().for_each(|histogram| histogram.observe(3.0));
    };
    thread::scope(|scope| [(); 2].map(|()| scope.spawn(record)).map(|thread| thread.join().unwrap()));
    for histogram in &pages {
        assert_eq!((histogram.value().count, histogram.value().counts[2]), (6, 6));
    }
}
