//! What each handle makes of what it is given.
#![forbid(unsafe_code)]

use std::{mem::size_of, sync::Mutex, thread, time::Duration};

use tachometer::{
    Buckets, Counter, DropReason, DynamicFamily, FloatCounter, Gauge, Histogram, Registry, SignalCounter,
    Snapshot, UpDownCounter, dropped_records,
};

/// The counts of dropped records are the process's, so the tests that compare them take turns.
static DROPS: Mutex<()> = Mutex::new(());

/// Runs `work` and returns how many records it dropped, by reason.
fn dropped(work: impl FnOnce()) -> Vec<(DropReason, u64)> {
    let _turn = DROPS.lock();
    let before = DropReason::ALL.map(dropped_records);
    work();
    let after = DropReason::ALL.map(dropped_records);
    let changed =
        DropReason::ALL.into_iter().zip(after.into_iter().zip(before).map(|(now, then)| now - then));
    changed.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn handles_are_small_and_go_everywhere() {
    fn goes_everywhere<T: Clone + Send + Sync + 'static>() {}
    goes_everywhere::<Counter>();
    goes_everywhere::<FloatCounter>();
    goes_everywhere::<UpDownCounter>();
    goes_everywhere::<Gauge>();
    goes_everywhere::<Histogram>();
    goes_everywhere::<SignalCounter>();
    goes_everywhere::<DynamicFamily<Counter>>();
    goes_everywhere::<Registry>();
    goes_everywhere::<Snapshot>();
    goes_everywhere::<Buckets>();
    let sizes = [
        size_of::<Counter>(),
        size_of::<FloatCounter>(),
        size_of::<UpDownCounter>(),
        size_of::<Gauge>(),
        size_of::<Histogram>(),
        size_of::<SignalCounter>(),
    ];
    println!("{sizes:?} bytes");
    assert!(sizes.iter().all(|size| *size <= 16), "{sizes:?}");
}

#[test]
fn a_counter_counts_and_wraps_around() {
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    counter.add(0);
    assert_eq!(counter.value(), 0);
    counter.add(u64::MAX - 1);
    counter.inc();
    assert_eq!(counter.value(), u64::MAX);
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(u64::MAX));
    counter.add(3);
    assert_eq!(counter.value(), 2);
    counter.add(u64::MAX - 3);
    assert_eq!(counter.value(), u64::MAX - 1);
    counter.add(3);
    assert_eq!(counter.value(), 1);
    // The sum over threads wraps as the cells do.
    thread::scope(|scope| {
        scope.spawn(|| counter.add(u64::MAX)).join().unwrap();
    });
    assert_eq!(counter.value(), 0);
    assert_eq!(registry.snapshot().counter("events_total", &[]), Some(0));
    counter.local().add(u64::MAX);
    counter.local().add(3);
    assert_eq!(counter.value(), 2);
}

#[test]
fn a_float_counter_drops_what_is_negative_or_not_finite() {
    let registry = Registry::new();
    let counter = registry.float_counter("seconds_total", "Seconds.").unwrap();
    let dropped = dropped(|| {
        counter.inc();
        counter.add(0.25);
        counter.add(0.0);
        counter.add(-0.0);
        counter.add(f64::MIN_POSITIVE / 2.0);
        counter.add(-0.5);
        counter.add(-5e-324);
        counter.add(f64::MIN);
        counter.add(f64::NAN);
        counter.add(f64::INFINITY);
        counter.add(f64::NEG_INFINITY);
    });
    assert_eq!(counter.value(), 1.25);
    assert_eq!(registry.snapshot().float_counter("seconds_total", &[]), Some(1.25));
    assert_eq!(dropped, [(DropReason::NotFinite, 3), (DropReason::Negative, 3)]);
}

/// What a float counter holds after 8 threads have added `amount` a million times each.
fn sum_of_eight_million(amount: f64) -> f64 {
    let counter = Registry::new().float_counter("sum_total", "Sum.").unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1_000_000).for_each(|_| counter.add(amount)));
        }
    });
    counter.value()
}

#[test]
fn a_float_sum_of_eight_million_representable_values_is_exact() {
    assert_eq!(sum_of_eight_million(0.5), 4_000_000.0);
}

#[test]
fn a_float_sum_of_eight_million_other_values_is_within_the_rounding_of_each_addition() {
    let sum = sum_of_eight_million(0.1);
    let error = (sum - 800_000.0).abs() / 800_000.0;
    println!("{sum}, which is off by {error:e} of the sum");
    assert!(error <= 8_000_000.0 * f64::EPSILON, "{sum}");
}

#[test]
fn an_up_down_counter_goes_down_where_another_thread_went_up() {
    let registry = Registry::new();
    let open = registry.up_down_counter("open", "Open.").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..1_000).for_each(|_| open.inc())).join().unwrap();
        scope.spawn(|| (0..1_200).for_each(|_| open.dec())).join().unwrap();
    });
    assert_eq!(open.value(), -200);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.up_down_counter("open", &[]), Some(-200));
    assert_eq!(snapshot.gauge("open", &[]), Some(-200.0));
    open.add(-300);
    open.sub(-1_500);
    assert_eq!(open.value(), 1_000);
    open.add(i64::MIN);
    open.sub(1_001);
    assert_eq!(open.value(), i64::MAX, "it wraps around");
}

#[test]
fn a_gauge_holds_what_was_set_last_whatever_that_is() {
    let registry = Registry::new();
    let gauge = registry.gauge("level", "Level.").unwrap();
    assert_eq!(gauge.value(), 0.0);
    let dropped = dropped(|| {
        for value in [1.5, -2.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -0.0, f64::NAN] {
            gauge.set(value);
            assert_eq!(gauge.value().to_bits(), value.to_bits());
            let seen = registry.snapshot().gauge("level", &[]).unwrap();
            assert_eq!(seen.to_bits(), value.to_bits());
        }
    });
    assert_eq!(dropped, []);
    gauge.set(1.0);
    gauge.add(0.5);
    gauge.sub(2.0);
    gauge.inc();
    gauge.dec();
    assert_eq!(gauge.value(), -0.5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| gauge.add(0.5)));
        }
    });
    assert_eq!(gauge.value(), 1_999.5, "no addition is lost when threads meet");
}

#[test]
fn a_signal_counter_counts_over_threads() {
    let registry = Registry::new();
    let signals = registry.signal_counter("signals_total", "Signals.").unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| signals.inc()));
        }
    });
    signals.add(u64::MAX);
    assert_eq!(signals.value(), 3_999);
    assert_eq!(registry.snapshot().counter("signals_total", &[]), Some(3_999));
}

#[test]
fn a_histogram_counts_a_value_in_the_bucket_that_ends_at_or_above_it() {
    let registry = Registry::new();
    let histogram =
        registry.histogram_with("size", "Size.", Buckets::explicit([-1.0, 0.0, 1.0, 10.0])).unwrap();
    for value in [-5.0, -1.0, -0.5, -0.0, 0.0, 5e-324, 1.0, 1.0_f64.next_up(), 10.0, 11.0, 1e300] {
        histogram.observe(value);
    }
    let value = histogram.value();
    assert_eq!(value.counts, [2, 3, 2, 2, 2]);
    assert_eq!((value.count, value.most_tries), (11, 1));
    let snapshot = registry.snapshot();
    let seen = snapshot.histogram("size", &[]).unwrap();
    assert_eq!((seen.counts(), seen.count(), seen.sum()), (&*value.counts, 11, value.sum));
    let cumulative: Vec<_> = seen.cumulative().collect();
    assert_eq!(cumulative, [(-1.0, 2), (0.0, 5), (1.0, 7), (10.0, 9), (f64::INFINITY, 11)]);
}

#[test]
fn several_observations_of_one_value_count_as_so_many() {
    let histogram = Registry::new().histogram_with("size", "Size.", Buckets::explicit([1.0, 10.0])).unwrap();
    let dropped = dropped(|| {
        histogram.observe_n(4.0, 1_000);
        histogram.observe_n(0.5, 2);
        histogram.observe_n(0.5, 0);
        histogram.observe_n(f64::MAX, 2);
        histogram.observe_n(f64::NAN, 0);
    });
    let value = histogram.value();
    assert_eq!((value.counts, value.count, value.sum), (vec![2, 1_000, 0], 1_002, 4_001.0));
    assert_eq!(dropped, [(DropReason::NotFinite, 2)], "a sum that is not finite, and a value");
    histogram.observe_n(100.0, 1 << 40);
    assert_eq!(histogram.value().counts, [2, 1_000, 1 << 40]);
}

#[test]
fn a_histogram_drops_what_is_not_finite() {
    let histogram = Registry::new().histogram("duration_seconds", "Durations.").unwrap();
    let dropped = dropped(|| {
        histogram.observe(f64::NAN);
        histogram.observe(-f64::NAN);
        histogram.observe(f64::INFINITY);
        histogram.observe(f64::NEG_INFINITY);
        histogram.observe_duration(Duration::from_millis(250));
    });
    let value = histogram.value();
    assert_eq!((value.count, value.sum, value.counts[5]), (1, 0.25, 1));
    assert_eq!(dropped, [(DropReason::NotFinite, 4)]);
}

#[test]
fn reasons_have_names_for_a_label() {
    let names = DropReason::ALL.map(DropReason::as_str);
    assert_eq!(names, ["nan", "negative", "memory", "shards", "reentry", "unsupported", "refused"]);
}

#[test]
fn a_handle_outlives_its_registry() {
    let (counter, histogram, gauge) = {
        let registry = Registry::new();
        let counter = registry.counter("events_total", "Events.").unwrap();
        (counter, registry.histogram("size", "Size.").unwrap(), registry.gauge("level", "Level.").unwrap())
    };
    counter.inc();
    histogram.observe(1.0);
    gauge.set(2.0);
    assert_eq!((counter.value(), histogram.value().count, gauge.value()), (1, 1, 2.0));
}
