//! One metric of each kind that records, recorded in by all threads.

use std::cell::RefCell;

use tachometer::{
    Buckets, Counter, FloatCounter, Gauge, Histogram, IntegerHistogram, LocalCounter, LocalFloatCounter,
    LocalHistogram, LocalUpDownCounter, Registry, Resolution, SignalCounter, Snapshot, UpDownCounter,
};

#[derive(Clone)]
pub(crate) struct Metrics {
    counter: Counter,
    float: FloatCounter,
    up_down: UpDownCounter,
    gauge: Gauge,
    histogram: Histogram,
    integers: IntegerHistogram,
    signals: SignalCounter,
}

/// The thread's own handles of those that have them, and the others.
pub(crate) struct Locals<'a> {
    counter: LocalCounter,
    float: LocalFloatCounter,
    up_down: LocalUpDownCounter,
    histogram: LocalHistogram,
    others: &'a Metrics,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let bounds = || Buckets::explicit([1.0, 2.0, 3.0]);
        Self {
            counter: registry.counter("events_total", "Events.").unwrap(),
            float: registry.float_counter("seconds_total", "Seconds.").unwrap(),
            up_down: registry.up_down_counter("open", "Open.").unwrap(),
            gauge: registry.gauge("level", "Level.").unwrap(),
            histogram: registry.histogram_with("size", "Sizes.", bounds()).unwrap(),
            integers: registry.integer_histogram("length", "Lengths.", bounds(), Resolution::Units).unwrap(),
            signals: registry.signal_counter("signals_total", "Signals.").unwrap(),
        }
    }

    /// Records once in each.
    pub(crate) fn record(&self) {
        self.counter.inc();
        self.float.add(0.5);
        self.up_down.dec();
        self.histogram.observe(2.0);
        self.record_without_local();
    }

    pub(crate) fn local(&self) -> Locals<'_> {
        Locals {
            counter: self.counter.local(),
            float: self.float.local(),
            up_down: self.up_down.local(),
            histogram: self.histogram.local(),
            others: self,
        }
    }

    /// Records once in each when the thread ends, behind the engine's own thread-local: each record takes a lease.
    /// To be called before the thread's first record.
    pub(crate) fn record_at_the_end_of_the_thread(&self) {
        thread_local! {
            static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
        }
        LAST.set(Some(Last(self.clone())));
    }

    fn record_without_local(&self) {
        self.gauge.add(0.25);
        self.integers.observe(3);
        self.signals.inc();
    }
}

impl Locals<'_> {
    /// Records once in each.
    pub(crate) fn record(&self) {
        self.counter.inc();
        self.float.add(0.5);
        self.up_down.dec();
        self.histogram.observe(2.0);
        self.others.record_without_local();
    }
}

struct Last(Metrics);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.record();
    }
}

/// Checks that every kind holds this many records.
pub(crate) fn assert_recorded(snapshot: &Snapshot, times: u64) {
    let many = times as f64;
    assert_eq!(snapshot.counter("events_total", &[]), Some(times));
    assert_eq!(snapshot.float_counter("seconds_total", &[]), Some(0.5 * many));
    assert_eq!(snapshot.gauge("open", &[]), Some(-many));
    assert_eq!(snapshot.gauge("level", &[]), Some(0.25 * many));
    assert_eq!(snapshot.counter("signals_total", &[]), Some(times));
    let of = |name| snapshot.histogram(name, &[]).unwrap();
    assert_eq!((of("size").counts(), of("size").sum()), (&[0, times, 0, 0][..], 2.0 * many));
    assert_eq!((of("length").counts(), of("length").sum()), (&[0, 0, times, 0][..], 3.0 * many));
}
