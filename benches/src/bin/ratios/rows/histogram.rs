//! Observing a value in a histogram.

use tachometer_benches::{
    Handles, Side,
    sides::{histogram, peers},
};

use super::{LIMIT, Row, row};
use crate::target::Target;

/// Bounds of every histogram here.
const BOUNDS: usize = 11;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = against(1, |peer| peer.one_thread);
    rows.extend(against(2, |peer| peer.two_threads));
    rows.extend(hdrhistogram());
    rows.extend(local());
    rows.extend(index());
    rows
}

struct Peer {
    name: &'static str,
    side: fn() -> Side,
    /// The least that a row should show.
    one_thread: f64,
    two_threads: f64,
    note: &'static str,
}

const PEERS: [Peer; 5] = [
    Peer {
        name: "prometheus",
        side: || peers::prometheus::histogram(Handles::One, BOUNDS),
        one_thread: 6.0,
        two_threads: 40.0,
        note: "four atomic operations; a scrape waits for those who observe",
    },
    Peer {
        name: "prometheus-client",
        side: || peers::prometheus_client::histogram(Handles::One, BOUNDS),
        one_thread: 4.0,
        two_threads: 20.0,
        note: "a lock, which a scrape takes too",
    },
    Peer {
        name: "measured",
        side: || peers::measured::histogram(Handles::One),
        one_thread: 6.0,
        two_threads: 35.0,
        note: "a read lock, which keeps a scrape out, and two atomic operations",
    },
    Peer {
        name: "metrics",
        side: || peers::metrics::histogram(Handles::One, BOUNDS),
        one_thread: 12.0,
        two_threads: 60.0,
        note: "the peer keeps each value with its time until a scrape; what finds its bucket is not measured",
    },
    Peer {
        name: "opentelemetry",
        side: || peers::opentelemetry::histogram(Handles::One, BOUNDS),
        one_thread: 5.0,
        two_threads: 50.0,
        note: "a lock, which a scrape takes too; without attributes, and so without a look-up, and without minimum \
            and maximum",
    },
];

fn ours() -> Side {
    histogram::tachometer(Handles::One, BOUNDS)
}

fn floor() -> Side {
    histogram::floor(Handles::One, BOUNDS)
}

/// The engine and what the machine allows, against each peer.
fn against(threads: usize, at_least: fn(&Peer) -> f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for peer in &PEERS {
        let target = Target::Faster(at_least(peer));
        let name = format!("histogram observe, {BOUNDS} bounds, {}", peer.name);
        rows.push(row(&name, threads, ours, peer.side, target, peer.note));
        let name = format!("bare bucket and sum, {}", peer.name);
        rows.push(row(&name, threads, floor, peer.side, target, LIMIT));
    }
    rows
}

fn hdrhistogram() -> Vec<Row> {
    let note = "hdrhistogram takes integers, keeps no sum, needs &mut and allows no reader meanwhile; it has far more \
        buckets";
    let target = Target::Faster(0.8);
    let name = format!("histogram observe, {BOUNDS} bounds, hdrhistogram record");
    let other = histogram::hdrhistogram;
    let integers = || histogram::integers(Handles::One, BOUNDS);
    let of_integers = format!("integer {name}");
    vec![
        row(&name, 1, ours, other, target, note),
        row(&of_integers, 1, integers, other, Target::Faster(1.0), note),
        row("bare bucket and sum, hdrhistogram record", 1, floor, other, target, LIMIT),
    ]
}

/// A peer's histogram of the thread's own.
fn local() -> Vec<Row> {
    let note =
        "the peer's values are in no scrape before the thread flushes them; the engine's are in the next one";
    let row = |threads| {
        let local = || peers::prometheus::local_histogram(Handles::One, BOUNDS);
        let name = format!("histogram observe, {BOUNDS} bounds, prometheus local");
        row(&name, threads, ours, local, Target::Faster(0.8), note)
    };
    [1, 2].map(row).into()
}

/// Finding the bucket alone.
fn index() -> Vec<Row> {
    let against_search = |bounds, at_least| {
        let (ours, other) = (move || histogram::index(bounds), move || histogram::partition_point(bounds));
        row(
            &format!("bucket of a value, {bounds} bounds, partition_point"),
            1,
            ours,
            other,
            Target::Faster(at_least),
            "",
        )
    };
    let (many, few) = (|| histogram::index(160), || histogram::index(5));
    vec![
        against_search(11, 1.0),
        against_search(64, 3.0),
        against_search(160, 3.0),
        row("bucket of a value, 160 bounds by 5 bounds", 1, many, few, Target::Within(1.5), ""),
    ]
}
