//! What recording through a collector takes from the allocator, and what an allocator that records through one gets.
//!
//! A program without the test harness, whose threads would allocate at times of their own.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tachometer::{
    DropReason, Registry,
    collector::{
        BoundCollector, DefaultCollector, EngineCollector, MetricId, MetricsCollector, NoOpCollector,
        set_default_collector, with_default,
    },
    dropped_records,
};

static SENT: MetricId =
    MetricId::counter("sent_total", "Records sent.", &["stream_name", "shard_id", "status"]);
static DEPTH: MetricId = MetricId::gauge("queue_size", "Records waiting.", &["stream_name"]);
static FLUSH: MetricId = MetricId::histogram("flush_seconds", "Time to flush.", &["stream_name"]);
static ALLOCATIONS: MetricId = MetricId::counter("allocations_total", "Allocations.", &["size"]);

/// A value that is too long for a thread to remember its series: each record looks it up.
const SMALL: &str = match str::from_utf8(&[b's'; 300]) {
    Ok(small) => small,
    Err(_) => unreachable!(),
};

struct Recording;

/// The collector of the allocator, once it is to record.
static COLLECTOR: OnceLock<EngineCollector> = OnceLock::new();
static RECORD: AtomicBool = AtomicBool::new(false);
/// Records that the allocator has made.
static MADE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Bytes that this thread has allocated.
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

fn record(size: usize) {
    if RECORD.load(Ordering::SeqCst)
        && let Some(collector) = COLLECTOR.get()
    {
        MADE.fetch_add(1, Ordering::SeqCst);
        collector.increment(&ALLOCATIONS, 1.0, &[if size < 100 { SMALL } else { "large" }]);
    }
}

// SAFETY: every request goes to `System` as it came. The bookkeeping beside it does not unwind: it touches atomics, a
// thread-local without destructor, and a collector, which never panics.
unsafe impl GlobalAlloc for Recording {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        record(layout.size());
        BYTES.set(BYTES.get() + layout.size() as u64);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        record(layout.size());
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Recording = Recording;

fn main() {
    let checks: [(&str, fn()); 3] = [
        ("a_record_that_does_nothing_allocates_nothing_ever", no_ops_allocate_nothing),
        ("a_record_in_a_series_that_the_thread_remembers_allocates_nothing", hits_allocate_nothing),
        ("an_allocator_may_record_through_a_collector", an_allocator_may_record),
    ];
    for (name, check) in checks {
        check();
        println!("test {name} ... ok");
    }
}

/// Bytes that `work` allocates on this thread.
fn allocated(work: impl FnOnce()) -> u64 {
    let before = BYTES.get();
    work();
    BYTES.get() - before
}

fn all_records(collector: &dyn MetricsCollector) {
    for (stream, shard) in [("orders", "0"), ("orders", "1"), ("clicks", "0")] {
        collector.increment(&SENT, 1.0, &[stream, shard, "ok"]);
        collector.increment(&SENT, -1.0, &[stream, shard, "ok"]);
        collector.gauge(&DEPTH, 7.0, &[stream]);
        collector.add_to_gauge(&DEPTH, 1.0, &[stream]);
        collector.histogram(&FLUSH, 0.5, &[stream]);
        collector.timer(&FLUSH, &[stream]).stop();
        // Of the wrong kind.
        collector.increment(&FLUSH, 1.0, &[stream]);
    }
}

fn no_ops_allocate_nothing() {
    let disabled = EngineCollector::new(&Registry::disabled());
    let collectors: [&dyn MetricsCollector; 2] = [&NoOpCollector, &disabled];
    assert_eq!(allocated(|| collectors.into_iter().for_each(all_records)), 0);
    // The first call of a thread asks for the default.
    with_default(|_| ());
    assert_eq!(allocated(|| (0..1_000).for_each(|_| all_records(&DefaultCollector))), 0);
}

fn hits_allocate_nothing() {
    let registry = Registry::new();
    let collector = Arc::new(EngineCollector::new(&registry));
    set_default_collector(collector.clone());
    let bound = BoundCollector::standalone(["stream_name"]);
    bound.bind(collector.clone(), [("stream_name", "orders")]).unwrap();
    let record = || {
        all_records(&*collector);
        all_records(&DefaultCollector);
        with_default(all_records);
        bound.increment(&SENT, 1.0, &["0", "ok"]);
        bound.histogram(&FLUSH, 1.0, &[]);
    };
    let on_a_thread = || {
        let first = allocated(record);
        let later = allocated(|| (0..1_000).for_each(|_| record()));
        println!("{first} bytes at the first records, {later} in the 1,000 turns after them");
        assert_eq!(later, 0);
        assert!(first > 0, "the allocator counts nothing");
    };
    on_a_thread();
    thread::scope(|scope| scope.spawn(on_a_thread).join().unwrap());
    let labels = [("stream_name", "orders"), ("shard_id", "0"), ("status", "ok")];
    assert_eq!(registry.snapshot().float_counter("sent_total", &labels), Some(2.0 * 4.0 * 1_001.0));
}

/// Look-ups take memory under locks that another look-up of the same thread would wait for.
fn an_allocator_may_record() {
    let registry = Registry::new();
    let collector = COLLECTOR.get_or_init(|| EngineCollector::new(&registry));
    for size in [SMALL, "large"] {
        collector.increment(&ALLOCATIONS, 0.0, &[size]);
    }
    let before = dropped_records(DropReason::Reentry);
    RECORD.store(true, Ordering::SeqCst);
    let work = || {
        // Of the allocator's own collector and registry, and of others: new metrics, new series, new cells.
        all_records(collector);
        for number in 0..600 {
            collector.increment(&SENT, 1.0, &[&number.to_string(), "0", "ok"]);
            // In the map that the allocator's own series is in.
            collector.increment(&ALLOCATIONS, 0.0, &[&number.to_string()]);
        }
        let other = EngineCollector::new(&Registry::new());
        all_records(&other);
        set_default_collector(Arc::new(other));
        all_records(&DefaultCollector);
    };
    work();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    RECORD.store(false, Ordering::SeqCst);
    let dropped = dropped_records(DropReason::Reentry) - before;
    let snapshot = registry.snapshot();
    let kept = |size| snapshot.float_counter("allocations_total", &[("size", size)]).unwrap();
    let (kept, made) = (kept(SMALL) + kept("large"), MADE.load(Ordering::SeqCst));
    println!("{made} records by the allocator: {kept} kept, {dropped} dropped as made inside another");
    assert_eq!(kept + dropped as f64, made as f64);
    assert!(kept > 1_000.0 && dropped > 0);
    let sent = |number: u64| {
        let labels = [("stream_name", &*number.to_string()), ("shard_id", "0"), ("status", "ok")];
        snapshot.float_counter("sent_total", &labels)
    };
    assert!((0..600).all(|number| sent(number) == Some(5.0)));
}
