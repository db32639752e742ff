//! The collector that the process has one of. These tests set it, so they take turns.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use panics::expect_panics;
use tachometer::{
    DropReason, Registry,
    collector::{
        DefaultCollector, EngineCollector, FanOut, InMemoryCollector, MetricId, MetricsCollector,
        NoOpCollector, default_collector, reset_default_collector, set_default_collector, with_default,
    },
    dropped_records,
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &[]);
static FLUSH: MetricId = MetricId::histogram("flush_seconds", "Time to flush.", &[]);

/// The default of the process, for one test, which begins and ends with none.
struct Turn {
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        reset_default_collector();
        Self { _turn: turn }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        reset_default_collector();
    }
}

fn send() {
    with_default(|collector| collector.increment(&SENT, 1.0, &[]));
}

fn sent(memory: &InMemoryCollector) -> f64 {
    memory.counters().get("sent_total").copied().unwrap_or(0.0)
}

fn memory() -> Arc<InMemoryCollector> {
    Arc::new(InMemoryCollector::new())
}

#[test]
fn the_default_does_nothing_until_it_is_set_and_says_what_it_is() {
    let _turn = Turn::take();
    assert_eq!((default_collector().name(), default_collector().is_enabled()), ("NoOpCollector", false));
    send();
    let memory = memory();
    assert_eq!(set_default_collector(memory.clone()).name(), "NoOpCollector");
    assert_eq!(default_collector().name(), "InMemoryCollector");
    send();
    let engine = Arc::new(EngineCollector::new(&Registry::new()));
    assert_eq!(set_default_collector(engine).name(), "InMemoryCollector");
    assert_eq!(default_collector().name(), "EngineCollector");
    assert_eq!(reset_default_collector().name(), "EngineCollector");
    assert_eq!(default_collector().name(), "NoOpCollector");
    send();
    assert_eq!(sent(&memory), 1.0);
}

#[test]
fn call_sites_follow_each_setting_at_their_next_call_on_every_thread() {
    const TURNS: usize = 200;
    let _turn = Turn::take();
    let memories: Vec<_> = (0..TURNS).map(|_| memory()).collect();
    let (set, called) = (std::sync::Barrier::new(3), std::sync::Barrier::new(3));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..TURNS {
                    set.wait();
                    send();
                    DefaultCollector.increment(&SENT, 1.0, &[]);
                    called.wait();
                }
            });
        }
        for memory in &memories {
            set_default_collector(memory.clone());
            set.wait();
            called.wait();
        }
    });
    let each: Vec<_> = memories.iter().map(|memory| sent(memory)).collect();
    assert_eq!(each, [4.0; TURNS]);
}

#[test]
fn records_beside_settings_go_to_one_of_the_collectors_and_are_all_there() {
    let _turn = Turn::take();
    let memories = [memory(), memory(), memory()];
    set_default_collector(memories[0].clone());
    let stop = AtomicBool::new(false);
    let recorded = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    send();
                    recorded.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for turn in 0..5_000 {
            set_default_collector(memories[turn % 3].clone());
        }
        stop.store(true, Ordering::Relaxed);
    });
    let kept: f64 = memories.iter().map(|memory| sent(memory)).sum();
    assert_eq!(kept, recorded.into_inner() as f64);
}

#[test]
fn a_collector_that_was_replaced_goes_when_its_last_user_has_used_the_new_one() {
    let _turn = Turn::take();
    let first = memory();
    let gone: Weak<_> = Arc::downgrade(&first);
    set_default_collector(first);
    send();
    drop(set_default_collector(memory()));
    send();
    assert!(gone.upgrade().is_none());
}

#[test]
fn a_held_default_collector_passes_everything_on() {
    let _turn = Turn::take();
    static DEPTH: MetricId = MetricId::gauge("depth", "Depth.", &[]);
    let held: Arc<dyn MetricsCollector> = Arc::new(DefaultCollector);
    assert_eq!((held.name(), held.is_enabled()), ("DefaultCollector", false));
    let memory = memory();
    set_default_collector(memory.clone());
    assert!(held.is_enabled());
    held.increment(&SENT, 2.0, &[]);
    held.gauge(&DEPTH, 5.0, &[]);
    held.add_to_gauge(&DEPTH, -1.0, &[]);
    held.histogram(&FLUSH, 0.5, &[]);
    held.timer(&FLUSH, &[]).stop();
    let all = memory.metrics();
    assert_eq!((all["sent_total"].number(), all["depth"].number()), (Some(2.0), Some(4.0)));
    assert_eq!(all["flush_seconds"].distribution().unwrap().count(), 2);
}

/// Sets the default to another collector, and asks for it, whenever something is recorded in it.
#[derive(Debug)]
struct Meddler(Arc<InMemoryCollector>);

impl MetricsCollector for Meddler {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {
        assert_eq!(set_default_collector(self.0.clone()).name(), "Meddler");
        assert_eq!(default_collector().name(), "InMemoryCollector");
        send();
    }

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}
}

#[test]
fn a_collector_may_set_the_default_while_it_is_called() {
    let _turn = Turn::take();
    let memory = memory();
    set_default_collector(Arc::new(Meddler(memory.clone())));
    send();
    send();
    assert_eq!(sent(&memory), 2.0);
}

/// The only test of this program that drops records: the counts are the process's.
#[test]
fn a_default_that_records_in_the_default_comes_to_an_end() {
    let _turn = Turn::take();
    let memory = memory();
    set_default_collector(Arc::new(FanOut::new([
        memory.clone() as Arc<dyn MetricsCollector>,
        Arc::new(DefaultCollector),
    ])));
    let before = dropped_records(DropReason::Reentry);
    send();
    assert_eq!((sent(&memory), dropped_records(DropReason::Reentry) - before), (4.0, 1));
    send();
    assert_eq!((sent(&memory), dropped_records(DropReason::Reentry) - before), (8.0, 2));
}

#[derive(Debug)]
struct Panicking;

impl MetricsCollector for Panicking {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {
        panic!("on purpose");
    }

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}
}

#[test]
fn a_collector_that_panics_leaves_the_default_in_order() {
    expect_panics();
    let _turn = Turn::take();
    set_default_collector(Arc::new(Panicking));
    for _ in 0..10 {
        assert!(catch_unwind(send).is_err());
        assert!(catch_unwind(|| DefaultCollector.increment(&SENT, 1.0, &[])).is_err());
        assert_eq!(default_collector().name(), "Panicking");
    }
    let memory = memory();
    set_default_collector(memory.clone());
    send();
    assert_eq!(sent(&memory), 1.0);
}

#[test]
fn a_fan_out_hands_everything_to_all_and_is_enabled_if_one_is() {
    static DEPTH: MetricId = MetricId::gauge("depth", "Depth.", &[]);
    let memories = [memory(), memory()];
    let all: Vec<Arc<dyn MetricsCollector>> =
        vec![memories[0].clone(), Arc::new(NoOpCollector), memories[1].clone()];
    let all = FanOut::new(all);
    all.increment(&SENT, 2.0, &[]);
    all.gauge(&DEPTH, 5.0, &[]);
    all.add_to_gauge(&DEPTH, -1.0, &[]);
    let took = all.timer(&FLUSH, &[]).stop().as_secs_f64();
    for memory in memories {
        let metrics = memory.metrics();
        assert_eq!((metrics["sent_total"].number(), metrics["depth"].number()), (Some(2.0), Some(4.0)));
        assert_eq!(metrics["flush_seconds"].distribution().unwrap().sum(), took);
    }
    assert!(all.is_enabled());
    assert!(!FanOut::new([]).is_enabled());
    assert!(!FanOut::new([Arc::new(NoOpCollector) as Arc<dyn MetricsCollector>]).is_enabled());
}

/// Records through the default, and in a collector over a registry, when it is dropped.
struct LastWords(Arc<EngineCollector>);

impl Drop for LastWords {
    fn drop(&mut self) {
        for _ in 0..10 {
            send();
            DefaultCollector.increment(&SENT, 1.0, &[]);
            self.0.increment(&SENT, 1.0, &[]);
        }
    }
}

thread_local! {
    static BEFORE: RefCell<Option<LastWords>> = const { RefCell::new(None) };
    static AFTER: RefCell<Option<LastWords>> = const { RefCell::new(None) };
}

#[test]
fn destructors_of_thread_locals_record_before_and_after_the_engines_own_are_gone() {
    let _turn = Turn::take();
    let (ours, of_default) = (Registry::new(), Registry::new());
    let ours_collector = Arc::new(EngineCollector::new(&ours));
    set_default_collector(Arc::new(EngineCollector::new(&of_default)));
    for _ in 0..20 {
        let collector = Arc::clone(&ours_collector);
        let body = move || {
            let arm = |local: &RefCell<Option<LastWords>>| {
                *local.borrow_mut() = Some(LastWords(Arc::clone(&collector)));
            };
            // Destroyed in the reverse order of their first use.
            AFTER.with(arm);
            send();
            collector.increment(&SENT, 1.0, &[]);
            BEFORE.with(arm);
        };
        thread::spawn(body).join().unwrap();
    }
    let value = |registry: &Registry| registry.snapshot().float_counter("sent_total", &[]);
    assert_eq!((value(&ours), value(&of_default)), (Some(20.0 * 21.0), Some(20.0 * 41.0)));
}

#[test]
fn a_panic_in_the_work_itself_is_passed_on() {
    expect_panics();
    let _turn = Turn::take();
    let memory = memory();
    set_default_collector(memory.clone());
    let work = AssertUnwindSafe(|| with_default(|_| panic!("on purpose")));
    assert!(catch_unwind(work).is_err());
    assert_eq!(with_default(|collector| collector.name()), "InMemoryCollector");
}
