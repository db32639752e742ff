//! Collectors: the default one and bound ones, which are replaced while threads record, and the handles that threads
//! remember of the engine's.
#![cfg(tachometer_loom)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use loom::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    thread,
};
use tachometer::{
    Registry, Snapshot,
    collector::{
        BoundCollector, EngineCollector, MetricId, MetricsCollector, set_default_collector, with_default,
    },
    model::Shard,
};
use tachometer_loom_tests::{check, control};

static SENT: MetricId = MetricId::counter("sent_total", "", &["stream_name"]);
const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

/// One of several collectors: its number is its name and, where it is bound, the label that it expects.
#[derive(Debug)]
struct Numbered {
    number: usize,
    /// The number of the collector that recorded last. Loom does not look at it.
    recorded: Arc<AtomicUsize>,
}

const NAMES: [&str; 4] = ["0", "1", "2", "3"];

impl MetricsCollector for Numbered {
    fn increment(&self, _: &'static MetricId, _: f64, labels: &[&str]) {
        assert_eq!(labels, [NAMES[self.number]], "the collector of one binding has the values of another");
        self.recorded.store(self.number, Relaxed);
    }

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn name(&self) -> &'static str {
        NAMES[self.number]
    }
}

fn numbered(number: usize) -> Arc<Numbered> {
    Arc::new(Numbered { number, recorded: Arc::default() })
}

/// A flag that is raised with Release and read with Acquire: how a thread learns what another has done.
fn flag() -> (Arc<AtomicU32>, Arc<AtomicU32>) {
    let flag = Arc::new(AtomicU32::new(0));
    (Arc::clone(&flag), flag)
}

/// The number of the default collector that a call finds.
fn default() -> usize {
    with_default(|collector| collector.name().parse().unwrap_or(0))
}

#[test]
fn a_call_after_a_setting_finds_that_collector_or_a_later_one() {
    check("a call after a setting finds that collector or a later one", 380, || {
        set_default_collector(numbered(1));
        let (says, said) = flag();
        let setter = thread::spawn(move || {
            set_default_collector(numbered(2));
            says.store(1, Ordering::Release);
            set_default_collector(numbered(3));
        });
        let caller = thread::spawn(move || {
            let before = default();
            let is_set = said.load(Ordering::Acquire) == 1;
            let after = default();
            assert!(before <= after, "the default went back from {before} to {after}");
            assert!(!is_set || after >= 2, "a call knows of a setting and finds the collector before it");
        });
        setter.join().unwrap();
        caller.join().unwrap();
        assert_eq!(default(), 3);
    });
}

/// What one thread has found, another does not fall behind.
#[test]
fn a_call_after_a_call_that_found_a_setting_finds_it_too() {
    check("a call after a call that found a setting finds it too", 7_500, || {
        set_default_collector(numbered(1));
        let (says, said) = flag();
        let setter = thread::spawn(|| drop(set_default_collector(numbered(2))));
        let first = thread::spawn(move || {
            let found = default();
            says.store(found as u32, Ordering::Release);
        });
        let second = thread::spawn(move || {
            assert!(default() >= 1);
            let known = said.load(Ordering::Acquire) as usize;
            let found = default();
            assert!(found >= known, "another thread has found {known}, and this one finds {found}");
        });
        setter.join().unwrap();
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// One thread binds three times, another records. The second binding and those after it lie in different places.
#[test]
fn a_record_goes_whole_to_the_binding_before_or_to_the_one_after() {
    check("a record goes whole to the binding before or to the one after", 140, || {
        let recorded = Arc::new(AtomicUsize::new(0));
        let bind = |bound: &BoundCollector, number| {
            let collector = Numbered { number, recorded: Arc::clone(&recorded) };
            bound.bind(Arc::new(collector), [("stream_name", NAMES[number])]).unwrap();
        };
        let zero = Numbered { number: 0, recorded: Arc::clone(&recorded) };
        let bound = BoundCollector::new(Arc::new(zero), [("stream_name", "0")]);
        bind(&bound, 1);
        let (says, said) = flag();
        let recorder = {
            let (bound, recorded) = (bound.clone(), Arc::clone(&recorded));
            thread::spawn(move || {
                let record = || {
                    bound.increment(&SENT, 1.0, &[]);
                    recorded.load(Relaxed)
                };
                let before = record();
                let is_bound = said.load(Ordering::Acquire) == 1;
                let after = record();
                assert!(before <= after, "a record went back from binding {before} to {after}");
                assert!(!is_bound || after >= 2, "a record knows of a binding and goes to the one before it");
            })
        };
        bind(&bound, 2);
        says.store(1, Ordering::Release);
        bind(&bound, 3);
        recorder.join().unwrap();
        bound.increment(&SENT, 1.0, &[]);
        assert_eq!(recorded.load(Relaxed), 3);
    });
}

#[test]
fn of_two_bindings_at_once_one_comes_after_the_other() {
    check("of two bindings at once one comes after the other", 50, || {
        let bound = BoundCollector::new(numbered(0), [("stream_name", "0")]);
        let threads = [1, 2].map(|number| {
            let bound = bound.clone();
            thread::spawn(move || {
                bound.bind(numbered(number), [("stream_name", NAMES[number])]).unwrap();
                bound.increment(&SENT, 1.0, &[]);
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        bound.increment(&SENT, 1.0, &[]);
    });
}

fn sent(snapshot: &Snapshot) -> Option<f64> {
    snapshot.float_counter("sent_total", &ORDERS)
}

/// A thread that remembers the handle of a series records before and after it learns that the series was removed.
fn remembered_beside(remove: impl FnOnce(&Registry) -> bool + Send + 'static) {
    let registry = Registry::new();
    let collector = Arc::new(EngineCollector::new(&registry));
    let recorders_shard = Shard::acquire().unwrap();
    Shard::acquire().unwrap().wear();
    collector.increment(&SENT, 1.0, &["orders"]);
    let (says, said) = flag();
    let recorder = {
        let collector = Arc::clone(&collector);
        thread::spawn(move || {
            recorders_shard.wear();
            collector.increment(&SENT, 1.0, &["orders"]);
            let is_removed = said.load(Ordering::Acquire) == 1;
            collector.increment(&SENT, 1.0, &["orders"]);
            (collector, is_removed)
        })
    };
    assert!(remove(&registry));
    says.store(1, Ordering::Release);
    let (_collector, is_removed) = recorder.join().unwrap();
    let seen = sent(&registry.snapshot());
    assert!(seen.is_none_or(|seen| seen <= 2.0), "what was removed has come back: {seen:?}");
    assert!(!is_removed || seen >= Some(1.0), "a record was made in a series that is known to be gone");
}

#[test]
fn a_remembered_handle_is_not_used_once_its_series_is_known_to_be_gone() {
    check("a remembered handle is not used once its series is known to be gone", 420, || {
        remembered_beside(|registry| {
            let family = registry.float_counter_family("sent_total", "", ["stream_name"]).unwrap();
            family.remove(ORDERS)
        });
    });
}

#[test]
fn a_remembered_handle_is_not_used_once_its_family_is_known_to_be_gone() {
    check("a remembered handle is not used once its family is known to be gone", 270, || {
        remembered_beside(|registry| registry.unregister("sent_total"));
    });
}

/// A thread keeps a value with a number that it reads when it has let go of the lock.
#[test]
#[should_panic(expected = "finds the value before it")]
fn control_a_number_that_is_read_after_the_lock_is_seen() {
    control("a number that is read after the lock", || {
        let shared = Arc::new((loom::sync::Mutex::new(1), AtomicU64::new(1)));
        let (says, said) = flag();
        let setter = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                *shared.0.lock().unwrap() = 2;
                shared.1.fetch_add(1, Ordering::Relaxed);
                says.store(1, Ordering::Release);
            })
        };
        let ask = || {
            let value = *shared.0.lock().unwrap();
            (value, shared.1.load(Ordering::Relaxed))
        };
        let kept = Mutex::new(ask());
        let is_set = said.load(Ordering::Acquire) == 1;
        let number = shared.1.load(Ordering::Relaxed);
        let mut kept = kept.into_inner().unwrap();
        if kept.1 != number {
            kept = ask();
        }
        setter.join().unwrap();
        assert!(!is_set || kept.0 == 2, "a call knows of a setting and finds the value before it");
    });
}
