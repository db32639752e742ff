//! A snapshot of counters that several threads have recorded, in nanoseconds for each cell that a thread has touched.

use std::{hint::black_box, mem};

use tachometer::Registry;

use crate::{Reading, recorded_registry};

/// [`Registry::snapshot`].
#[must_use]
pub fn tachometer(series: usize, threads: usize) -> Reading {
    let setup = move || {
        let registry = recorded_registry(true, series, threads);
        // Its cells must never go to a registry whose series fewer threads record.
        mem::forget(registry.clone());
        registry
    };
    Reading::timed(series * threads, setup, |_| (), Registry::snapshot)
}

/// What a snapshot cannot do without: a new vector that holds the sum of each series over all threads.
#[must_use]
pub fn floor(series: usize, threads: usize) -> Reading {
    let setup = move || vec![vec![7919_u64; series]; threads];
    Reading::timed(series * threads, setup, |_| (), move |cells| sum(black_box(cells), series))
}

/// Adds columns of numbers up.
#[must_use]
pub fn sum(shards: &[Vec<u64>], series: usize) -> Vec<u64> {
    let mut values = vec![0_u64; series];
    for shard in shards {
        values.iter_mut().zip(shard).for_each(|(value, cell)| *value = value.wrapping_add(*cell));
    }
    values
}
