//! A thread's life: started, one record, ended and joined.

use std::{
    hint::black_box,
    mem,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::{Reading, counters};
use tachometer::{Counter, Registry};

/// Threads in a reading, one after the other.
const THREADS: usize = 100;

/// With a record in a counter of a registry of so many. The first thread of all makes a shard; the others adopt it, as
/// they do in a program whose threads come and go.
#[must_use]
pub fn tachometer(series: usize) -> Reading {
    let setup = move || {
        let registry = Registry::builder().max_series_per_family(series).build().expect("legal");
        let counters = counters(&registry, series);
        mem::forget(registry);
        counters
    };
    lives(setup, |counters: &Vec<Counter>| counters[counters.len() / 2].inc())
}

/// With an addition to a cell, and nothing that has to be seen to.
#[must_use]
pub fn floor() -> Reading {
    lives(|| AtomicU64::new(0), |cell: &AtomicU64| cell.store(1, Ordering::Relaxed))
}

fn lives<S: Sync + 'static>(setup: impl Fn() -> S + 'static, record: fn(&S)) -> Reading {
    let live = move |state: &S| {
        for _ in 0..THREADS {
            thread::scope(|scope| {
                scope.spawn(|| record(black_box(state)));
            });
        }
    };
    Reading::timed(THREADS, setup, |_| (), live)
}
