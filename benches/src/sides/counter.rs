//! Adding 1 to a counter.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use prometheus::{IntCounterVec, Opts};

use tachometer::{Registry, StaticCounter};

use super::{registry, streams};
use crate::{HANDLES, Handles, Side};

/// [`Counter::inc`](tachometer::Counter::inc).
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    engine(handles, true)
}

/// The same on a handle of a disabled registry.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    engine(handles, false)
}

fn engine(handles: Handles, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    let family = registry.counter_family("records_total", "", ["stream_name"]).expect("the name is new");
    let counters = streams().map(|stream| family.with([("stream_name", &*stream)]).expect("cells"));
    Side::new(name, handles, move |i| counters[i].clone(), |counter, _| counter.inc())
}

/// [`StaticCounter::inc`], registered.
#[must_use]
pub fn static_metric(handles: Handles) -> Side {
    static COUNTERS: [StaticCounter; HANDLES] =
        [const { StaticCounter::new("records_total", "Records.") }; HANDLES];
    // In registries of their own, because they have one name.
    COUNTERS.iter().for_each(|counter| counter.register_in(&Registry::new()));
    Side::new("static", handles, |i| &COUNTERS[i], |counter, _| counter.inc())
}

/// A load, an addition and a store on a cell of the thread's own, without a look-up.
#[must_use]
pub fn floor(handles: Handles) -> Side {
    let cell = |_| Box::new(CachePadded::new(AtomicU64::new(0)));
    Side::new("floor: own cell", handles, cell, |cell, _| {
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    })
}

/// `prometheus::IntCounter::inc`: one shared cell, added to atomically.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let family = IntCounterVec::new(Opts::new("records_total", "Records."), &["stream_name"]).expect("legal");
    let counters = streams().map(|stream| family.with_label_values(&[&stream]));
    Side::new("prometheus", handles, move |i| counters[i].clone(), |counter, _| counter.inc())
}
