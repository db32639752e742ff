//! The work: records of every kind, threads that come and go, series that are made and removed, records by name and in
//! statics, and snapshots of it all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tachometer::{
    Registry, Snapshot, StaticCounter, StaticGauge, StaticHistogram, StaticMetric, Value,
    collector::EngineCollector, named::NamedMetrics, shards_made,
};

use crate::{
    metrics::{Metrics, assert_recorded},
    turn::in_turn,
};

/// Rounds of each thread.
const ROUNDS: u64 = 20_000;
/// Rounds of each thread that registers and removes.
const REGISTRATIONS: u64 = ROUNDS / 10;
/// Threads that come and go, with two records each.
const SHORT_THREADS: u64 = 500;
/// Threads that do the same at the same time.
const ALIKE: u64 = 2;
/// Names that series and metrics have in turn.
const NAMES: u64 = 8;
/// At least as many threads as ever record at the same time, leases included.
const SHARDS: u64 = 8 * ALIKE;

/// Registered when the work is done: its early cells take all of it.
static EARLY: StaticCounter = StaticCounter::new("early_total", "Events before there is a registry.");
static EARLY_LEVEL: StaticGauge = StaticGauge::new("early_level", "Level before there is a registry.");
static EARLY_SIZE: StaticHistogram = StaticHistogram::new("early_size", "Sizes before.", &[0.5, 1.0]);
/// Registered before the work begins.
static LATE: StaticCounter = StaticCounter::new("late_total", "Events when there is a registry.");

/// Does everything at the same time, and checks that no record is lost.
pub(crate) fn all_at_the_same_time() {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    // In a registry that loses nothing: a removal makes each thread look the names up again, and that is control plane.
    let by_name = Registry::new();
    let named = Arc::new(NamedMetrics::new(Arc::new(EngineCollector::new(&by_name))));
    LATE.register_in(&registry);
    make_shards(&metrics, &named);
    let shards = shards_made();

    let done = Arc::new(AtomicBool::new(false));
    let readers = [(); ALIKE as usize].map(|()| {
        let (registries, done) = ([registry.clone(), by_name.clone()], Arc::clone(&done));
        thread::spawn(move || take_snapshots(&registries, &done))
    });
    let workers = start_workers(&registry, &metrics, &named);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    // Relaxed: nothing is read because of it.
    done.store(true, Ordering::Relaxed);
    let snapshots: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
    assert_eq!(
        shards_made(),
        shards,
        "a shard was made in the midst of it, which the thread sanitizer misreads"
    );

    let statics: [&dyn StaticMetric; 3] = [&EARLY, &EARLY_LEVEL, &EARLY_SIZE];
    statics.iter().for_each(|metric| metric.register_in(&registry));
    assert_eq!(registry.errors(), []);
    let snapshot = registry.snapshot();
    assert_recorded(&snapshot, SHARDS + 2 * ALIKE * (ROUNDS + SHORT_THREADS));
    assert_others(&snapshot);
    assert_names(&by_name.snapshot());
    println!("nothing was lost, and {snapshots} snapshots were taken meanwhile");
}

/// Has all shards made, with all their pages, by threads that live at the same time. They are published through
/// `OnceLock`s, which the thread sanitizer does not see; so they end before anybody else looks.
fn make_shards(metrics: &Metrics, named: &Arc<NamedMetrics>) {
    // Here, because a new series zeroes its cells in the shards that there are.
    (0..NAMES).for_each(|name| record_by_name(named, name));
    let recorded = Arc::new(AtomicU64::new(0));
    let threads = [(); SHARDS as usize].map(|()| {
        let (metrics, named, recorded) = (metrics.clone(), Arc::clone(named), Arc::clone(&recorded));
        thread::spawn(move || {
            metrics.record();
            (0..NAMES).for_each(|name| record_by_name(&named, name));
            recorded.fetch_add(1, Ordering::Relaxed);
            while recorded.load(Ordering::Relaxed) < SHARDS {
                thread::yield_now();
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn start_workers(
    registry: &Registry,
    metrics: &Metrics,
    named: &Arc<NamedMetrics>,
) -> Vec<thread::JoinHandle<()>> {
    let mut workers = Vec::new();
    for number in 0..ALIKE {
        let own = metrics.clone();
        workers.push(thread::spawn(move || (0..ROUNDS).for_each(|_| own.record())));
        let own = metrics.clone();
        workers.push(thread::spawn(move || {
            let local = own.local();
            (0..ROUNDS).for_each(|_| local.record());
        }));
        let own = metrics.clone();
        workers.push(thread::spawn(move || come_and_go(&own)));
        let own = registry.clone();
        workers.push(thread::spawn(move || make_and_remove(&own, number)));
        let own = Arc::clone(named);
        workers.push(thread::spawn(move || (0..ROUNDS).for_each(|round| record_by_name(&own, round))));
        workers.push(thread::spawn(record_in_statics));
    }
    workers
}

/// Threads that record once while they live and once when they are almost gone.
fn come_and_go(metrics: &Metrics) {
    for _ in 0..SHORT_THREADS {
        let metrics = metrics.clone();
        let short = thread::spawn(move || {
            metrics.record_at_the_end_of_the_thread();
            metrics.record();
        });
        short.join().unwrap();
    }
}

/// A series and a metric of the thread's own, which begin at 0 each time, and a series that the threads share.
fn make_and_remove(registry: &Registry, thread: u64) {
    let family = in_turn(|| registry.counter_family("orders_total", "Orders.", ["stream_name"])).unwrap();
    for round in 0..REGISTRATIONS {
        let own = format!("{thread}_{}", round % NAMES);
        let labels = [("stream_name", &*own)];
        let name = format!("number_{own}_size");
        let (series, shared, sizes) = in_turn(|| {
            let shared = family.with([("stream_name", "shared")]).unwrap();
            (family.with(labels).unwrap(), shared, registry.histogram(&name, "Sizes.").unwrap())
        });
        series.add(round);
        sizes.observe(0.5);
        shared.inc();
        let sizes_seen = in_turn(|| {
            assert_eq!(series.value(), round, "begins at 0");
            assert!(family.remove(labels) && registry.unregister(&name));
            sizes.value()
        });
        assert_eq!((sizes_seen.count, sizes_seen.sum), (1, 0.5), "begins at 0");
        // Into cells that nobody else has while the handles live.
        series.add(round);
        in_turn(|| drop((series, shared, sizes)));
    }
    in_turn(|| drop(family));
}

fn record_by_name(named: &NamedMetrics, round: u64) {
    let endpoint = (round % NAMES).to_string();
    named.increment_counter("requests", 1.0, &[("endpoint", &endpoint)]).unwrap();
}

fn record_in_statics() {
    for _ in 0..ROUNDS {
        EARLY.inc();
        EARLY_LEVEL.add(0.5);
        EARLY_SIZE.observe(1.0);
        LATE.inc();
    }
}

/// Takes snapshots until all is done, and says how many.
fn take_snapshots([registry, by_name]: &[Registry; 2], done: &AtomicBool) -> u64 {
    let (mut snapshots, mut before) = (0, (0, 0.0));
    while !done.load(Ordering::Relaxed) {
        let seen = in_turn(|| {
            let (snapshot, by_name) = (registry.snapshot(), by_name.snapshot());
            assert_whole(&snapshot);
            let requests = by_name.float_counter("requests", &[("endpoint", "0")]);
            (snapshot.counter("events_total", &[]).unwrap(), requests.unwrap())
        });
        assert!(seen.0 >= before.0 && seen.1 >= before.1, "{before:?}, then {seen:?}");
        (snapshots, before) = (snapshots + 1, seen);
    }
    snapshots
}

/// Checks that every histogram is that of whole observations.
fn assert_whole(snapshot: &Snapshot) {
    for (name, series) in
        snapshot.families().flat_map(|family| family.series().map(move |s| (family.name(), s)))
    {
        let Value::Histogram(histogram) = series.value() else { continue };
        let each = match name {
            "size" => 2.0,
            "length" => 3.0,
            _ => 0.5,
        };
        assert_eq!(histogram.counts().iter().sum::<u64>(), histogram.count(), "{name}");
        assert_eq!(histogram.sum(), each * histogram.count() as f64, "{name}");
    }
}

/// Checks the totals of what is recorded in statics and in the shared series.
fn assert_others(snapshot: &Snapshot) {
    for name in ["early_total", "late_total"] {
        assert_eq!(snapshot.counter(name, &[]), Some(ALIKE * ROUNDS), "{name}");
    }
    assert_eq!(snapshot.gauge("early_level", &[]), Some(0.5 * (ALIKE * ROUNDS) as f64));
    assert_eq!(snapshot.histogram("early_size", &[]).unwrap().counts(), [0, ALIKE * ROUNDS, 0]);
    let orders = snapshot.counter("orders_total", &[("stream_name", "shared")]);
    assert_eq!(orders, Some(ALIKE * REGISTRATIONS));
}

/// Checks the totals of what is recorded by name.
fn assert_names(snapshot: &Snapshot) {
    for name in 0..NAMES {
        let endpoint = name.to_string();
        let requests = snapshot.float_counter("requests", &[("endpoint", &endpoint)]);
        assert_eq!(requests, Some((1 + SHARDS + ALIKE * ROUNDS / NAMES) as f64), "{endpoint}");
    }
}
