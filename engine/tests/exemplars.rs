//! Exemplars: which records have one, what it says, and that it never costs the record.
#![forbid(unsafe_code)]

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tachometer::{
    Buckets, Counter, Exemplar, ExemplarProblem as Problem, Exemplars, Family, FloatCounter,
    IntegerHistogram, MAX_EXEMPLAR_CHARACTERS, Operation, Outcome, Registry, Snapshot, TraceContext,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A registry that samples every record, and takes the trace from a hook.
fn registry() -> Registry {
    let context = || Some(TraceContext::new(0x4bf92f3577b34da6a3ce929d0e0e4736, 0x00f067aa0ba902b7));
    Registry::builder().exemplars(Exemplars::one_in(1).from(context)).build().unwrap()
}

/// One without a hook.
fn registry_without_hook(one_in: u32) -> Registry {
    Registry::builder().exemplars(Exemplars::one_in(one_in)).build().unwrap()
}

fn exemplars(snapshot: &Snapshot, name: &str) -> Vec<(usize, Exemplar)> {
    let series = snapshot.family(name).unwrap().series();
    series.flat_map(|series| series.exemplars().map(|(at, exemplar)| (at, exemplar.clone()))).collect()
}

/// The one exemplar of a metric with one series.
fn only(snapshot: &Snapshot, name: &str) -> Exemplar {
    let mut found = exemplars(snapshot, name);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).1
}

fn problems(registry: &Registry) -> Vec<(Problem, u64)> {
    let counted = Problem::ALL.map(|problem| (problem, registry.exemplar_problems(problem)));
    counted.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_traced_record_of_every_kind_has_the_trace_and_the_value_as_it_is_exposed() {
    let registry = registry();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let paid = registry.float_counter("paid_total", "Paid.").unwrap();
    let size = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap();
    let wait: IntegerHistogram =
        registry.declare("wait_seconds", "Wait.").buckets(Buckets::explicit([0.1, 0.5])).register().unwrap();
    orders.add_traced(3);
    paid.add_traced(2.5);
    size.observe_traced(1.5);
    wait.observe_traced(300_000_000);

    let snapshot = registry.snapshot();
    for (name, bucket, value) in
        [("orders_total", 0, 3.0), ("paid_total", 0, 2.5), ("size", 1, 1.5), ("wait_seconds", 1, 0.3)]
    {
        let found = exemplars(&snapshot, name);
        let [(at, exemplar)] = &*found else { panic!("{name}: {found:?}") };
        assert_eq!((*at, exemplar.value()), (bucket, value), "{name}");
        assert!(exemplar.labels().eq([("trace_id", TRACE), ("span_id", SPAN)]), "{exemplar:?}");
    }
    assert_eq!((orders.value(), paid.value(), size.value().count, wait.value().count), (3, 2.5, 1, 1));
}

#[test]
fn an_exemplar_says_when_it_was_recorded_to_the_millisecond() {
    let registry = registry();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let before = SystemTime::now() - Duration::from_millis(1);
    orders.inc_traced();
    let after = SystemTime::now();
    let time = only(&registry.snapshot(), "orders_total").time().unwrap();
    assert!(before <= time && time <= after, "{before:?} {time:?} {after:?}");
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since_epoch.subsec_nanos() % 1_000_000, 0);
}

#[test]
fn each_bucket_keeps_the_exemplar_that_it_got_last() {
    let registry = registry_without_hook(1);
    let size = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap();
    for (number, value) in [0.5, 3.0, 0.75, f64::NAN, 1e9].into_iter().enumerate() {
        size.observe_with_exemplar(value, [("number", number)]);
    }
    let found = exemplars(&registry.snapshot(), "size");
    let values: Vec<_> = found.iter().map(|(at, exemplar)| (*at, exemplar.value())).collect();
    assert_eq!(values, [(0, 0.75), (2, 1e9)]);
    assert!(found[1].1.labels().eq([("number", "4")]));
    assert_eq!(size.value().count, 4);
}

#[test]
fn without_the_option_nothing_is_kept_and_nobody_is_asked_for_labels() {
    struct Untouched;
    impl fmt::Display for Untouched {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("somebody looked at the labels");
        }
    }
    for registry in [Registry::new(), Registry::disabled()] {
        let orders = registry.counter("orders_total", "Orders.").unwrap();
        let size = registry.histogram("size", "Size.").unwrap();
        orders.add_with_exemplar(1, [("a", Untouched)]);
        orders.inc_traced();
        size.observe_with_exemplar(0.1, [("a", Untouched)]);
        size.observe_traced(0.1);
        let snapshot = registry.snapshot();
        for name in ["orders_total", "size"].into_iter().filter(|_| registry.is_enabled()) {
            assert_eq!(exemplars(&snapshot, name), [], "{name}");
        }
        assert_eq!(
            snapshot.family("tachometer_exemplar_problems_total").map(|family| family.series().count()),
            None
        );
        let recorded = if registry.is_enabled() { 2 } else { 0 };
        assert_eq!((orders.value(), size.value().count), (recorded, recorded));
    }
}

#[test]
fn plain_records_never_have_one() {
    let registry = registry();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let size = registry.histogram("size", "Size.").unwrap();
    orders.inc();
    orders.local().inc();
    size.observe(1.0);
    size.observe_n(1.0, 3);
    let snapshot = registry.snapshot();
    assert!(exemplars(&snapshot, "orders_total").is_empty() && exemplars(&snapshot, "size").is_empty());
}

#[test]
fn nothing_added_is_no_example() {
    let registry = registry();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let paid = registry.float_counter("paid_total", "Paid.").unwrap();
    orders.add_traced(0);
    orders.add_with_exemplar(0, [("a", "b")]);
    [0.0, -1.0, f64::NAN].into_iter().for_each(|amount| paid.add_traced(amount));
    let snapshot = registry.snapshot();
    assert!(exemplars(&snapshot, "orders_total").is_empty() && exemplars(&snapshot, "paid_total").is_empty());
}

#[test]
fn labels_that_are_too_long_or_illegal_cost_the_exemplar_and_never_the_record() {
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    let registry = registry_without_hook(1);
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    orders.add_with_exemplar(1, [("a", "é".repeat(MAX_EXEMPLAR_CHARACTERS - 1))]);
    let longest = only(&registry.snapshot(), "orders_total");
    orders.add_with_exemplar(1, [("a", "é".repeat(MAX_EXEMPLAR_CHARACTERS))]);
    orders.add_with_exemplar(1, [("a-b", "c")]);
    orders.add_with_exemplar(1, [("a", "b"), ("a", "c")]);
    orders.add_with_exemplar(1, [("a", Broken)]);

    assert_eq!(orders.value(), 5);
    let snapshot = registry.snapshot();
    assert_eq!(only(&snapshot, "orders_total"), longest, "the one before stays");
    let expected = [Problem::TooLong, Problem::IllegalLabel, Problem::DuplicateLabel, Problem::Unreadable]
        .map(|p| (p, 1));
    assert_eq!(problems(&registry), expected);
    for problem in Problem::ALL {
        let exposed = snapshot.counter("tachometer_exemplar_problems_total", &[("reason", problem.as_str())]);
        assert_eq!(exposed, Some(registry.exemplar_problems(problem)), "{problem}");
    }
}

#[test]
fn a_hook_that_panics_costs_the_exemplar_and_never_the_record() {
    let hook = || -> Option<TraceContext> { panic!("the hook is broken") };
    let registry = Registry::builder().exemplars(Exemplars::one_in(1).from(hook)).build().unwrap();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    orders.inc_traced();
    // Also while the thread unwinds already.
    let timed = registry.histogram("time_seconds", "Time.").unwrap();
    let unwound = std::panic::catch_unwind(|| {
        let _timer = timed.start_timer();
        panic!("the work is broken");
    });
    assert!(unwound.is_err());
    assert_eq!((orders.value(), timed.value().count), (1, 1));
    assert_eq!(problems(&registry), [(Problem::Unreadable, 2)]);
}

#[test]
fn what_the_hook_records_itself_asks_it_for_nothing() {
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let inner = Arc::new(Mutex::new(None::<Counter>));
    let inside = Arc::clone(&inner);
    let hook = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        inside.lock().unwrap().iter().for_each(Counter::inc_traced);
        Some(TraceContext::new(1, 2))
    };
    let registry = Registry::builder().exemplars(Exemplars::one_in(1).from(hook)).build().unwrap();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    *inner.lock().unwrap() = Some(registry.counter("asked_total", "Asked.").unwrap());
    orders.inc_traced();
    // Taken out: the hook would keep the registry that keeps the hook.
    let inner = inner.lock().unwrap().take().unwrap();
    assert_eq!((asked.load(Ordering::Relaxed), inner.value()), (1, 1));
    let snapshot = registry.snapshot();
    assert!(exemplars(&snapshot, "asked_total").is_empty());
    assert_eq!(exemplars(&snapshot, "orders_total").len(), 1);
}

#[test]
fn a_context_names_the_ids_that_it_has() {
    let contexts = Arc::new(AtomicU64::new(0));
    let next = Arc::clone(&contexts);
    let hook = move || match next.fetch_add(1, Ordering::Relaxed) {
        0 => None,
        1 => Some(TraceContext::new(0, 0)),
        2 => Some(TraceContext::new(0, 0xab)),
        _ => Some(TraceContext::new(0xcd, 0)),
    };
    let registry = Registry::builder().exemplars(Exemplars::one_in(1).from(hook)).build().unwrap();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let found = || {
        orders.inc_traced();
        exemplars(&registry.snapshot(), "orders_total")
    };
    assert_eq!((found(), found()), (vec![], vec![]));
    assert!(found()[0].1.labels().eq([("span_id", "00000000000000ab")]));
    assert!(found()[0].1.labels().eq([("trace_id", "000000000000000000000000000000cd")]));
    assert_eq!(problems(&registry), []);
}

#[test]
fn of_many_records_the_first_after_a_snapshot_and_one_in_so_many_are_sampled() {
    const RECORDS: u64 = 20_000;
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let hook = move || Some(TraceContext::new(1, counted.fetch_add(1, Ordering::Relaxed) + 1));
    let registry = Registry::builder().exemplars(Exemplars::one_in(100).from(hook)).build().unwrap();
    let size = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap();
    (0..RECORDS).for_each(|_| size.observe_traced(0.5));
    let sampled = asked.load(Ordering::Relaxed);
    assert!((100..400).contains(&sampled), "{sampled} of {RECORDS}, and 1 in 100 was asked for");

    // What is rare has one all the same, each time.
    for _ in 0..3 {
        let before = asked.load(Ordering::Relaxed);
        size.observe_traced(1.5);
        assert_eq!(asked.load(Ordering::Relaxed), before + 1);
        let found = exemplars(&registry.snapshot(), "size");
        assert!(found.iter().any(|(at, exemplar)| (*at, exemplar.value()) == (1, 1.5)), "{found:?}");
    }
}

#[test]
fn without_a_trace_the_next_record_is_asked_and_with_one_only_after_a_snapshot() {
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    // The third record is the first with a trace.
    let hook = move || (counted.fetch_add(1, Ordering::Relaxed) >= 2).then(|| TraceContext::new(1, 2));
    // One in so many that none is drawn.
    let registry = Registry::builder().exemplars(Exemplars::one_in(u32::MAX).from(hook)).build().unwrap();
    let orders = registry.counter("orders_total", "Orders.").unwrap();
    let asked_after_ten = || {
        (0..10).for_each(|_| orders.inc_traced());
        asked.load(Ordering::Relaxed)
    };
    assert_eq!((asked_after_ten(), asked_after_ten()), (3, 3));
    let _ = registry.snapshot();
    assert_eq!((asked_after_ten(), asked_after_ten()), (4, 4));
}

#[test]
fn timers_and_operations_ask_for_the_trace_by_themselves() {
    let registry = registry();
    let latency = registry.histogram("latency_seconds", "Latency.").unwrap();
    let (records, bytes) =
        ["records_total", "bytes_total"].map(|name| registry.counter(name, "Done.").unwrap()).into();
    let outcomes: Family<Outcome, Counter> =
        registry.declare("loads_total", "Loads.").label("outcome").register().unwrap();
    let active = registry.up_down_counter("active", "Active.").unwrap();
    latency.start_timer().stop_with(Duration::from_millis(20));
    assert_eq!(only(&registry.snapshot(), "latency_seconds").value(), 0.02);

    let load = Operation::new()
        .latency(&latency)
        .records(&records)
        .bytes(&bytes)
        .outcomes(&outcomes)
        .in_flight(&active);
    let mut guard = load.start();
    assert_eq!(active.value(), 1);
    guard.took(Duration::from_secs(3));
    guard.add_records(7);
    guard.end(Outcome::Error);
    assert_eq!((active.value(), latency.value().count, records.value(), bytes.value()), (0, 2, 7, 0));

    let snapshot = registry.snapshot();
    let found = exemplars(&snapshot, "latency_seconds");
    assert_eq!(found.iter().map(|(_, exemplar)| exemplar.value()).collect::<Vec<_>>(), [0.02, 3.0]);
    assert_eq!(only(&snapshot, "records_total").value(), 7.0);
    assert!(exemplars(&snapshot, "bytes_total").is_empty(), "no bytes were added");
    let error = snapshot.series("loads_total", &[("outcome", "error")]).unwrap();
    assert_eq!((exemplars(&snapshot, "loads_total").len(), error.exemplars().len()), (1, 1));
}

#[test]
fn a_float_counter_of_a_disabled_registry_takes_labels_and_does_nothing() {
    let paid: FloatCounter = Registry::disabled().float_counter("paid_total", "Paid.").unwrap();
    paid.add_with_exemplar(1.0, [("a", "b")]);
    let wait = IntegerHistogram::noop();
    wait.observe_with_exemplar(1, [("a", "b")]);
    wait.observe_traced(1);
    assert_eq!((paid.value(), wait.value().count), (0.0, 0));
}
