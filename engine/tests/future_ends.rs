//! When a future with guards around it drops its work, and what has been recorded by then.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use panics::expect_panics;
use tachometer::{Counter, Family, FutureExt, Histogram, Operation, Outcome, Registry, UpDownCounter};

/// What the metrics say: counts of durations, of what is under way, and of ends in the order of `Outcome::ALL`.
type Seen = (u64, i64, [u64; 4]);

#[derive(Clone)]
struct Recorded {
    time: Histogram,
    active: UpDownCounter,
    ends: Family<Outcome, Counter>,
    /// What the metrics said when the work was dropped.
    at_drop: Arc<Mutex<Option<Seen>>>,
}

impl Recorded {
    fn new() -> Self {
        let registry = Registry::new();
        Self {
            time: registry.histogram("time_seconds", "").unwrap(),
            active: registry.up_down_counter("active", "").unwrap(),
            ends: registry.declare("ends_total", "").label("outcome").register().unwrap(),
            at_drop: Arc::default(),
        }
    }

    fn seen(&self) -> Seen {
        let ends = Outcome::ALL.map(|outcome| self.ends[outcome].value());
        (self.time.value().count, self.active.value(), ends)
    }

    fn at_drop(&self) -> Option<Seen> {
        *self.at_drop.lock().unwrap()
    }

    fn work(&self, end: End) -> Work {
        Work { turns: 0, end, recorded: self.clone() }
    }
}

#[derive(Clone, Copy)]
enum End {
    Finishes,
    Panics,
}

/// Ends at its second turn. Written by hand: an `async` block drops what it has when it ends, this lives on.
struct Work {
    turns: usize,
    end: End,
    recorded: Recorded,
}

impl Future for Work {
    type Output = Result<(), fmt::Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.turns += 1;
        match self.end {
            _ if self.turns < 2 => Poll::Pending,
            End::Finishes => Poll::Ready(Ok(())),
            End::Panics => panic!("on purpose"),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        *self.recorded.at_drop.lock().unwrap() = Some(self.recorded.seen());
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future to its end, and says what was seen when the work was dropped and before the future itself is.
fn run<F: Future>(recorded: &Recorded, future: F) -> (Seen, Seen) {
    expect_panics();
    let mut future = Box::pin(future);
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(recorded.at_drop(), None);
    let ended = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()).is_ready()));
    assert!(ended.unwrap_or(true));
    let seen = (recorded.at_drop().expect("the work is dropped when it ends"), recorded.seen());
    drop(future);
    assert_eq!(recorded.seen(), seen.1, "nothing is left to record");
    seen
}

/// Polls a future once, drops it, and says what was seen when the work was dropped, and then.
fn cancel<F: Future>(recorded: &Recorded, future: F) -> (Seen, Seen) {
    let mut future = Box::pin(future);
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    (recorded.at_drop().unwrap(), recorded.seen())
}

const NO_ENDS: [u64; 4] = [0; 4];

#[test]
fn a_timed_future_drops_its_work_and_then_records() {
    let expected = ((0, 0, NO_ENDS), (1, 0, NO_ENDS));
    for end in [End::Finishes, End::Panics] {
        let recorded = Recorded::new();
        assert_eq!(run(&recorded, recorded.work(end).timed(&recorded.time)), expected);
    }
    let recorded = Recorded::new();
    assert_eq!(cancel(&recorded, recorded.work(End::Finishes).timed(&recorded.time)), expected);
}

#[test]
fn a_tracked_future_is_under_way_until_its_work_is_dropped() {
    let expected = ((0, 1, NO_ENDS), (0, 0, NO_ENDS));
    for end in [End::Finishes, End::Panics] {
        let recorded = Recorded::new();
        assert_eq!(run(&recorded, recorded.work(end).tracked(&recorded.active)), expected);
    }
    let recorded = Recorded::new();
    assert_eq!(cancel(&recorded, recorded.work(End::Finishes).tracked(&recorded.active)), expected);
}

#[test]
fn a_watched_future_records_its_output_at_once_and_else_after_its_work() {
    let (ok, cancelled, panicked) = ([1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]);
    let recorded = Recorded::new();
    let seen = run(&recorded, recorded.work(End::Finishes).watched(&recorded.ends));
    assert_eq!(seen, ((0, 0, ok), (0, 0, ok)));
    let recorded = Recorded::new();
    let seen = run(&recorded, recorded.work(End::Panics).watched(&recorded.ends));
    assert_eq!(seen, ((0, 0, NO_ENDS), (0, 0, panicked)));
    let recorded = Recorded::new();
    let seen = cancel(&recorded, recorded.work(End::Finishes).watched(&recorded.ends));
    assert_eq!(seen, ((0, 0, NO_ENDS), (0, 0, cancelled)));
}

#[test]
fn a_future_recorded_by_an_operation_records_its_output_at_once_and_else_after_its_work() {
    let operation =
        |recorded: &Recorded| Operation::new().latency(&recorded.time).in_flight(&recorded.active);
    let under_way = (0, 1, NO_ENDS);
    let ended = (1, 0, NO_ENDS);
    let recorded = Recorded::new();
    let seen = run(&recorded, recorded.work(End::Finishes).recorded_by(&operation(&recorded)));
    assert_eq!(seen, (ended, ended));
    let recorded = Recorded::new();
    let seen = run(&recorded, recorded.work(End::Panics).recorded_by(&operation(&recorded)));
    assert_eq!(seen, (under_way, ended));
    let recorded = Recorded::new();
    let seen = cancel(&recorded, recorded.work(End::Finishes).recorded_by(&operation(&recorded)));
    assert_eq!(seen, (under_way, ended));
}

#[test]
fn a_future_that_is_never_polled_drops_its_work_and_records_nothing() {
    let recorded = Recorded::new();
    let operation = Operation::new().latency(&recorded.time).in_flight(&recorded.active);
    let work = recorded.work(End::Finishes).timed(&recorded.time).tracked(&recorded.active);
    drop(work.watched(&recorded.ends).recorded_by(&operation));
    let nothing = (0, 0, NO_ENDS);
    assert_eq!((recorded.at_drop(), recorded.seen()), (Some(nothing), nothing));
}

#[test]
fn a_future_that_is_polled_after_its_end_panics_and_records_no_more() {
    let recorded = Recorded::new();
    let mut future = Box::pin(recorded.work(End::Finishes).timed(&recorded.time));
    assert!(poll(future.as_mut()).is_pending() && poll(future.as_mut()).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()))).is_err());
    drop(future);
    assert_eq!(recorded.seen(), (1, 0, NO_ENDS));
}

#[test]
fn a_future_timed_since_its_request_came_in_counts_from_there() {
    let recorded = Recorded::new();
    let minute = Duration::from_secs(60);
    let start = Instant::now().checked_sub(minute).expect("the machine has been up for a minute");
    drop(Recorded::new().work(End::Finishes).timed_since(&recorded.time, start));
    assert_eq!(recorded.seen().0, 0, "never polled");
    run(&recorded, recorded.work(End::Finishes).timed_since(&recorded.time, start));
    let value = recorded.time.value();
    assert_eq!(value.count, 1);
    assert!(value.sum >= minute.as_secs_f64(), "{value:?}");
}
