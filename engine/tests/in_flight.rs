//! What is under way is counted for just as long, and timed once, however it ends and wherever it goes.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use panics::expect_panics;
use tachometer::{Registry, StaticGauge, StaticUpDownCounter};

/// A future that is never ready, and does its work up to there.
async fn stuck() {
    poll_fn(|_| Poll::<()>::Pending).await;
}

fn poll_once(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn guards_count_while_they_live() {
    let registry = Registry::new();
    let (counter, gauge) = (registry.up_down_counter("a", "").unwrap(), registry.gauge("b", "").unwrap());
    let outer = (counter.track(), gauge.track());
    {
        let _inner = (counter.track(), gauge.track_owned());
        assert_eq!((counter.value(), gauge.value()), (2, 2.0));
    }
    assert_eq!((counter.value(), gauge.value()), (1, 1.0));
    drop(outer);
    assert_eq!((counter.value(), gauge.value()), (0, 0.0));
}

#[test]
fn a_panic_ends_what_was_under_way() {
    expect_panics();
    let registry = Registry::new();
    let active = registry.up_down_counter("active", "").unwrap();
    for _ in 0..1_000 {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _request = active.track();
            assert_eq!(active.value(), 1);
            panic!("on purpose");
        }));
        assert!(unwound.is_err());
    }
    assert_eq!(active.value(), 0);
}

#[test]
fn a_future_that_is_dropped_before_it_has_finished_ends_it() {
    let registry = Registry::new();
    let active = registry.gauge("active", "").unwrap();
    let request = || async {
        let _request = active.track();
        stuck().await;
    };
    poll_once(request());
    assert_eq!(active.value(), 0.0);
    // One that was never polled has not begun.
    drop(request());
    assert_eq!(active.value(), 0.0);
}

#[test]
fn an_owned_guard_outlives_its_handle_and_ends_on_another_thread() {
    let registry = Registry::new();
    let (sender, receiver) = mpsc::channel();
    for _ in 0..64 {
        let active = registry.up_down_counter("active", "").unwrap();
        sender.send(active.track_owned()).unwrap();
    }
    assert_eq!(registry.snapshot().up_down_counter("active", &[]), Some(64));
    thread::spawn(move || receiver.try_iter().for_each(drop)).join().unwrap();
    assert_eq!(registry.snapshot().up_down_counter("active", &[]), Some(0));
}

#[test]
fn statics_and_disabled_handles_are_tracked_too() {
    static ACTIVE: StaticUpDownCounter = StaticUpDownCounter::new("active", "");
    static LEVEL: StaticGauge = StaticGauge::new("level", "");
    let early = (ACTIVE.track(), LEVEL.track());
    assert_eq!((ACTIVE.value(), LEVEL.value()), (1, 1.0));
    let registry = Registry::new();
    ACTIVE.register_in(&registry);
    LEVEL.register_in(&registry);
    drop(early);
    let snapshot = registry.snapshot();
    assert_eq!((snapshot.up_down_counter("active", &[]), snapshot.gauge("level", &[])), (Some(0), Some(0.0)));
    let disabled = Registry::disabled().gauge("level", "").unwrap();
    let _guard = (disabled.track(), disabled.track_owned());
    assert_eq!(disabled.value(), 0.0);
}

#[test]
fn an_owned_timer_outlives_its_handle_and_ends_on_another_thread() {
    let registry = Registry::new();
    let timer = registry.histogram("time_seconds", "").unwrap().start_timer_owned();
    let elapsed = thread::spawn(move || timer.stop()).join().unwrap();
    let snapshot = registry.snapshot();
    let time = snapshot.histogram("time_seconds", &[]).unwrap();
    assert_eq!((time.count(), time.sum()), (1, elapsed.as_secs_f64()));
}

#[test]
fn a_timer_of_a_future_that_is_dropped_records_once() {
    let registry = Registry::new();
    let time = registry.histogram("time_seconds", "").unwrap();
    poll_once(async {
        let _timer = time.start_timer();
        stuck().await;
    });
    poll_once({
        let time = time.clone();
        async move {
            let _timer = time.start_timer_owned();
            stuck().await;
        }
    });
    assert_eq!(time.value().count, 2);
}

#[test]
fn a_start_that_the_caller_has_is_taken() {
    let registry = Registry::new();
    let time = registry.histogram("time_seconds", "").unwrap();
    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    time.observe_since(start);
    let (value, all) = (time.value(), start.elapsed());
    assert_eq!(value.count, 1);
    assert!((0.005..=all.as_secs_f64()).contains(&value.sum), "{value:?} within {all:?}");
    Registry::disabled().histogram("time_seconds", "").unwrap().observe_since(start);
}
