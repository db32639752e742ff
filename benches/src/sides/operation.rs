//! What is recorded of an operation: its latency, records and bytes, that it is under way, and how it ended.

use std::{
    array,
    fmt::{self, Display},
    time::{Duration, Instant},
};

use prometheus::{HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts};
use tachometer::{Buckets, Counter, Family, Histogram, Operation, Outcome, UpDownCounter};

use super::registry;
use crate::{HANDLES, Handles, Side, VALUES, bounds, values};

const BOUNDS: usize = 11;
const RECORDS: u64 = 500;
const BYTES: u64 = 64_000;

/// Where the duration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// From two readings of the clock.
    Clock,
    /// The caller has it already, so that clocks do not hide the rest.
    Callers,
}

impl Time {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clock, Self::Callers];
}

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clock => "two readings of the clock",
            Self::Callers => "the caller's duration",
        })
    }
}

/// The handles of an operation, and the operation.
#[derive(Clone)]
struct Loads {
    latency: Histogram,
    records: Counter,
    bytes: Counter,
    active: UpDownCounter,
    outcomes: Family<Outcome, Counter>,
    operation: Operation,
}

/// A guard that is started and finished.
#[must_use]
pub fn tachometer(handles: Handles, time: Time) -> Side {
    let (name, loads) = engine_handles(true);
    guard(name, handles, time, loads)
}

/// The same on handles of a disabled registry.
#[must_use]
pub fn noop(handles: Handles, time: Time) -> Side {
    let (name, loads) = engine_handles(false);
    guard(name, handles, time, loads)
}

fn guard(name: &'static str, handles: Handles, time: Time, loads: [Loads; HANDLES]) -> Side {
    let durations = durations();
    // Of a start that is not looked at.
    let begun = Instant::now();
    let operation = move |i: usize| loads[i].operation.clone();
    match time {
        Time::Clock => Side::new(name, handles, operation, |operation, _| {
            let mut guard = operation.start();
            guard.add_records(RECORDS);
            guard.add_bytes(BYTES);
            guard.end(Outcome::Ok);
        }),
        Time::Callers => Side::new(name, handles, operation, move |operation, i| {
            let mut guard = operation.start_at(begun);
            guard.add_records(RECORDS);
            guard.add_bytes(BYTES);
            guard.took(durations[i % DURATIONS]);
            guard.end(Outcome::Ok);
        }),
    }
}

/// The same records one by one, through kept handles: no guard, so nothing of it is recorded when the work panics.
#[must_use]
pub fn by_hand(handles: Handles, time: Time) -> Side {
    let (_, loads) = engine_handles(true);
    let durations = durations();
    let record = |loads: &Loads, elapsed: Duration| {
        loads.latency.observe_duration(elapsed);
        loads.records.add(RECORDS);
        loads.bytes.add(BYTES);
        loads.outcomes[Outcome::Ok].inc();
        loads.active.dec();
    };
    let handle = move |i: usize| loads[i].clone();
    match time {
        Time::Clock => Side::new("by hand", handles, handle, move |loads, _| {
            loads.active.inc();
            let started = quanta::Instant::now();
            record(loads, started.elapsed());
        }),
        Time::Callers => Side::new("by hand", handles, handle, move |loads, i| {
            loads.active.inc();
            record(loads, durations[i % DURATIONS]);
        }),
    }
}

fn engine_handles(enabled: bool) -> (&'static str, [Loads; HANDLES]) {
    let (name, _) = registry(enabled);
    (name, array::from_fn(|_| engine_handle(enabled)))
}

/// In a registry of its own: the metrics of a program's operations have names of their own.
fn engine_handle(enabled: bool) -> Loads {
    let (_, registry) = registry(enabled);
    let known = "the names are new and legal";
    let buckets = Buckets::explicit(bounds(BOUNDS));
    let latency = registry.histogram_with("load_duration_seconds", "", buckets).expect(known);
    let records = registry.counter("records_total", "").expect(known);
    let bytes = registry.counter("bytes_total", "").expect(known);
    let active = registry.up_down_counter("active_loads", "").expect(known);
    let outcomes = registry.declare("loads_total", "").label("outcome").register().expect(known);
    let operation = Operation::new()
        .latency(&latency)
        .records(&records)
        .bytes(&bytes)
        .in_flight(&active)
        .outcomes(&outcomes);
    Loads { latency, records, bytes, active, outcomes, operation }
}

/// The same in the `prometheus` crate, through kept handles, with the standard library's clock.
#[must_use]
pub fn prometheus(handles: Handles, time: Time) -> Side {
    let all: [PrometheusLoads; HANDLES] = array::from_fn(|_| PrometheusLoads::new());
    let durations = durations();
    let handle = move |i: usize| all[i].clone();
    match time {
        Time::Clock => Side::new("prometheus", handles, handle, |loads, _| {
            loads.active.inc();
            let started = Instant::now();
            loads.record(started.elapsed());
        }),
        Time::Callers => Side::new("prometheus", handles, handle, move |loads, i| {
            loads.active.inc();
            loads.record(durations[i % DURATIONS]);
        }),
    }
}

#[derive(Clone)]
struct PrometheusLoads {
    latency: prometheus::Histogram,
    records: IntCounter,
    bytes: IntCounter,
    active: IntGauge,
    ok: IntCounter,
}

impl PrometheusLoads {
    fn new() -> Self {
        let legal = "the names are legal";
        let options = HistogramOpts::new("load_duration_seconds", "Time to load.").buckets(bounds(BOUNDS));
        let outcomes = IntCounterVec::new(Opts::new("loads_total", "Loads."), &["outcome"]).expect(legal);
        Self {
            latency: prometheus::Histogram::with_opts(options).expect(legal),
            records: IntCounter::new("records_total", "Records.").expect(legal),
            bytes: IntCounter::new("bytes_total", "Bytes.").expect(legal),
            active: IntGauge::new("active_loads", "Under way.").expect(legal),
            ok: outcomes.with_label_values(&["ok"]),
        }
    }

    fn record(&self, elapsed: Duration) {
        self.latency.observe(elapsed.as_secs_f64());
        self.records.inc_by(RECORDS);
        self.bytes.inc_by(BYTES);
        self.ok.inc();
        self.active.dec();
    }
}

/// Fewer than there are values: a duration takes twice the room of one, and the nearest cache is to hold them all.
const DURATIONS: usize = VALUES / 8;

fn durations() -> &'static [Duration; DURATIONS] {
    let durations = std::array::from_fn(|i| Duration::from_secs_f64(values()[i]));
    Box::leak(Box::new(durations))
}
