//! A histogram of integers counts them where a histogram of floats would, and keeps their sum exactly.
#![forbid(unsafe_code)]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use common::Finish;
use tachometer::{
    Buckets, DynamicFamily, Family, Histogram, IntegerHistogram, LabelValue, MAX_BOUNDS, Metrics,
    RegisterErrorReason, Registry, Resolution, Value,
};

#[derive(Clone, Copy, LabelValue)]
enum Method {
    Get,
    Put,
}

fn nanoseconds(registry: &Registry, name: &str, buckets: &Buckets) -> IntegerHistogram {
    registry.integer_histogram(name, "", buckets, Resolution::Nanoseconds).unwrap()
}

/// The bucket of the one value that was observed.
fn only_bucket(counts: &[u64]) -> usize {
    assert_eq!(counts.iter().sum::<u64>(), 1, "{counts:?}");
    counts.iter().position(|count| *count == 1).unwrap()
}

#[test]
fn histograms_in_more_pages_than_a_table_has_keep_apart() {
    const PAGES: u64 = 300;
    let registry = Registry::new();
    // Each takes a page.
    let buckets = Buckets::linear(1.0, 1.0, MAX_BOUNDS).unwrap();
    let integers: Vec<_> =
        (1..=PAGES).map(|n| nanoseconds(&registry, &format!("i{n}_seconds"), &buckets)).collect();
    let floats: Vec<_> =
        (1..=PAGES).map(|n| registry.histogram_with(&format!("f{n}"), "", &buckets).unwrap()).collect();
    for ((n, integer), float) in (1..).zip(&integers).zip(&floats) {
        integer.observe_n(n, n);
        float.observe_n(1.0, n);
    }
    for ((n, integer), float) in (1..).zip(&integers).zip(&floats) {
        assert_eq!((integer.value().count, integer.sum()), (n, n * n));
        assert_eq!((float.value().count, float.value().sum), (n, n as f64));
    }
    let snapshot = registry.snapshot();
    let counts = snapshot.families().filter_map(|family| match family.series().next()?.value() {
        Value::Histogram(histogram) => Some(histogram.count()),
        _ => None,
    });
    assert_eq!(counts.sum::<u64>(), PAGES * (PAGES + 1));
}

fn integer_bucket(buckets: &Buckets, resolution: Resolution, value: u64) -> usize {
    let histogram = Registry::new().integer_histogram("value", "", buckets, resolution).unwrap();
    histogram.observe(value);
    assert_eq!(histogram.sum(), value);
    only_bucket(&histogram.value().counts)
}

fn layouts() -> Vec<Buckets> {
    [
        Ok(Buckets::seconds()),
        Buckets::explicit([0.3]),
        Buckets::explicit([-1.0, 0.0, 0.1, 0.2, 0.3, 0.7]),
        // Bounds that no integer lies between.
        Buckets::explicit([1e-10, 2e-10, 1.0]),
        Buckets::exponential(1e-6, 1.3, 64),
        Buckets::linear(0.05, 0.05, 200),
        Buckets::exponential(1.0, 4.0, 40),
    ]
    .map(Result::unwrap)
    .into()
}

#[test]
fn integers_around_each_bound_fall_where_the_exposed_bound_says() {
    for resolution in
        [Resolution::Nanoseconds, Resolution::Microseconds, Resolution::Milliseconds, Resolution::Units]
    {
        let per_unit = match resolution {
            Resolution::Nanoseconds => 1e9,
            Resolution::Microseconds => 1e6,
            Resolution::Milliseconds => 1e3,
            _ => 1.0,
        };
        for buckets in layouts() {
            let near = buckets.bounds().iter().flat_map(|bound| {
                let at = (bound * per_unit).round() as u64;
                [at.saturating_sub(1), at, at.saturating_add(1)]
            });
            for value in near.chain([0, 1, u64::MAX, 1 << 63, (1 << 63) - 1]) {
                let exposed = value as f64 / per_unit;
                let expected = buckets.bounds().iter().filter(|bound| **bound < exposed).count();
                let found = integer_bucket(&buckets, resolution, value);
                assert_eq!(found, expected, "{value} {resolution:?} in {:?}", buckets.bounds());
            }
        }
    }
}

#[test]
fn a_decimal_bound_takes_the_integer_that_is_written_like_it() {
    let buckets = Buckets::explicit([0.1, 0.2, 0.3, 0.7, 1.1]).unwrap();
    let values = [100_000_000, 200_000_000, 300_000_000, 700_000_000, 1_100_000_000];
    for (bucket, value) in values.into_iter().enumerate() {
        assert_eq!(integer_bucket(&buckets, Resolution::Nanoseconds, value), bucket);
        assert_eq!(integer_bucket(&buckets, Resolution::Nanoseconds, value + 1), bucket + 1);
    }
}

#[test]
fn a_duration_falls_into_the_bucket_of_a_float_histogram() {
    let registry = Registry::new();
    let floats: Histogram = registry.histogram("floats_seconds", "").unwrap();
    let integers = nanoseconds(&registry, "integers_seconds", &Buckets::seconds());
    for millis in 0..12_000 {
        let duration = Duration::from_millis(millis);
        floats.observe_duration(duration);
        integers.observe_duration(duration);
    }
    assert_eq!(integers.value().counts, floats.value().counts);
    assert_eq!(integers.sum(), (0..12_000).map(|millis| millis * 1_000_000).sum::<u64>());
}

#[test]
fn what_many_threads_observe_is_counted_and_summed_exactly() {
    const THREADS: u64 = 4;
    const EACH: u64 = 20_000;
    let registry = Registry::new();
    let buckets = Buckets::explicit([10.0, 1_000.0]).unwrap();
    let sizes = registry.integer_histogram("size_bytes", "", buckets, Resolution::Units).unwrap();
    // No float holds these sums: they are odd, and beyond 2⁵³.
    let value = |i: u64| (1 << 40) + 2 * i + 1;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let sizes = &sizes;
            scope.spawn(move || (0..EACH).for_each(|i| sizes.observe(value(thread * EACH + i))));
        }
    });
    assert_eq!(sizes.sum(), (0..THREADS * EACH).map(value).sum::<u64>());
    assert_eq!(sizes.value().counts, [0, 0, THREADS * EACH]);
}

#[test]
fn a_snapshot_holds_whole_observations_while_a_thread_records() {
    let registry = Registry::new();
    let latency = nanoseconds(&registry, "latency_seconds", &Buckets::explicit([0.5]).unwrap());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (latency, done) = (&latency, &done);
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                latency.observe(250_000_000);
                latency.observe(2_000_000_000);
            }
        });
        let _finish = Finish(done);
        for _ in 0..2_000 {
            let snapshot = registry.snapshot();
            let seen = snapshot.histogram("latency_seconds", &[]).unwrap();
            let [low, high] = *seen.counts() else { unreachable!("two buckets") };
            assert_eq!((seen.count(), seen.sum()), (low + high, (low as f64) / 4.0 + 2.0 * high as f64));
        }
    });
}

#[test]
fn a_snapshot_has_bounds_and_sum_in_the_base_unit() {
    let registry = Registry::new();
    let latency = nanoseconds(&registry, "latency_seconds", &Buckets::seconds());
    latency.observe_n(1_500_000_000, 3);
    let before = registry.snapshot();
    let seen = before.histogram("latency_seconds", &[]).unwrap();
    assert_eq!((seen.bounds(), seen.count(), seen.sum()), (Buckets::seconds().bounds(), 3, 4.5));
    latency.observe_duration(Duration::from_millis(250));
    let since = registry.snapshot().since(&before);
    let grown = since.histogram("latency_seconds", &[]).unwrap();
    assert_eq!((grown.count(), grown.sum()), (1, 0.25));
    assert_eq!((latency.value().sum, latency.sum()), (4.75, 4_750_000_000));
}

#[test]
fn the_sum_wraps_around_and_no_observations_change_nothing() {
    let histogram = nanoseconds(&Registry::new(), "value_seconds", &Buckets::seconds());
    histogram.observe_n(7, 0);
    histogram.observe_n(7, 1 << 63);
    assert_eq!((histogram.value().count, histogram.sum()), (0, 0));
    histogram.observe(u64::MAX);
    histogram.observe(3);
    assert_eq!((histogram.value().count, histogram.sum()), (2, 2));
}

#[test]
fn families_hand_out_series_and_begin_them_again() {
    let registry = Registry::new();
    let known: Family<Method, IntegerHistogram> =
        registry.declare("known_seconds", "").label("method").register().unwrap();
    known[Method::Get].observe(5);
    known[Method::Put].observe(6);
    assert!(known.remove(&Method::Get));
    known[Method::Get].observe(7);
    assert_eq!((known[Method::Get].sum(), known[Method::Put].sum()), (7, 6));
    assert_eq!(known[Method::Get].value().count, 1);
    let labels = [("method", "get")];
    let snapshot = registry.snapshot();
    let seen = snapshot.histogram("known_seconds", &labels).unwrap();
    assert_eq!((seen.count(), seen.sum()), (1, 7e-9));

    let open: DynamicFamily<IntegerHistogram> = registry
        .declare("size_bytes", "")
        .labels(["topic"])
        .resolution(Resolution::Units)
        .register()
        .unwrap();
    open.with([("topic", "orders")]).unwrap().observe(9);
    assert_eq!(open.with([("topic", "orders")]).unwrap().sum(), 9);
    assert!(open.remove([("topic", "orders")]));
    assert_eq!(open.with([("topic", "orders")]).unwrap().sum(), 0);
}

#[derive(Metrics)]
struct Service {
    /// Time to serve.
    #[metric(unit = "seconds", buckets = Buckets::explicit([0.1, 1.0]))]
    serve_seconds: IntegerHistogram,
}

#[test]
fn a_struct_of_metrics_may_have_one() {
    let registry = Registry::new();
    let service: Service = registry.register(()).unwrap();
    service.serve_seconds.observe(100_000_000);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram("serve_seconds", &[]).unwrap().counts(), [1, 0, 0]);
}

#[test]
fn the_same_declaration_gives_the_same_cells_and_another_one_is_an_error() {
    let registry = Registry::new();
    let first = nanoseconds(&registry, "latency_seconds", &Buckets::seconds());
    nanoseconds(&registry, "latency_seconds", &Buckets::seconds()).observe(4);
    assert_eq!(first.sum(), 4);
    let reason = |error: tachometer::RegisterError| error.reason().clone();
    let other = registry.integer_histogram("latency_seconds", "", Buckets::seconds(), Resolution::Units);
    assert_eq!(other.map_err(reason).unwrap_err(), RegisterErrorReason::OptionsConflict);
    let float = registry.histogram("latency_seconds", "").map_err(reason).unwrap_err();
    assert!(matches!(float, RegisterErrorReason::TypeConflict { .. }), "{float:?}");
    let unsuitable = registry.declare("a", "").resolution(Resolution::Units).register::<Histogram>();
    let unsuitable = unsuitable.map_err(reason).unwrap_err();
    assert!(
        matches!(unsuitable, RegisterErrorReason::UnsuitableOption { option: "resolution", .. }),
        "{unsuitable:?}"
    );
}

#[test]
fn an_idle_series_is_forgotten_and_a_disabled_registry_records_nothing() {
    let registry = Registry::builder().idle_timeout(Duration::ZERO).build().unwrap();
    let family: DynamicFamily<IntegerHistogram> =
        registry.declare("latency_seconds", "").labels(["topic"]).register().unwrap();
    let kept = family.with([("topic", "kept")]).unwrap();
    family.with([("topic", "dropped")]).unwrap().observe(1);
    // Twice seen with the same content, it is idle.
    (0..3).for_each(|_| drop(registry.snapshot()));
    let snapshot = registry.snapshot();
    assert!(snapshot.histogram("latency_seconds", &[("topic", "kept")]).is_some());
    assert!(snapshot.histogram("latency_seconds", &[("topic", "dropped")]).is_none());
    kept.observe(1);

    let disabled = nanoseconds(&Registry::disabled(), "latency_seconds", &Buckets::seconds());
    disabled.observe(1);
    disabled.observe_duration(Duration::MAX);
    assert_eq!((disabled.value().count, disabled.sum()), (0, 0));
}

#[test]
fn a_name_in_seconds_observes_nanoseconds_and_any_other_one_units() {
    let registry = Registry::new();
    let latency: IntegerHistogram = registry.declare("latency_seconds", "Latency.").register().unwrap();
    let size: IntegerHistogram = registry.declare("message_bytes", "Size.").register().unwrap();
    latency.observe(2_000_000_000);
    size.observe(512);
    assert_eq!((latency.value().sum, size.value().sum), (2.0, 512.0));
}
