//! Callbacks are asked at every snapshot, outside every lock, singly or for whole families, and one that panics harms
//! only its own series.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;
#[path = "common/plain.rs"]
mod plain;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use panics::expect_panics;
use plain::plain;
use tachometer::{MetricKind, RegisterErrorReason as Reason, Registry};

/// What a family callback of these tests observes, set by the test.
type Observed = Arc<Mutex<Vec<(&'static str, f64)>>>;

/// A registry with a family of gauges that has one series for each topic in the list.
fn lag_by_topic() -> (Registry, Observed) {
    let registry = plain();
    let observed = Observed::default();
    let asked = Arc::clone(&observed);
    registry
        .gauge_family_fn("lag", "Records behind.", ["topic"], move |out| {
            asked.lock().unwrap().iter().for_each(|(topic, lag)| out.observe([topic], *lag));
        })
        .unwrap();
    (registry, observed)
}

fn set(observed: &Observed, values: &[(&'static str, f64)]) {
    *observed.lock().unwrap() = values.to_vec();
}

#[test]
fn a_callback_is_asked_once_for_each_snapshot() {
    let registry = plain();
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
    let registry = plain();
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
    let registry = plain();
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
    let registry = plain();
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
    assert_eq!(seen.family("late").unwrap().series().count(), 4, "the last one is from this snapshot");
    // Lest the registry hold the callback that holds the registry.
    assert!(registry.unregister("calls_total"));
}

#[test]
fn a_callback_may_take_a_snapshot_of_another_registry() {
    let inner = plain();
    let events = inner.counter("events_total", "Events.").unwrap();
    let registry = plain();
    let callback = move || inner.snapshot().counter("events_total", &[]).unwrap();
    registry.counter_fn("inner_events_total", "Events within.", callback).unwrap();
    events.add(7);
    assert_eq!(registry.snapshot().counter("inner_events_total", &[]), Some(7));
}

/// It would never end if every snapshot within asked the callback again.
#[test]
fn a_callback_may_even_take_a_snapshot_of_its_own_registry() {
    let registry = plain();
    let events = registry.counter("events_total", "Events.").unwrap();
    let inner = registry.clone();
    let callback = move || inner.snapshot().counter("events_total", &[]).unwrap();
    registry.counter_fn("seen_total", "Events as a callback sees them.", callback).unwrap();
    events.add(7);
    for turn in 1..=2 {
        assert_eq!(registry.snapshot().counter("seen_total", &[]), Some(7));
        assert_eq!(registry.callback_errors(), turn, "of the callback in the innermost snapshot");
    }
    assert!(registry.unregister("seen_total"));
}

#[test]
fn snapshots_on_several_threads_ask_at_the_same_time() {
    let registry = plain();
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
fn one_callback_answers_for_many_series() {
    let registry =
        Registry::builder().self_metrics(false).namespace("shop").label("env", "prod").build().unwrap();
    registry
        .gauge_family_fn("consumer_lag", "Records behind.", ["topic", "partition"], |out| {
            out.observe(["orders", "1"], 17.0);
            out.observe(["orders", "0"], -0.5);
            out.observe(["\"é\n", ""], f64::INFINITY);
        })
        .unwrap();
    registry
        .counter_family_fn("seen_total", "Records seen.", ["topic"], |out| out.observe(["orders"], u64::MAX))
        .unwrap();
    registry.counter_family_fn("empty_total", "Nothing.", ["topic"], |_| {}).unwrap();
    registry.gauge_family_fn("single", "No labels.", [], |out| out.observe([], 1.0)).unwrap();
    let snapshot = registry.snapshot();
    let lag = |topic, partition| {
        let labels = [("topic", topic), ("partition", partition), ("env", "prod")];
        snapshot.gauge("shop_consumer_lag", &labels)
    };
    assert_eq!(lag("orders", "0"), Some(-0.5));
    assert_eq!(lag("orders", "1"), Some(17.0));
    assert_eq!(lag("\"é\n", ""), Some(f64::INFINITY));
    assert_eq!(lag("orders", "2"), None);
    let family = snapshot.family("shop_consumer_lag").unwrap();
    assert_eq!((family.kind(), family.help()), (MetricKind::Gauge, Some("Records behind.")));
    let first = family.series().next().unwrap();
    assert!(first.labels().eq([("env", "prod"), ("partition", ""), ("topic", "\"é\n")]), "sorted by name");
    let orders = [("env", "prod"), ("topic", "orders")];
    assert_eq!(snapshot.counter("shop_seen_total", &orders), Some(u64::MAX));
    assert_eq!(snapshot.family("shop_empty_total").unwrap().series().count(), 0);
    assert_eq!(snapshot.gauge("shop_single", &[("env", "prod")]), Some(1.0));
    assert_eq!(registry.callback_errors(), 0);
}

#[test]
fn label_sets_come_and_go_and_the_schema_stays_while_they_do_not() {
    let (registry, observed) = lag_by_topic();
    let empty = registry.snapshot();
    set(&observed, &[("orders", 1.0), ("returns", 2.0)]);
    let two = registry.snapshot();
    assert_ne!(two.schema_id(), empty.schema_id());
    set(&observed, &[("returns", 4.0), ("orders", 3.0)]);
    let later = registry.snapshot();
    assert_eq!(later.schema_id(), two.schema_id(), "other values in another order");
    assert_eq!(later.gauge("lag", &[("topic", "orders")]), Some(3.0));
    assert_eq!(later.gauge("lag", &[("topic", "returns")]), Some(4.0));
    set(&observed, &[("returns", 5.0)]);
    let one = registry.snapshot();
    assert_ne!(one.schema_id(), later.schema_id());
    assert_eq!(one.gauge("lag", &[("topic", "orders")]), None);
    assert_eq!(one.gauge("lag", &[("topic", "returns")]), Some(5.0));
    set(&observed, &[("refunds", 6.0)]);
    let other = registry.snapshot();
    assert_ne!(other.schema_id(), one.schema_id(), "as many series, with another label");
    assert_eq!(other.gauge("lag", &[("topic", "refunds")]), Some(6.0));
    registry.counter("events_total", "Events.").unwrap().inc();
    let registered = registry.snapshot();
    assert_ne!(registered.schema_id(), other.schema_id());
    assert_eq!(registered.gauge("lag", &[("topic", "refunds")]), Some(6.0));
    assert_eq!(registered.counter("events_total", &[]), Some(1));
    assert_eq!(registry.snapshot().schema_id(), registered.schema_id());
}

#[test]
fn a_label_set_that_is_observed_twice_keeps_its_first_value_and_counts_once() {
    let (registry, observed) = lag_by_topic();
    set(&observed, &[("orders", 1.0), ("returns", 2.0), ("orders", 3.0), ("orders", 4.0)]);
    for errors in 1..=3 {
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.gauge("lag", &[("topic", "orders")]), Some(1.0));
        assert_eq!(snapshot.gauge("lag", &[("topic", "returns")]), Some(2.0));
        assert_eq!(registry.callback_errors(), errors);
    }
}

#[test]
fn series_beyond_the_limit_are_left_out_and_count_once_a_snapshot() {
    let registry = plain();
    let most = Arc::new(AtomicU64::new(2_000));
    let count = Arc::clone(&most);
    registry
        .counter_family_fn("seen_total", "Seen.", ["number"], move |out| {
            let count = count.load(Ordering::Relaxed);
            (0..count).for_each(|number| out.observe([&number.to_string()], number));
        })
        .unwrap();
    let full = registry.snapshot();
    assert_eq!(full.family("seen_total").unwrap().series().count(), 2_000);
    assert_eq!(registry.callback_errors(), 0);
    most.store(2_500, Ordering::Relaxed);
    for errors in 1..=2 {
        let over = registry.snapshot();
        assert_eq!(over.family("seen_total").unwrap().series().count(), 2_000);
        assert_eq!(over.counter("seen_total", &[("number", "1999")]), Some(1_999), "the first ones stay");
        assert_eq!(over.counter("seen_total", &[("number", "2000")]), None);
        assert_eq!(over.schema_id(), full.schema_id());
        assert_eq!(registry.callback_errors(), errors);
    }
}

#[test]
fn a_family_that_fails_keeps_its_series_in_the_schema_without_values() {
    expect_panics();
    let registry = plain();
    let calls = AtomicU64::new(0);
    registry
        .gauge_family_fn("lag", "Records behind.", ["topic"], move |out| {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            out.observe(["orders"], call as f64);
            assert!(call.is_multiple_of(2), "on purpose");
        })
        .unwrap();
    let orders = [("topic", "orders")];
    let first = registry.snapshot();
    for turn in 1..=10 {
        let failed = registry.snapshot();
        assert_eq!(failed.gauge("lag", &orders), None, "not even what it observed before it panicked");
        assert_eq!(failed.family("lag").unwrap().series().count(), 0);
        let good = registry.snapshot();
        assert_eq!(good.gauge("lag", &orders), Some(2.0 * turn as f64));
        assert_eq!([failed.schema_id(), good.schema_id()], [first.schema_id(); 2]);
        assert_eq!(registry.callback_errors(), turn);
    }
}

#[test]
fn a_family_callback_has_its_name_and_its_labels_checked() {
    let registry = Registry::builder().self_metrics(false).label("env", "prod").build().unwrap();
    registry.gauge_family_fn("lag", "Records behind.", ["topic"], |_| {}).unwrap();
    let reason = |result: Result<(), tachometer::RegisterError>| result.unwrap_err().reason().clone();
    let again = registry.gauge_family_fn("lag", "Records behind.", ["topic"], |_| {});
    assert_eq!(reason(again), Reason::CallbackExists);
    let illegal = registry.gauge_family_fn("a-b", "", ["topic"], |_| {});
    assert_eq!(reason(illegal), Reason::IllegalMetricName);
    let twice = registry.counter_family_fn("a_total", "", ["topic", "topic"], |_| {});
    assert_eq!(reason(twice), Reason::DuplicateLabel("topic".into()));
    let constant = registry.counter_family_fn("a_total", "", ["env"], |_| {});
    assert_eq!(reason(constant), Reason::DuplicateLabel("env".into()));
    assert_eq!(registry.snapshot().families().len(), 1);
}

#[test]
fn a_disabled_registry_asks_nobody() {
    let registry = Registry::disabled();
    registry.gauge_fn("level", "Level.", || panic!("asked")).unwrap();
    registry.counter_fn("level", "Level.", || panic!("asked")).unwrap();
    registry.gauge_family_fn("level", "Level.", ["a-b"], |_| panic!("asked")).unwrap();
    registry.counter_family_fn("level", "Level.", ["a"], |_| panic!("asked")).unwrap();
    registry.collector("level", |_| panic!("asked")).unwrap();
    assert!(!registry.unregister_collector("level"));
    assert_eq!(registry.snapshot().families().len(), 0);
    assert_eq!(registry.callback_errors(), 0);
}
