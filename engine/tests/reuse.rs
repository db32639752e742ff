//! The cells of metrics that are gone serve new metrics, which begin at 0; what a snapshot still needs stays.
#![forbid(unsafe_code)]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use common::Finish;
use tachometer::{Buckets, Counter, FloatCounter, Histogram, NO_LABELS, Registry, UpDownCounter};

struct Metrics {
    counter: Counter,
    float: FloatCounter,
    up_down: UpDownCounter,
    histogram: Histogram,
}

impl Metrics {
    fn new(registry: &Registry, buckets: usize) -> Self {
        Self {
            counter: registry.counter("events_total", "Events.").unwrap(),
            float: registry.float_counter("seconds_total", "Seconds.").unwrap(),
            up_down: registry.up_down_counter("open", "Open.").unwrap(),
            histogram: registry.histogram_with("size", "Size.", Buckets::linear(1.0, 1.0, buckets)).unwrap(),
        }
    }

    fn record(&self) {
        self.counter.add(3);
        self.float.add(0.5);
        self.up_down.sub(1);
        self.histogram.observe(1.5);
    }

    #[track_caller]
    fn assert_recorded(&self, times: u64) {
        let size = self.histogram.value();
        let mut counts = vec![0; size.counts.len()];
        counts[1] = times;
        assert_eq!(self.counter.value(), 3 * times);
        assert_eq!(self.float.value(), 0.5 * times as f64);
        assert_eq!(self.up_down.value(), -(times as i64));
        assert_eq!((size.counts, size.sum), (counts, 1.5 * times as f64));
    }
}

#[test]
fn new_metrics_begin_at_zero_round_after_round() {
    // Other threads' shards hold the old values too.
    for round in 0..200 {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry, 1 + round % 37);
        metrics.assert_recorded(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| metrics.record());
            }
            metrics.record();
        });
        metrics.assert_recorded(4);
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("events_total", &[]), Some(12));
        assert_eq!(snapshot.histogram("size", &[]).unwrap().sum(), 6.0);
    }
}

#[test]
fn a_snapshot_outlives_what_it_shows() {
    let (old, debug) = {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry, 5);
        metrics.record();
        let snapshot = registry.snapshot();
        let debug = format!("{snapshot:?}");
        (snapshot, debug)
    };
    // As many again as would take the cells, if they were free.
    let registries: Vec<_> = (0..50).map(|_| Registry::new()).collect();
    let metrics: Vec<_> = registries.iter().map(|registry| Metrics::new(registry, 5)).collect();
    for metrics in &metrics {
        metrics.assert_recorded(0);
        metrics.record();
    }
    assert_eq!(format!("{old:?}"), debug);
    assert_eq!(old.counter("events_total", &[]), Some(3));
    assert_eq!(old.histogram("size", &[]).unwrap().counts(), [0, 1, 0, 0, 0, 0]);
    assert_eq!(old.since(&old).counter("events_total", &[]), Some(0));
    drop(old);
    metrics.iter().for_each(|metrics| metrics.assert_recorded(1));
    let registry = Registry::new();
    Metrics::new(&registry, 5).assert_recorded(0);
}

#[test]
fn a_handle_keeps_its_cells_after_the_registry_is_gone() {
    let kept = Metrics::new(&Registry::new(), 3);
    kept.record();
    for _ in 0..50 {
        let others = Metrics::new(&Registry::new(), 3);
        others.record();
        others.assert_recorded(1);
    }
    kept.record();
    kept.assert_recorded(2);
}

#[test]
fn threads_that_make_and_drop_registries_do_not_meet() {
    let busy = Registry::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|maker| {
                let busy = &busy;
                scope.spawn(move || {
                    for round in 0..200 {
                        let registry = Registry::new();
                        let metrics = Metrics::new(&registry, 1 + (round + maker) % 11);
                        metrics.assert_recorded(0);
                        let old = registry.snapshot();
                        // On another thread, so that cells of more than one shard must be zeroed.
                        thread::scope(|inner| drop(inner.spawn(|| metrics.record())));
                        metrics.record();
                        metrics.assert_recorded(2);
                        drop((registry, metrics));
                        assert_eq!(old.counter("events_total", &[]), Some(0));
                        busy.counter("rounds_total", "Rounds.").unwrap().inc();
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut earlier = 0;
            while !done.load(Ordering::Relaxed) {
                let now = busy.snapshot().counter("rounds_total", &[]).unwrap_or(0);
                assert!(now >= earlier, "from {earlier} to {now}");
                earlier = now;
            }
        });
        let finish = Finish(&done);
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        drop(finish);
        reader.join().unwrap();
    });
    assert_eq!(busy.snapshot().counter("rounds_total", &[]), Some(800));
}

#[test]
fn series_in_great_number_each_have_cells_of_their_own() {
    let registry = Registry::builder().max_series_per_family(10_000).build().unwrap();
    let family = registry.counter_family("events_total", "Events.", ["number"]).unwrap();
    let plain = registry.counter("plain_total", "Plain.").unwrap();
    for number in 0..10_000_u64 {
        family.with([("number", &*number.to_string())]).unwrap().add(number);
    }
    plain.inc();
    let snapshot = registry.snapshot();
    let seen = snapshot.family("events_total").unwrap().series();
    let mut total = 0;
    for series in seen {
        let (_, number) = series.labels().next().unwrap();
        let tachometer::Value::Number(tachometer::Number::U64(value)) = series.value() else {
            panic!("not a counter: {series:?}")
        };
        assert_eq!(number.parse(), Ok(value));
        total += 1;
    }
    assert_eq!(total, 10_000);
    assert_eq!(snapshot.counter("plain_total", NO_LABELS.as_slice()), Some(1));
}
