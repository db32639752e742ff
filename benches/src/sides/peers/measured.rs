//! `measured`, whose metrics are shared by reference.

use std::{array, sync::Arc};

use measured::{Counter, Histogram, metric::histogram::Thresholds};

use super::{super::shared, observing};
use crate::{HANDLES, Handles, Side, bounds};

/// The number of bounds is part of a histogram's type.
const BOUNDS: usize = 11;

/// `Counter::inc`: one shared cell, added to atomically.
#[must_use]
pub fn counter(handles: Handles) -> Side {
    let counters: [Arc<Counter>; HANDLES] = array::from_fn(|_| Arc::new(Counter::new()));
    shared("measured", handles, counters, |counter, _| counter.inc())
}

/// `observe` of a histogram with 11 bounds: a read lock and two atomic operations under it.
#[must_use]
pub fn histogram(handles: Handles) -> Side {
    let bounds: [f64; BOUNDS] = bounds(BOUNDS).try_into().expect("as many as asked for");
    let histograms: [Arc<Histogram<BOUNDS>>; HANDLES] =
        array::from_fn(|_| Arc::new(Histogram::with_metadata(Thresholds::with_buckets(bounds))));
    observing("measured", handles, histograms, |histogram, value| histogram.get_metric().observe(value))
}
