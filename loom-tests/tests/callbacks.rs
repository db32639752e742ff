//! Callbacks: asked by workers, outside every lock, for a snapshot that waits, looks after slow ones, and gives up.
#![cfg(tachometer_loom)]

use std::{
    collections::HashSet,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tachometer::{Registry, Snapshot, model};
use tachometer_loom_tests::{PREEMPTIONS, check, check_both_ways, check_within, control};

const TIMEOUT: Duration = tachometer::DEFAULT_CALLBACK_TIMEOUT;

/// How long a call may take before another worker takes the callbacks behind it, as the engine has it.
const HANDOVER: Duration = Duration::from_millis(10);

/// What a model counts for itself, and loom does not explore.
#[derive(Clone, Default)]
struct Counted(std::sync::Arc<AtomicI64>);

impl Counted {
    /// The count with `amount` more.
    fn add(&self, amount: i64) -> i64 {
        self.0.fetch_add(amount, Relaxed) + amount
    }

    fn raise(&self, least: i64) {
        self.0.fetch_max(least, Relaxed);
    }

    fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// A registry with a callback that answers the number of its call, after having done `work`.
fn registry(work: impl Fn(u64) + Send + Sync + 'static) -> Registry {
    let registry = Registry::new();
    register(&registry, work);
    registry
}

fn register(registry: &Registry, work: impl Fn(u64) + Send + Sync + 'static) {
    let calls = Counted::default();
    let call = move || {
        let call = calls.add(1) as u64;
        work(call);
        call
    };
    registry.counter_fn("calls_total", "", call).unwrap();
}

/// The number of the call that the snapshot has; `None` if it was given up.
fn seen(snapshot: &Snapshot) -> Option<u64> {
    snapshot.counter("calls_total", &[])
}

/// Lets the whole timeout pass in the first call.
fn slow_at_first(call: u64) {
    if call == 1 {
        model::pass(TIMEOUT);
    }
}

#[test]
fn an_answer_is_taken_once_or_given_up() {
    check_both_ways(PREEMPTIONS, "an answer is taken once or given up", 280, || {
        let registry = registry(slow_at_first);
        let first = seen(&registry.snapshot());
        assert!([None, Some(1)].contains(&first), "{first:?} from the first call");
        let given_up = u64::from(first.is_none());
        assert_eq!(registry.callback_errors(), given_up, "a call was taken and given up, or neither");
        while model::late_calls(&registry) > 0 {
            assert_eq!(given_up, 1, "a call that was taken is late");
            thread::yield_now();
        }
        assert_eq!(seen(&registry.snapshot()), Some(2), "a call that has returned is taken for late");
        assert_eq!(registry.callback_errors(), given_up);
        first.is_none()
    });
}

#[test]
fn an_answer_that_comes_late_is_in_no_later_snapshot() {
    check_both_ways(PREEMPTIONS, "an answer that comes late is in no later snapshot", 350, || {
        let (under_way, at_once) = (Counted::default(), Counted::default());
        let most = at_once.clone();
        let registry = registry(move |call| {
            most.raise(under_way.add(1));
            slow_at_first(call);
            under_way.add(-1);
        });
        let [first, second] = [(); 2].map(|()| seen(&registry.snapshot()));
        assert!([None, Some(1)].contains(&first), "{first:?} from the first call");
        assert!(second == Some(2) || first.is_none() && second.is_none(), "{second:?} from the second call");
        assert_eq!(at_once.get(), 1, "called while it was stuck");
        second.is_none()
    });
}

/// The slow one may return when the one behind it has been called already, by another worker.
#[test]
fn callbacks_behind_a_slow_one_are_asked_meanwhile() {
    check_both_ways(PREEMPTIONS, "callbacks behind a slow one are asked meanwhile", 850, || {
        let asked = Arc::new(AtomicU32::new(0));
        let (behind, meanwhile) = (Arc::clone(&asked), Counted::default());
        let registry = Registry::new();
        let counted = meanwhile.clone();
        let slow = move || {
            model::pass(HANDOVER);
            counted.add(asked.fetch_add(0, Ordering::Relaxed).into());
            1
        };
        registry.counter_fn("a_total", "", slow).unwrap();
        registry
            .counter_fn("b_total", "", move || 2 + u64::from(behind.fetch_add(1, Ordering::Relaxed)))
            .unwrap();
        let snapshot = registry.snapshot();
        assert_eq!(["a_total", "b_total"].map(|name| snapshot.counter(name, &[])), [Some(1), Some(2)]);
        meanwhile.get() == 1
    });
}

/// One is given up, whoever asks the other: a worker that helps, or the one that comes back.
#[test]
fn a_call_that_is_given_up_costs_no_other_its_answer() {
    check_both_ways(PREEMPTIONS, "a call that is given up costs no other its answer", 220, || {
        let registry = registry(slow_at_first);
        registry.gauge_fn("other", "", || 7.0).unwrap();
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.gauge("other", &[]), Some(7.0));
        seen(&snapshot).is_none()
    });
}

#[test]
fn a_panic_is_the_end_of_one_call_and_of_nothing_else() {
    check("a panic is the end of one call and of nothing else", 140, || {
        let registry = registry(|call| {
            if call == 1 {
                std::panic::resume_unwind(Box::new("the first call fails"));
            }
        });
        registry.gauge_fn("other", "", || 7.0).unwrap();
        for (number, expected) in [None, Some(2)].into_iter().enumerate() {
            let snapshot = registry.snapshot();
            assert_eq!(seen(&snapshot), expected, "call {number}");
            assert_eq!(snapshot.gauge("other", &[]), Some(7.0));
        }
        assert_eq!((registry.callback_errors(), model::late_calls(&registry)), (1, 0));
    });
}

#[test]
fn snapshots_at_the_same_time_ask_once_each() {
    check("snapshots at the same time ask once each", 27_000, || {
        let registry = registry(|_| {});
        let other = {
            let registry = registry.clone();
            thread::spawn(move || (seen(&registry.snapshot()), registry))
        };
        let own = seen(&registry.snapshot());
        let (others, _registry) = other.join().unwrap();
        assert!(
            [own, others] == [Some(1), Some(2)] || [own, others] == [Some(2), Some(1)],
            "{own:?}, {others:?}"
        );
    });
}

#[test]
fn snapshots_one_after_the_other_have_one_worker() {
    check("snapshots one after the other have one worker", 350, || {
        let workers = std::sync::Arc::new(std::sync::Mutex::new(HashSet::new()));
        let seen_workers = std::sync::Arc::clone(&workers);
        let registry = registry(move |_| {
            seen_workers.lock().unwrap().insert(thread::current().id());
        });
        for call in 1..=3 {
            assert_eq!(seen(&registry.snapshot()), Some(call));
        }
        assert_eq!(workers.lock().unwrap().len(), 1, "a worker that was done was not idle");
    });
}

/// Each of two calls waits for the other, so one worker cannot make both, though one is idle when the two begin.
#[test]
fn a_batch_is_never_left_to_a_busy_worker() {
    check_within(2, "a batch is never left to a busy worker", 4_700, || {
        let under_way = AtomicU32::new(0);
        let registry = registry(move |call| {
            if call > 1 {
                under_way.fetch_add(1, Ordering::Relaxed);
                while under_way.load(Ordering::Relaxed) < 2 {
                    thread::yield_now();
                }
            }
        });
        assert_eq!(seen(&registry.snapshot()), Some(1));
        let other = {
            let registry = registry.clone();
            thread::spawn(move || (seen(&registry.snapshot()), registry))
        };
        let own = seen(&registry.snapshot());
        let (others, _registry) = other.join().unwrap();
        assert!(own.is_some() && others.is_some(), "{own:?}, {others:?}");
    });
}

/// Whoever drops the registry last, the worker may still be at work, about to wait, or waiting.
#[test]
fn the_workers_end_with_the_registry() {
    check("the workers end with the registry", 200, || {
        let registry = registry(|_| {});
        let reader = {
            let registry = registry.clone();
            thread::spawn(move || assert_eq!(seen(&registry.snapshot()), Some(1)))
        };
        drop(registry);
        reader.join().unwrap();
    });
}

/// The callback does what needs each lock of the registry, and another thread does the same meanwhile.
#[test]
fn a_callback_runs_outside_every_lock() {
    check("a callback runs outside every lock", 6_000, || {
        let family =
            |registry: &Registry| registry.counter_family("sent_total", "", ["stream_name"]).unwrap();
        let registry = Registry::new();
        let nested = Arc::new(Mutex::new(Some(registry.clone())));
        let kept = Arc::clone(&nested);
        register(&registry, move |_| {
            let registry = nested.lock().unwrap().take().unwrap();
            family(&registry).with([("stream_name", "orders")]).unwrap().inc();
            assert!(registry.unregister("calls_total"));
        });
        let other = {
            let registry = registry.clone();
            thread::spawn(move || {
                assert!(!family(&registry).remove([("stream_name", "clicks")]));
                registry
            })
        };
        assert_eq!(seen(&registry.snapshot()), None, "unregistered by itself");
        let _registry = other.join().unwrap();
        assert_eq!(registry.snapshot().counter("sent_total", &[("stream_name", "orders")]), Some(1));
        assert!(kept.lock().unwrap().is_none());
    });
}

/// Workers that are woken before they are told to end.
#[test]
#[should_panic(expected = "deadlock")]
fn control_a_wake_up_that_is_lost_is_seen() {
    control("a wake-up that is lost", || {
        let registry = registry(|_| {});
        assert_eq!(seen(&registry.snapshot()), Some(1));
        model::end_workers_too_late(&registry);
    });
}

/// An answer that does not go by the batch, and so comes although it was given up.
#[test]
#[should_panic(expected = "an answer came late")]
fn control_an_answer_past_the_batch_is_seen() {
    control("an answer past the batch", || {
        let answer = Arc::new(AtomicU32::new(0));
        let answered = Arc::clone(&answer);
        let registry = registry(move |call| {
            slow_at_first(call);
            answered.fetch_add(call as u32, Ordering::Relaxed);
        });
        if seen(&registry.snapshot()).is_none() {
            assert_eq!(answer.fetch_add(0, Ordering::Relaxed), 0, "an answer came late");
        }
    });
}

const REGISTERED: u32 = 1;
const GOING: u32 = 2;
const GONE: u32 = 3;

/// One thread registers a callback and unregisters it, and says so each time; the other takes snapshots.
#[test]
fn a_callback_is_asked_from_its_registration_until_it_is_unregistered() {
    check("a callback is asked from its registration until it is unregistered", 12_000, || {
        let registry = Registry::new();
        let (said, calls) = (Arc::new(AtomicU32::new(0)), Counted::default());
        let registers = {
            let (registry, said, calls) = (registry.clone(), Arc::clone(&said), calls.clone());
            thread::spawn(move || {
                register(&registry, move |_| {
                    calls.add(1);
                });
                said.store(REGISTERED, Ordering::Release);
                said.store(GOING, Ordering::Release);
                assert!(registry.unregister("calls_total"));
                said.store(GONE, Ordering::Release);
                registry
            })
        };
        // The first one's schema, and those it asked, are kept for the second.
        drop(registry.snapshot());
        let (before, calls_before) = (said.load(Ordering::Acquire), calls.get());
        let seen = seen(&registry.snapshot());
        let after = said.load(Ordering::Acquire);
        let asked = seen.is_some() || calls.get() > calls_before;
        assert!(before < GONE || !asked, "asked though it was unregistered");
        assert!(
            before < REGISTERED || after >= GOING || seen.is_some(),
            "not asked though it was registered"
        );
        let _registry = registers.join().unwrap();
    });
}
