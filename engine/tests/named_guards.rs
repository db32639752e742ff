//! Timers and guards by name: however the work ends, and wherever it goes.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    cell::RefCell,
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Barrier},
    task::{Context, Waker},
    thread,
    time::Duration,
};

use panics::expect_panics;
use tachometer::{
    Registry,
    collector::{EngineCollector, InMemoryCollector},
    named::{NamedInFlight, NamedMetrics, NamedTimer},
};

const LABELS: [(&str, &str); 2] = [("operation", "select"), ("table", "users")];
const TIME: &str = "query_duration_seconds{operation=select,table=users}";
const ACTIVE: &str = "active{operation=select,table=users}";

fn in_memory() -> (Arc<InMemoryCollector>, NamedMetrics) {
    let collector = Arc::new(InMemoryCollector::new());
    let metrics = NamedMetrics::new(Arc::clone(&collector) as _);
    (collector, metrics)
}

fn guards(metrics: &NamedMetrics) -> (NamedTimer<'_>, NamedInFlight<'_>) {
    let timer = metrics.track_duration("query_duration", &LABELS).unwrap();
    (timer, metrics.track_active("active", &LABELS).unwrap())
}

#[track_caller]
fn assert_ended(collector: &InMemoryCollector, times: u64) {
    assert_eq!(collector.histograms()[TIME].count(), times);
    assert_eq!(collector.gauges()[ACTIVE], 0.0);
}

#[test]
fn a_guard_ends_with_its_scope() {
    let (collector, metrics) = in_memory();
    let outer = guards(&metrics);
    {
        let _inner = guards(&metrics);
        assert_eq!(collector.gauges()[ACTIVE], 2.0);
        assert!(!collector.histograms().contains_key(TIME));
    }
    assert_eq!(collector.gauges()[ACTIVE], 1.0);
    drop(outer);
    assert_ended(&collector, 2);
}

#[test]
fn a_panic_ends_it() {
    expect_panics();
    let (collector, metrics) = in_memory();
    for _ in 0..100 {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _guards = guards(&metrics);
            panic!("on purpose");
        }));
        assert!(unwound.is_err());
    }
    assert_ended(&collector, 100);
}

#[test]
fn a_future_that_is_cancelled_ends_it() {
    let (collector, metrics) = in_memory();
    {
        let mut future = pin!(async {
            let _guards = guards(&metrics);
            pending::<()>().await;
        });
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(collector.gauges()[ACTIVE], 1.0);
    }
    assert_ended(&collector, 1);
}

#[test]
fn it_may_end_on_another_thread() {
    let (collector, metrics) = in_memory();
    let guards = guards(&metrics);
    thread::scope(|scope| {
        scope.spawn(move || drop(guards));
    });
    assert_ended(&collector, 1);
}

#[test]
fn a_timer_records_once_what_it_returns_or_nothing_when_it_is_discarded() {
    let (collector, metrics) = in_memory();
    let elapsed = metrics.track_duration("query_duration", &LABELS).unwrap().stop();
    metrics.track_duration("query_duration", &LABELS).unwrap().discard();
    let recorded = &collector.histograms()[TIME];
    assert_eq!((recorded.count(), recorded.sum()), (1, elapsed.as_secs_f64()));
}

#[test]
fn a_duration_of_the_callers_own_is_recorded_in_seconds() {
    let (collector, metrics) = in_memory();
    metrics.record_duration("query_duration", Duration::from_millis(1_500), &LABELS).unwrap();
    assert_eq!(collector.histograms()[TIME].sum(), 1.5);
}

#[test]
fn threads_that_declare_and_record_at_once_lose_nothing() {
    const THREADS: usize = 8;
    const RECORDS: u32 = 2_000;
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    let start = Barrier::new(THREADS);
    let record = |thread: usize| {
        let forwards = [("a", "1"), ("b", "2"), ("c", "3")];
        let backwards = [("c", "3"), ("b", "2"), ("a", "1")];
        let labels = if thread.is_multiple_of(2) { &forwards } else { &backwards };
        start.wait();
        for number in 0..RECORDS {
            let name = ["first", "second", "third"][number as usize % 3];
            metrics.increment_counter(name, 1.0, labels).unwrap();
            metrics.record_histogram("size", 0.5, labels).unwrap();
            metrics.increment_gauge("level", 2.0, labels).unwrap();
            metrics.decrement_gauge("level", 1.0, labels).unwrap();
        }
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || record(thread));
        }
    });
    let labels = [("a", "1"), ("b", "2"), ("c", "3")];
    let snapshot = registry.snapshot();
    let all = f64::from(RECORDS) * THREADS as f64;
    let counted = ["first", "second", "third"].map(|name| snapshot.float_counter(name, &labels).unwrap());
    assert_eq!(counted.iter().sum::<f64>(), all);
    assert_eq!(counted[0], 667.0 * THREADS as f64);
    let sizes = snapshot.histogram("size", &labels).unwrap();
    assert_eq!((sizes.count() as f64, sizes.sum()), (all, 0.5 * all));
    assert_eq!(snapshot.gauge("level", &labels), Some(all));
    assert_eq!(snapshot.families().len(), 5);
}

/// Records by name when it is dropped.
struct Recorder(Arc<NamedMetrics>);

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.increment_counter("ended", 1.0, &[("thread", "one")]).unwrap();
        self.0.track_duration("end_duration", &[]).unwrap().stop();
        drop(self.0.track_active("ending", &[]).unwrap());
    }
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

#[test]
fn destructors_of_thread_locals_record_before_and_after_those_of_the_engine() {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let metrics = Arc::new(NamedMetrics::new(Arc::new(EngineCollector::new(&registry))));
    for record_first in [false, true] {
        let metrics = Arc::clone(&metrics);
        let work = move || {
            let record = || metrics.increment_counter("ended", 1.0, &[("thread", "one")]).unwrap();
            if record_first {
                record();
            }
            RECORDER.with(|recorder| *recorder.borrow_mut() = Some(Recorder(Arc::clone(&metrics))));
            record();
        };
        thread::spawn(work).join().unwrap();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("ended", &[("thread", "one")]), Some(5.0));
    assert_eq!(snapshot.histogram("end_duration_seconds", &[]).unwrap().count(), 2);
    assert_eq!(snapshot.gauge("ending", &[]), Some(0.0));
}
