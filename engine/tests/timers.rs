//! A timer records once, whichever way it ends. The clock is a mock, so durations are exact.
#![forbid(unsafe_code)]

use std::{panic, time::Duration};

use quanta::{Clock, Mock, with_clock};
use tachometer::{Buckets, Histogram, Registry};

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
    });
    assert_eq!(histogram.value().count, 0);
}
