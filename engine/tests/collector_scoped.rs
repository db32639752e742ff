//! Collectors that stand in for the default one on a thread or in a future. No test here sets the default.
#![forbid(unsafe_code)]

#[path = "common/panics.rs"]
mod panics;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    task::{Context, Waker},
    thread::{self, ThreadId},
};

use panics::expect_panics;
use tachometer::{
    FutureExt,
    collector::{
        DefaultCollector, InMemoryCollector, MetricId, MetricsCollector, ScopedCollector, default_collector,
        scoped_collector, with_default,
    },
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::yield_now,
};

static SENT: MetricId = MetricId::counter("sent_total", "Records sent.", &[]);

fn send() {
    with_default(|collector| collector.increment(&SENT, 1.0, &[]));
}

fn memory() -> Arc<InMemoryCollector> {
    Arc::new(InMemoryCollector::new())
}

fn sent(memory: &InMemoryCollector) -> f64 {
    memory.counters().get("sent_total").copied().unwrap_or(0.0)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(3).build().unwrap()
}

#[test]
fn a_scope_has_what_is_recorded_in_it_by_every_way_to_the_default() {
    let memory = memory();
    send();
    {
        let _scope = scoped_collector(memory.clone());
        send();
        DefaultCollector.increment(&SENT, 1.0, &[]);
        default_collector().increment(&SENT, 1.0, &[]);
    }
    send();
    assert_eq!((sent(&memory), default_collector().name()), (3.0, "NoOpCollector"));
}

#[test]
fn scopes_nest_and_the_innermost_counts() {
    let memories = [memory(), memory()];
    let outer = scoped_collector(memories[0].clone());
    {
        let _inner = scoped_collector(memories[1].clone());
        send();
    }
    send();
    send();
    drop(outer);
    send();
    assert_eq!(memories.each_ref().map(|memory| sent(memory)), [2.0, 1.0]);
}

/// Of three scopes, in all six orders of their ends: the innermost of those that are left counts.
#[test]
fn scopes_may_end_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let memories = [memory(), memory(), memory()];
        let mut scopes: [Option<ScopedCollector>; 3] =
            memories.each_ref().map(|memory| Some(scoped_collector(memory.clone())));
        let mut expected = [0.0; 3];
        for ended in order {
            scopes[ended] = None;
            if let Some(innermost) = scopes.iter().rposition(Option::is_some) {
                expected[innermost] += 1.0;
            }
            send();
        }
        assert_eq!(memories.each_ref().map(|memory| sent(memory)), expected, "{order:?}");
    }
}

#[test]
fn a_scope_is_of_its_thread_alone_and_others_have_theirs() {
    let memories: Vec<_> = (0..8).map(|_| memory()).collect();
    thread::scope(|scope| {
        for memory in &memories {
            scope.spawn(move || {
                let _scope = scoped_collector(memory.clone());
                (0..1_000).for_each(|_| send());
                thread::scope(|scope| {
                    scope.spawn(send);
                });
            });
        }
    });
    assert!(memories.iter().all(|memory| sent(memory) == 1_000.0));
}

#[test]
fn a_panic_ends_the_scopes_it_passes() {
    expect_panics();
    let memories = [memory(), memory()];
    let _outer = scoped_collector(memories[0].clone());
    let work = AssertUnwindSafe(|| {
        let _inner = scoped_collector(memories[1].clone());
        send();
        panic!("on purpose");
    });
    assert!(catch_unwind(work).is_err());
    send();
    assert_eq!(memories.each_ref().map(|memory| sent(memory)), [1.0, 1.0]);
}

/// Begins a scope, or records, when the thread's locals are destroyed.
struct AtTheEnd(Arc<InMemoryCollector>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let _scope = scoped_collector(self.0.clone());
        send();
    }
}

thread_local! {
    static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
}

#[test]
fn a_scope_in_the_destructor_of_a_thread_local_does_no_harm() {
    for is_first in [true, false] {
        let (memory, other) = (memory(), memory());
        let at_the_end = AtTheEnd(memory.clone());
        let body = move || {
            let touch = || drop(scoped_collector(other.clone()));
            if is_first {
                touch();
            }
            AT_THE_END.with(|slot| *slot.borrow_mut() = Some(at_the_end));
            touch();
            send();
        };
        thread::spawn(body).join().unwrap();
        // With the engine's locals gone before, there is no scope, and the default does nothing.
        assert_eq!(sent(&memory), if is_first { 1.0 } else { 0.0 });
    }
}

/// Sends when it is dropped.
struct LastWord;

impl Drop for LastWord {
    fn drop(&mut self) {
        send();
    }
}

/// Sends, and sends when it is dropped.
async fn sends_at_the_end(turns: usize) {
    let _last_word = LastWord;
    for _ in 0..turns {
        send();
        yield_now().await;
    }
}

#[test]
fn a_future_has_its_collector_wherever_it_is_polled_and_others_do_not() {
    let runtime = runtime();
    let memories: Vec<_> = (0..50).map(|_| memory()).collect();
    let with: Vec<_> = memories
        .iter()
        .map(|memory| runtime.spawn(sends_at_the_end(100).with_collector(memory.clone())))
        .collect();
    let without: Vec<_> = (0..50).map(|_| runtime.spawn(sends_at_the_end(100))).collect();
    for task in with.into_iter().chain(without) {
        runtime.block_on(task).unwrap();
    }
    assert!(memories.iter().all(|memory| sent(memory) == 101.0));
}

/// Polled by one thread and then by another, for certain: each polls once and hands the future on.
#[test]
fn a_future_that_moves_between_threads_takes_its_collector_along() {
    let memory = memory();
    let seen: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let polled_by = Arc::clone(&seen);
    let work = async move {
        for _ in 0..8 {
            polled_by.lock().unwrap().push(thread::current().id());
            send();
            yield_now().await;
        }
    };
    let mut future = Box::pin(work.with_collector(memory.clone()));
    let mut is_ready = false;
    while !is_ready {
        let body = move || {
            let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            // No longer in the future: the default, which does nothing.
            send();
            (future, ready)
        };
        (future, is_ready) = thread::spawn(body).join().unwrap();
    }
    assert_eq!(sent(&memory), 8.0);
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
}

#[test]
fn a_future_that_is_cancelled_or_panics_is_dropped_with_its_collector() {
    expect_panics();
    let memory = memory();
    let runtime = runtime();
    runtime.block_on(async {
        let (begun, has_begun) = oneshot::channel();
        let work = async move {
            let _last_word = LastWord;
            send();
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        };
        let task = tokio::spawn(work.with_collector(memory.clone()));
        has_begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    let before = sent(&memory);
    assert_eq!(before, 2.0);
    let panics = async {
        let _last_word = LastWord;
        yield_now().await;
        send();
        panic!("on purpose");
    };
    assert!(runtime.block_on(runtime.spawn(panics.with_collector(memory.clone()))).unwrap_err().is_panic());
    assert_eq!(sent(&memory) - before, 2.0);
    // One that was never polled has not begun.
    drop(sends_at_the_end(1).with_collector(memory.clone()));
    assert_eq!(sent(&memory) - before, 2.0);
}

#[test]
fn futures_with_collectors_nest() {
    let memories = [memory(), memory()];
    let inner = sends_at_the_end(2).with_collector(memories[1].clone());
    let outer = async move {
        send();
        inner.await;
        send();
    };
    runtime().block_on(outer.with_collector(memories[0].clone()));
    assert_eq!(memories.each_ref().map(|memory| sent(memory)), [2.0, 3.0]);
}
