//! A timer records once, whichever way it ends. The clock is a mock, so durations are exact.
#![forbid(unsafe_code)]

use std::{
    panic, thread,
    time::{Duration, Instant},
};

use quanta::{Clock, Mock, with_clock};
use tachometer::{Buckets, Histogram, Registry, StaticHistogram};

fn timed() -> Histogram {
    Registry::new().histogram_with("seconds", "Durations.", Buckets::explicit([1.0, 2.0])).unwrap()
}

/// Runs `work` with a histogram and a clock that only the test advances.
fn with_mock(work: impl FnOnce(&Histogram, &Mock)) -> Histogram {
    let (clock, mock) = Clock::mock();
    let histogram = timed();
    with_clock(&clock, || work(&histogram, &mock));
    histogram
}

#[track_caller]
fn assert_holds(histogram: &Histogram, counts: [u64; 3], sum: f64) {
    let value = histogram.value();
    assert_eq!((value.counts.as_slice(), value.sum), (counts.as_slice(), sum));
}

#[test]
fn stop_records_what_it_returns() {
    let histogram = with_mock(|histogram, mock| {
        let timer = histogram.start_timer();
        mock.increment(Duration::from_millis(1_500));
        assert_eq!(timer.stop(), Duration::from_millis(1_500));
    });
    assert_holds(&histogram, [0, 1, 0], 1.5);
}

#[test]
fn a_timer_that_is_dropped_records_and_one_that_is_discarded_does_not() {
    let histogram = with_mock(|histogram, mock| {
        let dropped = histogram.start_timer();
        let discarded = histogram.start_timer();
        mock.increment(Duration::from_millis(250));
        drop(dropped);
        discarded.discard();
    });
    assert_holds(&histogram, [1, 0, 0], 0.25);
}

#[test]
fn timers_nest_and_do_not_disturb_each_other() {
    let histogram = with_mock(|histogram, mock| {
        let outer = histogram.start_timer();
        mock.increment(Duration::from_millis(500));
        let inner = histogram.start_timer();
        mock.increment(Duration::from_secs(2));
        assert_eq!(inner.stop(), Duration::from_secs(2));
        assert_eq!(outer.stop(), Duration::from_millis(2_500));
    });
    assert_holds(&histogram, [0, 1, 1], 4.5);
}

#[test]
fn time_records_and_returns_what_the_work_returned() {
    let histogram = with_mock(|histogram, mock| {
        let answer = histogram.time(|| {
            mock.increment(Duration::from_secs(3));
            42
        });
        assert_eq!(answer, 42);
    });
    assert_holds(&histogram, [0, 0, 1], 3.0);
}

#[test]
fn a_panic_in_the_timed_work_is_timed_too() {
    let histogram = with_mock(|histogram, mock| {
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            histogram.time(|| {
                mock.increment(Duration::from_millis(750));
                panic!("on purpose");
            })
        }));
        assert!(result.is_err());
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            let _timer = histogram.start_timer();
            mock.increment(Duration::from_millis(1_250));
            panic!("on purpose");
        }));
        assert!(result.is_err());
    });
    assert_holds(&histogram, [1, 1, 0], 2.0);
}

#[test]
fn a_timer_that_is_stopped_by_another_thread_records_there() {
    let histogram = timed();
    std::thread::scope(|scope| {
        let timer = histogram.start_timer();
        scope.spawn(move || timer.stop()).join().unwrap();
    });
    assert_eq!(histogram.value().count, 1);
}

/// Long enough ago for every timer of a test that has been running since then to fall into the second bucket or a later
/// one, and none into the first.
fn a_while_ago() -> Instant {
    let now = Instant::now();
    now.checked_sub(Duration::from_millis(1_500)).unwrap_or_else(|| {
        thread::sleep(Duration::from_millis(1_500));
        now
    })
}

#[test]
fn a_timer_runs_since_the_instant_that_the_caller_has() {
    let (histogram, start) = (timed(), a_while_ago());
    let elapsed = histogram.start_timer_at(start).stop();
    drop(histogram.start_timer_owned_at(start));
    histogram.observe_since(start);
    histogram.start_timer_at(start).discard();
    let (value, all) = (histogram.value(), start.elapsed());
    assert_eq!((value.count, value.counts[0]), (3, 0));
    assert!(Duration::from_millis(1_500) <= elapsed && elapsed <= all, "{elapsed:?} of {all:?}");
    assert!((4.5..=3.0 * all.as_secs_f64()).contains(&value.sum), "{value:?}");
}

#[test]
fn a_timer_that_started_by_the_systems_clock_ends_by_it() {
    let histogram = with_mock(|histogram, mock| {
        let timer = histogram.start_timer_at(a_while_ago());
        mock.increment(Duration::from_secs(3_600));
        timer.stop();
    });
    assert!((1.5..3_600.0).contains(&histogram.value().sum), "{:?}", histogram.value());
}

#[test]
fn a_timer_records_the_duration_that_the_caller_has() {
    let histogram = with_mock(|histogram, mock| {
        let timer = histogram.start_timer();
        mock.increment(Duration::from_secs(3));
        timer.stop_with(Duration::from_millis(1_250));
        histogram.start_timer_owned_at(a_while_ago()).stop_with(Duration::from_millis(250));
    });
    assert_holds(&histogram, [1, 1, 0], 1.5);
}

#[test]
fn a_static_takes_a_start_and_a_duration_before_and_after_its_registration() {
    static TIME: StaticHistogram = StaticHistogram::new("seconds", "Durations.", &[1.0, 2.0]);
    let record = || {
        TIME.start_timer_at(a_while_ago()).stop();
        TIME.observe_since(a_while_ago());
        TIME.start_timer().stop_with(Duration::from_millis(250));
    };
    record();
    TIME.register_in(&Registry::new());
    record();
    let value = TIME.value();
    assert_eq!((value.count, value.counts[0]), (6, 2));
    assert!(value.sum >= 6.5, "{value:?}");
}

#[test]
fn a_real_clock_measures_at_least_what_was_slept() {
    let histogram = timed();
    let timer = histogram.start_timer();
    let slept = std::time::Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    let slept = slept.elapsed();
    let recorded = timer.stop();
    // A tenth for two clocks that need not agree to the last digit.
    assert!(recorded >= slept * 9 / 10, "{recorded:?} for {slept:?}");
    assert_eq!(histogram.value().sum, recorded.as_secs_f64());
}

#[test]
fn a_timer_of_a_disabled_histogram_reads_no_clock() {
    let (clock, mock) = Clock::mock();
    let histogram = Registry::disabled().histogram("seconds", "Durations.").unwrap();
    with_clock(&clock, || {
        let timer = histogram.start_timer();
        mock.increment(Duration::from_secs(1));
        assert_eq!(timer.stop(), Duration::ZERO);
        assert_eq!(histogram.time(|| 42), 42);
        assert_eq!(histogram.start_timer_at(a_while_ago()).stop(), Duration::ZERO);
        histogram.start_timer_owned().stop_with(Duration::from_secs(1));
        histogram.observe_since(a_while_ago());
    });
    assert_eq!(histogram.value().count, 0);
}
