//! Choosing a series by its label's value and adding 1, where the handle was not kept.

use std::{
    array,
    collections::HashMap,
    fmt,
    sync::{
        Arc, LazyLock, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use metrics_exporter_prometheus::PrometheusBuilder;
use prometheus::{IntCounterVec, Opts};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter as ClientCounter, family::Family as ClientFamily},
};
use tachometer::{
    Counter, Family,
    labels::{Closed, LabelValue},
};

use super::registry;
use crate::{HANDLES, Handles, Side};

/// The values of the label.
static NAMES: LazyLock<[&str; HANDLES]> =
    LazyLock::new(|| array::from_fn(|i| &*format!("orders-{i}").leak()));

/// A label of as many values as a rotation has series.
#[derive(Clone, Copy, Debug)]
struct Stream(usize);

impl LabelValue for Stream {
    type Domain = Closed;

    const COUNT: usize = HANDLES;

    #[inline]
    fn index(&self) -> usize {
        self.0
    }

    fn value_at(index: usize) -> &'static str {
        NAMES[index]
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        to.write_str(NAMES[self.0])
    }
}

/// `family[label]` of a [`Family`] whose label values are known, and `inc`.
#[must_use]
pub fn dense(handles: Handles) -> Side {
    dense_of(handles, true)
}

/// The same on a family of a disabled registry.
#[must_use]
pub fn dense_noop(handles: Handles) -> Side {
    dense_of(handles, false)
}

fn dense_of(handles: Handles, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    let declaration = registry.declare("records_total", "").label("stream_name");
    let family: Family<Stream, Counter> = declaration.register().expect("the name is new");
    let name = if enabled { "tachometer, dense" } else { name };
    Side::new(
        name,
        handles,
        move |i| (family.clone(), Stream(i)),
        |(family, stream), _| family[*stream].inc(),
    )
}

/// A load, an addition and a store on one of as many cells of the thread's own, by its index.
#[must_use]
pub fn dense_floor(handles: Handles) -> Side {
    let cells =
        |_| -> Box<[CachePadded<AtomicU64>]> { (0..HANDLES).map(|_| CachePadded::default()).collect() };
    let handle = move |i: usize| (cells(i), Stream(i));
    Side::new("floor: own cells", handles, handle, |(cells, stream), _| {
        if let Some(cell) = cells.get(stream.0) {
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    })
}

/// [`Family::with`] of a family whose label values are strings, and `inc`.
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    looked_up(handles, true)
}

/// The same on a family of a disabled registry.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    looked_up(handles, false)
}

fn looked_up(handles: Handles, enabled: bool) -> Side {
    let (name, registry) = registry(enabled);
    let declaration = registry.declare("records_total", "").label("stream_name");
    let family: Family<String, Counter> = declaration.register().expect("the name is new");
    let handle = move |i: usize| (family.clone(), NAMES[i].to_owned());
    Side::new(name, handles, handle, |(family, stream), _| {
        // An error would be a bench of something else; the series exist after the first rotation.
        family.with(&**stream).expect("cells").inc();
    })
}

/// A hash map of cells behind a read lock.
#[must_use]
pub fn floor(handles: Handles) -> Side {
    type Cells = HashMap<String, CachePadded<AtomicU64>>;
    let cell = |name: &&str| ((*name).to_owned(), CachePadded::new(AtomicU64::new(0)));
    let cells: Arc<RwLock<Cells>> = Arc::new(RwLock::new(NAMES.iter().map(cell).collect()));
    let handle = move |i: usize| (Arc::clone(&cells), NAMES[i]);
    Side::new("floor: locked map", handles, handle, |(cells, stream), _| {
        let cells = cells.read().expect("no writer");
        cells[*stream].fetch_add(1, Ordering::Relaxed);
    })
}

/// `prometheus::IntCounterVec::with_label_values` and `inc`.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let family = IntCounterVec::new(Opts::new("records_total", "Records."), &["stream_name"]).expect("legal");
    let handle = move |i: usize| (family.clone(), NAMES[i]);
    Side::new("prometheus", handles, handle, |(family, stream), _| family.with_label_values(&[*stream]).inc())
}

/// `prometheus_client`'s `Family::get_or_create` and `inc`.
#[must_use]
pub fn prometheus_client(handles: Handles) -> Side {
    #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
    struct Labels {
        stream_name: &'static str,
    }
    let family = ClientFamily::<Labels, ClientCounter>::default();
    let handle = move |i: usize| (family.clone(), Labels { stream_name: NAMES[i] });
    Side::new("prometheus-client", handles, handle, |(family, labels), _| {
        family.get_or_create(labels).inc();
    })
}

/// The macro `metrics::counter!` and `increment`, with the recorder of metrics-exporter-prometheus for the process.
///
/// # Panics
///
/// When the process has another recorder already.
#[must_use]
pub fn metrics(handles: Handles) -> Side {
    static RECORDER: LazyLock<()> = LazyLock::new(|| {
        metrics::set_global_recorder(PrometheusBuilder::new().build_recorder()).expect("no other recorder");
    });
    LazyLock::force(&RECORDER);
    Side::new(
        "metrics",
        handles,
        |i| NAMES[i],
        |stream, _| {
            metrics::counter!("records_total", "stream_name" => *stream).increment(1);
        },
    )
}
