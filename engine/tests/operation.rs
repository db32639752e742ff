//! An operation records all of its parts once, whichever way it ends and on whatever thread.
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;
#[path = "common/operations.rs"]
mod operations;
#[path = "common/panics.rs"]
mod panics;

use std::{
    cell::RefCell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use common::Finish;
use operations::{LoadError, Loads, OUTCOMES};
use panics::expect_panics;
use quanta::{Clock, with_clock};
use tachometer::{
    CountError, Counter, ErrorName, Family, Histogram, NoErrors, Operation, OperationGuard, Outcome, Registry,
};

type Load = Operation<Family<LoadError, Counter>>;

fn panicking(work: impl FnOnce()) {
    expect_panics();
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

#[test]
fn a_result_records_every_part_once_and_is_handed_back() {
    let loads = Loads::new(&Registry::new());
    for result in [Ok(7), Err(LoadError::Timeout), Err(LoadError::Rejected { row: 1 })] {
        let mut load = loads.operation.start();
        load.add_records(100);
        load.add_records(10);
        load.add_bytes(4_096);
        assert_eq!(loads.active.value(), 1);
        assert_eq!(load.finish(result.clone()), result);
    }
    loads.assert_ended([1, 2, 0, 0]);
    assert_eq!(loads.counts(), (330, 3 * 4_096, 0, [1, 1]));
}

#[test]
fn work_that_is_run_may_leave_by_a_question_mark() {
    let loads = Loads::new(&Registry::new());
    let load = |error: Option<LoadError>| {
        loads.operation.run(|progress| {
            progress.add_records(1);
            error.map_or(Ok(()), Err)?;
            progress.add_bytes(10);
            Ok(42)
        })
    };
    assert_eq!((load(None), load(Some(LoadError::Timeout))), (Ok(42), Err(LoadError::Timeout)));
    loads.assert_ended([1, 1, 0, 0]);
    assert_eq!(loads.counts(), (2, 10, 0, [1, 0]));
}

#[test]
fn an_outcome_that_is_named_is_recorded_and_no_error_with_it() {
    let loads = Loads::new(&Registry::new());
    for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
        (0..=index).for_each(|_| loads.operation.start().end(outcome));
    }
    loads.assert_ended([1, 2, 3, 4]);
    assert_eq!(loads.counts(), (0, 0, 0, [0, 0]));
}

#[test]
fn a_guard_that_is_dropped_was_cancelled_and_what_it_had_done_is_recorded() {
    let loads = Loads::new(&Registry::new());
    let work = || -> Result<(), fmt::Error> {
        let mut load = loads.operation.start();
        load.add_records(5);
        Err(fmt::Error)?;
        let _ = load.finish(Ok::<_, LoadError>(()));
        Ok(())
    };
    assert!(work().is_err());
    loads.assert_ended([0, 0, 1, 0]);
    assert_eq!(loads.counts(), (5, 0, 0, [0, 0]));
}

#[test]
fn a_guard_that_is_discarded_is_under_way_no_longer_and_nothing_else() {
    let loads = Loads::new(&Registry::new());
    let mut load = loads.operation.start();
    load.add_records(5);
    load.discard();
    loads.assert_ended([0; 4]);
    assert_eq!(loads.counts(), (0, 0, 0, [0, 0]));
}

#[test]
fn a_panic_is_a_panic_and_what_had_been_done_is_recorded() {
    let loads = Loads::new(&Registry::new());
    panicking(|| {
        let mut load = loads.operation.start();
        load.add_bytes(1);
        panic!("on purpose");
    });
    panicking(|| {
        let _ = loads.operation.run(|progress| -> Result<(), LoadError> {
            progress.add_bytes(1);
            panic!("on purpose");
        });
    });
    // One that was caught within is nothing to the guard around it.
    let load = loads.operation.start();
    panicking(|| panic!("on purpose"));
    load.end(Outcome::Ok);
    loads.assert_ended([1, 0, 0, 2]);
    assert_eq!(loads.counts(), (0, 2, 0, [0, 0]));
}

/// Does its work when it is dropped.
struct Rollback<'a>(&'a Load, fn(&Load));

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

#[test]
fn the_work_of_a_destructor_ends_as_it_says_while_the_thread_unwinds() {
    let loads = Loads::new(&Registry::new());
    panicking(|| {
        let _given_up = Rollback(&loads.operation, |load| drop(load.start()));
        let _done = Rollback(&loads.operation, |load| load.run(|_| Ok(())).unwrap());
        let _failed = Rollback(&loads.operation, |load| {
            assert!(load.run(|_| Err::<(), _>(LoadError::Timeout)).is_err());
        });
        // What is run is known to have panicked, even here.
        let _panicked = Rollback(&loads.operation, |load| {
            let panics = || load.run(|_| -> Result<(), LoadError> { panic!("on purpose") });
            assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        });
        panic!("on purpose");
    });
    loads.assert_ended([1, 1, 1, 1]);
    assert_eq!(loads.counts(), (0, 0, 0, [1, 0]));
}

#[test]
fn an_owned_guard_outlives_its_operation_and_ends_on_another_thread() {
    expect_panics();
    let loads = Loads::new(&Registry::new());
    let guards = [(); 2].map(|()| loads.operation.clone().start_owned());
    assert_eq!(loads.active.value(), 2);
    let [mut done, panicked] = guards;
    let ended = thread::spawn(move || {
        done.add_records(3);
        done.finish(Err::<(), _>(LoadError::Timeout))
    });
    assert_eq!(ended.join().unwrap(), Err(LoadError::Timeout));
    let ended = thread::spawn(move || {
        let _guard = panicked;
        panic!("on purpose");
    });
    assert!(ended.join().is_err());
    loads.assert_ended([0, 1, 0, 1]);
    assert_eq!(loads.counts(), (3, 0, 0, [1, 0]));
}

thread_local! {
    static LATE: RefCell<Option<OperationGuard<Load>>> = const { RefCell::new(None) };
}

/// Destructors run in the opposite order of first touches: the guard ends before the thread's shard is given back, or
/// after it, or on a thread that has had none.
#[test]
fn a_guard_that_a_thread_local_holds_ends_with_the_thread() {
    let loads = Loads::new(&Registry::new());
    let here = loads.operation.start_owned();
    for touched_before_the_first_record in [true, false] {
        let load = loads.operation.clone();
        let body = move || {
            if touched_before_the_first_record {
                LATE.with(|_| ());
            }
            let mut guard = load.start_owned();
            guard.add_records(1);
            LATE.with(|late| *late.borrow_mut() = Some(guard));
        };
        thread::spawn(body).join().unwrap();
    }
    thread::spawn(move || LATE.with(|late| *late.borrow_mut() = Some(here))).join().unwrap();
    loads.assert_ended([0, 0, 3, 0]);
    assert_eq!(loads.counts(), (2, 0, 0, [0, 0]));
}

#[test]
fn latency_is_by_the_clock_or_the_callers_own() {
    let registry = Registry::new();
    let latency: Family<Outcome, Histogram> =
        registry.declare("load_duration_seconds", "").label("outcome").register().unwrap();
    let load = Operation::new().latency_by_outcome(&latency);
    let (clock, mock) = Clock::mock();
    with_clock(&clock, || {
        let (measured, mut told) = (load.start(), load.start_owned());
        mock.increment(Duration::from_millis(250));
        measured.end(Outcome::Ok);
        told.took(Duration::from_millis(500));
        mock.increment(Duration::from_secs(60));
        told.end(Outcome::Error);
        let cancelled = load.run(|progress| {
            progress.took(Duration::from_millis(125));
            Err::<(), _>(fmt::Error)
        });
        assert!(cancelled.is_err());
        mock.increment(Duration::from_secs(60));
        drop(load.start_at(Instant::now()));
    });
    let [ok, error, cancelled, panicked] = Outcome::ALL.map(|outcome| latency[outcome].value());
    assert_eq!((ok.count, ok.sum, error.count, error.sum), (1, 0.25, 2, 0.625));
    assert_eq!((cancelled.count, panicked.count), (1, 0));
    assert!(cancelled.sum < 60.0, "what began by the system's clock ends by it: {cancelled:?}");
}

#[test]
fn a_start_that_the_caller_has_is_taken() {
    let loads = Loads::new(&Registry::new());
    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    loads.operation.start_at(start).end(Outcome::Ok);
    drop(loads.operation.start_owned_at(start));
    let (sum, all) = (loads.latency.value().sum, start.elapsed().as_secs_f64());
    assert!((0.01..=2.0 * all).contains(&sum), "{sum} within twice {all}");
    loads.assert_ended([1, 0, 1, 0]);
}

#[test]
fn a_counter_that_is_known_only_at_the_end_counts_with_the_rest() {
    let registry = Registry::new();
    let loads = Loads::new(&registry);
    let [good, bad, odd] = ["good", "bad", "odd"].map(|name| registry.counter(name, "").unwrap());
    assert!(loads.operation.start().finish_with(Ok::<_, LoadError>(()), &good).is_ok());
    assert!(loads.operation.start().finish_with(Err::<(), _>(LoadError::Timeout), &bad).is_err());
    loads.operation.start_owned().end_with(Outcome::Error, &odd);
    assert_eq!((good.value(), bad.value(), odd.value()), (1, 1, 1));
    loads.assert_ended([1, 2, 0, 0]);
    assert_eq!(loads.counts(), (0, 0, 0, [1, 0]));
}

#[test]
fn every_part_is_optional_and_may_be_given_in_any_order() {
    let registry = Registry::new();
    let nothing = Operation::new();
    let ran = nothing.run(|progress| {
        progress.add_records(9);
        Ok::<_, fmt::Error>(9)
    });
    assert_eq!(ran, Ok(9));
    drop(nothing.start());

    let depth = registry.gauge("depth", "").unwrap();
    let errors: Family<ErrorName, Counter> =
        registry.declare("errors_total", "").label("error_type").register().unwrap();
    let by_name = Operation::default().errors(&errors).in_flight_gauge(&depth);
    // Errors of whatever types, in one operation.
    assert!(by_name.run(|_| "x".parse::<u8>()).is_err());
    assert!(by_name.run(|_| "x".parse::<f64>()).is_err());
    let guard = by_name.start();
    assert_eq!(depth.value(), 1.0);
    assert!(guard.finish("y".parse::<u8>()).is_err());
    assert_eq!(depth.value(), 0.0);
    for (name, count) in [("ParseIntError", 2), ("ParseFloatError", 1)] {
        assert_eq!(registry.snapshot().counter("errors_total", &[("error_type", name)]), Some(count));
    }
}

#[test]
fn a_handle_that_is_extended_leaves_its_clones_as_they_were() {
    let registry = Registry::new();
    let [records, bytes] = ["records", "bytes"].map(|name| registry.counter(name, "").unwrap());
    let with_records = Operation::new().records(&records);
    let with_both = with_records.clone().bytes(&bytes);
    for operation in [&with_records, &with_both] {
        let mut guard = operation.start();
        guard.add_records(1);
        guard.add_bytes(10);
        guard.end(Outcome::Ok);
    }
    assert_eq!((records.value(), bytes.value()), (2, 10));
}

/// A classification of the program's own, which may even panic.
#[derive(Clone)]
struct ByLength(Counter);

impl CountError<&'static str> for ByLength {
    fn count_error(&self, error: &&'static str) {
        assert!(!error.is_empty(), "on purpose");
        self.0.add(error.len() as u64);
    }
}

#[test]
fn errors_may_be_counted_in_a_way_of_the_programs_own() {
    let registry = Registry::new();
    let lengths = registry.counter("error_length_total", "").unwrap();
    let loads = Loads::new(&registry);
    let load = loads.operation.clone().errors(&ByLength(lengths.clone()));
    assert!(load.run(|_| Err::<(), _>("timeout")).is_err());
    panicking(|| assert!(load.start().finish(Err::<(), _>("")).is_err()));
    panicking(|| assert!(load.run(|_| Err::<(), _>("")).is_err()));
    assert_eq!(lengths.value(), 7);
    loads.assert_ended([0, 1, 0, 2]);
    assert_eq!(loads.active.value(), 0);
}

#[test]
fn an_operation_of_a_disabled_registry_records_nothing() {
    let registry = Registry::disabled();
    let loads = Loads::new(&registry);
    let mut guard = loads.operation.start_owned();
    guard.add_records(1);
    guard.took(Duration::from_secs(1));
    assert!(guard.finish(Err::<(), _>(LoadError::Timeout)).is_err());
    assert_eq!(loads.operation.run(|_| Ok(1)), Ok(1));
    drop((loads.operation.start(), loads.operation.start_at(Instant::now())));
    loads.assert_ended([0; 4]);
    assert_eq!(loads.counts(), (0, 0, 0, [0, 0]));
    let errors: Family<ErrorName, Counter> =
        registry.declare("errors_total", "").label("error_type").register().unwrap();
    assert!(Operation::new().errors(&errors).run(|_| "x".parse::<u8>()).is_err());
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn no_errors_counts_errors_of_any_type_nowhere() {
    NoErrors.count_error(&fmt::Error);
    assert!(CountError::<str>::counter_of(&NoErrors, "any").is_none());
}

#[test]
fn every_operation_of_eight_threads_is_counted_once_beside_snapshots() {
    const THREADS: usize = 8;
    const EACH: usize = 2_000;
    expect_panics();
    let registry = Registry::new();
    let loads = Loads::new(&registry);
    let work = |number: usize| {
        let run = |result: Result<(), LoadError>| {
            loads.operation.run(|progress| {
                progress.add_records(3);
                result
            })
        };
        match number % 4 {
            0 => run(Ok(())).unwrap(),
            1 => drop(run(Err(LoadError::Rejected { row: number as u64 }))),
            2 => drop(loads.operation.start()),
            _ => panicking(|| {
                let _guard = loads.operation.start();
                panic!("on purpose");
            }),
        }
    };
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut before = 0;
            while !finished.load(Ordering::Relaxed) {
                let snapshot = registry.snapshot();
                let count = |outcome| snapshot.counter("loads_total", &[("outcome", outcome)]).unwrap();
                let ended: u64 = OUTCOMES.map(count).iter().sum();
                assert!(before <= ended && ended <= (THREADS * EACH) as u64);
                assert!(
                    snapshot.histogram("load_duration_seconds", &[]).unwrap().count()
                        <= (THREADS * EACH) as u64
                );
                before = ended;
            }
        });
        let _finish = Finish(&finished);
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| (0..EACH).for_each(work))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    let each = (THREADS * EACH / 4) as u64;
    loads.assert_ended([each; 4]);
    assert_eq!(loads.counts(), (2 * 3 * each, 0, 0, [0, each]));
}
