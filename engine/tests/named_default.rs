//! The process's metrics by name, and the default collector that they follow. A program of its own, in which one test
//! sets the default: it is the process's.
#![forbid(unsafe_code)]

use std::{sync::Arc, thread, time::Duration};

use tachometer::{
    Registry,
    collector::{
        EngineCollector, InMemoryCollector, MetricId, reset_default_collector, scoped_collector,
        set_default_collector,
    },
    named::named,
};

static METRICS: [MetricId; 2] = [
    MetricId::counter("rag_queries", "Total number of RAG queries.", &["operation", "status"]),
    MetricId::gauge("active_requests", "Current active requests.", &["endpoint"]),
];

const QUERY: [(&str, &str); 2] = [("operation", "search"), ("status", "success")];

#[test]
fn they_record_in_whatever_is_the_default_and_keep_their_names() {
    // Nobody has set a default: nothing is recorded, and nothing is checked.
    named().declare(&METRICS).unwrap();
    named().increment_counter("rag_queries", 1.0, &[("unknown", "")]).unwrap();
    let no_timer = named().track_duration("retrieval_duration", &[]).unwrap();
    assert_eq!(format!("{:?}", named()), r#"NamedMetrics { collector: "NoOpCollector", .. }"#);

    let memory = Arc::new(InMemoryCollector::new());
    set_default_collector(Arc::clone(&memory) as _);
    assert_eq!(no_timer.stop(), Duration::ZERO);
    named().increment_counter("rag_queries", 1.0, &QUERY).unwrap();
    thread::spawn(|| named().increment_counter("rag_queries", 1.0, &QUERY).unwrap()).join().unwrap();
    assert!(named().increment_counter("rag_queries", 1.0, &[("unknown", "")]).is_err());
    let active = named().track_active("active_requests", &[("endpoint", "/query")]).unwrap();
    let timer = named().track_duration("retrieval_duration", &[]).unwrap();

    // What is under way ends where it began; a timer records where it ends.
    let registry = Registry::new();
    set_default_collector(Arc::new(EngineCollector::new(&registry)));
    drop(active);
    timer.stop();
    named().increment_counter("rag_queries", 1.0, &QUERY).unwrap();
    let expected =
        r#"{"active_requests{endpoint=/query}": 0.0, "rag_queries{operation=search,status=success}": 2.0}"#;
    assert_eq!(format!("{:?}", memory.metrics()), expected);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.float_counter("rag_queries", &QUERY), Some(1.0));
    assert_eq!(snapshot.family("rag_queries").unwrap().help(), Some("Total number of RAG queries."));
    assert_eq!(snapshot.histogram("retrieval_duration_seconds", &[]).unwrap().count(), 1);
    assert!(snapshot.family("active_requests").is_none());

    reset_default_collector();
    named().increment_counter("rag_queries", 1.0, &QUERY).unwrap();
    assert_eq!(registry.snapshot().float_counter("rag_queries", &QUERY), Some(1.0));
}

#[test]
fn a_scope_has_what_its_thread_records_and_what_was_begun_in_it() {
    let (outer, inner) = (Arc::new(InMemoryCollector::new()), Arc::new(InMemoryCollector::new()));
    let outer_scope = scoped_collector(Arc::clone(&outer) as _);
    let inner_scope = scoped_collector(Arc::clone(&inner) as _);
    named().increment_counter("scoped", 1.0, &[]).unwrap();
    let active = named().track_active("scoped_active", &[]).unwrap();
    drop(inner_scope);
    named().increment_counter("scoped", 2.0, &[]).unwrap();
    assert_eq!(inner.gauges()["scoped_active"], 1.0);
    drop(active);
    drop(outer_scope);
    assert_eq!(format!("{:?}", inner.metrics()), r#"{"scoped": 1.0, "scoped_active": 0.0}"#);
    assert_eq!(format!("{:?}", outer.metrics()), r#"{"scoped": 2.0}"#);
}
