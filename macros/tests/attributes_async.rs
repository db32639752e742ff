//! The attributes on asynchronous functions, on a runtime with several threads: finished, cancelled, panicking, moving.
#![forbid(unsafe_code)]

#[macro_use]
#[path = "common/forms.rs"]
mod forms;
#[path = "common/metrics.rs"]
mod metrics;

use std::{
    future::{Future, pending},
    panic,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
    thread,
    time::Duration,
};

use metrics::{LoadError, Seen, load};
use tachometer::{counted, timed, track_errors, tracked};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    task::yield_now,
};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

macro_rules! awaited {
    (pause) => {
        yield_now().await
    };
    ($call:expr) => {
        runtime().block_on($call)
    };
}

#[test]
fn every_form_of_function_is_timed_once_a_call() {
    forms!(self awaited [async] #[timed(self.seen.time)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.time.value().count, calls);
}

#[test]
fn every_form_of_function_is_counted_once_a_call() {
    forms!(self awaited [async] #[counted(self.seen.calls)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.calls.value(), calls);
}

#[test]
fn every_form_of_function_is_under_way_until_it_ends() {
    forms!(self awaited [async] #[tracked(self.seen.active)]);
    let seen = Seen::new();
    call_all(&seen);
    assert_eq!((seen.most_active.value(), seen.active.value()), (1.0, 0));
}

#[test]
fn the_errors_of_every_form_of_function_are_counted_by_type() {
    forms!(self awaited [async] #[track_errors(self.seen.errors)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!((seen.rejected(), seen.malformed()), (calls / 2 - 1, 1));
}

#[test]
fn every_form_of_function_is_timed_and_counted_by_its_outcome() {
    forms!(self awaited [async]
        #[timed(self.seen.time_by_outcome, outcome)]
        #[counted(self.seen.calls_by_outcome, outcome)]
    );
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.outcomes(), [calls / 2, calls / 2, 0, 0]);
    assert_eq!(seen.counted_outcomes(), [calls / 2, calls / 2, 0, 0]);
}

#[test]
fn attributes_stack() {
    forms!(self awaited [async]
        #[timed(self.seen.time)]
        #[counted(self.seen.calls_by_outcome, outcome)]
        #[tracked(self.seen.active)]
        #[track_errors(self.seen.errors)]
        #[timed(self.seen.time_by_outcome, outcome)]
        #[counted(self.seen.calls)]
    );
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!((seen.time.value().count, seen.calls.value()), (calls, calls));
    assert_eq!((seen.most_active.value(), seen.active.value()), (1.0, 0));
    assert_eq!(seen.errors(), calls / 2);
    assert_eq!(seen.outcomes(), [calls / 2, calls / 2, 0, 0]);
    assert_eq!(seen.counted_outcomes(), [calls / 2, calls / 2, 0, 0]);
}

/// A future that says when it has begun, then waits for an answer: whether to fail, or to panic when there is none.
#[timed(seen.time)]
#[counted(seen.calls)]
#[tracked(seen.active)]
#[track_errors(seen.errors)]
#[timed(seen.time_by_outcome, outcome)]
#[counted(seen.calls_by_outcome, outcome)]
async fn work(
    seen: Arc<Seen>,
    begun: mpsc::UnboundedSender<()>,
    answer: oneshot::Receiver<bool>,
) -> Result<u64, LoadError> {
    begun.send(()).unwrap();
    match answer.await {
        Ok(fail) => load(fail),
        // Without the hook, which prints.
        Err(_) => panic::resume_unwind(Box::new("on purpose")),
    }
}

#[track_caller]
fn assert_ended(seen: &Seen, outcomes: [u64; 4]) {
    let ended = outcomes.iter().sum::<u64>();
    assert_eq!((seen.time.value().count, seen.calls.value(), seen.active.value()), (ended, ended, 0));
    assert_eq!((seen.outcomes(), seen.counted_outcomes()), (outcomes, outcomes));
    assert_eq!(seen.errors(), outcomes[1]);
}

#[test]
fn tasks_end_by_success_error_cancellation_and_panic() {
    const TASKS: usize = 100;
    let seen = Arc::new(Seen::new());
    let runtime = runtime();
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (mut answers, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..TASKS {
        let (answer, answered) = oneshot::channel();
        tasks.push(runtime.spawn(work(Arc::clone(&seen), begun.clone(), answered)));
        answers.push(answer);
    }
    runtime.block_on(async {
        for _ in 0..TASKS {
            has_begun.recv().await.unwrap();
        }
        assert_eq!((seen.active.value(), seen.time.value().count), (TASKS as i64, 0));
        for (index, (task, answer)) in tasks.into_iter().zip(answers).enumerate() {
            match index % 4 {
                0 => {
                    answer.send(false).unwrap();
                    assert_eq!(task.await.unwrap(), Ok(7));
                }
                1 => {
                    answer.send(true).unwrap();
                    assert_eq!(task.await.unwrap(), Err(LoadError::Rejected { row: 7 }));
                }
                2 => {
                    task.abort();
                    assert!(task.await.unwrap_err().is_cancelled());
                }
                _ => {
                    drop(answer);
                    assert!(task.await.unwrap_err().is_panic());
                }
            }
        }
    });
    assert_ended(&seen, [TASKS as u64 / 4; 4]);
}

#[test]
fn a_future_that_is_never_polled_has_not_begun() {
    let seen = Arc::new(Seen::new());
    let (begun, _has_begun) = mpsc::unbounded_channel();
    let (_answer, answered) = oneshot::channel();
    drop(work(Arc::clone(&seen), begun, answered));
    assert_ended(&seen, [0; 4]);
}

#[test]
fn a_time_out_is_a_cancellation() {
    let seen = Arc::new(Seen::new());
    let (begun, _has_begun) = mpsc::unbounded_channel();
    let (_answer, answered) = oneshot::channel();
    let task = work(Arc::clone(&seen), begun, answered);
    runtime().block_on(async { tokio::time::timeout(Duration::from_millis(1), task).await }).unwrap_err();
    assert_ended(&seen, [0, 0, 1, 0]);
}

#[test]
fn a_future_that_is_dropped_while_its_owner_unwinds_is_cancelled() {
    let seen = Arc::new(Seen::new());
    let (begun, _has_begun) = mpsc::unbounded_channel();
    let (_answer, answered) = oneshot::channel();
    let mut task = Box::pin(work(Arc::clone(&seen), begun, answered));
    assert!(!poll(task.as_mut()));
    panic::catch_unwind(panic::AssertUnwindSafe(move || {
        let _owned = task;
        panic::resume_unwind(Box::new("on purpose"));
    }))
    .unwrap_err();
    assert_ended(&seen, [0, 0, 1, 0]);
}

#[test]
fn a_future_that_moves_between_threads_is_recorded_once() {
    #[timed(seen.time)]
    #[tracked(seen.active)]
    #[timed(seen.time_by_outcome, outcome)]
    async fn wander(seen: &Seen, threads: &Mutex<Vec<thread::ThreadId>>) -> Result<(), LoadError> {
        for _ in 0..3 {
            threads.lock().unwrap().push(thread::current().id());
            assert_eq!(seen.active.value(), 1);
            yield_now().await;
        }
        Ok(())
    }
    let (seen, threads) = (Seen::new(), Mutex::default());
    let mut future = Box::pin(wander(&seen, &threads));
    // Each poll on a thread of its own.
    while !thread::scope(|scope| scope.spawn(|| poll(future.as_mut())).join().unwrap()) {}
    drop(future);
    let threads = threads.into_inner().unwrap();
    assert!(threads[0] != threads[1] && threads[1] != threads[2], "{threads:?}");
    assert_eq!((seen.time.value().count, seen.active.value(), seen.outcomes()), (1, 0, [1, 0, 0, 0]));
}

/// Polls once, and says whether the future has finished.
fn poll(future: Pin<&mut impl Future>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.poll(&mut context).is_ready()
}

#[test]
fn functions_that_end_in_a_future_are_recorded_inside() {
    struct Service(Seen);

    impl Service {
        #[timed(self.0.time)]
        #[track_errors(self.0.errors)]
        #[counted(self.0.calls)]
        #[timed(self.0.time_by_outcome, outcome)]
        fn opaque(&self, fail: bool) -> impl Future<Output = Result<u64, LoadError>> {
            let row = 1;
            async move {
                yield_now().await;
                assert_eq!(load(fail)?, 7);
                Ok(row)
            }
        }

        #[tracked(self.0.active)]
        #[counted(self.0.calls_by_outcome, outcome)]
        #[track_errors(self.0.errors)]
        fn boxed<'a>(
            &'a self,
            fail: bool,
        ) -> Pin<Box<dyn Future<Output = Result<u64, LoadError>> + Send + 'a>> {
            Box::pin(async move {
                assert_eq!(self.0.active.value(), 1);
                Ok("8".parse::<u64>()? - load(fail)?)
            })
        }
    }
    let service = Service(Seen::new());
    let seen = &service.0;
    let (first, second) = (service.opaque(false), service.opaque(true));
    assert_eq!((seen.time.value().count, seen.calls.value()), (0, 0), "nothing has begun");
    let runtime = runtime();
    assert_eq!(runtime.block_on(first), Ok(1));
    assert_eq!(runtime.block_on(second), Err(LoadError::Rejected { row: 7 }));
    assert_eq!((seen.time.value().count, seen.calls.value()), (2, 2));
    assert_eq!((seen.outcomes(), seen.errors()), ([1, 1, 0, 0], 1));

    assert_eq!(runtime.block_on(service.boxed(false)), Ok(1));
    assert_eq!(runtime.block_on(service.boxed(true)), Err(LoadError::Rejected { row: 7 }));
    drop(service.boxed(true));
    assert_eq!((seen.active.value(), seen.counted_outcomes(), seen.errors()), (0, [1, 1, 0, 0], 2));
}

#[test]
fn methods_of_async_trait_are_recorded_inside() {
    #[async_trait::async_trait]
    trait Load {
        async fn load(&self, fail: bool) -> Result<u64, LoadError>;
        async fn replace(&mut self, seen: Seen) -> Result<u64, LoadError>;
    }

    #[async_trait::async_trait]
    impl Load for Seen {
        #[timed(self.time)]
        #[tracked(self.active)]
        #[track_errors(self.errors)]
        #[timed(self.time_by_outcome, outcome)]
        async fn load(&self, fail: bool) -> Result<u64, LoadError> {
            yield_now().await;
            self.note();
            load(fail)
        }

        #[timed(self.time)]
        #[counted(seen.calls)]
        #[timed(seen.time)]
        async fn replace(&mut self, seen: Seen) -> Result<u64, LoadError> {
            *self = seen;
            Ok(self.calls.value())
        }
    }
    let mut seen = Seen::new();
    let runtime = runtime();
    let boxed: &dyn Load = &seen;
    assert_eq!(runtime.block_on(boxed.load(false)), Ok(7));
    assert_eq!(runtime.block_on(boxed.load(true)), Err(LoadError::Rejected { row: 7 }));
    assert_eq!((seen.time.value().count, seen.most_active.value(), seen.active.value()), (2, 1.0, 0));
    assert_eq!((seen.errors(), seen.outcomes()), (1, [1, 1, 0, 0]));

    let time = seen.time.clone();
    assert_eq!(runtime.block_on(seen.replace(Seen::new())), Ok(1));
    assert_eq!((time.value().count, seen.time.value().count), (3, 1));
}

/// A future may be polled from a stack, moved into a task, and there are many: attributes add to it, but not a copy.
#[test]
fn a_recorded_future_is_a_little_larger_and_not_twice_as_large() {
    const ADDED: usize = 128;

    macro_rules! future {
        ($seen:ident $(#[$attribute:meta])*) => {{
            $(#[$attribute])*
            async fn fill($seen: &Seen) -> Result<u64, LoadError> {
                let buffer = [$seen.calls.value() as u8; 1024];
                yield_now().await;
                Ok(buffer.iter().map(|&byte| u64::from(byte)).sum())
            }
            fill(&$seen)
        }};
    }
    let seen = Seen::new();
    let inner = size_of_val(&future!(seen));
    for (attributes, size) in [
        (1, size_of_val(&future!(seen #[timed(seen.time)]))),
        (1, size_of_val(&future!(seen #[timed(seen.time_by_outcome, outcome)]))),
        (1, size_of_val(&future!(seen #[counted(seen.calls_by_outcome, outcome)]))),
        (1, size_of_val(&future!(seen #[track_errors(seen.errors)]))),
        (
            2,
            size_of_val(&future!(seen
                #[timed(seen.time_by_outcome, outcome)]
                #[counted(seen.calls_by_outcome, outcome)]
            )),
        ),
        (
            3,
            size_of_val(&future!(seen
                #[timed(seen.time_by_outcome, outcome)]
                #[track_errors(seen.errors)]
                #[timed(seen.time)]
            )),
        ),
    ] {
        assert!(size <= inner + attributes * ADDED, "{size} of {inner} with {attributes} attributes");
    }
    let recorded = future!(seen #[timed(seen.time_by_outcome, outcome)]);
    assert_eq!(runtime().block_on(recorded), Ok(0));
}

#[test]
fn recorded_futures_stay_send() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    #[timed(seen.time_by_endpoint.with(endpoint))]
    #[tracked(seen.active_by_endpoint.with(endpoint))]
    #[track_errors(seen.request_errors.with(endpoint))]
    #[timed(seen.requests.with(endpoint), outcome)]
    async fn serve(seen: &Seen, endpoint: &str) -> Result<u64, LoadError> {
        if endpoint.is_empty() {
            pending::<()>().await;
        }
        load(false)
    }
    let seen = Seen::new();
    assert_eq!(runtime().block_on(is_send(serve(&seen, "/a"))), Ok(7));
}
