//! Collectors with labels filled in, bound at once or later.
#![forbid(unsafe_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tachometer::{
    RegisterErrorReason as Reason, Registry,
    collector::{
        BoundCollector, EngineCollector, InMemoryCollector, MetricId, MetricsCollector, STANDALONE,
        scoped_collector,
    },
};

static RECEIVED: MetricId =
    MetricId::counter("consumer_records_received_total", "Records received.", &["stream_name", "shard_id"]);
static CHECKPOINTS: MetricId =
    MetricId::counter("consumer_checkpoint_success_total", "Checkpoints.", &["shard_id", "stream_name"]);
static AGE: MetricId =
    MetricId::gauge("consumer_iterator_age_milliseconds", "Age.", &["stream_name", "shard_id"]);
static FLUSH: MetricId = MetricId::histogram("producer_flush_duration_seconds", "Flush.", &["stream_name"]);
static UNRELATED: MetricId = MetricId::counter("unrelated_total", "No stream here.", &["shard_id"]);

fn memory() -> Arc<InMemoryCollector> {
    Arc::new(InMemoryCollector::new())
}

#[test]
fn bound_values_stand_where_their_names_do_and_calls_pass_the_others() {
    let memory = memory();
    let orders = BoundCollector::new(memory.clone(), [("stream_name", "orders")]);
    orders.increment(&RECEIVED, 2.0, &["0"]);
    orders.increment(&CHECKPOINTS, 1.0, &["0"]);
    orders.increment(&UNRELATED, 1.0, &["0"]);
    orders.increment(&RECEIVED, 1.0, &[]);
    orders.gauge(&AGE, 7.0, &["0"]);
    orders.add_to_gauge(&AGE, -2.0, &["0", "too many"]);
    orders.histogram(&FLUSH, 0.5, &[]);
    orders.timer(&FLUSH, &[]).stop();
    let printed: Vec<_> = memory.metrics().into_keys().collect();
    let expected = [
        "consumer_checkpoint_success_total{shard_id=0,stream_name=orders}",
        "consumer_iterator_age_milliseconds{shard_id=0,stream_name=orders}",
        "consumer_records_received_total{shard_id=,stream_name=orders}",
        "consumer_records_received_total{shard_id=0,stream_name=orders}",
        "producer_flush_duration_seconds{stream_name=orders}",
        "unrelated_total{shard_id=0}",
    ];
    assert_eq!(printed, expected);
    assert_eq!(memory.gauges()[expected[1]], 5.0);
    assert_eq!(memory.histograms()[expected[4]].count(), 2);
}

#[test]
fn a_standalone_part_says_so_until_it_is_bound_and_may_be_bound_again() {
    let [default, first, second, third] = [memory(), memory(), memory(), memory()];
    let _scope = scoped_collector(default.clone());
    let checkpointer = BoundCollector::standalone(["stream_name"]);
    let clone = checkpointer.clone();
    checkpointer.increment(&CHECKPOINTS, 1.0, &["0"]);
    let key = |stream: &str| format!("consumer_checkpoint_success_total{{shard_id=0,stream_name={stream}}}");
    assert_eq!(default.counters(), [(key(STANDALONE), 1.0)].into());
    for (memory, stream) in [(&first, "orders"), (&second, "clicks"), (&third, "events")] {
        checkpointer.bind(memory.clone(), [("stream_name", stream)]).unwrap();
        checkpointer.increment(&CHECKPOINTS, 1.0, &["0"]);
        clone.increment(&CHECKPOINTS, 1.0, &["0"]);
        assert_eq!(memory.counters(), [(key(stream), 2.0)].into());
    }
    for memory in [&first, &second] {
        assert_eq!(memory.counters().values().sum::<f64>(), 2.0);
    }
    assert_eq!(default.counters().len(), 1);
    // To another collector, with the values that it has.
    checkpointer.bind(first.clone(), []).unwrap();
    checkpointer.increment(&CHECKPOINTS, 1.0, &["0"]);
    assert_eq!(first.counters()[&key("events")], 1.0);
}

#[test]
fn a_label_that_it_was_not_made_with_cannot_be_bound_and_nothing_changes() {
    let [before, after] = [memory(), memory()];
    let bound = BoundCollector::new(before.clone(), [("stream_name", "orders")]);
    let error = bound.bind(after.clone(), [("stream_name", "clicks"), ("shard_id", "0")]).unwrap_err();
    assert_eq!(error.reason(), &Reason::UnknownLabel("shard_id".into()));
    bound.increment(&RECEIVED, 1.0, &["0"]);
    assert_eq!(before.counters()["consumer_records_received_total{shard_id=0,stream_name=orders}"], 1.0);
    assert!(after.metrics().is_empty());
}

#[test]
fn a_timer_goes_to_another_thread_and_records_once_where_it_is_bound_then() {
    let [first, second] = [memory(), memory()];
    let bound = BoundCollector::new(first.clone(), [("stream_name", "orders")]);
    bound.timer(&FLUSH, &[]).discard();
    let timer = bound.timer(&FLUSH, &[]);
    bound.bind(second.clone(), []).unwrap();
    drop(bound);
    thread::spawn(move || drop(timer)).join().unwrap();
    assert!(first.metrics().is_empty());
    assert_eq!(second.histograms()["producer_flush_duration_seconds{stream_name=orders}"].count(), 1);
}

#[test]
fn a_timer_returns_what_it_has_recorded() {
    let memory = memory();
    let bound = BoundCollector::new(memory.clone(), [("stream_name", "orders")]);
    let timer = bound.timer(&FLUSH, &[]);
    thread::sleep(Duration::from_millis(1));
    let elapsed = timer.stop();
    assert!(elapsed >= Duration::from_millis(1), "{elapsed:?}");
    let flush = &memory.histograms()["producer_flush_duration_seconds{stream_name=orders}"];
    assert_eq!((flush.count(), flush.sum()), (1, elapsed.as_secs_f64()));
}

#[test]
fn without_a_collector_nothing_is_done_and_no_clock_is_read() {
    let bound = BoundCollector::standalone(["stream_name"]);
    assert!(!bound.is_enabled());
    bound.increment(&RECEIVED, 1.0, &["0"]);
    assert_eq!(bound.timer(&FLUSH, &[]).stop(), Duration::ZERO);
}

#[test]
fn two_streams_do_not_mix() {
    // The label is bound: both record in one registry, and differ in the stream.
    let registry = Registry::new();
    let shared: Arc<dyn MetricsCollector> = Arc::new(EngineCollector::new(&registry));
    let bound =
        ["orders", "clicks"].map(|stream| BoundCollector::new(shared.clone(), [("stream_name", stream)]));
    // Each has a child, which knows of a label that the library does not.
    let children = ["orders", "clicks"]
        .map(|app| EngineCollector::new(&registry.child("app", [("consumer", app)]).unwrap()));
    // Each has a registry of its own.
    let registries = [Registry::new(), Registry::new()];
    let own = registries.each_ref().map(EngineCollector::new);
    thread::scope(|scope| {
        for (at, times) in [(0, 1_000), (1, 300)] {
            let (bound, children, own) = (&bound, &children, &own);
            for _ in 0..2 {
                scope.spawn(move || {
                    for _ in 0..times {
                        bound[at].increment(&RECEIVED, 1.0, &["0"]);
                        children[at].increment(&RECEIVED, 1.0, &["s", "0"]);
                        own[at].increment(&RECEIVED, 1.0, &["s", "0"]);
                    }
                });
            }
        }
    });
    let snapshot = registry.snapshot();
    let name = "consumer_records_received_total";
    for (at, stream, expected) in [(0, "orders", 2_000.0), (1, "clicks", 600.0)] {
        let of_bound = snapshot.float_counter(name, &[("stream_name", stream), ("shard_id", "0")]);
        let labels = [("consumer", stream), ("stream_name", "s"), ("shard_id", "0")];
        let of_child = snapshot.float_counter(&format!("app_{name}"), &labels);
        let of_own =
            registries[at].snapshot().float_counter(name, &[("stream_name", "s"), ("shard_id", "0")]);
        assert_eq!([of_bound, of_child, of_own], [Some(expected); 3]);
    }
}

#[test]
fn records_beside_bindings_go_to_one_of_the_collectors_and_are_all_there() {
    let memories = [memory(), memory(), memory()];
    let bound = BoundCollector::new(memories[0].clone(), [("stream_name", "orders")]);
    let stop = AtomicBool::new(false);
    let recorded: f64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut recorded = 0.0;
                    while !stop.load(Ordering::Relaxed) {
                        bound.increment(&RECEIVED, 1.0, &["0"]);
                        recorded += 1.0;
                    }
                    recorded
                })
            })
            .collect();
        for turn in 0..2_000 {
            let stream = ["orders", "clicks", "events"][turn % 3];
            bound.bind(memories[turn % 3].clone(), [("stream_name", stream)]).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let kept: f64 = memories.iter().map(|memory| memory.counters().values().sum::<f64>()).sum();
    assert_eq!(kept, recorded);
    // Collector and value belong together.
    for (memory, stream) in memories.iter().zip(["orders", "clicks", "events"]) {
        let key = format!("consumer_records_received_total{{shard_id=0,stream_name={stream}}}");
        assert!(memory.counters().into_keys().all(|there| there == key));
    }
}

/// Binds the collector that it is called by.
#[derive(Debug)]
struct Rebinding(BoundCollector, Arc<InMemoryCollector>);

impl MetricsCollector for Rebinding {
    fn increment(&self, _: &'static MetricId, _: f64, _: &[&str]) {
        self.0.bind(self.1.clone(), []).unwrap();
        self.0.increment(&RECEIVED, 1.0, &["inner"]);
    }

    fn gauge(&self, _: &'static MetricId, _: f64, _: &[&str]) {}

    fn histogram(&self, _: &'static MetricId, _: f64, _: &[&str]) {}
}

#[test]
fn a_collector_may_bind_the_one_it_is_called_by() {
    let memory = memory();
    let bound = BoundCollector::standalone(["stream_name"]);
    for _ in 0..3 {
        bound.bind(Arc::new(Rebinding(bound.clone(), memory.clone())), []).unwrap();
        bound.increment(&RECEIVED, 1.0, &["outer"]);
        bound.increment(&RECEIVED, 1.0, &["outer"]);
    }
    let sum = |shard: &str| {
        memory.counters()
            [&format!("consumer_records_received_total{{shard_id={shard},stream_name={STANDALONE}}}")]
    };
    assert_eq!((sum("inner"), sum("outer")), (3.0, 3.0));
}
