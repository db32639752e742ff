//! Choosing a series by its label's value and adding 1, where the handle was not kept.

use std::{
    collections::HashMap,
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
use tachometer::{Counter, Family, LabelValue};

use super::{add_to, registry};
use crate::{HANDLES, Handles, Side};

macro_rules! streams {
    ($($stream:ident)*) => {
        /// A label of as many values as a rotation has series.
        #[derive(Clone, Copy, Debug, LabelValue)]
        enum Stream {
            $($stream,)*
        }

        /// Its values.
        const STREAMS: [Stream; HANDLES] = [$(Stream::$stream),*];
    };
}

streams! {
    Orders0 Orders1 Orders2 Orders3 Orders4 Orders5 Orders6 Orders7
    Orders8 Orders9 Orders10 Orders11 Orders12 Orders13 Orders14 Orders15
    Orders16 Orders17 Orders18 Orders19 Orders20 Orders21 Orders22 Orders23
    Orders24 Orders25 Orders26 Orders27 Orders28 Orders29 Orders30 Orders31
    Orders32 Orders33 Orders34 Orders35 Orders36 Orders37 Orders38 Orders39
    Orders40 Orders41 Orders42 Orders43 Orders44 Orders45 Orders46 Orders47
    Orders48 Orders49 Orders50 Orders51 Orders52 Orders53 Orders54 Orders55
    Orders56 Orders57 Orders58 Orders59 Orders60 Orders61 Orders62 Orders63
}

/// The values as texts.
pub(super) fn stream_name(i: usize) -> &'static str {
    Stream::value_at(i)
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
        move |i| (family.clone(), STREAMS[i]),
        |(family, stream), _| family[*stream].inc(),
    )
}

/// A load, an addition and a store on one of as many cells of the thread's own, by its index.
#[must_use]
pub fn dense_floor(handles: Handles) -> Side {
    let cells =
        |_| -> Box<[CachePadded<AtomicU64>]> { (0..HANDLES).map(|_| CachePadded::default()).collect() };
    let handle = move |i: usize| (cells(i), STREAMS[i]);
    Side::new("floor: own cells", handles, handle, |(cells, stream), _| {
        if let Some(cell) = cells.get(stream.index()) {
            add_to(cell, 1);
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
    let handle = move |i: usize| (family.clone(), stream_name(i).to_owned());
    Side::new(name, handles, handle, |(family, stream), _| {
        // An error would be a bench of something else; the series exist after the first rotation.
        family.with(&**stream).expect("cells").inc();
    })
}

/// A hash map of cells behind a read lock.
#[must_use]
pub fn floor(handles: Handles) -> Side {
    type Cells = HashMap<String, CachePadded<AtomicU64>>;
    let cell = |i| (stream_name(i).to_owned(), CachePadded::new(AtomicU64::new(0)));
    let cells: Arc<RwLock<Cells>> = Arc::new(RwLock::new((0..HANDLES).map(cell).collect()));
    let handle = move |i: usize| (Arc::clone(&cells), stream_name(i));
    Side::new("floor: locked map", handles, handle, |(cells, stream), _| {
        let cells = cells.read().expect("no writer");
        cells[*stream].fetch_add(1, Ordering::Relaxed);
    })
}

/// `prometheus::IntCounterVec::with_label_values` and `inc`.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let family = IntCounterVec::new(Opts::new("records_total", "Records."), &["stream_name"]).expect("legal");
    let handle = move |i: usize| (family.clone(), stream_name(i));
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
    let handle = move |i: usize| (family.clone(), Labels { stream_name: stream_name(i) });
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
    install_recorder();
    Side::new("metrics", handles, stream_name, |stream, _| {
        metrics::counter!("records_total", "stream_name" => *stream).increment(1);
    })
}

/// Sees to it that the process has the recorder of metrics-exporter-prometheus.
pub(super) fn install_recorder() {
    static RECORDER: LazyLock<()> = LazyLock::new(|| {
        metrics::set_global_recorder(PrometheusBuilder::new().build_recorder()).expect("no other recorder");
    });
    LazyLock::force(&RECORDER);
}
