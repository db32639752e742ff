//! `prometheus_client`.

use std::array;

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};

use super::{super::shared, observing};
use crate::{HANDLES, Handles, Side, bounds};

/// `Counter::inc`: one shared cell, added to atomically.
#[must_use]
pub fn counter(handles: Handles) -> Side {
    let counters: [Counter; HANDLES] = array::from_fn(|_| Counter::default());
    shared("prometheus-client", handles, counters, |counter, _| {
        counter.inc();
    })
}

/// `Histogram::observe`: a lock.
#[must_use]
pub fn histogram(handles: Handles, bound_count: usize) -> Side {
    let histograms: [Histogram; HANDLES] = array::from_fn(|_| Histogram::new(bounds(bound_count)));
    observing("prometheus-client", handles, histograms, Histogram::observe)
}
