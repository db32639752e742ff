//! A disabled registry hands out handles of the same types that record nothing, and its snapshots are empty.
#![forbid(unsafe_code)]

use tachometer::{
    Buckets, Counter, DropReason, FloatCounter, Gauge, Histogram, NO_LABELS, Registry, SignalCounter,
    Snapshot, UpDownCounter, dropped_records, shards_made,
};

const LABELS: [&str; 1] = ["stream"];
const ORDERS: [(&str, &str); 1] = [("stream", "orders")];

/// Uses every counter that a registry hands out, and asserts that nothing came of it.
fn assert_counters_record_nothing(registry: &Registry) {
    let counters = [
        registry.counter("a_total", "A.").unwrap(),
        registry.counter_family("a_total", "A.", LABELS).unwrap().with(ORDERS).unwrap(),
        Counter::noop(),
    ];
    let floats = [
        registry.float_counter("b_total", "B.").unwrap(),
        registry.float_counter_family("b_total", "B.", LABELS).unwrap().with(ORDERS).unwrap(),
        FloatCounter::noop(),
    ];
    let up_downs = [
        registry.up_down_counter("c", "C.").unwrap(),
        registry.up_down_counter_family("c", "C.", LABELS).unwrap().with(ORDERS).unwrap(),
        UpDownCounter::noop(),
    ];
    let signals = [registry.signal_counter("f_total", "F.").unwrap(), SignalCounter::noop()];

    for counter in &counters {
        counter.inc();
        counter.add(5);
        assert_eq!(counter.value(), 0);
    }
    for float in &floats {
        float.inc();
        [0.5, -1.0, f64::NAN].iter().for_each(|amount| float.add(*amount));
        assert_eq!(float.value(), 0.0);
    }
    for up_down in &up_downs {
        up_down.inc();
        up_down.dec();
        up_down.add(3);
        up_down.sub(-3);
        assert_eq!(up_down.value(), 0);
    }
    for signal in &signals {
        signal.inc();
        signal.add(3);
        assert_eq!(signal.value(), 0);
    }
}

/// The same for what is not a counter.
fn assert_others_record_nothing(registry: &Registry) {
    let gauges = [
        registry.gauge("d", "D.").unwrap(),
        registry.gauge_family("d", "D.", LABELS).unwrap().with(ORDERS).unwrap(),
        Gauge::noop(),
    ];
    let histograms = [
        registry.histogram("e", "E.").unwrap(),
        registry.histogram_with("e", "E.", Buckets::linear(1.0, 1.0, 3)).unwrap(),
        registry.histogram_family("e", "E.", LABELS).unwrap().with(ORDERS).unwrap(),
        registry.histogram_family_with("e", "E.", LABELS, Buckets::seconds()).unwrap().with(ORDERS).unwrap(),
        Histogram::noop(),
    ];

    for gauge in &gauges {
        gauge.set(1.0);
        gauge.add(1.0);
        gauge.sub(3.0);
        gauge.inc();
        gauge.dec();
        assert_eq!(gauge.value(), 0.0);
    }
    for histogram in &histograms {
        histogram.observe(1.0);
        histogram.observe(f64::NAN);
        histogram.observe_n(1.0, 3);
        histogram.start_timer().stop();
        histogram.start_timer().discard();
        drop(histogram.start_timer());
        assert_eq!(histogram.time(|| 42), 42);
        let value = histogram.value();
        assert_eq!((value.count, value.sum, value.counts.as_slice()), (0, 0.0, &[][..]));
    }
}

#[test]
fn a_disabled_registry_records_nothing() {
    let built = Registry::builder().namespace("shop").label("env", "prod").enabled(false).build().unwrap();
    for registry in [Registry::disabled(), built] {
        assert!(!registry.is_enabled());
        assert_counters_record_nothing(&registry);
        assert_others_record_nothing(&registry);
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.families().len(), 0);
        assert_eq!(snapshot, Snapshot::builder().build().unwrap());
        assert_eq!(snapshot, registry.snapshot().since(&snapshot));
        assert_eq!(snapshot.counter("a_total", &[]), None);
    }
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7], "nothing is dropped where nothing is wanted");
    assert_eq!(shards_made(), 0);
}

#[test]
fn a_disabled_registry_takes_any_name_and_labels_as_it_documents() {
    let registry = Registry::disabled();
    let family = registry.counter_family("errors_total", "Errors.", ["type"]).unwrap();
    assert!(family.with(NO_LABELS).is_ok());
    assert!(format!("{:?}", family).contains("noop"));
    assert!(format!("{:?}", registry.counter("a_total", "A.").unwrap()).contains("noop"));
    assert!(Registry::new().is_enabled());
    assert!(Registry::default().is_enabled());
    let options = Registry::builder().namespace("1").enabled(false).build();
    assert!(options.is_err(), "the registry's own options are checked all the same");
}
