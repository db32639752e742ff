//! A test of its own has a registry of its own, also for code that records through the default collector.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Barrier,
    thread,
};

use panics::expect_panics;
use tachometer::{
    FutureExt, assert_metric,
    collector::{MetricId, default_collector, with_default},
    testing,
};
use tokio::runtime::Builder;

static EVENTS: MetricId = MetricId::counter("events", "Events.", &["place"]);

fn record(place: &str) {
    with_default(|collector| collector.increment(&EVENTS, 1.0, &[place]));
}

#[test]
fn what_the_default_is_given_is_in_the_registry_of_the_scope() {
    record("nowhere");
    let metrics = testing::scoped();
    record("here");
    assert_metric!(metrics, "events" { place = "here" } == 1);
    assert_metric!(metrics, "events" { place = "nowhere" } absent);
    assert_metric!(metrics.registry(), "events" { place = "here" } == 1);
}

#[test]
fn scopes_nest_and_end_with_their_guard_also_in_a_panic() {
    expect_panics();
    let outer = testing::scoped();
    {
        let inner = testing::scoped();
        record("inner");
        assert_metric!(inner, "events" { place = "inner" } == 1);
    }
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _inner = testing::scoped();
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    record("outer");
    assert_metric!(outer, "events" { place = "outer" } == 1);
    assert_metric!(outer, "events" { place = "inner" } absent);
    drop(outer);
    assert_eq!(default_collector().name(), "NoOpCollector");
}

#[test]
fn threads_have_scopes_of_their_own_at_the_same_time() {
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for number in 1..=4 {
            let together = &together;
            scope.spawn(move || {
                let metrics = testing::scoped();
                together.wait();
                (0..number * 1_000).for_each(|_| record("thread"));
                together.wait();
                assert_metric!(metrics, "events" { place = "thread" } == number * 1_000);
            });
        }
    });
}

#[test]
fn tasks_on_other_threads_are_given_the_collector() {
    let metrics = testing::scoped();
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|_| runtime.spawn(async { record("task") }.with_collector(metrics.collector())))
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    assert_metric!(metrics, "events" { place = "task" } == 100);
}
