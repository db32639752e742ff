//! The engine's operation, and the same records without it.

use std::{
    array,
    time::{Duration, Instant},
};

use tachometer::{Buckets, Counter, Family, Histogram, Operation, Outcome, UpDownCounter};

use super::{
    super::{registry, shared},
    BOUNDS, BYTES, DURATIONS, RECORDS, Time, durations,
};
use crate::{HANDLES, Handles, Side, bounds};

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
    let operations = loads.map(|loads| loads.operation);
    match time {
        Time::Clock => shared(name, handles, operations, |operation, _| {
            let mut guard = operation.start();
            guard.add_records(RECORDS);
            guard.add_bytes(BYTES);
            guard.end(Outcome::Ok);
        }),
        Time::Callers => shared(name, handles, operations, move |operation, i| {
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
    match time {
        Time::Clock => shared("by hand", handles, loads, move |loads, _| {
            loads.active.inc();
            let started = quanta::Instant::now();
            record(loads, started.elapsed());
        }),
        Time::Callers => shared("by hand", handles, loads, move |loads, i| {
            loads.active.inc();
            record(loads, durations[i % DURATIONS]);
        }),
    }
}

/// The same records through a guard of the engine for each of the three that have one.
#[must_use]
pub fn by_guards(handles: Handles, time: Time) -> Side {
    let (_, loads) = engine_handles(true);
    let durations = durations();
    match time {
        Time::Clock => shared("by guards", handles, loads, |loads, _| {
            let (_active, outcome) = (loads.active.track(), loads.outcomes.start());
            let timer = loads.latency.start_timer();
            loads.records.add(RECORDS);
            loads.bytes.add(BYTES);
            timer.stop();
            outcome.end(Outcome::Ok);
        }),
        Time::Callers => {
            // Of a start that is not looked at.
            let begun = Instant::now();
            shared("by guards", handles, loads, move |loads, i| {
                let (_active, outcome) = (loads.active.track(), loads.outcomes.start());
                let timer = loads.latency.start_timer_at(begun);
                loads.records.add(RECORDS);
                loads.bytes.add(BYTES);
                timer.stop_with(durations[i % DURATIONS]);
                outcome.end(Outcome::Ok);
            })
        }
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
