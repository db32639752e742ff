//! Looking a series up by its label value and adding 1, where the handle was not kept.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use prometheus::{IntCounterVec, Opts};

use super::{registry, streams};
use crate::{Handles, Side};

/// [`DynamicFamily::with`](tachometer::DynamicFamily::with) and `inc`.
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    engine(handles, true)
}

/// The same on a family of a disabled registry.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    engine(handles, false)
}

fn engine(handles: Handles, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    let family = registry.counter_family("records_total", "", ["stream_name"]).expect("the name is new");
    let streams = streams();
    let handle = move |i: usize| (family.clone(), streams[i].clone());
    Side::new(name, handles, handle, |(family, stream), _| {
        // An error would be a bench of something else; the series exist after the first rotation.
        family.with([("stream_name", &**stream)]).expect("cells").inc();
    })
}

/// A hash map of cells behind a read lock.
#[must_use]
pub fn floor(handles: Handles) -> Side {
    type Cells = HashMap<String, CachePadded<AtomicU64>>;
    let cells: Cells =
        streams().into_iter().map(|stream| (stream, CachePadded::new(AtomicU64::new(0)))).collect();
    let (cells, streams) = (Arc::new(RwLock::new(cells)), streams());
    let handle = move |i: usize| (Arc::clone(&cells), streams[i].clone());
    Side::new("floor: locked map", handles, handle, |(cells, stream), _| {
        let cells = cells.read().expect("no writer");
        cells[stream.as_str()].fetch_add(1, Ordering::Relaxed);
    })
}

/// `prometheus::IntCounterVec::with_label_values` and `inc`.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let family = IntCounterVec::new(Opts::new("records_total", "Records."), &["stream_name"]).expect("legal");
    let streams = streams();
    let handle = move |i: usize| (family.clone(), streams[i].clone());
    Side::new("prometheus", handles, handle, |(family, stream), _| {
        family.with_label_values(&[&*stream]).inc();
    })
}
