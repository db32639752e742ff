//! The rows of the table.

mod scrape;
mod system;

use tachometer_benches::{
    Handles, Reading, Side, counted,
    sides::{
        self, collector, counter, family, histogram, named,
        operation::{self, Time},
        peers, timer,
    },
};

use crate::target::Target;

const LIMIT: &str = "no row of the engine but this machine's limit: cells of the thread's own, found without a look-up \
    and promising a reader nothing, against the same peer";

/// A comparison of two sides.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Runner,
    pub(crate) other: Runner,
    pub(crate) target: Target,
    /// What does not compare, or how to read the figure.
    pub(crate) note: &'static str,
}

/// What one side of a row does in its turns.
pub(crate) enum Runner {
    /// Operations on so many threads at once. The figure is nanoseconds for an operation of one thread.
    Operations { threads: usize, side: Side },
    /// Anything else that is a number greater than 0, in the unit that the row's name or target gives.
    Reading(Reading),
}

/// How much the rows about many series have of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Shows that everything runs.
    Small,
    Full,
}

/// Every row, in the order of the table.
pub(crate) fn all(size: Size) -> Vec<Row> {
    let mut rows = counter_costs();
    rows.extend(counter_peers());
    rows.extend(histogram_rows());
    rows.push(timer_row());
    rows.extend(operation_rows());
    rows.extend(family_rows());
    rows.extend(named_rows());
    rows.extend(collector_rows());
    rows.extend(scrape::rows(size));
    rows.extend(system::rows(size));
    rows
}

/// A row whose sides run on the same number of threads.
fn row(name: &str, threads: usize, ours: Side, other: Side, target: Target, note: &'static str) -> Row {
    let runner = |side| Runner::Operations { threads, side };
    let name = format!("{name}, {}", counted(threads));
    Row { name, ours: runner(ours), other: runner(other), target, note }
}

fn counter_costs() -> Vec<Row> {
    let mut rows = Vec::new();
    for threads in [1, 2] {
        for handles in Handles::ALL {
            let (ours, noop) = (counter::tachometer(handles), counter::noop(handles));
            let name = format!("counter inc minus NoOp, {handles}");
            rows.push(row(&name, threads, ours, noop, Target::Over(1.5), ""));
        }
    }
    for handles in Handles::ALL {
        let (noop, empty) = (counter::noop(handles), sides::empty(handles));
        let name = format!("NoOp minus empty loop, {handles}");
        rows.push(row(&name, 1, noop, empty, Target::Over(0.2), ""));
    }
    for handles in Handles::ALL {
        let runner = |threads| Runner::Operations { threads, side: counter::tachometer(handles) };
        rows.push(Row {
            name: format!("counter inc, {handles}: 2 threads by 1 thread"),
            ours: runner(2),
            other: runner(1),
            target: Target::Within(1.15),
            note: "",
        });
    }
    rows
}

fn counter_peers() -> Vec<Row> {
    let peer = |threads, at_least| {
        let (ours, other) = (counter::tachometer(Handles::One), peers::prometheus::counter(Handles::One));
        let note = "IntCounter is one atomic cell: its reader needs one load, where ours adds up a cell for each thread";
        row("counter inc, prometheus IntCounter", threads, ours, other, Target::Faster(at_least), note)
    };
    let limit = |threads, at_least| {
        let (floor, other) = (counter::floor(Handles::One), peers::prometheus::counter(Handles::One));
        row("bare cell, prometheus IntCounter", threads, floor, other, Target::Faster(at_least), LIMIT)
    };
    vec![peer(1, 6.0), limit(1, 6.0), peer(2, 20.0), limit(2, 20.0)]
}

fn histogram_rows() -> Vec<Row> {
    let ours = || histogram::tachometer(Handles::One, 11);
    let peer = |threads, at_least| {
        let other = peers::prometheus::histogram(Handles::One, 11);
        let target = Target::Faster(at_least);
        row("histogram observe, 11 bounds, prometheus Histogram", threads, ours(), other, target, "")
    };
    let limit = |threads, at_least| {
        let (floor, other) =
            (histogram::floor(Handles::One, 11), peers::prometheus::histogram(Handles::One, 11));
        row(
            "bare bucket and sum, prometheus Histogram",
            threads,
            floor,
            other,
            Target::Faster(at_least),
            LIMIT,
        )
    };
    let hdr = row(
        "histogram observe, 11 bounds, hdrhistogram record",
        1,
        ours(),
        histogram::hdrhistogram(),
        Target::Faster(0.8),
        "hdrhistogram takes integers, keeps no sum, needs &mut and allows no reader meanwhile; it has far more buckets",
    );
    vec![peer(1, 5.0), limit(1, 5.0), peer(2, 20.0), limit(2, 20.0), hdr]
}

fn family_rows() -> Vec<Row> {
    let dense = |handles| family::dense(handles);
    let mut rows = Vec::new();
    for handles in Handles::ALL {
        let name = format!("dense family access minus kept handle, {handles}");
        rows.push(row(&name, 1, dense(handles), counter::tachometer(handles), Target::Over(0.5), ""));
        let name = format!("static metric minus kept handle, {handles}");
        let (ours, kept) = (counter::static_metric(handles), counter::tachometer(handles));
        rows.push(row(&name, 1, ours, kept, Target::Over(1.0), ""));
    }
    let name = |peer| format!("labelled event, dense family, {peer}");
    let note = "the peer hashes the label's value and takes a read lock each time";
    for (threads, at_least) in [(1, 15.0), (2, 150.0)] {
        let peer = family::prometheus(Handles::One);
        let target = Target::Faster(at_least);
        rows.push(row(
            &name("prometheus with_label_values"),
            threads,
            dense(Handles::One),
            peer,
            target,
            note,
        ));
        let (floor, peer) = (family::dense_floor(Handles::One), family::prometheus(Handles::One));
        rows.push(row(
            "own cell by index, prometheus with_label_values",
            threads,
            floor,
            peer,
            target,
            LIMIT,
        ));
    }
    for (peer, side) in [
        ("prometheus-client get_or_create", family::prometheus_client as fn(Handles) -> Side),
        ("metrics counter!", family::metrics),
    ] {
        let target = Target::Faster(15.0);
        rows.push(row(&name(peer), 1, dense(Handles::One), side(Handles::One), target, note));
    }
    let (ours, other) = (family::tachometer(Handles::One), family::prometheus(Handles::One));
    let note = "both hash the label's value and take a lock; keep the handle instead";
    rows.push(row(
        "string family looked up, prometheus with_label_values",
        1,
        ours,
        other,
        Target::Faster(1.0),
        note,
    ));
    rows
}

fn named_rows() -> Vec<Row> {
    let ours = || named::tachometer(Handles::One);
    let mut rows = Vec::new();
    for threads in [1, 2] {
        let note = "what a program pays for not keeping the handle";
        let kept = named::kept(Handles::One);
        let target = Target::Over(80.0);
        rows.push(row("by name with 3 labels minus kept handle", threads, ours(), kept, target, note));
    }
    let name = "by name with 3 labels, metrics counter! with 3 labels";
    let note = "the peer makes a key of name and labels, and looks it up in a locked map";
    for threads in [1, 2] {
        let peer = named::metrics(Handles::One);
        rows.push(row(name, threads, ours(), peer, Target::Faster(2.0), note));
    }
    let name = "by name with 3 labels, prometheus with_label_values";
    let note =
        "the peer keeps its family and takes values only, so it need not find the name nor match labels";
    for (threads, at_least) in [(1, 0.25), (2, 1.0)] {
        let peer = named::prometheus(Handles::One);
        rows.push(row(name, threads, ours(), peer, Target::Faster(at_least), note));
    }
    rows
}

fn timer_row() -> Row {
    let (ours, other) = (timer::tachometer(Handles::One), timer::prometheus(Handles::One));
    let note =
        "two readings of the clock are most of it on both sides: quanta's here, the standard library's there";
    row(
        "timer start and record, Instant twice and prometheus observe",
        1,
        ours,
        other,
        Target::Faster(1.8),
        note,
    )
}

fn collector_rows() -> Vec<Row> {
    let ours = || collector::tachometer(Handles::One);
    let mut rows = Vec::new();
    for handles in Handles::ALL {
        let name = format!("collector increment, 3 labels, minus NoOp, {handles}");
        rows.push(row(
            &name,
            1,
            collector::tachometer(handles),
            collector::noop(handles),
            Target::Over(40.0),
            "three values are hashed and compared; a kept handle has none",
        ));
    }
    for threads in [1, 2] {
        rows.push(row(
            "collector increment, 3 labels, metrics counter! with static values",
            threads,
            ours(),
            collector::metrics_static(Handles::One),
            Target::Faster(3.0),
            "the macro's values are not copied, and as a library can seldom have them",
        ));
        rows.push(row(
            "collector increment, 3 labels, metrics counter! with a value of run time",
            threads,
            ours(),
            collector::metrics(Handles::One),
            Target::Faster(4.0),
            "the macro wants a text of its own, which is copied for it",
        ));
    }
    let note = "where idle series are to go, nothing is remembered";
    let looked_up = collector::looked_up(Handles::One);
    rows.push(row(
        "collector increment, 3 labels, looked up",
        1,
        ours(),
        looked_up,
        Target::Faster(3.0),
        note,
    ));
    let default = collector::default(Handles::One);
    rows.push(row("default collector minus held collector", 1, default, ours(), Target::Over(20.0), ""));
    let bound = collector::bound(Handles::One);
    rows.push(row("bound collector minus its own", 1, bound, ours(), Target::Over(30.0), ""));
    rows
}

fn operation_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (time, faster) in [(Time::Clock, 1.2), (Time::Callers, 1.0)] {
        for handles in Handles::ALL {
            let (ours, other) = (operation::tachometer(handles, time), operation::by_hand(handles, time));
            let note = "the guard also records when the work panics or is cancelled; by hand nothing is then";
            let name = format!("operation minus its five records by hand, {time}, {handles}");
            rows.push(row(&name, 1, ours, other, Target::Over(6.0), note));
        }
        for (threads, at_least) in [(1, faster), (2, 10.0)] {
            let (ours, other) =
                (operation::tachometer(Handles::One, time), operation::prometheus(Handles::One, time));
            let name = format!("operation, its five records in prometheus by hand, {time}");
            rows.push(row(&name, threads, ours, other, Target::Faster(at_least), ""));
        }
    }
    let noop = operation::noop(Handles::One, Time::Clock);
    let name = "operation of a disabled registry minus empty loop";
    rows.push(row(name, 1, noop, sides::empty(Handles::One), Target::Over(10.0), ""));
    rows
}
