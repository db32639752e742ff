//! What else a program notices of its metrics: threads, tails, readers beside writers, memory.

use tachometer_benches::{
    Reading,
    footprint::{Footprint, Kind, Library},
    readings::{
        pipeline::pipeline,
        readers::{self, Beside},
        threads,
    },
};

use super::{Row, Runner, Size};
use crate::target::Target;

pub(super) fn rows(size: Size) -> Vec<Row> {
    let series = match size {
        Size::Small => 100,
        Size::Full => 100_000,
    };
    let mut rows = vec![row(
        format!("thread start, one record, exit, {series} series; bare thread"),
        threads::tachometer(series),
        threads::floor(),
        Target::Within(1.05),
        "",
    )];
    rows.extend(reader_rows());
    rows.extend(memory_rows(series));
    // The last one, because its threads stay.
    rows.push(row(
        "processor time of a record in examples/pipeline; without metrics".to_owned(),
        pipeline(true),
        pipeline(false),
        Target::Within(1.01),
        "nineteen metrics, among them the processing time of each record",
    ));
    rows
}

/// What writers and readers notice of each other.
fn reader_rows() -> Vec<Row> {
    let mut rows = vec![
        row(
            "99.9th percentile of an increment beside a scraper at 1 kHz; alone".to_owned(),
            readers::tail(Beside::EveryMillisecond, 1_000),
            readers::tail(Beside::Nobody, 1_000),
            Target::Within(1.1),
            "of the means of sixteen, because the clock has steps of ten nanoseconds",
        ),
        row(
            "snapshot of a histogram of 11 bounds whose writer stands half-way; nobody records".to_owned(),
            readers::snapshot(11, true),
            readers::snapshot(11, false),
            Target::AtMost(5_000.0, "ns"),
            "",
        ),
    ];
    for bounds in [11, 250] {
        rows.push(row(
            format!("tries a bucket beside a saturating writer, {bounds} bounds; alone"),
            readers::tries(Beside::WithoutPause, bounds),
            readers::tries(Beside::Nobody, bounds),
            Target::AtMost(100.0, "tries"),
            "the figures are tries, the most of 50 ms",
        ));
        for (reader, who) in [
            (Beside::EveryMillisecond, "a scraper at 1 kHz"),
            (Beside::WithoutPause, "snapshots without a pause"),
        ] {
            rows.push(row(
                format!("histogram observe beside {who}, {bounds} bounds; alone"),
                readers::observe(reader, bounds),
                readers::observe(Beside::Nobody, bounds),
                Target::Within(1.25),
                "a reader takes the cache lines that it reads, and the writer takes them back",
            ));
        }
    }
    rows
}

/// Of nothing but Linux is asked what is resident.
fn memory_rows(series: usize) -> Vec<Row> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let bytes = |library| Footprint::Series { library, kind, series }.reading();
        let name = |ours: &str, other: &str| format!("bytes a {} of {series}{ours}; {other}", kind.name());
        let known = "the engine's after a snapshot; the texts of three labels are most of it";
        for library in &Library::ALL[3..] {
            let note = if *library == Library::Measured {
                "the peer keeps equal values once, and no handle"
            } else {
                known
            };
            let name = name("", library.name());
            rows.push(row(name, bytes(Library::Tachometer), bytes(*library), Target::Within(1.0), note));
        }
        rows.push(row(
            name(" before any snapshot", Library::PrometheusClient.name()),
            bytes(Library::Unscraped),
            bytes(Library::PrometheusClient),
            Target::Within(1.0),
            "",
        ));
        rows.push(row(
            name(" with the exporter's text of it", "without"),
            bytes(Library::Exporter),
            bytes(Library::Tachometer),
            Target::Within(6.0),
            "what makes the next scrape cheap is the text of the last one",
        ));
    }
    let threads = 64;
    rows.push(row(
        format!("bytes of shards, {series} series, {threads} threads that record 1 % each; dense arrays"),
        Footprint::Threads { series, threads }.reading(),
        Reading::new(|| (), move |()| (series * threads * 8) as f64),
        Target::Within(0.05),
        "",
    ));
    rows
}

fn row(name: String, ours: Reading, other: Reading, target: Target, note: &'static str) -> Row {
    Row { name, ours: Runner::Reading(ours), other: Runner::Reading(other), target, note }
}
