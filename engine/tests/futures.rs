//! Timed, tracked and watched futures on a real runtime: finished, cancelled, panicking, and moving between threads.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use panics::expect_panics;
use tachometer::{Counter, Family, FutureExt, Histogram, Outcome, Registry, UpDownCounter};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::yield_now,
};

struct Watched {
    time: Histogram,
    active: UpDownCounter,
}

fn watched() -> Watched {
    let registry = Registry::new();
    let time = registry.histogram("time_seconds", "").unwrap();
    Watched { time, active: registry.up_down_counter("active", "").unwrap() }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

#[test]
fn futures_that_finish_are_timed_once_and_give_their_output() {
    let Watched { time, active } = watched();
    let runtime = runtime();
    let tasks: Vec<_> = (0..100)
        .map(|number| runtime.spawn(async move { number * 2 }.timed(&time).tracked(&active)))
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(runtime.block_on(task).unwrap(), number * 2);
    }
    assert_eq!((time.value().count, active.value()), (100, 0));
}

#[test]
fn futures_that_are_aborted_end_what_they_counted() {
    let Watched { time, active } = watched();
    let runtime = runtime();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..100 {
            let (begun, has_begun) = oneshot::channel();
            let work = async move {
                begun.send(()).unwrap();
                std::future::pending::<()>().await;
            };
            tasks.push(tokio::spawn(work.timed(&time).tracked(&active)));
            has_begun.await.unwrap();
        }
        assert_eq!((time.value().count, active.value()), (0, 100));
        for task in tasks {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
    assert_eq!((time.value().count, active.value()), (100, 0));
    // One that was never polled has not begun.
    drop(async {}.timed(&time).tracked(&active));
    assert_eq!((time.value().count, active.value()), (100, 0));
}

#[test]
fn futures_that_time_out_are_timed_to_there() {
    let Watched { time, active } = watched();
    runtime().block_on(async {
        let work = std::future::pending::<()>().timed(&time).tracked(&active);
        assert!(tokio::time::timeout(Duration::from_millis(10), work).await.is_err());
    });
    assert_eq!((time.value().count, active.value()), (1, 0));
    assert!(time.value().sum >= 0.01, "{:?}", time.value());
}

#[test]
fn futures_that_panic_end_what_they_counted() {
    expect_panics();
    let Watched { time, active } = watched();
    let runtime = runtime();
    for _ in 0..100 {
        let work = async {
            yield_now().await;
            panic!("on purpose");
        };
        let task = runtime.spawn(work.timed(&time).tracked(&active));
        assert!(runtime.block_on(task).unwrap_err().is_panic());
    }
    assert_eq!((time.value().count, active.value()), (100, 0));
}

/// Polls a future by a new thread each time, until it has finished, and returns what it gave after how many polls.
fn by_a_thread_each<F>(future: F, mut between: impl FnMut()) -> (F::Output, usize)
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let mut future: Pin<Box<F>> = Box::pin(future);
    let mut polls = 0;
    loop {
        let (back, poll) = thread::spawn(move || {
            let poll = poll(future.as_mut());
            (future, poll)
        })
        .join()
        .unwrap();
        future = back;
        polls += 1;
        match poll {
            Poll::Ready(output) => return (output, polls),
            Poll::Pending => between(),
        }
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Gives the threads that polled it.
async fn eight_turns() -> Result<Vec<ThreadId>, fmt::Error> {
    let mut polled_by = Vec::new();
    for _ in 0..8 {
        polled_by.push(thread::current().id());
        yield_now().await;
    }
    Ok(polled_by)
}

#[test]
fn futures_that_move_between_threads_end_where_they_are() {
    let Watched { time, active } = watched();
    let work = eight_turns().timed(&time).tracked(&active);
    let under_way = || assert_eq!((time.value().count, active.value()), (0, 1));
    let (polled_by, polls) = by_a_thread_each(work, under_way);
    assert_eq!((polls, time.value().count, active.value()), (9, 1, 0));
    let polled_by = polled_by.unwrap();
    assert!(polled_by.windows(2).all(|pair| pair[0] != pair[1]), "{polled_by:?}");
}

fn ends() -> Family<Outcome, Counter> {
    Registry::new().declare("ends_total", "").label("outcome").register().unwrap()
}

#[track_caller]
fn assert_ended(ends: &Family<Outcome, Counter>, expected: [u64; 4]) {
    let outcomes = [Outcome::Ok, Outcome::Error, Outcome::Cancelled, Outcome::Panicked];
    assert_eq!(outcomes.map(|outcome| ends[outcome].value()), expected, "ok, error, cancelled, panicked");
}

type Never = Result<(), fmt::Error>;

fn panics() -> Never {
    panic!("on purpose");
}

#[test]
fn a_watched_future_ends_as_its_output_says() {
    let (ends, runtime) = (ends(), runtime());
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let work = async move {
                yield_now().await;
                if number % 4 == 0 { Err(number) } else { Ok(number) }
            };
            runtime.spawn(work.watched(&ends))
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let output = runtime.block_on(task).unwrap();
        assert_eq!(output, if number % 4 == 0 { Err(number) } else { Ok(number) });
    }
    assert_ended(&ends, [75, 25, 0, 0]);
}

#[test]
fn a_watched_future_that_is_aborted_or_times_out_was_cancelled() {
    let (ends, runtime) = (ends(), runtime());
    runtime.block_on(async {
        for _ in 0..50 {
            let (begun, has_begun) = oneshot::channel();
            let work = async move {
                begun.send(()).unwrap();
                std::future::pending::<Never>().await
            };
            let task = tokio::spawn(work.watched(&ends));
            has_begun.await.unwrap();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let work = std::future::pending::<Never>().watched(&ends);
        assert!(tokio::time::timeout(Duration::from_millis(1), work).await.is_err());
    });
    assert_ended(&ends, [0, 0, 51, 0]);
}

#[test]
fn a_watched_future_that_panics_in_a_poll_has_panicked() {
    expect_panics();
    let (ends, runtime) = (ends(), runtime());
    for polls in 0..50 {
        let work = async move {
            for _ in 0..polls % 3 {
                yield_now().await;
            }
            panics()
        };
        let task = runtime.spawn(work.watched(&ends));
        assert!(runtime.block_on(task).unwrap_err().is_panic());
    }
    assert_ended(&ends, [0, 0, 0, 50]);
}

#[test]
fn a_watched_future_that_is_never_polled_has_not_begun() {
    let ends = ends();
    drop(std::future::pending::<Never>().watched(&ends));
    assert_ended(&ends, [0; 4]);
}

#[test]
fn a_watched_future_is_one_piece_of_work_whoever_polls_it() {
    let ends = ends();
    let (_, polls) = by_a_thread_each(eight_turns().watched(&ends), || assert_ended(&ends, [0; 4]));
    assert_eq!(polls, 9);
    assert_ended(&ends, [1, 0, 0, 0]);
}

#[test]
fn a_watched_future_that_another_panic_drops_was_cancelled() {
    expect_panics();
    let ends = ends();
    let mut waiting = Box::pin(std::future::pending::<Never>().watched(&ends));
    assert!(poll(waiting.as_mut()).is_pending());
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _waiting = waiting;
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    assert_ended(&ends, [0, 0, 1, 0]);
}

/// Drives a future to its end when it is dropped.
struct Finally<F: Future>(Option<F>);

impl<F: Future> Drop for Finally<F> {
    fn drop(&mut self) {
        let mut future = Box::pin(self.0.take().unwrap());
        while poll(future.as_mut()).is_pending() {}
    }
}

#[test]
fn a_watched_future_that_a_destructor_drives_while_its_thread_unwinds_ends_as_it_says() {
    expect_panics();
    let ends = ends();
    let finally = Finally(Some(eight_turns().watched(&ends)));
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _finally = finally;
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    assert_ended(&ends, [1, 0, 0, 0]);
}
