//! What the adapters add to the size of a future: they keep it once, however many there are.
#![forbid(unsafe_code)]

use std::{fmt, future::Future, hint::black_box, sync::Arc, time::Instant};

use tachometer::{
    Counter, Family, FutureExt, Histogram, Operation, Outcome, Registry, UpDownCounter,
    collector::InMemoryCollector,
};
use tokio::task::yield_now;

/// At most this many bytes for each adapter.
const ADDED: usize = 128;

/// Has a buffer that outlives a turn, as a connection has.
async fn large() -> Result<u8, fmt::Error> {
    let buffer = black_box([0_u8; 1024]);
    yield_now().await;
    Ok(black_box(&buffer)[7])
}

#[track_caller]
fn assert_adds_at_most<F: Future>(adapters: usize, future: &F) {
    let (inner, whole) = (size_of_val(&large()), size_of_val(future));
    assert!(inner >= 1024, "{inner}");
    assert!(whole <= inner + adapters * ADDED, "{whole} bytes by {adapters} adapters around {inner}");
}

#[test]
fn an_adapter_adds_a_few_words_to_the_size_of_its_future() {
    let registry = Registry::new();
    let time: Histogram = registry.histogram("time_seconds", "").unwrap();
    let active: UpDownCounter = registry.up_down_counter("active", "").unwrap();
    let ends: Family<Outcome, Counter> =
        registry.declare("ends_total", "").label("outcome").register().unwrap();
    let times: Family<Outcome, Histogram> =
        registry.declare("times_seconds", "").label("outcome").register().unwrap();
    let operation = Operation::new().latency(&time).in_flight(&active);
    let memory = Arc::new(InMemoryCollector::new());

    assert_adds_at_most(1, &large().timed(&time));
    assert_adds_at_most(1, &large().timed_since(&time, Instant::now()));
    assert_adds_at_most(1, &large().tracked(&active));
    assert_adds_at_most(1, &large().watched(&ends));
    assert_adds_at_most(1, &large().watched(&times));
    assert_adds_at_most(1, &large().recorded_by(&operation));
    assert_adds_at_most(1, &large().with_collector(memory.clone()));
    let all =
        large().timed(&time).tracked(&active).watched(&ends).recorded_by(&operation).with_collector(memory);
    assert_adds_at_most(5, &all);
}
