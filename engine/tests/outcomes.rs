//! A guard records once, by how its work ended, whichever way that was and on whatever thread.
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;
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
use panics::expect_panics;
use quanta::{Clock, with_clock};
use tachometer::{Counter, Family, Histogram, Outcome, OutcomeGuard, Registry};

const OUTCOMES: [Outcome; 4] = [Outcome::Ok, Outcome::Error, Outcome::Cancelled, Outcome::Panicked];

type Counts = Family<Outcome, Counter>;
type Times = Family<Outcome, Histogram>;

fn counts(registry: &Registry) -> Counts {
    registry.declare("ends_total", "").label("outcome").register().unwrap()
}

fn times(registry: &Registry) -> Times {
    registry.declare("time_seconds", "").label("outcome").register().unwrap()
}

/// What both families hold: ok, error, cancelled, panicked.
#[track_caller]
fn assert_ended(counts: &Counts, times: &Times, expected: [u64; 4]) {
    assert_eq!(OUTCOMES.map(|outcome| counts[outcome].value()), expected, "ok, error, cancelled, panicked");
    assert_eq!(OUTCOMES.map(|outcome| times[outcome].value().count), expected, "the times");
}

fn panicking(work: impl FnOnce()) {
    expect_panics();
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

#[test]
fn a_result_says_how_it_ended_and_is_handed_back() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    let (good, bad): (Result<u8, fmt::Error>, Result<u8, fmt::Error>) = (Ok(7), Err(fmt::Error));
    assert_eq!((counts.start().finish(good), times.start().finish(good)), (Ok(7), Ok(7)));
    assert_eq!((counts.start_owned().finish(bad), times.start_owned().finish(bad)), (bad, bad));
    assert_ended(&counts, &times, [1, 1, 0, 0]);
}

#[test]
fn an_outcome_that_is_named_is_recorded_and_no_other() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    for (index, outcome) in OUTCOMES.into_iter().enumerate() {
        for _ in 0..=index {
            counts.start().end(outcome);
            times.start().end(outcome);
        }
    }
    assert_ended(&counts, &times, [1, 2, 3, 4]);
}

#[test]
fn a_guard_that_is_dropped_was_cancelled_and_one_that_is_discarded_is_forgotten() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    drop((counts.start(), counts.start_owned(), times.start(), times.start_owned()));
    counts.start().discard();
    times.start_owned().discard();
    assert_ended(&counts, &times, [0, 0, 2, 0]);
}

#[test]
fn a_panic_under_a_guard_is_a_panic_and_one_that_was_caught_is_not() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    panicking(|| {
        let _guards = (counts.start(), times.start_owned());
        panic!("on purpose");
    });
    assert_ended(&counts, &times, [0, 0, 0, 1]);
    let guards = (counts.start(), times.start());
    panicking(|| panic!("on purpose"));
    drop(guards);
    assert_ended(&counts, &times, [0, 0, 1, 1]);
}

/// Uses a guard of each family when it is dropped.
struct Rollback<'a>(&'a Counts, &'a Times, fn(&Counts, &Times));

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        (self.2)(self.0, self.1);
    }
}

#[test]
fn the_work_of_a_destructor_has_not_panicked_because_the_thread_unwinds() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    panicking(|| {
        let _given_up = Rollback(&counts, &times, |counts, times| drop((counts.start(), times.start())));
        let _done = Rollback(&counts, &times, |counts, times| {
            counts.start().finish(Ok::<_, fmt::Error>(())).unwrap();
            times.start().finish(Ok::<_, fmt::Error>(())).unwrap();
        });
        panic!("on purpose");
    });
    assert_ended(&counts, &times, [1, 0, 1, 0]);
}

#[test]
fn a_guard_on_another_thread_ends_as_its_work_does_there() {
    expect_panics();
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    let guards = (counts.start_owned(), times.start_owned());
    thread::spawn(move || drop(guards)).join().unwrap();
    let guards = (counts.start_owned(), times.start_owned());
    let panicked = thread::spawn(move || {
        let _guards = guards;
        panic!("on purpose");
    });
    assert!(panicked.join().is_err());
    assert_ended(&counts, &times, [0, 0, 1, 1]);
}

#[test]
fn an_owned_guard_outlives_its_family() {
    let registry = Registry::new();
    let guards = (counts(&registry).start_owned(), times(&registry).start_owned());
    drop(guards);
    assert_ended(&counts(&registry), &times(&registry), [0, 0, 1, 0]);
}

thread_local! {
    static LATE: RefCell<Option<(OutcomeGuard<Counts>, OutcomeGuard<Times>)>> = const { RefCell::new(None) };
}

/// Destructors run in the opposite order of first touches: the guards end before the thread's shard is given back, and
/// after it.
#[test]
fn guards_that_a_thread_local_holds_end_with_the_thread() {
    let registry = Registry::new();
    let (counts, times) = (counts(&registry), times(&registry));
    for touched_before_the_first_record in [true, false] {
        let (counts, times) = (counts.clone(), times.clone());
        let body = move || {
            if touched_before_the_first_record {
                LATE.with(|_| ());
            }
            counts.start().end(Outcome::Ok);
            times.start().end(Outcome::Ok);
            LATE.with(|late| *late.borrow_mut() = Some((counts.start_owned(), times.start_owned())));
        };
        thread::spawn(body).join().unwrap();
    }
    assert_ended(&counts, &times, [2, 0, 2, 0]);
}

#[test]
fn a_duration_is_that_of_the_clock_or_the_callers_own() {
    let registry = Registry::new();
    let times = times(&registry);
    let (clock, mock) = Clock::mock();
    with_clock(&clock, || {
        let measured = times.start();
        let mut told = times.start_owned();
        mock.increment(Duration::from_millis(250));
        measured.end(Outcome::Ok);
        mock.increment(Duration::from_secs(60));
        told.took(Duration::from_millis(500));
        told.end(Outcome::Error);
        let mut told = times.start_at(Instant::now());
        told.took(Duration::from_millis(125));
        drop(told);
    });
    let sums = OUTCOMES.map(|outcome| times[outcome].value().sum);
    assert_eq!(sums, [0.25, 0.5, 0.125, 0.0]);
}

#[test]
fn a_start_that_the_caller_has_is_taken() {
    let registry = Registry::new();
    let times = times(&registry);
    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    times.start_at(start).end(Outcome::Ok);
    drop(times.start_owned_at(start));
    let all = start.elapsed().as_secs_f64();
    for outcome in [Outcome::Ok, Outcome::Cancelled] {
        let value = times[outcome].value();
        assert_eq!(value.count, 1);
        assert!((0.005..=all).contains(&value.sum), "{value:?} within {all}");
    }
}

#[test]
fn guards_of_a_disabled_registry_record_nothing() {
    let registry = Registry::disabled();
    let (counts, times) = (counts(&registry), times(&registry));
    for outcome in OUTCOMES {
        counts.start().end(outcome);
        times.start().end(outcome);
        let mut guard = times.start_owned_at(Instant::now());
        guard.took(Duration::from_secs(1));
        guard.end(outcome);
    }
    drop((counts.start_owned(), times.start_owned()));
    assert_ended(&counts, &times, [0; 4]);
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn every_end_of_eight_threads_is_counted_once_beside_snapshots() {
    const THREADS: usize = 8;
    const EACH: usize = 2_000;
    expect_panics();
    let registry = Registry::new();
    let counts = counts(&registry);
    let work = |number: usize| match number % 4 {
        0 => drop(counts.start().finish(Ok::<_, fmt::Error>(()))),
        1 => drop(counts.start().finish(Err::<(), _>(fmt::Error))),
        2 => drop(counts.start()),
        _ => panicking(|| {
            let _guard = counts.start();
            panic!("on purpose");
        }),
    };
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut before = 0;
            while !finished.load(Ordering::Relaxed) {
                let snapshot = registry.snapshot();
                let ended = ["ok", "error", "cancelled", "panicked"]
                    .map(|outcome| snapshot.counter("ends_total", &[("outcome", outcome)]).unwrap());
                let ended: u64 = ended.iter().sum();
                assert!(before <= ended && ended <= (THREADS * EACH) as u64);
                before = ended;
            }
        });
        let _finish = Finish(&finished);
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| (0..EACH).for_each(work))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    let each = (THREADS * EACH / 4) as u64;
    assert_eq!(OUTCOMES.map(|outcome| counts[outcome].value()), [each; 4]);
}
