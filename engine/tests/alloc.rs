//! What recording takes from the allocator, and what an allocator that itself records gets.
//!
//! The global allocator of this program counts what each thread allocates, can refuse to, and, once it has a counter,
//! records every allocation and deallocation with the engine. A program without the test harness, whose threads would
//! allocate at times of their own.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    fmt,
    sync::{
        Arc, Barrier, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tachometer::{
    Buckets, Counter, DropReason, ErrorName, Family, Histogram, Operation, Outcome, Registry, StaticCounter,
    StaticFloatCounter, StaticGauge, StaticHistogram, StaticMetric, StaticSignalCounter, StaticUpDownCounter,
    collector::EngineCollector, dropped_records, named::NamedMetrics,
};

struct Recording;

/// The counter of the allocator, once it is to record.
static COUNTER: OnceLock<Counter> = OnceLock::new();
static RECORD: AtomicBool = AtomicBool::new(false);
/// Records that the allocator has made.
static MADE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Bytes that this thread has allocated.
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static REFUSE: Cell<bool> = const { Cell::new(false) };
}

fn record() {
    if RECORD.load(Ordering::SeqCst)
        && let Some(counter) = COUNTER.get()
    {
        // Every second one through a local handle that is made for it.
        let made = MADE.fetch_add(1, Ordering::SeqCst);
        if made.is_multiple_of(2) { counter.inc() } else { counter.local().inc() }
    }
}

// SAFETY: every request goes to `System` as it came, or is refused by a null pointer. The bookkeeping beside it does
// not unwind: it touches atomics, thread-locals without destructors, and the engine's counter, which never panics.
unsafe impl GlobalAlloc for Recording {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        record();
        if REFUSE.get() {
            return std::ptr::null_mut();
        }
        BYTES.set(BYTES.get() + layout.size() as u64);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        record();
        // SAFETY: the caller got `pointer` from `alloc` with this layout, hence from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Recording = Recording;

fn main() {
    let checks: [(&str, fn()); 9] = [
        // The first: of the engine, nothing is there yet.
        (
            "a_record_in_a_static_that_is_not_registered_allocates_nothing_ever",
            early_records_allocate_nothing,
        ),
        ("a_record_of_any_kind_allocates_nothing_once_its_page_is_touched", warm_records_allocate_nothing),
        ("a_record_by_name_allocates_nothing_once_its_thread_knows_the_name", known_names_allocate_nothing),
        ("a_record_of_a_disabled_registry_allocates_nothing_ever", disabled_records_allocate_nothing),
        ("memory_refused_drops_the_record_and_counts_it", refused_pages_are_counted),
        ("memory_refused_to_a_local_handle_is_asked_for_again", refused_local_handles_are_made_and_recover),
        ("memory_refused_for_long_does_not_use_up_the_shards", refused_shards_are_not_used_up),
        ("an_allocator_may_record_and_every_record_is_kept_or_counted", an_allocator_may_record),
        ("an_allocator_may_be_the_first_to_record_on_a_thread", an_allocator_may_be_first),
    ];
    for (name, check) in checks {
        check();
        println!("test {name} ... ok");
    }
}

/// Before the first registration of the process: no arena, no shard, no calibrated clock.
fn early_records_allocate_nothing() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    static FLOAT: StaticFloatCounter = StaticFloatCounter::new("seconds_total", "Seconds.");
    static UP_DOWN: StaticUpDownCounter = StaticUpDownCounter::new("open", "Open.");
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("size", "Size.", &[0.5]);
    static SIGNALS: StaticSignalCounter = StaticSignalCounter::new("signals_total", "Signals.");
    let record = || {
        COUNTER.inc();
        FLOAT.add(0.5);
        FLOAT.add(-1.0);
        UP_DOWN.dec();
        UP_DOWN.sub(2);
        GAUGE.set(1.0);
        GAUGE.add(1.0);
        HISTOGRAM.observe(0.3);
        HISTOGRAM.observe(f64::NAN);
        HISTOGRAM.observe_n(0.3, 7);
        HISTOGRAM.start_timer().stop();
        HISTOGRAM.time(|| ());
        SIGNALS.inc();
    };
    assert_eq!(allocated(|| (0..1_000).for_each(|_| record())), 0);
    let registry = Registry::new();
    let all: [&dyn StaticMetric; 6] = [&COUNTER, &FLOAT, &UP_DOWN, &GAUGE, &HISTOGRAM, &SIGNALS];
    all.iter().for_each(|metric| metric.register_in(&registry));
    assert_eq!(registry.errors(), []);
    assert_eq!((COUNTER.value(), HISTOGRAM.value().count, UP_DOWN.value()), (1_000, 10_000, -3_000));
    record();
    assert_eq!(allocated(|| (0..1_000).for_each(|_| record())), 0);
}

/// Bytes that `work` allocates on this thread.
fn allocated(work: impl FnOnce()) -> u64 {
    let before = BYTES.get();
    work();
    BYTES.get() - before
}

/// Every way to record there is, of every handle.
fn all_records(registry: &Registry) -> impl Fn() + use<> {
    let counter = registry.counter("events_total", "Events.").unwrap();
    let float = registry.float_counter("seconds_total", "Seconds.").unwrap();
    let up_down = registry.up_down_counter("open", "Open.").unwrap();
    let gauge = registry.gauge("level", "Level.").unwrap();
    let histogram = registry.histogram("size", "Size.").unwrap();
    let signals = registry.signal_counter("signals_total", "Signals.").unwrap();
    let family = registry.counter_family("errors_total", "Errors.", ["type"]).unwrap();
    let guards = all_guards(registry);
    move || {
        guards();
        counter.inc();
        counter.add(2);
        float.inc();
        float.add(0.5);
        float.add(-1.0);
        up_down.inc();
        up_down.dec();
        up_down.add(-3);
        up_down.sub(2);
        gauge.set(f64::NAN);
        gauge.add(1.0);
        gauge.sub(2.0);
        histogram.observe(0.3);
        histogram.observe(f64::NAN);
        histogram.observe_n(0.3, 7);
        histogram.observe_duration(Duration::from_millis(3));
        histogram.start_timer().stop();
        histogram.start_timer().discard();
        drop(histogram.start_timer());
        histogram.time(|| ());
        counter.local().inc();
        float.local().add(0.5);
        up_down.local().dec();
        histogram.local().observe(0.3);
        signals.inc();
        signals.add(2);
        family.with([("type", "timeout")]).unwrap().inc();
        drop((
            counter.clone(),
            float.clone(),
            up_down.clone(),
            gauge.clone(),
            histogram.clone(),
            signals.clone(),
        ));
    }
}

/// Every way for a guard to end.
fn all_guards(registry: &Registry) -> impl Fn() + use<> {
    let ends: Family<Outcome, Counter> =
        registry.declare("ends_total", "").label("outcome").register().unwrap();
    let times: Family<Outcome, Histogram> =
        registry.declare("time_seconds", "").label("outcome").register().unwrap();
    let errors: Family<ErrorName, Counter> =
        registry.declare("failures_total", "").label("error_type").register().unwrap();
    let records = registry.counter("records_total", "").unwrap();
    let active = registry.up_down_counter("active", "").unwrap();
    let operation = Operation::new()
        .latency_by_outcome(&times)
        .records(&records)
        .in_flight(&active)
        .outcomes(&ends)
        .errors(&errors);
    move || {
        let _ = ends.start().finish(Ok::<_, fmt::Error>(()));
        let _ = times.start_owned().finish(Err::<(), _>(fmt::Error));
        drop((ends.start_owned(), times.start()));
        let _ = operation.run(|progress| {
            progress.add_records(1);
            Ok::<_, fmt::Error>(())
        });
        let _ = operation.start().finish_with(Err::<(), _>(fmt::Error), &records);
        drop((operation.start_owned(), operation.clone().start_at(Instant::now())));
    }
}

fn warm_records_allocate_nothing() {
    let registry = Registry::new();
    let record = all_records(&registry);
    let first = allocated(&record);
    let later = allocated(|| (0..1_000).for_each(|_| record()));
    println!("{first} bytes at the first touch, {later} in the 1,000 turns after it");
    assert_eq!(later, 0);
    assert!(first > 0, "the allocator counts nothing");
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(4 * 1_001));
    thread::scope(|scope| {
        let on_another_thread = || {
            record();
            assert_eq!(allocated(|| (0..1_000).for_each(|_| record())), 0);
        };
        scope.spawn(on_another_thread).join().unwrap();
    });
}

fn known_names_allocate_nothing() {
    let registry = Registry::new();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    let labels = [("endpoint", "/query"), ("method", "POST"), ("status", "200")];
    let record = || {
        metrics.increment_counter("requests", 1.0, &labels).unwrap();
        metrics.increment_counter("requests", 1.0, &[labels[2], labels[0]]).unwrap();
        metrics.set_gauge("level", 1.0, &labels).unwrap();
        metrics.record_histogram("size", 1.0, &labels).unwrap();
        metrics.track_duration("request_duration", &labels).unwrap().stop();
        drop(metrics.track_active("active", &labels).unwrap());
    };
    let once_known = || {
        assert!(allocated(record) > 0, "the names are made, or remembered");
        assert_eq!(allocated(|| (0..1_000).for_each(|_| record())), 0);
    };
    once_known();
    thread::scope(|scope| scope.spawn(once_known).join().unwrap());
    assert_eq!(registry.snapshot().float_counter("requests", &labels), Some(2.0 * 1_001.0));
}

fn disabled_records_allocate_nothing() {
    let record = all_records(&Registry::disabled());
    assert_eq!(allocated(|| (0..1_000).for_each(|_| record())), 0);
    let record = &record;
    thread::scope(|scope| {
        let on_another_thread = || assert_eq!(allocated(record), 0);
        scope.spawn(on_another_thread).join().unwrap();
    });
}

/// A histogram that fills a page by itself, which no thread has touched yet: not the first of its size, so it does not
/// get a page that earlier metrics have left behind, and never dropped, so the next one does not get its page.
fn on_an_untouched_page() -> Histogram {
    static KEPT: Mutex<Vec<Histogram>> = Mutex::new(Vec::new());
    let registry = Registry::new();
    let family = registry.histogram_family_with(
        "size",
        "Size.",
        ["page"],
        Buckets::linear(1.0, 1.0, tachometer::MAX_BOUNDS),
    );
    let family = family.unwrap();
    let pages = ["0", "1", "2", "3", "4", "5", "6", "7"].map(|page| family.with([("page", page)]).unwrap());
    let [.., last] = pages;
    KEPT.lock().unwrap().push(last.clone());
    last
}

/// Runs `work` on this thread while it is refused all memory.
fn without_memory<R>(work: impl FnOnce() -> R) -> R {
    REFUSE.set(true);
    let result = work();
    REFUSE.set(false);
    result
}

fn refused_pages_are_counted() {
    let histogram = on_an_untouched_page();
    let before = dropped_records(DropReason::Memory);
    without_memory(|| (0..5).for_each(|_| histogram.observe(3.0)));
    assert_eq!(histogram.value().count, 0);
    assert_eq!(dropped_records(DropReason::Memory) - before, 5);
    histogram.observe(3.0);
    assert_eq!(histogram.value().count, 1);
    assert_eq!(dropped_records(DropReason::Memory) - before, 5);
}

fn refused_local_handles_are_made_and_recover() {
    let histogram = on_an_untouched_page();
    let before = dropped_records(DropReason::Memory);
    let local = without_memory(|| {
        let local = histogram.local();
        local.observe(3.0);
        local
    });
    assert_eq!((histogram.value().count, dropped_records(DropReason::Memory) - before), (0, 1));
    local.observe(3.0);
    histogram.local().observe(3.0);
    assert_eq!((histogram.value().count, dropped_records(DropReason::Memory) - before), (2, 1));
}

/// More refusals than there can be shards. When memory is back, so is recording.
fn refused_shards_are_not_used_up() {
    const REFUSALS: u64 = 70_000;
    let counter = Registry::new().counter("events_total", "Events.").unwrap();
    // As many threads as there are shards take them all, so that one more thread needs a new one.
    let owners = tachometer::shards_made() + 1;
    let (taken, end) = (Barrier::new(owners + 1), Barrier::new(owners + 1));
    let before = [DropReason::Memory, DropReason::Shards].map(dropped_records);
    thread::scope(|scope| {
        for _ in 0..owners {
            scope.spawn(|| {
                counter.inc();
                taken.wait();
                end.wait();
            });
        }
        taken.wait();
        let refused = scope.spawn(|| {
            without_memory(|| (0..REFUSALS).for_each(|_| counter.inc()));
            counter.inc();
        });
        refused.join().unwrap();
        end.wait();
    });
    let dropped = [DropReason::Memory, DropReason::Shards].map(dropped_records);
    assert_eq!([dropped[0] - before[0], dropped[1] - before[1]], [REFUSALS, 0]);
    assert_eq!(counter.value(), owners as u64 + 1);
}

/// Switches the allocator's records on for `work`, and returns how many it made, how many the counter holds of them,
/// and how many were dropped because they came from inside another.
fn with_recording_allocator(work: impl FnOnce()) -> (u64, u64, u64) {
    let counter =
        COUNTER.get_or_init(|| Registry::new().counter("allocations_total", "Allocations.").unwrap());
    let before = (MADE.load(Ordering::SeqCst), counter.value(), dropped_records(DropReason::Reentry));
    RECORD.store(true, Ordering::SeqCst);
    work();
    RECORD.store(false, Ordering::SeqCst);
    let kept = counter.value() - before.1;
    (MADE.load(Ordering::SeqCst) - before.0, kept, dropped_records(DropReason::Reentry) - before.2)
}

fn an_allocator_may_record() {
    let (made, kept, reentered) = with_recording_allocator(|| {
        // All of the control plane, and first touches of new pages.
        let registry = Registry::builder().namespace("shop").label("env", "test").build().unwrap();
        all_records(&registry)();
        for number in 0..100 {
            let name = format!("number_{number}");
            let family = registry.histogram_family(&name, "Sizes.", ["type"]).unwrap();
            family.with([("type", "small")]).unwrap().observe(1.0);
        }
        on_an_untouched_page().observe(1.0);
        assert_eq!(registry.snapshot().families().len(), 112 + 3, "three are self-metrics");
    });
    println!("{made} records by the allocator: {kept} kept, {reentered} dropped as made inside another");
    assert_eq!(kept + reentered, made);
    assert!(kept > 1_000);
}

fn an_allocator_may_be_first() {
    // More than there are shards, so that some must be made, for which the engine allocates during a record.
    let threads = tachometer::shards_made() + 16;
    let all_there = Barrier::new(threads);
    let histogram = on_an_untouched_page();
    let before = dropped_records(DropReason::Memory);
    let (made, kept, reentered) = with_recording_allocator(|| {
        thread::scope(|scope| {
            let record = || {
                drop(Box::new([0_u8; 100]));
                histogram.observe(2.0);
                all_there.wait();
            };
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(record)).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    });
    println!("{made} records by the allocator on {threads} new threads: {kept} kept, {reentered} dropped");
    assert_eq!(kept + reentered, made);
    assert!(reentered > 0 && reentered < made);
    assert_eq!(histogram.value().count, threads as u64);
    assert_eq!(dropped_records(DropReason::Memory), before);
}
