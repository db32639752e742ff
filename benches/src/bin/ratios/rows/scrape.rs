//! What a scrape costs.

use tachometer_benches::{
    Reading, counted,
    readings::{collect, render},
};

use super::{Row, Runner, Size};
use crate::target::Target;

pub(super) fn rows(size: Size) -> Vec<Row> {
    let series = match size {
        Size::Small => 100,
        Size::Full => 100_000,
    };
    let full = || render::tachometer(series, 1);
    let again = || render::tachometer(series, 20);
    let all_changed =
        "ours after every value has changed; the texts of the labels are kept from the scrape before";
    let row = |what: &str, ours, other, target, note| row(series, what, ours, other, target, note);
    let mut rows = collect_rows(series);
    rows.extend([
        row(
            "render, prometheus-client",
            full(),
            render::prometheus_client(series),
            Target::Faster(12.0),
            all_changed,
        ),
        row("render, prometheus", full(), render::prometheus(series), Target::Faster(50.0), all_changed),
        row(
            "render, metrics-exporter-prometheus",
            full(),
            render::metrics(series),
            Target::Faster(150.0),
            all_changed,
        ),
        row(
            "render anew, prometheus-client",
            render::anew(series),
            render::prometheus_client(series),
            Target::Faster(1.0),
            "nothing is kept from the scrape before, as in none of the peers",
        ),
        row("render after 5 % have changed, render after all have", again(), full(), Target::Faster(3.0), ""),
        row(
            "render by copy of the same text in place",
            full(),
            render::floor(series),
            Target::Within(3.0),
            all_changed,
        ),
        row(
            "render of a text of the caller's by copy of it into new memory",
            render::text(series),
            render::floor_of_text(series),
            Target::Within(3.0),
            all_changed,
        ),
    ]);
    rows.extend(gzip_rows(series));
    rows
}

fn row(series: usize, what: &str, ours: Reading, other: Reading, target: Target, note: &'static str) -> Row {
    let name = format!("{what}, {series} counters with 3 labels, a series");
    Row { name, ours: Runner::Reading(ours), other: Runner::Reading(other), target, note }
}

fn gzip_rows(series: usize) -> Vec<Row> {
    vec![
        row(
            series,
            "gzip, flate2 at level 6",
            render::gzip(series, 1),
            render::flate2(series),
            Target::Faster(5.0),
            "ours after every value has changed; the other compresses the whole text",
        ),
        row(
            series,
            "gzip after one value in 2000 has changed, flate2 at level 6",
            render::gzip(series, 2000),
            render::flate2(series),
            Target::Faster(5.0),
            "chunks without a change are kept compressed",
        ),
    ]
}

fn collect_rows(series: usize) -> Vec<Row> {
    let row = |threads| Row {
        name: format!("snapshot, {series} counters of {}, a cell", counted(threads)),
        ours: Runner::Reading(collect::tachometer(series, threads)),
        other: Runner::Reading(collect::floor(series, threads)),
        target: Target::AtMost(2.0, "ns"),
        note: "the other adds vectors of the same numbers up",
    };
    [1, 8, 64].map(row).into()
}
