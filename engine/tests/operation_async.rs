//! Operations on a real runtime: finished, failed, cancelled, panicking, and moving between threads.
#![forbid(unsafe_code)]

#[path = "common/operations.rs"]
mod operations;
#[path = "common/panics.rs"]
mod panics;

use std::{
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use operations::{LoadError, Loads};
use panics::expect_panics;
use tachometer::{FutureExt, Progress, Registry};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::yield_now,
};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Work as a program has it, with `?` in it: a batch of ten records, or an error after five of them.
async fn load(progress: &mut Progress, error: Option<LoadError>) -> Result<ThreadId, LoadError> {
    progress.add_records(5);
    yield_now().await;
    error.map_or(Ok(()), Err)?;
    progress.add_records(5);
    yield_now().await;
    Ok(thread::current().id())
}

#[test]
fn an_operation_of_a_task_records_its_result_and_its_progress() {
    let (loads, runtime) = (Loads::new(&Registry::new()), runtime());
    let tasks: Vec<_> = (0..100_u32)
        .map(|number| {
            let operation = loads.operation.clone();
            let error = (number % 4 == 0).then_some(LoadError::Timeout);
            runtime
                .spawn(async move { operation.run_async(async |progress| load(progress, error).await).await })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(runtime.block_on(task).unwrap().is_err(), number % 4 == 0);
    }
    loads.assert_ended([75, 25, 0, 0]);
    assert_eq!(loads.counts(), (75 * 10 + 25 * 5, 0, 0, [25, 0]));
}

#[test]
fn an_operation_that_is_aborted_or_times_out_was_cancelled_and_keeps_its_progress() {
    let (loads, runtime) = (Loads::new(&Registry::new()), runtime());
    runtime.block_on(async {
        for _ in 0..50 {
            let (begun, has_begun) = oneshot::channel();
            let operation = loads.operation.clone();
            let task = tokio::spawn(async move {
                let wait = async |progress: &mut Progress| {
                    progress.add_records(3);
                    begun.send(()).unwrap();
                    pending::<Result<(), LoadError>>().await
                };
                operation.run_async(wait).await
            });
            has_begun.await.unwrap();
            assert_eq!(loads.active.value(), 1);
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let late = pending::<Result<(), LoadError>>().recorded_by(&loads.operation);
        assert!(tokio::time::timeout(Duration::from_millis(1), late).await.is_err());
    });
    loads.assert_ended([0, 0, 51, 0]);
    assert_eq!(loads.counts(), (150, 0, 0, [0, 0]));
}

async fn panics(progress: &mut Progress) -> Result<(), LoadError> {
    progress.add_bytes(7);
    yield_now().await;
    panic!("on purpose");
}

async fn panics_later() -> Result<(), LoadError> {
    yield_now().await;
    panic!("on purpose");
}

#[test]
fn an_operation_that_panics_in_a_poll_has_panicked_and_keeps_its_progress() {
    expect_panics();
    let (loads, runtime) = (Loads::new(&Registry::new()), runtime());
    for _ in 0..50 {
        let operation = loads.operation.clone();
        let task = runtime.spawn(async move { operation.run_async(panics).await });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        let task = runtime.spawn(panics_later().recorded_by(&loads.operation));
        assert!(runtime.block_on(task).unwrap_err().is_panic());
    }
    loads.assert_ended([0, 0, 0, 100]);
    assert_eq!(loads.counts(), (0, 350, 0, [0, 0]));
}

#[test]
fn a_future_is_one_operation_whoever_polls_it() {
    let loads = Loads::new(&Registry::new());
    let operation = loads.operation.clone();
    let mut future =
        Box::pin(async move { operation.run_async(async |progress| load(progress, None).await).await });
    let mut threads = Vec::new();
    let output = loop {
        let polled = thread::spawn(move || {
            let poll = poll(future.as_mut());
            (future, poll, thread::current().id())
        });
        let (back, poll, thread) = polled.join().unwrap();
        future = back;
        threads.push(thread);
        match poll {
            Poll::Ready(output) => break output,
            Poll::Pending => assert_eq!(loads.active.value(), 1),
        }
    };
    assert_eq!(threads.len(), 3);
    assert_eq!(output.ok(), threads.last().copied(), "the last thread ran the end of the work");
    loads.assert_ended([1, 0, 0, 0]);
    assert_eq!(loads.counts(), (10, 0, 0, [0, 0]));
}

#[test]
fn a_future_that_is_never_polled_is_no_operation() {
    let loads = Loads::new(&Registry::new());
    drop(loads.operation.run_async(panics));
    drop(pending::<Result<(), LoadError>>().recorded_by(&loads.operation));
    loads.assert_ended([0; 4]);
    assert_eq!(loads.counts(), (0, 0, 0, [0, 0]));
}

#[test]
fn an_operation_that_another_panic_drops_was_cancelled() {
    expect_panics();
    let loads = Loads::new(&Registry::new());
    let mut ran = Box::pin(loads.operation.run_async(async |progress| load(progress, None).await));
    let mut recorded = Box::pin(pending::<Result<(), LoadError>>().recorded_by(&loads.operation));
    assert!(poll(ran.as_mut()).is_pending() && poll(recorded.as_mut()).is_pending());
    assert_eq!(loads.active.value(), 2);
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _both = (ran, recorded);
        panic!("on purpose");
    }));
    assert!(unwound.is_err());
    loads.assert_ended([0, 0, 2, 0]);
    assert_eq!(loads.counts(), (5, 0, 0, [0, 0]));
}

#[test]
fn a_guard_that_goes_into_a_task_ends_there() {
    let (loads, runtime) = (Loads::new(&Registry::new()), runtime());
    let (mut done, given_up) = (loads.operation.start_owned(), loads.operation.start_owned());
    assert_eq!(loads.active.value(), 2);
    let task = runtime.spawn(async move {
        yield_now().await;
        done.add_records(8);
        drop(given_up);
        done.finish(Err::<(), _>(LoadError::Rejected { row: 9 }))
    });
    assert_eq!(runtime.block_on(task).unwrap(), Err(LoadError::Rejected { row: 9 }));
    loads.assert_ended([0, 1, 1, 0]);
    assert_eq!(loads.counts(), (8, 0, 0, [0, 1]));
}
