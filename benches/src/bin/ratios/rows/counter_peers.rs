//! Adding 1 to a counter, against the peers.

use tachometer_benches::{
    Handles, Side,
    sides::{counter, peers},
};

use super::{LIMIT, Row, row};
use crate::target::Target;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = against(1, Handles::One, |peer| Some(peer.one_thread));
    rows.extend(against(1, Handles::Rotating, |peer| peer.rotating));
    rows.extend(against(2, Handles::One, |peer| Some(peer.two_threads)));
    rows.extend(experimental());
    rows.extend(local());
    rows
}

struct Peer {
    name: &'static str,
    side: fn(Handles) -> Side,
    /// The least that a row should show.
    one_thread: f64,
    /// With many handles, where that is compared.
    rotating: Option<f64>,
    two_threads: f64,
    /// Whether it is one atomic cell and no more.
    is_cell: bool,
    note: &'static str,
}

const PEERS: [Peer; 5] = [
    cell("prometheus IntCounter", peers::prometheus::counter),
    cell("prometheus-client", peers::prometheus_client::counter),
    Peer {
        name: "metrics handle",
        side: peers::metrics::counter,
        one_thread: 9.0,
        rotating: None,
        two_threads: 50.0,
        is_cell: false,
        note: "a virtual call and two atomic additions, one of which tells that the series is in use",
    },
    cell("measured", peers::measured::counter),
    Peer {
        name: "opentelemetry with 2 attributes",
        side: peers::opentelemetry::counter,
        one_thread: 50.0,
        rotating: None,
        two_threads: 250.0,
        is_cell: false,
        note: "the peer has no other stable handle: each addition hashes the attributes and takes a read lock",
    },
];

const fn cell(name: &'static str, side: fn(Handles) -> Side) -> Peer {
    Peer {
        name,
        side,
        one_thread: 7.0,
        rotating: Some(5.0),
        two_threads: 25.0,
        is_cell: true,
        note: "the peer is one atomic cell, which is no further behind than an atomic addition is behind a bare cell; \
            its reader needs one load, where ours adds up a cell for each thread",
    }
}

/// The engine against each peer; then what the machine allows, against an atomic cell and against the peers that are
/// more than one.
fn against(threads: usize, handles: Handles, at_least: fn(&Peer) -> Option<f64>) -> Vec<Row> {
    let row = |name: &str, ours: fn(Handles) -> Side, peer: &Peer, note| {
        let (side, name) = (peer.side, format!("{name}, {}, {handles}", peer.name));
        let target = Target::Faster(at_least(peer)?);
        Some(row(&name, threads, move || ours(handles), move || side(handles), target, note))
    };
    let atomic = cell("atomic addition", counter::atomic_addition);
    let others = PEERS.iter().filter(|peer| !peer.is_cell);
    let engine = PEERS.iter().filter_map(|peer| row("counter inc", counter::tachometer, peer, peer.note));
    let limits = [&atomic].into_iter().chain(others);
    engine.chain(limits.filter_map(|peer| row("bare cell", counter::floor, peer, LIMIT))).collect()
}

fn ours() -> Side {
    counter::tachometer(Handles::One)
}

/// A peer's handle that may change or go.
fn experimental() -> Vec<Row> {
    let note = "an experimental feature of the peer; a virtual call, an atomic addition and a store";
    let row = |(threads, at_least)| {
        let bound = || peers::opentelemetry::bound_counter(Handles::One);
        row("counter inc, opentelemetry bound", threads, ours, bound, Target::Faster(at_least), note)
    };
    [(1, 7.0), (2, 25.0)].map(row).into()
}

/// A peer's counter that is no more than a number of the thread's own.
fn local() -> Vec<Row> {
    let note =
        "the peer's counts are in no scrape before the thread flushes them; the engine's are in the next one";
    let row = |threads| {
        let local = || peers::prometheus::local_counter(Handles::One);
        row("counter inc, prometheus local", threads, ours, local, Target::Faster(0.8), note)
    };
    [1, 2].map(row).into()
}
