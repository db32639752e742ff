//! Static metrics: before and after they are registered, and when they cannot be.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use std::time::Duration;

use plain::plain;
use tachometer::{
    BucketsError, DropReason, MAX_BOUNDS, RegisterErrorReason as Reason, Registry, StaticCounter,
    StaticFloatCounter, StaticGauge, StaticHistogram, StaticMetric, StaticSignalCounter, StaticUpDownCounter,
    dropped_records,
};

#[test]
fn a_counter_counts_before_and_after() {
    static COUNTER: StaticCounter = StaticCounter::new("requests_total", "Requests.");
    COUNTER.inc();
    COUNTER.add(u64::MAX);
    COUNTER.add(6);
    assert_eq!(COUNTER.value(), 6);
    assert!(COUNTER.handle().is_none());
    let registry = Registry::builder().namespace("shop").build().unwrap();
    COUNTER.register_in(&registry);
    assert_eq!(registry.snapshot().counter("shop_requests_total", &[]), Some(6));
    COUNTER.inc();
    COUNTER.handle().unwrap().add(2);
    assert_eq!((COUNTER.value(), COUNTER.handle().unwrap().value()), (9, 9));
    assert_eq!(registry.snapshot().counter("shop_requests_total", &[]), Some(9));
}

#[test]
fn a_float_counter_counts_before_and_after() {
    static COUNTER: StaticFloatCounter = StaticFloatCounter::new("busy_seconds_total", "Seconds.");
    let dropped = [DropReason::Negative, DropReason::NotFinite].map(dropped_records);
    COUNTER.inc();
    COUNTER.add(0.25);
    COUNTER.add(-1.0);
    COUNTER.add(f64::NAN);
    COUNTER.add(f64::INFINITY);
    assert_eq!(COUNTER.value(), 1.25);
    let now = [DropReason::Negative, DropReason::NotFinite].map(dropped_records);
    assert!(now[0] > dropped[0] && now[1] >= dropped[1] + 2, "{dropped:?}, then {now:?}");
    let registry = Registry::new();
    COUNTER.register_in(&registry);
    COUNTER.add(0.5);
    assert_eq!(COUNTER.value(), 1.75);
    assert_eq!(registry.snapshot().float_counter("busy_seconds_total", &[]), Some(1.75));
}

/// A sum beyond the largest float is infinite in the handle's cells too, where no single addition may be.
#[test]
fn a_float_counter_that_is_infinite_already_stays_so() {
    static COUNTER: StaticFloatCounter = StaticFloatCounter::new("amount_total", "Amount.");
    COUNTER.add(f64::MAX);
    COUNTER.add(f64::MAX);
    COUNTER.register_in(&Registry::new());
    assert_eq!(COUNTER.value(), f64::INFINITY);
}

#[test]
fn an_up_down_counter_counts_before_and_after() {
    static COUNTER: StaticUpDownCounter = StaticUpDownCounter::new("open", "Open.");
    COUNTER.dec();
    COUNTER.add(-3);
    COUNTER.sub(-2);
    assert_eq!(COUNTER.value(), -2);
    COUNTER.sub(i64::MIN);
    COUNTER.add(i64::MIN);
    COUNTER.inc();
    let registry = Registry::new();
    COUNTER.register_in(&registry);
    assert_eq!(COUNTER.value(), -1);
    COUNTER.sub(i64::MIN);
    COUNTER.add(i64::MIN);
    COUNTER.inc();
    COUNTER.sub(5);
    assert_eq!(registry.snapshot().gauge("open", &[]), Some(-5.0));
}

#[test]
fn a_gauge_that_was_set_sets_the_series() {
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    let registry = Registry::new();
    let other = registry.gauge("level", "Level.").unwrap();
    other.set(100.0);
    GAUGE.set(3.0);
    GAUGE.inc();
    GAUGE.set(10.0);
    GAUGE.sub(0.5);
    assert_eq!((GAUGE.value(), other.value()), (9.5, 100.0));
    GAUGE.register_in(&registry);
    assert_eq!((GAUGE.value(), other.value()), (9.5, 9.5));
    GAUGE.set(1.0);
    GAUGE.dec();
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(0.0));
}

#[test]
fn a_gauge_that_was_only_added_to_adds_to_the_series() {
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    let registry = Registry::new();
    registry.gauge("level", "Level.").unwrap().set(100.0);
    GAUGE.add(2.0);
    GAUGE.dec();
    assert_eq!(GAUGE.value(), 1.0);
    GAUGE.register_in(&registry);
    assert_eq!(GAUGE.value(), 101.0);
}

#[test]
fn a_gauge_keeps_what_is_no_number() {
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    GAUGE.set(f64::from_bits(u64::MAX));
    assert!(GAUGE.value().is_nan());
    GAUGE.register_in(&Registry::new());
    assert_eq!(GAUGE.value().to_bits(), u64::MAX);
}

#[test]
fn a_gauge_that_was_never_touched_leaves_the_series_as_it_is() {
    static GAUGE: StaticGauge = StaticGauge::new("level", "Level.");
    let registry = Registry::new();
    registry.gauge("level", "Level.").unwrap().set(7.0);
    GAUGE.register_in(&registry);
    assert_eq!(GAUGE.value(), 7.0);
}

#[test]
fn a_histogram_observes_before_and_after() {
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("size", "Size.", &[1.0, 10.0, f64::INFINITY]);
    let dropped = dropped_records(DropReason::NotFinite);
    HISTOGRAM.observe(0.5);
    HISTOGRAM.observe_n(10.0, 3);
    HISTOGRAM.observe_n(10.0, 0);
    HISTOGRAM.observe_n(10.0, 1 << 63);
    HISTOGRAM.observe_duration(Duration::from_secs(20));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        HISTOGRAM.observe(bad);
    }
    HISTOGRAM.observe_n(f64::MAX, 2);
    assert!(dropped_records(DropReason::NotFinite) >= dropped + 4);
    let early = HISTOGRAM.value();
    assert_eq!((early.count, early.sum, &*early.counts), (5, 50.5, &[1, 3, 1][..]));
    let registry = Registry::new();
    HISTOGRAM.register_in(&registry);
    assert_eq!(HISTOGRAM.value(), early);
    let snapshot = registry.snapshot();
    let seen = snapshot.histogram("size", &[]).unwrap();
    assert_eq!((seen.count(), seen.sum(), seen.counts()), (5, 50.5, &[1, 3, 1][..]));
    HISTOGRAM.observe(1.0);
    HISTOGRAM.observe_n(2.0, 2);
    HISTOGRAM.observe_duration(Duration::from_millis(500));
    HISTOGRAM.observe(f64::NAN);
    assert_eq!((HISTOGRAM.value().sum, HISTOGRAM.value().counts), (56.0, vec![3, 5, 1]));
}

#[test]
fn a_timer_records_before_and_after_and_across() {
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("seconds", "Seconds.", &[1e9]);
    let registry = Registry::new();
    let elapsed = HISTOGRAM.start_timer().stop().as_secs_f64();
    assert_eq!((HISTOGRAM.value().count, HISTOGRAM.value().sum), (1, elapsed));
    HISTOGRAM.start_timer().discard();
    assert_eq!(HISTOGRAM.time(|| 6 * 7), 42);
    let across = HISTOGRAM.start_timer();
    let before = HISTOGRAM.value().sum;
    HISTOGRAM.register_in(&registry);
    let elapsed = across.stop().as_secs_f64();
    assert_eq!(HISTOGRAM.value().sum, before + elapsed);
    drop(HISTOGRAM.start_timer());
    HISTOGRAM.start_timer().discard();
    assert_eq!(HISTOGRAM.time(|| 6 * 7), 42);
    assert_eq!(HISTOGRAM.value().counts, [5, 0]);
}

/// The count of a bucket wraps around at 2⁶³, before as after. The sum does not go with it.
#[test]
fn a_bucket_that_wrapped_around_keeps_its_sum() {
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("size", "Size.", &[1.0]);
    HISTOGRAM.observe_n(1.0, 1 << 62);
    HISTOGRAM.observe_n(1.0, 1 << 62);
    HISTOGRAM.register_in(&Registry::new());
    let value = HISTOGRAM.value();
    assert_eq!((value.count, value.sum), (0, 2_f64.powi(63)));
}

#[test]
fn a_signal_counter_counts_before_and_after() {
    static COUNTER: StaticSignalCounter = StaticSignalCounter::new("signals_total", "Signals.");
    COUNTER.inc();
    COUNTER.add(1 << 63);
    COUNTER.add(1 << 63);
    assert_eq!(COUNTER.value(), 1);
    let registry = Registry::new();
    COUNTER.register_in(&registry);
    COUNTER.add(2);
    assert_eq!(COUNTER.value(), 3);
    assert_eq!(registry.snapshot().counter("signals_total", &[]), Some(3));
}

#[test]
fn a_static_registers_once_and_the_first_registration_wins() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    let [first, second] = [(); 2].map(|()| plain());
    COUNTER.inc();
    COUNTER.register_in(&first);
    COUNTER.register_in(&first);
    COUNTER.register_in(&second);
    assert_eq!(first.snapshot().counter("events_total", &[]), Some(1));
    assert_eq!(second.snapshot().families().len(), 0);
    assert!(first.errors().is_empty() && second.errors().is_empty());
}

#[test]
fn two_statics_of_one_name_share_the_series() {
    static COUNTERS: [StaticCounter; 2] = [const { StaticCounter::new("events_total", "Events.") }; 2];
    let registry = Registry::new();
    for counter in &COUNTERS {
        counter.inc();
        counter.register_in(&registry);
    }
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(2));
    assert_eq!(COUNTERS[0].value(), 2);
}

#[test]
fn a_registration_that_fails_leaves_a_no_op_and_an_error() {
    static GAUGE: StaticGauge = StaticGauge::new("events_total", "Events.");
    static COUNTER: StaticCounter = StaticCounter::new("events-total", "Events.");
    static GOOD: StaticCounter = StaticCounter::new("good_total", "Good.");
    let registry = Registry::builder().namespace("shop").self_metrics(false).build().unwrap();
    let taken = registry.counter("events_total", "Events.").unwrap();
    GAUGE.set(3.0);
    COUNTER.inc();
    let all: [&dyn StaticMetric; 3] = [&GAUGE, &COUNTER, &GOOD];
    all.iter().for_each(|metric| metric.register_in(&registry));
    let errors = registry.errors();
    let [first, second] = &*errors else { panic!("{errors:?}") };
    let conflict = Reason::TypeConflict { registered: "counter", requested: "gauge" };
    assert_eq!((first.metric(), first.reason()), ("shop_events_total", &conflict));
    assert_eq!((second.metric(), second.reason()), ("shop_events-total", &Reason::IllegalMetricName));
    GAUGE.set(4.0);
    COUNTER.inc();
    GOOD.inc();
    assert_eq!((GAUGE.value(), COUNTER.value(), GOOD.value(), taken.value()), (0.0, 0, 1, 0));
    assert!(GAUGE.handle().is_some() && COUNTER.handle().is_some());
    // Once is once, also when it failed.
    COUNTER.register_in(&registry);
    assert_eq!(registry.errors().len(), 2);
    assert_eq!(registry.snapshot().families().len(), 2);
}

#[test]
fn bad_bounds_are_an_error_of_the_registration_and_panic_nowhere() {
    static TOO_MANY: [f64; 1_000] = {
        let mut bounds = [0.0; 1_000];
        let mut i = 0;
        while i < bounds.len() {
            bounds[i] = i as f64;
            i += 1;
        }
        bounds
    };
    static BAD: [StaticHistogram; 5] = [
        StaticHistogram::new("empty", "", &[]),
        StaticHistogram::new("nan", "", &[1.0, f64::NAN]),
        StaticHistogram::new("unsorted", "", &[2.0, 1.0]),
        StaticHistogram::new("infinite", "", &[f64::INFINITY]),
        StaticHistogram::new("too_many", "", &TOO_MANY),
    ];
    let registry = Registry::new();
    for histogram in &BAD {
        for value in [-1.0, 1.0, 1.5, 5_000.0] {
            histogram.observe(value);
        }
        assert_eq!((histogram.value().count, histogram.value().sum), (4, 5_001.5));
        histogram.register_in(&registry);
        histogram.observe(1.0);
        assert_eq!(histogram.value().count, 0);
        assert_eq!(histogram.start_timer().stop(), Duration::ZERO);
    }
    let reasons: Vec<_> = registry.errors().iter().map(|error| error.reason().clone()).collect();
    let expected = [
        BucketsError::Empty,
        BucketsError::NotANumber,
        BucketsError::NotIncreasing { before: 2.0, bound: 1.0 },
        BucketsError::Empty,
        BucketsError::TooMany(1_000),
    ];
    assert_eq!(reasons, expected.map(Reason::Buckets));
    assert!(TOO_MANY.len() > MAX_BOUNDS);
}

#[test]
fn the_errors_that_are_kept_are_the_first() {
    let registry = Registry::new();
    for number in 0..1_100 {
        let name = format!("bad-{number}").leak();
        StaticCounter::new(name, "").register_in(&registry);
    }
    let errors = registry.errors();
    assert_eq!((errors.len(), errors[0].metric(), errors[1_023].metric()), (1_024, "bad-0", "bad-1023"));
}

#[test]
fn in_a_disabled_registry_a_static_is_a_no_op() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    static HISTOGRAM: StaticHistogram = StaticHistogram::new("size", "Size.", &[1.0]);
    let registry = Registry::disabled();
    COUNTER.inc();
    HISTOGRAM.observe(1.0);
    COUNTER.register_in(&registry);
    HISTOGRAM.register_in(&registry);
    COUNTER.inc();
    HISTOGRAM.observe(1.0);
    assert_eq!((COUNTER.value(), HISTOGRAM.value().count), (0, 0));
    assert_eq!(registry.errors(), []);
}

#[test]
fn a_static_says_in_debug_output_whether_it_is_registered() {
    static COUNTER: StaticCounter = StaticCounter::new("events_total", "Events.");
    assert_eq!(format!("{COUNTER:?}"), "StaticCounter(`events_total`, not registered)");
    COUNTER.register_in(&Registry::disabled());
    assert_eq!(format!("{COUNTER:?}"), "StaticCounter(`events_total`, Counter(noop))");
}
