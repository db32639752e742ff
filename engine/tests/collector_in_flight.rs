//! What is under way in a collector: it ends where it began, whatever becomes of the series and of the default.
#![forbid(unsafe_code)]

use std::{sync::Arc, time::Duration};

use tachometer::{
    Registry,
    collector::{
        CollectorInFlight, DefaultCollector, EngineCollector, FanOut, InMemoryCollector, MetricId,
        MetricsCollector, NoOpCollector, scoped_collector,
    },
    named::{NamedInFlight, NamedMetrics},
};

static ACTIVE: MetricId = MetricId::gauge("act", "", &["endpoint"]);
const VALUES: [&str; 1] = ["/query"];
const LABELS: [(&str, &str); 1] = [("endpoint", "/query")];
const KEY: &str = "act{endpoint=/query}";

/// Something under way, by name or through the trait.
#[allow(dead_code, reason = "what is in it ends when it is dropped")]
enum Guard<'a> {
    Named(NamedInFlight<'a>),
    Trait(CollectorInFlight<'a>),
}

/// Calls `test` with each way in which something begins in a collector.
fn in_each_way(collector: Arc<dyn MetricsCollector>, test: impl for<'a> Fn(&(dyn Fn() -> Guard<'a> + 'a))) {
    let metrics = NamedMetrics::new(Arc::clone(&collector));
    metrics.declare(std::slice::from_ref(&ACTIVE)).unwrap();
    test(&|| Guard::Named(metrics.track_active("act", &LABELS).unwrap()));
    test(&|| Guard::Trait(collector.track(&ACTIVE, &VALUES)));
}

fn engine(registry: &Registry) -> Arc<dyn MetricsCollector> {
    Arc::new(EngineCollector::new(registry))
}

fn forgetful() -> Registry {
    Registry::builder().self_metrics(false).idle_timeout(Duration::ZERO).build().unwrap()
}

fn active(registry: &Registry) -> Option<f64> {
    registry.snapshot().gauge("act", &LABELS)
}

/// Lets all go that is idle, and says what is left.
fn after_timeout(registry: &Registry) -> Option<f64> {
    (0..4).for_each(|_| drop(registry.snapshot()));
    active(registry)
}

#[test]
fn a_series_is_not_idle_while_something_is_under_way_in_it() {
    let registry = forgetful();
    in_each_way(engine(&registry), |begin| {
        let guard = begin();
        assert_eq!(after_timeout(&registry), Some(1.0));
        drop(guard);
        assert_eq!(after_timeout(&registry), None);
        let again = begin();
        assert_eq!(after_timeout(&registry), Some(1.0));
        drop(again);
    });
}

#[test]
fn a_series_that_is_unregistered_meanwhile_takes_its_end_with_it() {
    let registry = Registry::new();
    in_each_way(engine(&registry), |begin| {
        let before = begin();
        assert!(registry.unregister("act"));
        let after = begin();
        assert_eq!(active(&registry), Some(1.0));
        drop(before);
        assert_eq!(active(&registry), Some(1.0));
        drop(after);
        assert_eq!(active(&registry), Some(0.0));
        let alone = begin();
        assert!(registry.unregister("act"));
        drop(alone);
        assert_eq!(active(&registry), None);
    });
}

#[test]
fn what_the_registry_refuses_when_it_begins_does_not_end_in_a_series_that_it_has_later() {
    let registry = Registry::new();
    in_each_way(engine(&registry), |begin| {
        let _ = registry.counter("act", "In the way.").unwrap();
        let refused = begin();
        assert!(registry.unregister("act"));
        let taken = begin();
        assert_eq!(active(&registry), Some(1.0));
        drop(refused);
        assert_eq!(active(&registry), Some(1.0));
        drop(taken);
        assert_eq!(active(&registry), Some(0.0));
        assert!(registry.unregister("act"));
    });
}

#[test]
fn it_ends_in_each_of_several_collectors() {
    let (registry, memory) = (forgetful(), Arc::new(InMemoryCollector::new()));
    let inner = Arc::new(FanOut::new([engine(&registry), Arc::new(NoOpCollector)]));
    in_each_way(Arc::new(FanOut::new([inner as _, Arc::clone(&memory) as _])), |begin| {
        let guards = [begin(), begin()];
        assert_eq!((after_timeout(&registry), memory.gauges()[KEY]), (Some(2.0), 2.0));
        drop(guards);
        assert_eq!((after_timeout(&registry), memory.gauges()[KEY]), (None, 0.0));
    });
}

#[test]
fn it_ends_in_the_default_in_which_it_began() {
    let first = Registry::new();
    let second = Arc::new(InMemoryCollector::new());
    in_each_way(Arc::new(DefaultCollector), |begin| {
        let scope = scoped_collector(engine(&first));
        let guard = begin();
        assert_eq!(active(&first), Some(1.0));
        drop(scope);
        let _scope = scoped_collector(Arc::clone(&second) as _);
        drop(guard);
        assert_eq!((active(&first), second.gauges().len()), (Some(0.0), 0));
    });
}

#[test]
fn it_ends_in_the_default_in_which_it_began_also_when_that_has_no_handles() {
    let (first, second) = (Arc::new(InMemoryCollector::new()), Registry::new());
    let scope = scoped_collector(Arc::clone(&first) as _);
    let guard = DefaultCollector.track(&ACTIVE, &VALUES);
    assert_eq!(first.gauges()[KEY], 1.0);
    drop(scope);
    let _scope = scoped_collector(engine(&second));
    drop(guard);
    assert_eq!((first.gauges()[KEY], active(&second)), (0.0, None));
}

#[test]
fn a_default_that_is_itself_comes_to_an_end() {
    let _scope = scoped_collector(Arc::new(DefaultCollector));
    drop(DefaultCollector.track(&ACTIVE, &VALUES));
    let _scope = scoped_collector(Arc::new(FanOut::new([Arc::new(DefaultCollector) as _])));
    drop(DefaultCollector.track(&ACTIVE, &VALUES));
}

#[test]
fn in_a_collector_that_is_not_enabled_nothing_begins_and_so_nothing_ends() {
    let memory = Arc::new(InMemoryCollector::new());
    let guard = DefaultCollector.track(&ACTIVE, &VALUES);
    let _scope = scoped_collector(Arc::clone(&memory) as _);
    drop(guard);
    drop(EngineCollector::new(&Registry::disabled()).track(&ACTIVE, &VALUES));
    assert_eq!(memory.gauges().len(), 0);
}
