//! A callback that does not return costs its own series and nothing else, and neither callbacks nor what they leave
//! behind are dropped under a lock.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;
#[path = "common/plain.rs"]
mod plain;

use std::{
    mem,
    panic::panic_any,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use panics::expect_panics;
use plain::plain;
use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, RegisterErrorReason as Reason, Registry};

/// Long enough for a callback that only returns a number, on a machine that is busy.
const TIMEOUT: Duration = Duration::from_secs(1);

fn registry() -> Registry {
    Registry::builder().self_metrics(false).callback_timeout(TIMEOUT).build().unwrap()
}

/// Callbacks that wait until the test lets them go on. Each waits on a channel of its own.
#[derive(Clone, Default)]
struct Gate {
    open: Arc<AtomicBool>,
    waiting: Arc<Mutex<Vec<Sender<()>>>>,
    calls: Arc<AtomicU64>,
}

impl Gate {
    /// Called by a callback.
    fn pass(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let released = {
            let mut waiting = self.waiting.lock().unwrap();
            if self.open.load(Ordering::Relaxed) {
                return;
            }
            let (release, released) = channel();
            waiting.push(release);
            released
        };
        let _ = released.recv();
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Lets everybody go on, now and from now on.
    fn open(&self) {
        let mut waiting = self.waiting.lock().unwrap();
        self.open.store(true, Ordering::Relaxed);
        waiting.clear();
    }
}

/// Takes snapshots until this is so, which follows soon on something that has happened already.
fn eventually(registry: &Registry, is_so: impl Fn(&tachometer::Snapshot) -> bool) {
    let begin = Instant::now();
    while !is_so(&registry.snapshot()) {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never is");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_stuck_callback_is_missing_until_it_returns_and_is_not_called_meanwhile() {
    let registry = registry();
    let gate = Gate::default();
    let passes = gate.clone();
    for number in 0_u8..4 {
        registry.gauge_fn(&format!("level_{number}"), "Level.", move || f64::from(number)).unwrap();
    }
    registry
        .gauge_family_fn("lag", "Records behind.", ["topic"], move |out| {
            passes.pass();
            out.observe(["orders"], 7.0);
        })
        .unwrap();
    let events = registry.counter("events_total", "Events.").unwrap();
    let mut schemas = Vec::new();
    for turn in 1..=100 {
        events.inc();
        let snapshot = registry.snapshot();
        for number in 0_u8..4 {
            assert_eq!(snapshot.gauge(&format!("level_{number}"), &[]), Some(f64::from(number)));
        }
        assert_eq!(snapshot.counter("events_total", &[]), Some(turn));
        assert_eq!(snapshot.family("lag").unwrap().series().count(), 0);
        assert_eq!(registry.callback_errors(), turn);
        schemas.push(snapshot.schema_id());
    }
    schemas.dedup();
    assert_eq!((schemas.len(), gate.calls()), (1, 1));
    gate.open();
    let orders = [("topic", "orders")];
    eventually(&registry, |snapshot| snapshot.gauge("lag", &orders) == Some(7.0));
    let errors = registry.callback_errors();
    for _ in 0..100 {
        assert_eq!(registry.snapshot().gauge("lag", &orders), Some(7.0));
    }
    assert_eq!(registry.callback_errors(), errors);
}

#[test]
fn several_that_are_stuck_leave_those_before_between_and_behind_them() {
    let registry = registry();
    let gate = Gate::default();
    for number in 0_u8..12 {
        let passes = (number % 3 == 1).then(|| gate.clone());
        let callback = move || {
            passes.iter().for_each(Gate::pass);
            f64::from(number)
        };
        registry.gauge_fn(&format!("level_{number:02}"), "Level.", callback).unwrap();
    }
    let stuck = gate.clone();
    registry.collector("stuck", move |_| stuck.pass()).unwrap();
    let good = |out: &mut tachometer::Collection| {
        out.family(FamilyBuilder::new("good", MetricKind::Gauge).number(NO_LABELS, Number::F64(1.0)));
    };
    registry.collector("good", good).unwrap();
    for turn in 1..=3 {
        let snapshot = registry.snapshot();
        for number in 0_u8..12 {
            let expected = (number % 3 != 1).then_some(f64::from(number));
            assert_eq!(snapshot.gauge(&format!("level_{number:02}"), &[]), expected);
        }
        assert_eq!(snapshot.gauge("good", &[]), Some(1.0));
        assert_eq!(registry.callback_errors(), 5 * turn);
    }
    assert_eq!(gate.calls(), 5);
    gate.open();
    eventually(&registry, |snapshot| {
        (0..12).all(|number| snapshot.gauge(&format!("level_{number:02}"), &[]) == Some(f64::from(number)))
    });
}

#[test]
fn a_callback_that_is_slow_and_in_time_is_not_missing() {
    let registry =
        Registry::builder().self_metrics(false).callback_timeout(Duration::from_secs(60)).build().unwrap();
    for number in 0_u8..3 {
        let callback = move || {
            std::thread::sleep(Duration::from_millis(30));
            f64::from(number)
        };
        registry.gauge_fn(&format!("level_{number}"), "Level.", callback).unwrap();
    }
    for _ in 0..3 {
        let snapshot = registry.snapshot();
        for number in 0_u8..3 {
            assert_eq!(snapshot.gauge(&format!("level_{number}"), &[]), Some(f64::from(number)));
        }
    }
    assert_eq!(registry.callback_errors(), 0);
}

/// Registers a gauge of 1 that waits at a gate.
fn stick(registry: &Registry, name: &str) -> Gate {
    let gate = Gate::default();
    let passes = gate.clone();
    let callback = move || {
        passes.pass();
        1.0
    };
    registry.gauge_fn(name, "Stuck.", callback).unwrap();
    gate
}

#[test]
fn callbacks_behind_one_that_waits_are_called_long_before_its_time_is_up() {
    let registry =
        Registry::builder().self_metrics(false).callback_timeout(Duration::from_secs(60)).build().unwrap();
    // Each waits for the one behind it.
    let (mut sender, last) = channel();
    registry.gauge_fn("level_0", "Level.", receive(last)).unwrap();
    for number in 1_u8..4 {
        let (next, receiver) = channel();
        let wait = receive(receiver);
        let before = mem::replace(&mut sender, next);
        let callback = move || {
            let received = wait();
            let _ = before.send(received + 1.0);
            received
        };
        registry.gauge_fn(&format!("level_{number}"), "Level.", callback).unwrap();
    }
    registry
        .gauge_fn("level_4", "Level.", move || {
            let _ = sender.send(1.0);
            0.0
        })
        .unwrap();
    let snapshot = registry.snapshot();
    let levels = [0, 1, 2, 3, 4].map(|number| snapshot.gauge(&format!("level_{number}"), &[]));
    assert_eq!(levels, [4.0, 3.0, 2.0, 1.0, 0.0].map(Some));
}

fn receive(receiver: Receiver<f64>) -> impl Fn() -> f64 + Send + Sync {
    let receiver = Mutex::new(receiver);
    move || receiver.lock().unwrap().recv().unwrap()
}

#[test]
fn a_callback_has_all_of_its_time() {
    let registry = Registry::builder().self_metrics(false).callback_timeout(4 * TIMEOUT).build().unwrap();
    let callback = || {
        std::thread::sleep(2 * TIMEOUT + TIMEOUT / 2);
        1.0
    };
    registry.gauge_fn("level", "Level.", callback).unwrap();
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
}

#[test]
fn a_callback_whose_snapshot_waits_for_one_that_is_stuck_is_in_time_itself() {
    let build = |()| Registry::builder().self_metrics(false).callback_timeout(4 * TIMEOUT).build().unwrap();
    let [outer, inner] = [(); 2].map(build);
    let gate = stick(&inner, "stuck");
    let looks = inner.clone();
    outer
        .gauge_fn("missing", "Missing.", move || f64::from(looks.snapshot().gauge("stuck", &[]).is_none()))
        .unwrap();
    assert_eq!(outer.snapshot().gauge("missing", &[]), Some(1.0));
    gate.open();
}

#[test]
fn callbacks_that_register_and_take_snapshots_finish_beside_one_that_is_stuck() {
    // Longer, because a snapshot within four others waits an eighth of it.
    let registry = Registry::builder().self_metrics(false).callback_timeout(4 * TIMEOUT).build().unwrap();
    let gate = stick(&registry, "a_stuck");
    let registers = registry.clone();
    registry
        .collector("registers", move |_| registers.counter("made_total", "Made.").unwrap().inc())
        .unwrap();
    let looks = registry.clone();
    registry.counter_fn("seen", "Families seen.", move || looks.snapshot().families().len() as u64).unwrap();
    for turn in 0..10 {
        let snapshot = registry.snapshot();
        assert!(snapshot.counter("made_total", &[]) > Some(0));
        // The first snapshot within may have come before the counter was made.
        assert!(snapshot.counter("seen", &[]).is_some_and(|seen| seen == 3 || (turn == 0 && seen == 2)));
        assert_eq!(snapshot.gauge("a_stuck", &[]), None);
    }
    // Lest the registry hold what holds the registry.
    assert!(registry.unregister_collector("registers") && registry.unregister("seen"));
    gate.open();
    eventually(&registry, |snapshot| snapshot.gauge("a_stuck", &[]) == Some(1.0));
}

#[test]
fn a_stuck_collector_can_be_unregistered_and_replaced() {
    let registry = registry();
    let gate = Gate::default();
    let (passes, held) = (gate.clone(), Arc::new(()));
    let holds = Arc::clone(&held);
    let stuck = move |_: &mut tachometer::Collection| {
        let _held = &holds;
        passes.pass();
    };
    registry.collector("process", stuck).unwrap();
    let _ = registry.snapshot();
    assert!(registry.unregister_collector("process"));
    let good = |out: &mut tachometer::Collection| {
        out.family(FamilyBuilder::new("good", MetricKind::Gauge).number(NO_LABELS, Number::F64(1.0)));
    };
    registry.collector("process", good).unwrap();
    for _ in 0..10 {
        assert_eq!(registry.snapshot().gauge("good", &[]), Some(1.0));
    }
    assert_eq!((registry.callback_errors(), Arc::strong_count(&held)), (1, 2));
    gate.open();
    eventually(&registry, |_| Arc::strong_count(&held) == 1);
}

/// Uses its registry when it is dropped, which would wait for ever if a lock of it were held.
struct UsesRegistry(Registry);

impl Drop for UsesRegistry {
    fn drop(&mut self) {
        self.0.counter("dropped_total", "Dropped.").unwrap().inc();
        let _ = self.0.snapshot();
    }
}

#[test]
fn no_lock_is_held_while_a_callback_or_what_it_panicked_with_is_dropped() {
    expect_panics();
    let registry = plain();
    let uses = || UsesRegistry(registry.clone());
    let guard = uses();
    let collects = move |_: &mut tachometer::Collection| {
        let _guard = &guard;
    };
    registry.collector("process", collects).unwrap();
    let _ = registry.snapshot();
    let guard = uses();
    let refused = registry.collector("process", move |_| {
        let _guard = &guard;
    });
    assert_eq!(refused.unwrap_err().reason(), &Reason::CollectorExists);
    assert!(registry.unregister_collector("process"));
    registry.gauge_fn("level", "Level.", || 1.0).unwrap();
    let guard = uses();
    let refused = registry.gauge_fn("level", "Level.", move || {
        let _guard = &guard;
        1.0
    });
    assert_eq!(refused.unwrap_err().reason(), &Reason::CallbackExists);
    assert_eq!(registry.snapshot().counter("dropped_total", &[]), Some(3));

    let thrown = Mutex::new(Some(uses()));
    registry
        .gauge_fn("throws", "Throws.", move || {
            match thrown.lock().unwrap_or_else(|e| e.into_inner()).take() {
                Some(payload) => panic_any(payload),
                None => 2.0,
            }
        })
        .unwrap();
    assert_eq!(registry.snapshot().gauge("throws", &[]), None);
    let after = registry.snapshot();
    assert_eq!((after.gauge("throws", &[]), after.counter("dropped_total", &[])), (Some(2.0), Some(4)));
    assert_eq!(registry.callback_errors(), 1);
}

/// Panics when it is dropped.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("on purpose");
        }
    }
}

#[test]
fn a_callback_that_panics_when_it_is_dropped_harms_nobody() {
    expect_panics();
    let registry = plain();
    let guard = PanicsInDrop;
    let collects = move |_: &mut tachometer::Collection| {
        let _guard = &guard;
    };
    registry.collector("process", collects).unwrap();
    registry.gauge_fn("level", "Level.", || 1.0).unwrap();
    registry.gauge_fn("throws", "Throws.", || panic_any(PanicsInDrop)).unwrap();
    for _ in 0..3 {
        assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
    }
    assert!(registry.unregister_collector("process"));
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
    assert_eq!(registry.callback_errors(), 4);
}

#[test]
fn a_timeout_of_zero_is_refused() {
    let error = Registry::builder().self_metrics(false).callback_timeout(Duration::ZERO).build().unwrap_err();
    assert_eq!(error.reason(), &Reason::NoCallbackTimeout);
    assert_eq!(error.to_string(), "registry: the callback timeout is zero; give callbacks time");
    assert!(Registry::builder().self_metrics(false).callback_timeout(Duration::MAX).build().is_ok());
}
