//! What an allocator that records by name gets: no deadlock, and a count for what it could not record.
//!
//! A program without the test harness, whose threads would allocate at times of their own.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tachometer::{
    DropReason, NamedProblem, RegisterErrorReason as Reason, Registry,
    collector::{EngineCollector, MetricId},
    dropped_records,
    named::NamedMetrics,
    named_problems,
};

struct Recording;

/// The metrics of the allocator, once it is to record.
static METRICS: OnceLock<NamedMetrics> = OnceLock::new();
static RECORD: AtomicBool = AtomicBool::new(false);
/// Records that the allocator has made, and those that were errors, and those that were other errors than expected.
static MADE: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
static UNEXPECTED: AtomicU64 = AtomicU64::new(0);

fn record() {
    if RECORD.load(Ordering::SeqCst)
        && let Some(metrics) = METRICS.get()
    {
        MADE.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = metrics.increment_counter("allocations_total", 1.0, &[]) {
            REFUSED.fetch_add(1, Ordering::SeqCst);
            if *error.reason() != Reason::Reentry || !error.metric().is_empty() {
                UNEXPECTED.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

// SAFETY: every request goes to `System` as it came. The bookkeeping beside it does not unwind: it touches atomics and
// metrics by name, which never panic.
unsafe impl GlobalAlloc for Recording {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        record();
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
    an_allocator_may_record_by_name();
    println!("test an_allocator_may_record_by_name ... ok");
}

/// First uses and declarations take memory under locks that another first use of the same thread would wait for.
fn an_allocator_may_record_by_name() {
    static DECLARED: MetricId = MetricId::gauge("declared", "Declared while the allocator records.", &["a"]);
    let registry = Registry::new();
    let metrics = METRICS.get_or_init(|| NamedMetrics::new(Arc::new(EngineCollector::new(&registry))));
    let counts = || (named_problems(NamedProblem::Reentry), dropped_records(DropReason::Reentry));
    let before = counts();
    RECORD.store(true, Ordering::SeqCst);
    // The allocator's first record is its name's first use, inside which it records again.
    let work = |thread: u64| {
        for number in 0..300 {
            // Names of this thread's own, and names that all threads use first at once.
            for name in [format!("own_{thread}_{number}"), format!("shared_{number}")] {
                metrics.increment_counter(&name, 1.0, &[("number", "1")]).unwrap();
            }
        }
        metrics.declare(&[DECLARED]).unwrap();
        metrics.set_gauge("declared", 1.0, &[("a", "b")]).unwrap();
        // Errors take memory too.
        assert!(metrics.set_gauge("shared_0", 1.0, &[]).is_err());
        assert!(metrics.increment_counter("a-b", 1.0, &[]).is_err());
    };
    work(0);
    thread::scope(|scope| {
        for number in 1..=4 {
            scope.spawn(move || work(number));
        }
    });
    RECORD.store(false, Ordering::SeqCst);
    let after = counts();
    let (made, refused) = (MADE.load(Ordering::SeqCst), REFUSED.load(Ordering::SeqCst));
    let dropped = after.1 - before.1;
    let snapshot = registry.snapshot();
    let kept = snapshot.float_counter("allocations_total", &[]).unwrap();
    println!("{made} records by the allocator: {kept} kept, {refused} refused, {dropped} dropped");
    assert_eq!(kept + (refused + dropped) as f64, made as f64);
    assert!(kept > 1_000.0 && refused > 0);
    assert_eq!((after.0 - before.0, UNEXPECTED.load(Ordering::SeqCst)), (refused, 0));
    // What the program itself recorded is all there.
    let count = |name: &str| snapshot.float_counter(name, &[("number", "1")]);
    for number in 0..300 {
        assert_eq!(count(&format!("shared_{number}")), Some(5.0));
        assert!((0..5).all(|thread| count(&format!("own_{thread}_{number}")) == Some(1.0)));
    }
}
