//! What a registry refuses: every record is counted, until the registry takes the metric. The counts are the process's,
//! so these tests take turns.
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError};

use tachometer::{
    DropReason, Registry,
    collector::{EngineCollector, MetricId, MetricsCollector},
    dropped_records,
    named::NamedMetrics,
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &["stream_name"]);
static ACTIVE: MetricId = MetricId::gauge("active", "Under way.", &[]);
const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

/// How many records were refused while this ran, and that none was dropped for another reason.
#[track_caller]
fn refused_in(work: impl FnOnce()) -> u64 {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = DropReason::ALL.map(dropped_records);
    work();
    let after = DropReason::ALL.map(dropped_records);
    let others = DropReason::ALL.iter().zip(before.iter().zip(after));
    for (reason, (before, after)) in others.filter(|(reason, _)| **reason != DropReason::Refused) {
        assert_eq!(*before, after, "{reason:?}");
    }
    let at = DropReason::ALL.iter().position(|reason| *reason == DropReason::Refused).unwrap();
    after[at] - before[at]
}

#[test]
fn every_record_in_a_metric_that_is_another_kind_or_has_another_help_text_there_is_counted() {
    let registry = Registry::new();
    let _ = registry.gauge("sent_total", "Something else.").unwrap();
    let _ = registry.gauge("active", "Something else.").unwrap();
    let collector = EngineCollector::new(&registry);
    let record = || {
        for _ in 0..10 {
            collector.increment(&SENT, 1.0, &["orders"]);
            collector.add_to_gauge(&ACTIVE, 1.0, &[]);
        }
    };
    assert_eq!(refused_in(record), 20);
    assert_eq!(registry.errors().len(), 2);
    // What is under way counts once: it ended nowhere, because it began nowhere.
    assert_eq!(refused_in(|| drop(collector.track(&ACTIVE, &[]))), 1);
    assert_eq!(registry.snapshot().gauge("active", &[]), Some(0.0));
}

#[test]
fn every_record_with_a_value_that_is_too_long_is_counted() {
    let registry = Registry::new();
    let collector = EngineCollector::new(&registry);
    let long = "x".repeat(tachometer::labels::MAX_LABEL_VALUE_BYTES + 1);
    let record = || (0..3).for_each(|_| collector.increment(&SENT, 1.0, &[&long]));
    assert_eq!(refused_in(record), 3);
    assert_eq!(refused_in(|| collector.increment(&SENT, 1.0, &[&long[1..]])), 0);
}

#[test]
fn a_record_by_a_name_that_the_registry_has_otherwise_is_ok_and_counted() {
    let registry = Registry::new();
    let _ = registry.gauge("sent_total", "Something else.").unwrap();
    let metrics = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    let record = || (0..3).for_each(|_| metrics.increment_counter("sent_total", 1.0, &ORDERS).unwrap());
    assert_eq!(refused_in(record), 3);
    assert_eq!(registry.errors().len(), 1);
}

#[test]
fn a_metric_is_registered_when_what_stood_in_its_way_is_gone() {
    let registry = Registry::builder().max_families(2).build().unwrap();
    let _ = registry.gauge("sent_total", "Something else.").unwrap();
    let collector = EngineCollector::new(&registry);
    let record = || (0..3).for_each(|_| collector.increment(&SENT, 1.0, &["orders"]));
    let sent = || registry.snapshot().float_counter("sent_total", &ORDERS);
    assert_eq!((refused_in(record), sent()), (3, None));
    assert!(registry.unregister("sent_total"));
    assert_eq!((refused_in(record), sent()), (0, Some(3.0)));
    // So it is when there were too many families.
    let _ = registry.gauge("depth", "").unwrap();
    let active = || collector.gauge(&ACTIVE, 1.0, &[]);
    assert_eq!(refused_in(active), 1);
    assert!(registry.unregister("depth"));
    assert_eq!(refused_in(active), 0);
    assert_eq!(registry.snapshot().gauge("active", &[]), Some(1.0));
}
