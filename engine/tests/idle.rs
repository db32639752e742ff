//! A registry with an `idle_timeout` forgets series that nobody holds and nobody records in: never too early, never one
//! that is held, and never a record.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use labels::{Method, Sent, Status};
use quanta::{Clock, Mock, with_clock};
use tachometer::{
    Buckets, Counter, DynamicFamily, Family, FloatCounter, Gauge, Histogram, Instrument, Registry,
    SignalCounter, Snapshot, StateSet, UpDownCounter, Value,
};

const TIMEOUT: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_secs(1);
const ORDERS: [(&str, &str); 1] = [("stream_name", "orders")];

fn registry() -> Registry {
    Registry::builder().self_metrics(false).idle_timeout(TIMEOUT).build().unwrap()
}

/// Runs `test` with a registry of this timeout and a clock that only the test advances.
fn with_mock(test: impl FnOnce(&Registry, &Mock)) {
    let (clock, mock) = Clock::mock();
    with_clock(&clock, || test(&registry(), &mock));
}

/// Series of a family that a snapshot shows now.
fn series(registry: &Registry, name: &str) -> usize {
    registry.snapshot().family(name).unwrap().series().count()
}

/// Lets the timeout pass, with snapshots at its beginning and its end.
fn pass_timeout(registry: &Registry, mock: &Mock) {
    let _ = registry.snapshot();
    mock.increment(TIMEOUT);
    let _ = registry.snapshot();
}

/// A family of one open label.
fn family<M: tachometer::Metric>(registry: &Registry) -> Family<String, M> {
    registry.declare("metric", "").label("stream_name").register().unwrap()
}

#[test]
fn an_unheld_series_goes_after_the_timeout_and_not_before() {
    with_mock(|registry, mock| {
        let family: Family<String, Counter> = family(registry);
        family.with("orders").unwrap().add(3);
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(3));
        mock.increment(TIMEOUT - Duration::from_nanos(1));
        assert_eq!(series(registry, "metric"), 1);
        assert_eq!(series(registry, "metric"), 1);
        mock.increment(Duration::from_nanos(1));
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(3), "the last snapshot has it");
        assert_eq!(series(registry, "metric"), 0);
        assert_eq!(family.with("orders").unwrap().value(), 0, "made again, it begins at 0");
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(0));
    });
}

#[test]
fn time_without_snapshots_does_not_count() {
    with_mock(|registry, mock| {
        let family: Family<String, Counter> = family(registry);
        family.with("orders").unwrap().inc();
        mock.increment(TIMEOUT * 10);
        assert_eq!(series(registry, "metric"), 1, "the first to see it");
        family.with("orders").unwrap().inc();
        mock.increment(TIMEOUT * 10);
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(2), "the first to see this value");
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(2));
        mock.increment(TIMEOUT);
        assert_eq!(registry.snapshot().counter("metric", &ORDERS), Some(2));
        assert_eq!(series(registry, "metric"), 0);
    });
}

#[test]
fn the_timeout_begins_with_the_first_snapshot_without_a_handle() {
    with_mock(|registry, mock| {
        let family: Family<String, Counter> = family(registry);
        let held = family.with("orders").unwrap();
        let half = || {
            mock.increment(TIMEOUT / 2);
            let _ = registry.snapshot();
            series(registry, "metric")
        };
        let _ = registry.snapshot();
        assert_eq!(half(), 1);
        drop(held);
        assert_eq!([half(), half(), half()], [1, 1, 0]);
    });
}

#[test]
fn a_series_whose_handle_is_held_never_goes() {
    with_mock(|registry, mock| {
        let open: Family<String, Counter> = family(registry);
        let dynamic: DynamicFamily<Histogram> = registry
            .declare("size", "")
            .labels(["stream_name"])
            .buckets(Buckets::seconds())
            .register()
            .unwrap();
        let mixed: Family<Sent<String>, Gauge> = registry.declare("mixed", "").register().unwrap();
        let held =
            (open.with("orders").unwrap(), dynamic.with(ORDERS).unwrap(), mixed.with("orders").unwrap());
        let member = mixed.with("by member").unwrap()[Status::Failed].clone();
        let cloned = (held.0.clone(), held.1.clone(), held.2.clone(), member.clone());
        drop((held, member));
        for _ in 0..5 {
            pass_timeout(registry, mock);
            let left = ["metric", "size", "mixed"].map(|name| series(registry, name));
            assert_eq!(left, [1, 1, 6]);
        }
        // Held on by other threads, which clone and drop.
        let (counter, histogram, group, member) = thread::spawn(move || {
            let again = cloned.clone();
            drop(cloned);
            again
        })
        .join()
        .unwrap();
        pass_timeout(registry, mock);
        assert_eq!(["metric", "size", "mixed"].map(|name| series(registry, name)), [1, 1, 6]);
        counter.inc();
        histogram.observe(1.0);
        group[Status::Ok].set(1.0);
        thread::scope(|scope| drop(scope.spawn(move || drop((counter, histogram, group, member)))));
        pass_timeout(registry, mock);
        assert_eq!(["metric", "size", "mixed"].map(|name| series(registry, name)), [0, 0, 0]);
    });
}

/// Records by fresh look-ups more often than the timeout passes, then no more.
fn stays_while_recorded_in<M: tachometer::Metric>(record: impl Fn(&M)) {
    stays_while_recorded_in_and_then(record, |_| {});
}

/// The same, with a last record before the end.
fn stays_while_recorded_in_and_then<M: tachometer::Metric>(record: impl Fn(&M), last: impl Fn(&M)) {
    with_mock(|registry, mock| {
        let family: Family<String, M> = family(registry);
        for _ in 0..10 {
            record(&family.with("orders").unwrap());
            let _ = registry.snapshot();
            mock.increment(TIMEOUT - TICK);
            assert_eq!(series(registry, "metric"), 1);
            mock.increment(Duration::from_millis(500));
            assert_eq!(series(registry, "metric"), 1);
        }
        last(&family.with("orders").unwrap());
        pass_timeout(registry, mock);
        assert_eq!(series(registry, "metric"), 0);
    });
}

#[test]
fn a_series_that_is_recorded_in_through_fresh_look_ups_stays() {
    stays_while_recorded_in(Counter::inc);
    stays_while_recorded_in(FloatCounter::inc);
    stays_while_recorded_in_and_then(UpDownCounter::inc, |counter| counter.sub(counter.value()));
    stays_while_recorded_in(SignalCounter::inc);
    stays_while_recorded_in(Gauge::inc);
    stays_while_recorded_in(|histogram: &Histogram| histogram.observe(0.0));
}

#[test]
fn setting_a_gauge_that_was_absent_is_seen_even_if_it_is_set_to_zero() {
    with_mock(|registry, mock| {
        let family: Family<String, Gauge> =
            registry.declare("metric", "").label("stream_name").absent_until_set().register().unwrap();
        let _ = family.with("orders").unwrap();
        let _ = registry.snapshot();
        family.with("orders").unwrap().set(0.0);
        mock.increment(TIMEOUT);
        let _ = registry.snapshot();
        assert_eq!(registry.snapshot().gauge("metric", &ORDERS), Some(0.0));
        pass_timeout(registry, mock);
        assert_eq!(series(registry, "metric"), 0);
    });
}

/// The same value again is not the same record.
#[test]
fn a_series_that_was_made_or_begun_again_is_not_taken_for_the_one_before() {
    with_mock(|registry, mock| {
        let open: Family<String, Counter> = family(registry);
        let signals: Family<Sent<String>, SignalCounter> =
            registry.declare("signals_total", "").register().unwrap();
        let failed = Sent { stream_name: "orders", status: Status::Failed };
        let record = || {
            open.with("orders").unwrap().add(5);
            signals.series(&failed).unwrap().add(5);
        };
        let seen = || {
            let snapshot = registry.snapshot();
            let labels = [ORDERS[0], ("status", "failed")];
            (snapshot.counter("metric", &ORDERS), snapshot.counter("signals_total", &labels))
        };
        record();
        assert_eq!(seen(), (Some(5), Some(5)));
        for _ in 0..5 {
            mock.increment(TIMEOUT - TICK);
            let _ = registry.snapshot();
            assert!(open.remove(&"orders") && signals.remove(&failed));
            record();
            mock.increment(TICK);
            let _ = registry.snapshot();
            assert_eq!(seen(), (Some(5), Some(5)));
        }
        pass_timeout(registry, mock);
        assert_eq!(seen(), (None, None));
    });
}

#[test]
fn metrics_without_open_labels_never_go() {
    with_mock(|registry, mock| {
        fn drop_new<I: Instrument>(registry: &Registry, name: &str, labels: &[&'static str]) {
            drop(registry.declare(name, "").labels(labels.iter().copied()).register::<I>().unwrap());
        }
        drop_new::<Counter>(registry, "counter_total", &[]);
        drop_new::<Gauge>(registry, "gauge", &[]);
        drop_new::<Histogram>(registry, "histogram", &[]);
        drop_new::<SignalCounter>(registry, "signal_total", &[]);
        drop_new::<Family<(Method, bool), Counter>>(registry, "dense_total", &["method", "retried"]);
        drop_new::<StateSet<Method>>(registry, "link", &[]);
        // The child knows the value of its label.
        let child = registry.child("child", [("component", "writer")]).unwrap();
        drop_new::<Counter>(&child, "counter_total", &[]);
        drop_new::<Family<bool, Counter>>(&child, "dense_total", &["retried"]);
        drop_new::<StateSet<Method>>(&child, "link", &[]);
        child.info("build", "", [("version", "1.2")]).unwrap();
        registry.info("build", "", [("version", "1.2")]).unwrap();
        registry.gauge_fn("level", "", || 1.0).unwrap();
        let expected = registry.snapshot();
        for _ in 0..5 {
            pass_timeout(registry, mock);
        }
        assert_eq!(registry.snapshot(), expected);
        assert_eq!(expected.families().map(|family| family.series().count()).sum::<usize>(), 16);
    });
}

#[test]
fn the_series_beyond_the_limit_stays_and_what_goes_makes_room() {
    let (clock, mock) = Clock::mock();
    with_clock(&clock, || {
        let registry = Registry::builder()
            .self_metrics(false)
            .idle_timeout(TIMEOUT)
            .max_series_per_family(3)
            .build()
            .unwrap();
        let open: Family<u32, Counter> = registry.declare("open_total", "").label("n").register().unwrap();
        let mixed: Family<(u32, Status), Counter> =
            registry.declare("mixed_total", "").labels(["n", "status"]).register().unwrap();
        let overflow = [("overflow", "true")];
        for number in 0..5_u32 {
            open.with(number).unwrap().inc();
            mixed.with(number).unwrap()[Status::Ok].inc();
        }
        pass_timeout(&registry, &mock);
        pass_timeout(&registry, &mock);
        let snapshot = registry.snapshot();
        assert_eq!((series(&registry, "open_total"), series(&registry, "mixed_total")), (1, 1));
        assert_eq!(snapshot.counter("open_total", &overflow), Some(2));
        assert_eq!(snapshot.counter("mixed_total", &overflow), Some(4));
        open.with(7_u32).unwrap().inc();
        mixed.with(7_u32).unwrap()[Status::Ok].inc();
        let snapshot = registry.snapshot();
        assert_eq!(snapshot.counter("open_total", &[("n", "7")]), Some(1));
        assert_eq!(snapshot.counter("mixed_total", &[("n", "7"), ("status", "ok")]), Some(1));
        assert_eq!(snapshot.counter("open_total", &overflow), Some(2));
    });
}

/// What was last seen of each series, and what was seen of those that went.
#[derive(Default)]
struct Ledger {
    last: HashMap<String, u64>,
    gone: u64,
    /// Series that were made again before the ledger saw that they had gone.
    made_again: u64,
}

impl Ledger {
    /// A series that is missing, or has fallen, went with what was last seen of it.
    fn book(&mut self, snapshot: &Snapshot) {
        let mut now = HashMap::new();
        for series in snapshot.family("events_total").unwrap().series() {
            let Value::Number(tachometer::Number::U64(value)) = series.value() else { panic!("{series:?}") };
            now.insert(series.labels().next().unwrap().1.to_owned(), value);
        }
        for (label, value) in &self.last {
            match now.get(label) {
                Some(now) if now >= value => continue,
                Some(_) => self.made_again += 1,
                None => {}
            }
            self.gone += value;
        }
        self.last = now;
    }
}

/// Each record adds more than all that follow it in its series, so that a series that was made again is told by having
/// fallen.
#[test]
fn no_record_is_lost_with_a_series_that_goes() {
    const RECORDERS: u64 = 3;
    const ROUNDS: u64 = 100;
    const TURNS: u64 = 4;
    let registry = Registry::builder().self_metrics(false).idle_timeout(Duration::ZERO).build().unwrap();
    let family: Family<u64, Counter> = registry.declare("events_total", "").label("n").register().unwrap();
    let done = AtomicBool::new(false);
    let booked = AtomicU64::new(0);
    let record = |recorder| {
        for round in 0..ROUNDS {
            for turn in 0..TURNS {
                let events = family.with(round * RECORDERS + recorder).unwrap();
                // Time for the series to be given up, were it not held.
                thread::yield_now();
                events.add(1 << (8 * (TURNS - 1 - turn)));
                drop(events);
                // None to three snapshots later: after three the series has gone for sure.
                let until = booked.load(Ordering::Relaxed) + (round + turn) % 4;
                while booked.load(Ordering::Relaxed) < until {
                    thread::yield_now();
                }
            }
        }
    };
    let mut ledger = thread::scope(|scope| {
        let record = &record;
        let recorders: Vec<_> =
            (0..RECORDERS).map(|recorder| scope.spawn(move || record(recorder))).collect();
        // The only one to take snapshots: others would let series go that the ledger has not seen.
        let reader = scope.spawn(|| {
            let mut ledger = Ledger::default();
            while !done.load(Ordering::Relaxed) {
                ledger.book(&registry.snapshot());
                booked.fetch_add(1, Ordering::Relaxed);
            }
            ledger
        });
        recorders.into_iter().for_each(|recorder| recorder.join().unwrap());
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    (0..3).for_each(|_| ledger.book(&registry.snapshot()));
    println!("{} series were made again at once", ledger.made_again);
    assert_eq!(ledger.last.len(), 0, "in the end all have gone");
    assert_eq!(ledger.gone, RECORDERS * ROUNDS * 0x0101_0101);
}

#[test]
fn an_up_down_counter_goes_only_at_zero() {
    with_mock(|registry, mock| {
        let family: Family<String, UpDownCounter> = family(registry);
        family.with("orders").unwrap().inc();
        pass_timeout(registry, mock);
        assert_eq!(registry.snapshot().up_down_counter("metric", &ORDERS), Some(1));
        family.with("orders").unwrap().dec();
        pass_timeout(registry, mock);
        assert_eq!(series(registry, "metric"), 0);
    });
}
