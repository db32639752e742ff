//! Under a mock clock timers measure what the test says: nested, across panics, and across awaits.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use panics::expect_panics;
use tachometer::{
    Family, FutureExt, Histogram, Outcome, Registry, StaticHistogram, assert_metric, testing::MockClock,
};
use tokio::{runtime::Builder, task::yield_now};

fn seconds(registry: &Registry) -> Histogram {
    registry.histogram("seconds", "Durations.").unwrap()
}

#[test]
fn timers_measure_what_the_clock_was_advanced_by() {
    let registry = Registry::new();
    let seconds = seconds(&registry);
    let clock = MockClock::new();
    let answer = clock.run(|| {
        let timer = seconds.start_timer();
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(timer.stop(), Duration::from_millis(1_500));
        drop(seconds.start_timer());
        seconds.time(|| {
            clock.advance(Duration::from_nanos(1));
            42
        })
    });
    assert_eq!(answer, 42);
    assert_metric!(registry, "seconds".count == 3);
    assert_metric!(registry, "seconds".sum == 1.5 + 1e-9);
}

#[test]
fn timers_of_families_by_outcome_and_of_statics_read_the_clock_too() {
    static EARLY: StaticHistogram = StaticHistogram::new("early_seconds", "Of a static.", &[1.0, 2.0]);
    let registry = Registry::new();
    let calls: Family<Outcome, Histogram> =
        registry.declare("calls_seconds", "Calls.").label("outcome").register().unwrap();
    let clock = MockClock::new();
    clock.run(|| {
        let timer = EARLY.start_timer();
        let call = calls.start();
        clock.advance(Duration::from_secs(2));
        call.end(Outcome::Error);
        assert_eq!(timer.stop(), Duration::from_secs(2));
    });
    assert_metric!(registry, "calls_seconds" { outcome = Outcome::Error }.sum == 2);
}

#[test]
fn the_real_clock_is_back_after_a_run_also_after_a_panic() {
    expect_panics();
    let clock = MockClock::new();
    let before = quanta::Instant::now();
    let (inside, outside) = clock.run(|| {
        let other = MockClock::new();
        other.advance(Duration::from_secs(7));
        let nested = other.run(quanta::Instant::now);
        (nested, quanta::Instant::now())
    });
    assert_eq!(
        inside.duration_since(outside),
        Duration::from_secs(7),
        "the outer mock is back after the inner"
    );
    let unwound = catch_unwind(AssertUnwindSafe(|| clock.run(|| panic!("on purpose"))));
    assert!(unwound.is_err());
    assert!(quanta::Instant::now() >= before, "the mock, which stands at 0, is gone");
}

#[test]
fn another_thread_has_the_clock_when_it_runs_it_and_the_real_one_otherwise() {
    let registry = Registry::new();
    let seconds = seconds(&registry);
    let clock = MockClock::new();
    let (started, has_started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    thread::scope(|scope| {
        let (mine, histogram) = (clock.clone(), &seconds);
        scope.spawn(move || {
            mine.run(|| {
                let timer = histogram.start_timer();
                started.send(()).unwrap();
                may_go_on.recv().unwrap();
                assert_eq!(timer.stop(), Duration::from_secs(3));
            });
        });
        has_started.recv().unwrap();
        clock.advance(Duration::from_secs(3));
        go_on.send(()).unwrap();
    });
    assert_metric!(registry, "seconds".sum == 3);
}

#[test]
fn a_future_has_the_clock_across_awaits_and_on_whatever_thread_it_is_polled() {
    let registry = Registry::new();
    let seconds = seconds(&registry);
    let clock = MockClock::new();
    let advance = clock.clone();
    let work = async move {
        for _ in 0..100 {
            advance.advance(Duration::from_millis(10));
            yield_now().await;
        }
    };
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(clock.run_async(work.timed(&seconds)));
    assert_metric!(registry, "seconds".sum == 1);

    let other = clock.clone();
    let mut polls = 0;
    let work = poll_fn(move |_| {
        other.advance(Duration::from_millis(500));
        polls += 1;
        if polls == 4 { Poll::Ready(()) } else { Poll::Pending }
    });
    let mut future = Box::pin(clock.run_async(work.timed(&seconds)));
    let mut ready = false;
    while !ready {
        (future, ready) = thread::spawn(move || {
            let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            (future, ready)
        })
        .join()
        .unwrap();
    }
    assert_metric!(registry, "seconds".count == 2);
    assert_metric!(registry, "seconds".sum == 3);
}

#[test]
fn a_future_that_is_given_up_is_timed_by_the_clock_to_there() {
    let registry = Registry::new();
    let seconds = seconds(&registry);
    let clock = MockClock::new();
    let mut future = Box::pin(clock.run_async(pending::<()>().timed(&seconds)));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    clock.advance(Duration::from_secs(5));
    drop(future);
    assert_metric!(registry, "seconds".count == 1);
    assert_metric!(registry, "seconds".sum == 5);
}

#[test]
fn a_clock_stops_at_the_greatest_time_that_it_can_tell() {
    let clock = MockClock::new();
    clock.advance(Duration::MAX);
    clock.advance(Duration::from_secs(1));
    assert_eq!(format!("{clock:?}"), format!("MockClock({:?})", Duration::from_nanos(u64::MAX)));
}
