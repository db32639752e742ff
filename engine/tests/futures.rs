//! Timed and tracked futures on a real runtime: finished, cancelled, panicking, and moving between threads.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
    time::Duration,
};

use panics::expect_panics;
use tachometer::{FutureExt, Histogram, Registry, UpDownCounter};
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

/// Polled by one thread and then by another, for certain: each polls once and hands the future on.
#[test]
fn futures_that_move_between_threads_end_where_they_are() {
    let Watched { time, active } = watched();
    let seen: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let polled_by = Arc::clone(&seen);
    let work = async move {
        for _ in 0..8 {
            polled_by.lock().unwrap().push(thread::current().id());
            yield_now().await;
        }
    };
    let mut future = Box::pin(work.timed(&time).tracked(&active));
    let mut polls = 0;
    loop {
        let (back, ready) = thread::spawn(move || {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let ready = future.as_mut().poll(&mut context).is_ready();
            (future, ready)
        })
        .join()
        .unwrap();
        future = back;
        polls += 1;
        if ready {
            break;
        }
        assert_eq!((time.value().count, active.value()), (0, 1));
    }
    assert_eq!((polls, time.value().count, active.value()), (9, 1, 0));
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
}
