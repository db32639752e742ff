//! Static metrics: records against the registration that takes over what was recorded before it.
//!
//! A model's statics are values that its threads share. Their `Arc` is that of `std`: nothing is to be learnt from the
//! order in which they are dropped.
#![cfg(tachometer_loom)]

use std::sync::Arc;

use loom::thread;
use tachometer::{
    Buckets, Histogram, Registry, StaticCounter, StaticGauge, StaticHistogram, StaticUpDownCounter,
    model::{self, Shard},
};
use tachometer_loom_tests::{check, control};

/// What threads share; it comes back from them with the handles that it holds.
fn share<T>(metric: T, registry: &Registry) -> [(Arc<T>, Registry); 3] {
    let metric = Arc::new(metric);
    [(); 3].map(|()| (Arc::clone(&metric), registry.clone()))
}

/// The counter in a snapshot; 0 while it is not registered.
fn shown(registry: &Registry) -> u64 {
    registry.snapshot().counter("events_total", &[]).unwrap_or(0)
}

/// One event before, two beside the registration. (A control must fail on the thread of the model: loom cannot unwind
/// another that holds handles.)
fn counter_against(register: impl FnOnce(&StaticCounter, &Registry) + 'static) {
    let registry = Registry::new();
    let [recorder, registrar, main] = share(StaticCounter::new("events_total", ""), &registry);
    main.0.inc();
    let recorder = thread::spawn(move || {
        recorder.0.add(10);
        recorder.0.add(100);
        recorder
    });
    let registrar = thread::spawn(move || {
        register(&registrar.0, &registrar.1);
        registrar
    });
    let _recorder = recorder.join().unwrap();
    let _registrar = registrar.join().unwrap();
    assert_eq!(shown(&registry), 111, "an event was lost or doubled");
    assert_eq!(main.0.value(), 111);
}

#[test]
fn a_registration_takes_over_each_event_once() {
    check("a registration takes over each event once", 50_000, || {
        counter_against(|counter, registry| {
            counter.register_in(registry);
            let seen = shown(registry);
            assert!([1, 11, 111].contains(&seen), "{seen} after the registration");
        });
    });
}

#[test]
fn two_recorders_and_a_registration_count_each_event_once() {
    check("two recorders and a registration count each event once", 25_000, || {
        // Room for a shard for each, or one that outruns the others would drop its record.
        let _ = [(); 3].map(|()| Shard::acquire().unwrap()).map(Shard::release);
        let registry = Registry::new();
        let [first, second, main] = share(StaticCounter::new("events_total", ""), &registry);
        let threads = [(first, 1), (second, 10)].map(|(shared, n)| {
            thread::spawn(move || {
                shared.0.add(n);
                shared
            })
        });
        main.0.register_in(&registry);
        let _threads = threads.map(|thread| thread.join().unwrap());
        assert_eq!(shown(&registry), 11);
    });
}

#[test]
fn a_thread_finds_its_own_events_in_the_value_at_any_time() {
    check("a thread finds its own events in the value at any time", 180, || {
        let registry = Registry::new();
        let [recorder, _, main] = share(StaticCounter::new("events_total", ""), &registry);
        let recorder = thread::spawn(move || {
            recorder.0.add(10);
            assert_eq!(recorder.0.value(), 10);
            recorder.0.add(100);
            assert_eq!(recorder.0.value(), 110);
            recorder
        });
        main.0.register_in(&registry);
        let _recorder = recorder.join().unwrap();
        assert_eq!(shown(&registry), 110);
    });
}

/// Read through another handle of the series: a snapshot's locks would be most of what loom explores.
#[test]
fn the_series_never_falls_beside_a_registration() {
    check("the series never falls beside a registration", 4_800, || {
        let registry = Registry::new();
        let series = registry.counter("events_total", "").unwrap();
        let [recorder, registrar, main] = share(StaticCounter::new("events_total", ""), &registry);
        main.0.inc();
        let recorder = thread::spawn(move || {
            recorder.0.add(10);
            recorder
        });
        let registrar = thread::spawn(move || {
            registrar.0.register_in(&registrar.1);
            registrar
        });
        let [first, second] = [(); 2].map(|()| series.value());
        assert!(first <= second, "{first}, then {second}");
        assert!([0, 1, 10, 11].contains(&second), "{second}");
        let _recorder = recorder.join().unwrap();
        let _registrar = registrar.join().unwrap();
        assert_eq!(series.value(), 11);
    });
}

/// Whichever does the work, both return when it is done.
#[test]
fn two_registrations_at_once_are_one() {
    check("two registrations at once are one", 70, || {
        let registry = Registry::new();
        let [first, second, main] = share(StaticCounter::new("events_total", ""), &registry);
        main.0.inc();
        let threads = [first, second].map(|shared| {
            thread::spawn(move || {
                shared.0.register_in(&shared.1);
                assert_eq!(shown(&shared.1), 1);
                shared
            })
        });
        let _threads = threads.map(|thread| thread.join().unwrap());
        assert_eq!(shown(&registry), 1);
    });
}

/// Amounts that need the second early cell, which closes by itself.
#[test]
fn a_carry_beside_a_registration_is_kept() {
    check("a carry beside a registration is kept", 440, || {
        let registry = Registry::new();
        let [recorder, _, main] = share(StaticUpDownCounter::new("open", ""), &registry);
        let recorder = thread::spawn(move || {
            recorder.0.add(i64::MIN);
            recorder.0.add(i64::MAX);
            recorder
        });
        main.0.register_in(&registry);
        let _recorder = recorder.join().unwrap();
        assert_eq!(registry.snapshot().gauge("open", &[]), Some(-1.0));
    });
}

/// The observations of the series, read through another handle; their sum must be theirs.
fn whole(series: &Histogram) -> (u64, u64) {
    let value = series.value();
    let [low, high] = *value.counts else { unreachable!("the histogram has two buckets") };
    assert_eq!(value.sum, 3.0 * low as f64 + 50.0 * high as f64, "torn: {low} and {high} observations");
    (low, high)
}

/// One observation before, two beside the registration, and a reader beside both.
fn histogram_against(register: impl FnOnce(&StaticHistogram, &Registry) + 'static) {
    let registry = Registry::new();
    let series = registry.histogram_with("size", "", Buckets::explicit([10.0])).unwrap();
    let [recorder, registrar, main] = share(StaticHistogram::new("size", "", &[10.0]), &registry);
    main.0.observe(3.0);
    let recorder = thread::spawn(move || {
        recorder.0.observe(3.0);
        recorder.0.observe(50.0);
        recorder
    });
    let registrar = thread::spawn(move || {
        register(&registrar.0, &registrar.1);
        registrar
    });
    let (low, high) = whole(&series);
    assert!(low <= 2 && high <= 1, "{low} and {high} of 2 and 1");
    let _recorder = recorder.join().unwrap();
    let _registrar = registrar.join().unwrap();
    assert_eq!(whole(&series), (2, 1));
}

#[test]
fn a_registration_takes_over_each_observation_whole() {
    check("a registration takes over each observation whole", 14_000, || {
        histogram_against(|histogram, registry| histogram.register_in(registry));
    });
}

fn gauge_against(
    record: impl FnOnce(&StaticGauge) + 'static,
    register: impl FnOnce(&StaticGauge, &Registry),
) -> f64 {
    let registry = Registry::new();
    let [recorder, _, main] = share(StaticGauge::new("depth", ""), &registry);
    let recorder = thread::spawn(move || {
        record(&recorder.0);
        recorder
    });
    register(&main.0, &registry);
    let _recorder = recorder.join().unwrap();
    registry.snapshot().gauge("depth", &[]).unwrap()
}

fn sets(gauge: &StaticGauge) {
    gauge.set(1.0);
    gauge.set(2.0);
    gauge.set(3.0);
}

#[test]
fn the_last_value_set_beside_a_registration_stays() {
    check("the last value set beside a registration stays", 90, || {
        let value = gauge_against(sets, |gauge, registry| gauge.register_in(registry));
        assert_eq!(value, 3.0, "an earlier value came last");
    });
}

#[test]
fn additions_and_sets_keep_their_order_beside_a_registration() {
    check("additions and sets keep their order beside a registration", 90, || {
        let record = |gauge: &StaticGauge| {
            gauge.add(5.0);
            gauge.set(10.0);
            gauge.add(1.0);
        };
        assert_eq!(gauge_against(record, |gauge, registry| gauge.register_in(registry)), 11.0);
    });
}

#[test]
fn additions_of_two_threads_beside_a_registration_are_kept() {
    check("additions of two threads beside a registration are kept", 2_100, || {
        let registry = Registry::new();
        let [first, second, main] = share(StaticGauge::new("depth", ""), &registry);
        let threads = [(first, 1.0), (second, 10.0)].map(|(shared, amount)| {
            thread::spawn(move || {
                shared.0.add(amount);
                shared
            })
        });
        main.0.register_in(&registry);
        let _threads = threads.map(|thread| thread.join().unwrap());
        assert_eq!(registry.snapshot().gauge("depth", &[]), Some(11.0));
    });
}

#[test]
#[should_panic(expected = "an event was lost or doubled")]
fn control_a_take_over_without_swap_is_seen() {
    control("a take-over without swap", || counter_against(model::register_without_swap));
}

#[test]
#[should_panic(expected = "torn")]
fn control_a_take_over_by_halves_is_seen() {
    control("a take-over by halves", || histogram_against(model::register_by_halves));
}

#[test]
#[should_panic(expected = "an earlier value came last")]
fn control_a_value_taken_over_too_late_is_seen() {
    control("a value taken over too late", || {
        let value = gauge_against(sets, model::register_closing_first);
        assert_eq!(value, 3.0, "an earlier value came last");
    });
}
