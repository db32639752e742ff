//! What can be done with a disabled registry takes no memory and starts no thread, but for its first snapshot and the
//! first registration of a static.
//!
//! One test alone, because the threads that it counts are the process's. What works on values of the program's own, such
//! as operations and collectors, is made beforehand.

#[path = "common/counting.rs"]
mod counting;
#[path = "common/labels.rs"]
mod labels;

use std::{
    cell::RefCell,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use counting::bytes_taken;
use labels::{Method, Request, Sent, Status};
use tachometer::{
    Buckets, Counter, DropReason, ErrorName, Family, FloatCounter, FutureExt, Gauge, Histogram,
    IntegerHistogram, NO_LABELS, Operation, Outcome, Registry, Resolution, ResultExt, SignalCounter,
    StateSet, StaticCounter, StaticGauge, StaticHistogram, StaticMetric, UpDownCounter,
    collector::{EngineCollector, MetricId, MetricsCollector},
    dropped_records,
    named::NamedMetrics,
    shards_made,
};

const STREAM: [(&str, &str); 1] = [("stream", "orders")];

fn counters(registry: &Registry) {
    let counter = registry.counter("a_total", "A.").unwrap();
    counter.inc();
    counter.add(2);
    counter.local().inc();
    let float = registry.float_counter("b_total", "B.").unwrap();
    float.inc();
    float.add(f64::NAN);
    float.local().add(0.5);
    let up_down = registry.up_down_counter("c", "C.").unwrap();
    up_down.inc();
    up_down.sub(2);
    up_down.local().dec();
    drop((up_down.track(), up_down.track_owned()));
    let signals = registry.signal_counter("d_total", "D.").unwrap();
    signals.inc();
    assert_eq!((counter.value(), float.value(), up_down.value(), signals.value()), (0, 0.0, 0, 0));
    registry.counter_family("a_total", "A.", ["stream"]).unwrap().with(STREAM).unwrap().inc();
    registry.float_counter_family("b_total", "B.", ["stream"]).unwrap().with(STREAM).unwrap().inc();
    registry.up_down_counter_family("c", "C.", ["stream"]).unwrap().with(STREAM).unwrap().inc();
    let _: FloatCounter = registry.declare("b_total", "B.").register().unwrap();
    let _: UpDownCounter = registry.declare("c", "C.").register().unwrap();
}

fn gauges_and_histograms(registry: &Registry, buckets: &Buckets) {
    let gauge = registry.gauge("e", "E.").unwrap();
    gauge.set(1.0);
    gauge.add(1.0);
    gauge.dec();
    drop((gauge.track(), gauge.track_owned()));
    let absent: Gauge = registry.declare("e", "E.").absent_until_set().register().unwrap();
    registry.gauge_family("e", "E.", ["stream"]).unwrap().with(STREAM).unwrap().inc();
    assert_eq!((gauge.value(), absent.value()), (0.0, 0.0));
    let histogram = registry.histogram("f", "F.").unwrap();
    histogram.observe(1.0);
    histogram.observe_n(1.0, 3);
    histogram.observe_duration(Duration::from_millis(1));
    histogram.observe_since(Instant::now());
    histogram.local().observe(1.0);
    histogram.start_timer().stop();
    histogram.start_timer_owned().discard();
    drop(histogram.start_timer_at(Instant::now()));
    assert_eq!(histogram.time(|| 42), 42);
    assert_eq!(histogram.value().count, 0);
    let _ = registry.histogram_with("f", "F.", buckets).unwrap();
    let _ = registry.histogram_family("f", "F.", ["stream"]).unwrap().with(STREAM).unwrap();
    let _ = registry.histogram_family_with("f", "F.", ["stream"], buckets).unwrap().with(STREAM).unwrap();
    let integer: IntegerHistogram =
        registry.integer_histogram("g", "G.", buckets, Resolution::Nanoseconds).unwrap();
    integer.observe(7);
    integer.observe_duration(Duration::from_secs(1));
    assert_eq!((integer.value().count, integer.sum()), (0, 0));
    registry.info("h", "H.", [("version", "1")]).unwrap();
    let states: StateSet<Method> = registry.declare("i", "I.").register().unwrap();
    states.set(Method::Write);
    states.enable(Method::Read);
    states.disable(Method::Read);
    assert!(!states.is_on(Method::Write));
}

fn families(registry: &Registry) {
    let closed: Family<Request, Counter> =
        registry.declare("j_total", "J.").labels(["method", "status"]).register().unwrap();
    let request = Request { method: Method::Read, status: Status::Ok };
    closed[request].inc();
    closed.get(request).inc();
    closed.clear();
    assert!(!closed.remove(&request));
    let open: Family<Sent<String>, Histogram> =
        registry.declare("k", "K.").unit("seconds").register().unwrap();
    open.with("orders").unwrap()[Status::Ok].observe(1.0);
    open.series(&Sent { stream_name: "orders", status: Status::Ok }).unwrap().observe(1.0);
    assert!(!open.remove_with("orders"));
    let dynamic = registry.counter_family("l_total", "L.", ["stream"]).unwrap();
    assert!(dynamic.with(NO_LABELS).is_ok() && !dynamic.remove(STREAM));
    dynamic.clear();
    let signals: Family<u64, SignalCounter> =
        registry.declare("m_total", "M.").label("n").register().unwrap();
    signals.with(3_u64).unwrap().inc();
}

fn guards(registry: &Registry, operation: &Operation<Family<ErrorName, Counter>>) {
    let ends: Family<Outcome, Counter> = registry.declare("n_total", "N.").register().unwrap();
    let times: Family<Outcome, Histogram> = registry.declare("o_seconds", "O.").register().unwrap();
    let errors: Family<ErrorName, Counter> =
        registry.declare("p_total", "P.").label("type").register().unwrap();
    let records = registry.counter("q_total", "Q.").unwrap();
    let _ = ends.start().finish(Ok::<_, std::fmt::Error>(()));
    drop((ends.start_owned(), times.start(), times.start_owned_at(Instant::now())));
    times.start().discard();
    let _ = Err::<(), _>(std::fmt::Error).count_err(&errors);
    let _ = operation.run(|progress| {
        progress.add_records(3);
        Err::<(), _>(std::fmt::Error)
    });
    drop((operation.start(), operation.clone().start_owned()));
    let _ = operation.start_at(Instant::now()).finish_with(Ok::<_, std::fmt::Error>(()), &records);
    let mut context = Context::from_waker(Waker::noop());
    let work = async { Ok::<u8, std::fmt::Error>(7) };
    let watched = pin!(work.watched(&ends));
    assert!(matches!(watched.poll(&mut context), Poll::Ready(Ok(7))));
}

fn callbacks(registry: &Registry) {
    registry.gauge_fn("r", "R.", || panic!("asked")).unwrap();
    registry.counter_fn("s_total", "S.", || panic!("asked")).unwrap();
    registry.gauge_family_fn("t", "T.", ["n"], |_| panic!("asked")).unwrap();
    registry.counter_family_fn("u_total", "U.", ["n"], |_| panic!("asked")).unwrap();
    registry.collector("process", |_| panic!("asked")).unwrap();
    assert!(!registry.unregister_collector("process") && !registry.unregister("r"));
    assert_eq!((registry.callback_errors(), registry.errors().len(), registry.is_enabled()), (0, 0, false));
    drop(registry.clone());
}

/// The first snapshot makes the empty schema that all of them share.
fn snapshot(registry: &Registry) {
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.families().len(), 0);
    assert_eq!(snapshot.counter("a_total", &[]), None);
}

/// A metric of a library, and a program's statics, which register once: one of them copies its bounds then.
fn collectors_and_statics(collector: &EngineCollector, named: &NamedMetrics, registry: &Registry) {
    static SENT: MetricId = MetricId::counter("sent_total", "Sent.", &["stream"]);
    static EVENTS: StaticCounter = StaticCounter::new("v_total", "V.");
    static LEVEL: StaticGauge = StaticGauge::new("w", "W.");
    static SIZE: StaticHistogram = StaticHistogram::new("x", "X.", &[1.0]);
    assert!(!collector.is_enabled());
    collector.increment(&SENT, 1.0, &["orders"]);
    named.increment_counter("y_total", 1.0, &STREAM).unwrap();
    drop(named.track_duration("z_seconds", &STREAM).unwrap());
    let all: [&dyn StaticMetric; 3] = [&EVENTS, &LEVEL, &SIZE];
    all.iter().for_each(|metric| metric.register_in(registry));
    EVENTS.inc();
    LEVEL.set(1.0);
    SIZE.observe(1.0);
    assert_eq!((EVENTS.value(), LEVEL.value(), SIZE.value().count), (0, 0.0, 0));
}

/// An operation with all of its parts.
fn operation(registry: &Registry) -> Operation<Family<ErrorName, Counter>> {
    let times: Family<Outcome, Histogram> = registry.declare("o_seconds", "O.").register().unwrap();
    let errors: Family<ErrorName, Counter> = registry.declare("p_total", "P.").register().unwrap();
    let records = registry.counter("q_total", "Q.").unwrap();
    Operation::new()
        .latency_by_outcome(&times)
        .records(&records)
        .bytes(&records)
        .in_flight(&registry.up_down_counter("c", "C.").unwrap())
        .outcomes(&registry.declare("n_total", "N.").register().unwrap())
        .errors(&errors)
}

#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
fn threads() -> usize {
    0
}

#[test]
fn what_a_disabled_registry_can_be_asked_for_takes_no_memory_and_starts_no_thread() {
    let registry = Registry::disabled();
    let child = registry.child("p", [("x", "y")]).unwrap();
    let buckets = Buckets::seconds();
    let collector = EngineCollector::new(&registry);
    let operation = operation(&registry);
    let named = NamedMetrics::new(Arc::new(EngineCollector::new(&registry)));
    let before = threads();
    let taken = RefCell::new(Vec::new());
    let measure = |what, work: &dyn Fn(&Registry)| {
        for registry in [&registry, &child] {
            let bytes = bytes_taken(|| work(registry));
            if bytes > 0 {
                taken.borrow_mut().push((what, bytes));
            }
        }
    };
    measure("counters", &counters);
    measure("gauges and histograms", &|registry| gauges_and_histograms(registry, &buckets));
    measure("families", &families);
    measure("guards", &|registry| guards(registry, &operation));
    measure("callbacks", &callbacks);
    // These two take something once.
    let once = |registry: &Registry| {
        snapshot(registry);
        collectors_and_statics(&collector, &named, registry);
    };
    once(&registry);
    measure("snapshots, collectors and statics", &once);
    assert_eq!(taken.into_inner(), []);
    assert_eq!((registry.memory().families.len(), registry.memory().label_text_bytes), (0, 0));
    assert_eq!((threads(), shards_made()), (before, 0));
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7]);
}
