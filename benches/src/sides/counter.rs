//! Adding 1 to a counter.

use std::{
    array,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use tachometer::{Counter, Registry, StaticCounter};

use super::{add_to, registry, shared, streams};
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

/// [`LocalCounter::inc`](tachometer::LocalCounter::inc): a handle that has found the thread's cell beforehand.
#[must_use]
pub fn local(handles: Handles) -> Side {
    let counters = counters(&Registry::new());
    Side::new("local", handles, move |i| counters[i].local(), |counter, _| counter.inc())
}

fn engine(handles: Handles, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    shared(name, handles, counters(&registry), |counter, _| counter.inc())
}

/// Handles to one counter for each stream.
fn counters(registry: &Registry) -> [Counter; HANDLES] {
    let family = registry.counter_family("records_total", "", ["stream_name"]).expect("the name is new");
    streams().map(|stream| family.with([("stream_name", &*stream)]).expect("cells"))
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
    Side::new("floor: own cell", handles, cell, |cell, _| add_to(cell, 1))
}

/// An atomic addition to a cell that all threads share: the least that a peer with such a cell can take.
#[must_use]
pub fn atomic_addition(handles: Handles) -> Side {
    let cells: [Arc<CachePadded<AtomicU64>>; HANDLES] = array::from_fn(|_| Arc::default());
    shared("floor: atomic addition", handles, cells, |cell, _| {
        cell.fetch_add(1, Ordering::Relaxed);
    })
}
