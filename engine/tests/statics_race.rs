//! Static metrics: what is recorded while they are being registered.
#![forbid(unsafe_code)]

mod common;

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use common::Finish;
use tachometer::{
    Registry, StaticCounter, StaticFloatCounter, StaticGauge, StaticHistogram, StaticMetric,
    StaticSignalCounter, StaticUpDownCounter,
};

const THREADS: u64 = 8;
/// Records in all.
const RECORDS: u64 = 1_000_000;
const EARLY: u64 = 100;

/// `THREADS` threads make `RECORDS` records in all, `EARLY` of each thread's before the registration begins and the
/// others beside it. Meanwhile `check` looks at snapshots.
fn record_around_registration(
    metric: &dyn StaticMetric,
    record: impl Fn() + Sync,
    check: impl Fn(&Registry) + Sync,
) -> Registry {
    let registry = Registry::new();
    let (under_way, finished) = (Barrier::new(THREADS as usize + 1), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                check(&registry);
            }
        });
        let _finish = Finish(&finished);
        let work = || {
            (0..EARLY).for_each(|_| record());
            under_way.wait();
            (EARLY..RECORDS / THREADS).for_each(|_| record());
        };
        let recorders: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        under_way.wait();
        metric.register_in(&registry);
        recorders.into_iter().for_each(|thread| thread.join().unwrap());
    });
    registry
}

#[test]
fn a_counter_registered_under_eight_threads_counts_each_event_once() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    let least = AtomicU64::new(0);
    let registry = record_around_registration(
        &COUNTER,
        || COUNTER.inc(),
        |registry| {
            let seen = registry.snapshot().counter("events_total", &[]).unwrap_or(0);
            let before = least.swap(seen, Ordering::Relaxed);
            assert!(before <= seen && seen <= RECORDS, "{before}, then {seen}");
        },
    );
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(RECORDS));
    assert_eq!(COUNTER.value(), RECORDS);
}

#[test]
fn a_float_counter_registered_under_eight_threads_keeps_each_half() {
    static COUNTER: StaticFloatCounter = StaticFloatCounter::new("seconds_total", "Seconds.");
    let registry = record_around_registration(
        &COUNTER,
        || COUNTER.add(0.5),
        |registry| {
            let seen = registry.snapshot().float_counter("seconds_total", &[]).unwrap_or(0.0);
            assert!((0.0..=RECORDS as f64 / 2.0).contains(&seen), "{seen}");
        },
    );
    assert_eq!(registry.snapshot().float_counter("seconds_total", &[]), Some(RECORDS as f64 / 2.0));
}

#[test]
fn an_up_down_counter_registered_under_eight_threads_counts_both_ways() {
    static COUNTER: StaticUpDownCounter = StaticUpDownCounter::new("open", "Open.");
    let both = || {
        COUNTER.add(3);
        COUNTER.dec();
    };
    let registry = record_around_registration(&COUNTER, both, |registry| drop(registry.snapshot()));
    assert_eq!(registry.snapshot().gauge("open", &[]), Some(2.0 * RECORDS as f64));
    assert_eq!(COUNTER.value(), 2 * RECORDS as i64);
}

#[test]
fn a_signal_counter_registered_under_eight_threads_counts_each_event_once() {
    static COUNTER: StaticSignalCounter = StaticSignalCounter::new("signals_total", "Signals.");
    let registry = record_around_registration(&COUNTER, || COUNTER.inc(), |_| thread::yield_now());
    assert_eq!(registry.snapshot().counter("signals_total", &[]), Some(RECORDS));
}

#[test]
fn a_gauge_registered_under_eight_threads_keeps_each_addition() {
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    let registry = record_around_registration(&GAUGE, || GAUGE.add(0.5), |_| thread::yield_now());
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(RECORDS as f64 / 2.0));
}

/// One thread sets growing values, so no reader may see one fall: an early value that came late would.
#[test]
fn a_gauge_registered_while_it_is_set_never_goes_back() {
    const ROUNDS: usize = 300;
    let gauges: Vec<StaticGauge> = (0..ROUNDS).map(|_| StaticGauge::new("level", "Level.")).collect();
    for gauge in &gauges {
        let registry = Registry::new();
        let (under_way, registered) = (Barrier::new(2), AtomicBool::new(false));
        thread::scope(|scope| {
            let finish = Finish(&registered);
            scope.spawn(|| {
                let mut value = 1.0;
                gauge.set(value);
                under_way.wait();
                while !registered.load(Ordering::Relaxed) || value < 100.0 {
                    value += 1.0;
                    gauge.set(value);
                    assert_eq!(gauge.value(), value, "another value came in between");
                }
            });
            under_way.wait();
            gauge.register_in(&registry);
            drop(finish);
        });
        assert!(gauge.value() >= 100.0);
    }
}

#[test]
fn a_histogram_registered_under_eight_threads_keeps_count_and_sum_together() {
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("size", "Size.", &[1.0, 5.0]);
    let observe = || {
        HISTOGRAM.observe(0.5);
        HISTOGRAM.observe(3.0);
        HISTOGRAM.observe(64.0);
    };
    let registry = record_around_registration(&HISTOGRAM, observe, |registry| {
        let snapshot = registry.snapshot();
        let Some(seen) = snapshot.histogram("size", &[]) else { return };
        let [low, middle, high] = *seen.counts() else { panic!("three buckets") };
        assert_eq!(seen.count(), low + middle + high);
        assert_eq!(seen.sum(), 0.5 * low as f64 + 3.0 * middle as f64 + 64.0 * high as f64);
    });
    let snapshot = registry.snapshot();
    let seen = snapshot.histogram("size", &[]).unwrap();
    assert_eq!((seen.count(), seen.counts()), (3 * RECORDS, &[RECORDS; 3][..]));
    assert_eq!(seen.sum(), 67.5 * RECORDS as f64);
}

/// What each thread has recorded when `register_in` returns is in the next snapshot, also when other threads record.
#[test]
fn the_snapshot_after_a_registration_has_what_was_recorded_before() {
    const ROUNDS: usize = 2_000;
    let counters: Vec<StaticCounter> = (0..ROUNDS).map(|_| StaticCounter::new("events_total", "")).collect();
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            for counter in &counters {
                start.wait();
                (0..100).for_each(|_| counter.inc());
                end.wait();
            }
        });
        for counter in &counters {
            counter.add(1_000);
            start.wait();
            let registry = Registry::new();
            counter.register_in(&registry);
            let seen = registry.snapshot().counter("events_total", &[]).unwrap();
            end.wait();
            assert!((1_000..=1_100).contains(&seen), "{seen}");
            assert_eq!(registry.snapshot().counter("events_total", &[]), Some(1_100));
        }
    });
}

#[test]
fn threads_that_register_at_once_register_once() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    let registry = Registry::new();
    COUNTER.inc();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                COUNTER.register_in(&registry);
                let seen = registry.snapshot().counter("events_total", &[]).unwrap();
                assert!(seen >= 1, "registered, and its early event is missing");
                COUNTER.inc();
            });
        }
    });
    assert_eq!(COUNTER.value(), THREADS + 1);
}
