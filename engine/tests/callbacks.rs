//! Callbacks are asked at every snapshot, outside every lock, and one that panics harms only its own series.
#![forbid(unsafe_code)]

use std::{
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use tachometer::{MetricKind, Registry};

/// Keeps panics that are meant to happen from filling the output.
fn expect_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let on_purpose = info.payload().downcast_ref::<&str>() == Some(&"on purpose");
            if !on_purpose {
                hook(info);
            }
        }));
    });
}

#[test]
fn a_callback_is_asked_once_for_each_snapshot() {
    let registry = Registry::new();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    registry.counter_fn("calls_total", "Calls.", move || counted.fetch_add(1, Ordering::Relaxed)).unwrap();
    registry.gauge_fn("level", "Level.", || f64::NEG_INFINITY).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 0, "not when it is registered");
    for snapshot in 0..3 {
        let seen = registry.snapshot();
        assert_eq!(seen.counter("calls_total", &[]), Some(snapshot));
        assert_eq!(seen.gauge("level", &[]), Some(f64::NEG_INFINITY));
        assert_eq!(calls.load(Ordering::Relaxed), snapshot + 1);
    }
    let seen = registry.snapshot();
    assert_eq!(seen.family("calls_total").unwrap().kind(), MetricKind::Counter);
    assert_eq!(seen.family("level").unwrap().kind(), MetricKind::Gauge);
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn a_panicking_callback_leaves_the_other_nine_in_a_thousand_snapshots() {
    expect_panics();
    let registry = Registry::new();
    for number in 0_u8..10 {
        let callback = move || if number == 4 { panic!("on purpose") } else { f64::from(number) };
        registry.gauge_fn(&format!("level_{number}"), "Level.", callback).unwrap();
    }
    let requests = registry.counter("requests_total", "Requests.").unwrap();
    for turn in 1..=1_000 {
        requests.inc();
        let snapshot = registry.snapshot();
        for number in 0_u8..10 {
            let expected = (number != 4).then_some(f64::from(number));
            assert_eq!(snapshot.gauge(&format!("level_{number}"), &[]), expected);
        }
        assert_eq!(snapshot.family("level_4").unwrap().series().count(), 0);
        assert_eq!(snapshot.counter("requests_total", &[]), Some(turn));
        assert_eq!(registry.callback_errors(), turn);
    }
}

#[test]
fn a_callback_that_panics_now_and_then_has_a_value_in_between() {
    expect_panics();
    let registry = Registry::new();
    let calls = AtomicU64::new(0);
    let callback = move || match calls.fetch_add(1, Ordering::Relaxed) {
        call if call % 2 == 1 => panic!("on purpose"),
        call => 10 * call,
    };
    registry.counter_fn("calls_total", "Calls.", callback).unwrap();
    let snapshots: Vec<_> = (0..4).map(|_| registry.snapshot()).collect();
    let values: Vec<_> = snapshots.iter().map(|snapshot| snapshot.counter("calls_total", &[])).collect();
    assert_eq!(values, [Some(0), None, Some(20), None]);
    assert_eq!(snapshots[2].since(&snapshots[0]).counter("calls_total", &[]), Some(20));
    assert_eq!(snapshots[2].since(&snapshots[1]).counter("calls_total", &[]), Some(20), "as from 0");
    assert_eq!(snapshots[1].since(&snapshots[0]).counter("calls_total", &[]), None);
    assert_ne!(snapshots[0], snapshots[1]);
}

#[test]
fn a_callback_may_register_and_record_in_its_own_registry() {
    let registry = Registry::new();
    let inner = registry.clone();
    let callback = move || {
        let asked = inner.counter("asked_total", "Asked.").unwrap();
        asked.inc();
        let family = inner.gauge_family("late", "Late.", ["number"]).unwrap();
        family.with([("number", &*asked.value().to_string())]).unwrap().set(1.0);
        asked.value()
    };
    registry.counter_fn("calls_total", "Calls.", callback).unwrap();
    for snapshot in 1..=3 {
        assert_eq!(registry.snapshot().counter("calls_total", &[]), Some(snapshot));
    }
    let seen = registry.snapshot();
    assert_eq!(seen.counter("asked_total", &[]), Some(4));
    assert_eq!(seen.family("late").unwrap().series().count(), 3, "the fourth came after this schema");
}

#[test]
fn a_callback_may_take_a_snapshot_of_another_registry() {
    let inner = Registry::new();
    let events = inner.counter("events_total", "Events.").unwrap();
    let registry = Registry::new();
    let callback = move || inner.snapshot().counter("events_total", &[]).unwrap();
    registry.counter_fn("inner_events_total", "Events within.", callback).unwrap();
    events.add(7);
    assert_eq!(registry.snapshot().counter("inner_events_total", &[]), Some(7));
}

/// It would never end if every snapshot within asked the callback again.
#[test]
fn a_callback_may_even_take_a_snapshot_of_its_own_registry() {
    let registry = Registry::new();
    let events = registry.counter("events_total", "Events.").unwrap();
    let inner = registry.clone();
    let callback = move || inner.snapshot().counter("events_total", &[]).unwrap();
    registry.counter_fn("seen_total", "Events as a callback sees them.", callback).unwrap();
    events.add(7);
    for turn in 1..=2 {
        assert_eq!(registry.snapshot().counter("seen_total", &[]), Some(7));
        assert_eq!(registry.callback_errors(), turn, "of the callback in the innermost snapshot");
    }
}

#[test]
fn snapshots_on_several_threads_ask_at_the_same_time() {
    let registry = Registry::new();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let meeting = Arc::new(std::sync::Barrier::new(4));
    // Each of the four calls waits for the other three: no lock is held around a callback.
    let callback = move || {
        meeting.wait();
        counted.fetch_add(1, Ordering::Relaxed)
    };
    registry.counter_fn("calls_total", "Calls.", callback).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(registry.snapshot().counter("calls_total", &[]).is_some()));
        }
    });
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[test]
fn a_disabled_registry_asks_nobody() {
    let registry = Registry::disabled();
    registry.gauge_fn("level", "Level.", || panic!("asked")).unwrap();
    registry.counter_fn("level", "Level.", || panic!("asked")).unwrap();
    assert_eq!(registry.snapshot().families().len(), 0);
    assert_eq!(registry.callback_errors(), 0);
}
