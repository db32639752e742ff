//! A local handle and its series: one that is removed, restarted, idle or disabled, or whose registry is gone.
#![forbid(unsafe_code)]

use std::time::Duration;

use quanta::{Clock, with_clock};
use tachometer::{
    Buckets, Counter, DropReason, Family, FloatCounter, Histogram, Registry, UpDownCounter, dropped_records,
};

const TIMEOUT: Duration = Duration::from_secs(60);

fn plain() -> Registry {
    Registry::builder().self_metrics(false).build().unwrap()
}

fn by_stream(registry: &Registry) -> Family<String, Counter> {
    registry.declare("sent_total", "Sent.").label("stream_name").register().unwrap()
}

/// Registers and records in as many metrics as would take a cell that is free, and checks that they begin at 0.
fn take_free_cells() {
    for _ in 0..50 {
        let registry = plain();
        let counter = registry.counter("a_total", "A.").unwrap();
        let size = registry.histogram_with("b", "B.", Buckets::linear(1.0, 1.0, 3)).unwrap();
        assert_eq!((counter.value(), size.value().count), (0, 0));
        counter.add(1_000);
        size.observe(1_000.0);
    }
}

#[test]
fn the_local_handles_of_a_disabled_registry_record_nothing() {
    let registry = Registry::disabled();
    let before = DropReason::ALL.map(dropped_records);
    let counters = [Counter::noop(), registry.counter("a_total", "A.").unwrap()]
        .map(|counter| (counter.local(), counter));
    for (local, counter) in &counters {
        local.inc();
        local.add(5);
        assert_eq!(counter.value(), 0);
    }
    let float = FloatCounter::noop();
    let local = float.local();
    [0.5, -1.0, f64::NAN].iter().for_each(|amount| local.add(*amount));
    let up_down = UpDownCounter::noop();
    up_down.local().sub(3);
    let size = registry.histogram("size", "Size.").unwrap();
    let local = size.local();
    [0.5, f64::NAN].iter().for_each(|value| local.observe(*value));
    local.observe_n(1.0, 7);
    assert_eq!((float.value(), up_down.value(), size.value().count), (0.0, 0, 0));
    assert_eq!(format!("{:?}, {local:?}", counters[1].0), "LocalCounter(noop), LocalHistogram(noop)");
    assert_eq!(DropReason::ALL.map(dropped_records), before, "nothing is dropped");
}

#[test]
fn a_local_handle_keeps_its_cells_when_registry_and_handle_are_gone() {
    let (counter, size) = {
        let registry = plain();
        let counter = registry.counter("events_total", "Events.").unwrap();
        let size = registry.histogram_with("size", "Size.", Buckets::linear(1.0, 1.0, 3)).unwrap();
        (counter.local(), size.local())
    };
    counter.add(3);
    size.observe(2.0);
    take_free_cells();
    // The new metrics would have found 3 and not 0, and this one would add to theirs.
    let others = plain();
    let kept: Vec<Counter> =
        ["a_total", "b_total", "c_total"].map(|name| others.counter(name, "").unwrap()).to_vec();
    counter.add(4);
    size.observe(2.0);
    assert!(kept.iter().all(|other| other.value() == 0));
    drop((counter, size));
    take_free_cells();
}

#[test]
fn a_local_handle_of_a_removed_series_is_harmless() {
    let registry = plain();
    let family = by_stream(&registry);
    let old = family.with("orders").unwrap();
    let local = old.local();
    local.add(3);
    assert!(family.remove(&"orders"));
    let new = family.with("orders").unwrap();
    local.add(4);
    new.local().inc();
    assert_eq!((old.value(), new.value()), (7, 1));
    assert_eq!(registry.snapshot().counter("sent_total", &[("stream_name", "orders")]), Some(1));
    assert!(registry.unregister("sent_total"));
    drop((old, new, family));
    take_free_cells();
    local.inc();
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn a_series_that_begins_again_goes_on_in_its_local_handles() {
    let registry = plain();
    let family: Family<(), Counter> = registry.declare("events_total", "").register().unwrap();
    let local = family[()].local();
    for before in [3, 4, 5] {
        local.add(before);
        assert_eq!(registry.snapshot().counter("events_total", &[]), Some(before));
        family.clear();
        assert_eq!((registry.snapshot().counter("events_total", &[]), family[()].value()), (Some(0), 0));
    }
    let before = registry.snapshot();
    local.add(6);
    assert_eq!(registry.snapshot().since(&before).counter("events_total", &[]), Some(6));
}

#[test]
fn a_local_handle_is_a_handle_and_its_series_is_not_idle() {
    let (clock, mock) = Clock::mock();
    with_clock(&clock, || {
        let registry = Registry::builder().self_metrics(false).idle_timeout(TIMEOUT).build().unwrap();
        let counters = by_stream(&registry);
        let sizes: Family<String, Histogram> =
            registry.declare("size", "Size.").label("stream_name").register().unwrap();
        let locals = (counters.with("orders").unwrap().local(), sizes.with("orders").unwrap().local());
        let pass_timeout = || {
            let _ = registry.snapshot();
            mock.increment(TIMEOUT);
            let _ = registry.snapshot();
            let snapshot = registry.snapshot();
            ["sent_total", "size"].map(|name| snapshot.family(name).unwrap().series().count())
        };
        assert_eq!([pass_timeout(), pass_timeout()], [[1, 1]; 2]);
        locals.0.inc();
        locals.1.observe(1.0);
        assert_eq!(registry.snapshot().counter("sent_total", &[("stream_name", "orders")]), Some(1));
        drop(locals);
        assert_eq!(pass_timeout(), [0, 0]);
    });
}
