//! Setting a gauge, and adding to it. All threads write one cell, in every implementation.

use std::{
    array,
    fmt::{self, Display},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use prometheus::{GaugeVec, Opts};

use super::{counter, registry, shared, streams};
use crate::{HANDLES, Handles, Side, VALUES, values};

/// What is done to the gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new value each round.
    Set,
    /// An addition of 1.
    Add,
}

impl Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set => "set",
            Self::Add => "add",
        })
    }
}

/// [`Gauge::set`](tachometer::Gauge::set) and [`Gauge::add`](tachometer::Gauge::add).
#[must_use]
pub fn tachometer(handles: Handles, operation: Operation) -> Side {
    engine(handles, operation, true)
}

/// The same on a handle of a disabled registry.
#[must_use]
pub fn noop(handles: Handles, operation: Operation) -> Side {
    engine(handles, operation, false)
}

fn engine(handles: Handles, operation: Operation, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    let family = registry.gauge_family("queue_size", "", ["stream_name"]).expect("the name is new");
    let gauges = streams().map(|stream| family.with([("stream_name", &*stream)]).expect("memory"));
    let values = values();
    match operation {
        Operation::Set => shared(name, handles, gauges, |gauge, i| gauge.set(values[i % VALUES])),
        Operation::Add => shared(name, handles, gauges, |gauge, _| gauge.add(1.0)),
    }
}

/// A store to a shared cell, and an atomic integer addition to one.
#[must_use]
pub fn floor(handles: Handles, operation: Operation) -> Side {
    let values = values();
    match operation {
        Operation::Set => {
            let cells: [Arc<CachePadded<AtomicU64>>; HANDLES] = array::from_fn(|_| Arc::default());
            shared("floor: store", handles, cells, |cell, i| {
                cell.store(values[i % VALUES].to_bits(), Ordering::Relaxed);
            })
        }
        Operation::Add => counter::atomic_addition(handles),
    }
}

/// `prometheus::Gauge::set` and `add`.
#[must_use]
pub fn prometheus(handles: Handles, operation: Operation) -> Side {
    let family = GaugeVec::new(Opts::new("queue_size", "Records waiting."), &["stream_name"]).expect("legal");
    let gauges = streams().map(|stream| family.with_label_values(&[&stream]));
    let values = values();
    match operation {
        Operation::Set => shared("prometheus", handles, gauges, |gauge, i| gauge.set(values[i % VALUES])),
        Operation::Add => shared("prometheus", handles, gauges, |gauge, _| gauge.add(1.0)),
    }
}
