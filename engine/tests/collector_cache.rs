//! What threads remember of series, for collectors: it is right after removals, for reused buffers, and for collectors
//! that come and go.
#![forbid(unsafe_code)]

mod common;
#[path = "common/plain.rs"]
mod plain;

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use common::Finish;
use plain::plain;
use tachometer::{
    DynamicFamily, FloatCounter, Registry,
    collector::{EngineCollector, MetricId, MetricsCollector},
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &["stream_name"]);
static PLAIN: MetricId = MetricId::counter("plain_total", "Without labels.", &[]);

fn send(collector: &EngineCollector, stream: &str) {
    collector.increment(&SENT, 1.0, &[stream]);
}

fn sent(registry: &Registry, stream: &str) -> Option<f64> {
    registry.snapshot().float_counter("sent_total", &[("stream_name", stream)])
}

fn family(registry: &Registry) -> DynamicFamily<FloatCounter> {
    registry.float_counter_family("sent_total", "Records sent.", ["stream_name"]).unwrap()
}

#[test]
fn a_series_that_was_removed_begins_again_at_the_next_record() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    for _ in 0..3 {
        send(&collector, "orders");
        send(&collector, "clicks");
        collector.increment(&PLAIN, 1.0, &[]);
    }
    assert!(family(&registry).remove([("stream_name", "orders")]));
    assert_eq!(sent(&registry, "orders"), None);
    send(&collector, "orders");
    send(&collector, "clicks");
    assert_eq!((sent(&registry, "orders"), sent(&registry, "clicks")), (Some(1.0), Some(4.0)));
    family(&registry).clear();
    send(&collector, "clicks");
    assert_eq!((sent(&registry, "orders"), sent(&registry, "clicks")), (None, Some(1.0)));
    assert_eq!(registry.snapshot().float_counter("plain_total", &[]), Some(3.0));
}

#[test]
fn a_family_that_was_unregistered_is_registered_again_at_the_next_record() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    send(&collector, "orders");
    assert!(registry.unregister("sent_total"));
    assert_eq!(registry.snapshot().families().len(), 0);
    send(&collector, "orders");
    assert_eq!(sent(&registry, "orders"), Some(1.0));
    // Something else may have taken the name meanwhile; then the metric is a no-op.
    assert!(registry.unregister("sent_total"));
    let gauge = registry.gauge("sent_total", "Something else.").unwrap();
    send(&collector, "orders");
    assert_eq!((gauge.value(), registry.errors().len()), (0.0, 1));
}

#[test]
fn a_child_that_removes_its_own_series_leaves_those_of_the_others() {
    let registry = plain();
    let children = ["a", "b"].map(|app| registry.child("", [("app", app)]).unwrap());
    let collectors = children.each_ref().map(EngineCollector::new);
    collectors.iter().for_each(|collector| send(collector, "orders"));
    assert!(children[0].unregister("sent_total"));
    collectors.iter().for_each(|collector| send(collector, "orders"));
    let value =
        |app| registry.snapshot().float_counter("sent_total", &[("app", app), ("stream_name", "orders")]);
    assert_eq!((value("a"), value("b")), (Some(1.0), Some(2.0)));
}

/// A thread that knows of a removal does not record in what was removed, whoever removed it.
#[test]
fn a_removal_by_one_thread_is_followed_by_the_others() {
    const TURNS: usize = 300;
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    let (removed, recorded) = (Barrier::new(3), Barrier::new(3));
    let mut seen = Vec::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..TURNS {
                    removed.wait();
                    send(&collector, "orders");
                    send(&collector, "orders");
                    recorded.wait();
                }
            });
        }
        for turn in 0..TURNS {
            if turn % 2 == 0 {
                family(&registry).remove([("stream_name", "orders")]);
            } else {
                registry.unregister("sent_total");
            }
            removed.wait();
            recorded.wait();
            seen.push(sent(&registry, "orders"));
        }
    });
    // Here, because the threads would wait for ever for one that panics.
    assert_eq!(seen, vec![Some(4.0); TURNS]);
}

/// Records beside removals go to the series before or to the one after; none goes to one that nobody will see from a
/// thread that came later.
#[test]
fn records_beside_removals_end_in_what_is_registered() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    send(&collector, "orders");
                }
            });
        }
        let _finish = Finish(&stop);
        for turn in 0..2_000 {
            match turn % 3 {
                0 => drop(family(&registry).remove([("stream_name", "orders")])),
                1 => family(&registry).clear(),
                _ => drop(registry.unregister("sent_total")),
            }
            send(&collector, "mine");
            assert!(sent(&registry, "mine").is_some_and(|sent| sent > 0.0), "turn {turn}");
        }
    });
    registry.unregister("sent_total");
    send(&collector, "orders");
    assert_eq!(sent(&registry, "orders"), Some(1.0));
}

#[test]
fn values_in_a_buffer_that_is_used_again_are_told_apart() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    let mut buffer = String::with_capacity(16);
    let mut address = None;
    for turn in 0..300 {
        buffer.clear();
        buffer.push_str(["orders", "clicks", "events"][turn % 3]);
        assert_eq!(*address.get_or_insert(buffer.as_ptr()), buffer.as_ptr());
        send(&collector, &buffer);
    }
    for stream in ["orders", "clicks", "events"] {
        assert_eq!(sent(&registry, stream), Some(100.0));
    }
}

#[test]
fn more_series_than_a_thread_remembers_are_all_right() {
    let registry = Registry::builder().max_series_per_family(5_000).build().unwrap();
    let collector = EngineCollector::new(&registry);
    let streams: Vec<_> = (0..3_000).map(|number| format!("stream-{number}")).collect();
    for _ in 0..3 {
        streams.iter().for_each(|stream| send(&collector, stream));
    }
    let snapshot = registry.snapshot();
    let is_three =
        |stream: &String| snapshot.float_counter("sent_total", &[("stream_name", stream)]) == Some(3.0);
    assert!(streams.iter().all(is_three));
}

#[test]
fn values_that_are_too_long_to_be_remembered_are_recorded_all_the_same() {
    let registry = plain();
    let collector = EngineCollector::new(&registry);
    for length in (240..270).chain([1_000, 65_536]) {
        let stream = "x".repeat(length);
        send(&collector, &stream);
        send(&collector, &stream);
        assert_eq!(sent(&registry, &stream), Some(2.0), "{length}");
    }
}

#[test]
fn collectors_of_different_registries_do_not_mix() {
    let registries = [plain(), plain()];
    let collectors = registries.each_ref().map(EngineCollector::new);
    for turn in 0..100 {
        send(&collectors[turn % 2], "orders");
    }
    assert_eq!(registries.each_ref().map(|registry| sent(registry, "orders")), [Some(50.0); 2]);
}

#[test]
fn a_collector_does_not_find_what_another_at_its_address_has_left() {
    for _ in 0..1_000 {
        let registry = plain();
        let collector = Box::new(EngineCollector::new(&registry));
        send(&collector, "orders");
        send(&collector, "orders");
        assert_eq!(sent(&registry, "orders"), Some(2.0));
    }
}

/// More registries than a thread remembers series, one after the other: what it keeps of them is bounded.
#[test]
fn what_is_kept_of_registries_that_are_gone_is_bounded() {
    static SIZE: MetricId = MetricId::histogram("size", "Sizes.", &[]);
    let cells = |registry: &Registry| registry.memory().shard_bytes;
    let mut after_warm_up = None;
    for turn in 0..3_000 {
        let registry = plain();
        let collector = EngineCollector::new(&registry);
        collector.histogram(&SIZE, 1.0, &[]);
        assert_eq!(registry.snapshot().histogram("size", &[]).unwrap().count(), 1);
        if turn == 1_000 {
            after_warm_up = Some(cells(&registry));
        }
        if turn > 1_000 {
            // Other tests of this program run meanwhile.
            let more = cells(&registry).saturating_sub(after_warm_up.unwrap());
            assert!(more < 512 * 1_024, "{more} bytes more after {turn} turns");
        }
    }
}

#[test]
fn series_of_a_registry_with_an_idle_timeout_still_go() {
    let registry = Registry::builder().idle_timeout(Duration::ZERO).self_metrics(false).build().unwrap();
    let collector = EngineCollector::new(&registry);
    send(&collector, "orders");
    send(&collector, "orders");
    assert_eq!(sent(&registry, "orders"), Some(2.0));
    // Snapshots look at what is idle, and see it idle for as long as the timeout when they look again.
    let gone = (0..100).any(|_| sent(&registry, "orders").is_none());
    assert!(gone);
    send(&collector, "orders");
    assert_eq!(sent(&registry, "orders"), Some(1.0));
}
