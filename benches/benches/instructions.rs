//! How many instructions a record takes, counted by callgrind: the same on a busy machine and on an idle one.
//!
//! Each bench records a thousand times. Beside it stands how many instructions that took, the loop included, with the
//! compiler that CI has; a bench that takes 5 % more fails. `ci/instructions.sh` installs what it needs and runs it.
//! Look-ups are left out: they copy memory, which each processor does in a way of its own.
#![allow(missing_docs, reason = "the macros make public modules")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use tachometer::{
    Buckets, Counter, Family, FloatCounter, Gauge, Histogram, IntegerHistogram, LabelValue, LocalCounter,
    LocalHistogram, Operation, Outcome, Registry, UpDownCounter,
};

const RECORDS: u32 = 1_000;

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

/// Fails a bench that takes 5 % more instructions than this many.
fn counted(instructions: u64) -> LibraryBenchmarkConfig {
    let limit = instructions + instructions / 20;
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, limit)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// Repeats a record, and hands the handle back so that its drop is not counted.
fn repeat<H>(handle: H, record: impl Fn(&H)) -> H {
    for _ in 0..RECORDS {
        record(black_box(&handle));
    }
    handle
}

/// A handle that has recorded on this thread, so that its page is there.
fn warm<H>(make: impl FnOnce(&Registry) -> H, record: impl FnOnce(&H)) -> H {
    let handle = make(&Registry::new());
    record(&handle);
    handle
}

fn counter() -> Counter {
    warm(|registry| registry.counter("a_total", "A.").unwrap(), Counter::inc)
}

fn float_counter() -> FloatCounter {
    warm(|registry| registry.float_counter("a_total", "A.").unwrap(), FloatCounter::inc)
}

fn up_down_counter() -> UpDownCounter {
    warm(|registry| registry.up_down_counter("a", "A.").unwrap(), UpDownCounter::inc)
}

fn gauge() -> Gauge {
    warm(|registry| registry.gauge("a", "A.").unwrap(), |gauge| gauge.set(1.0))
}

fn histogram() -> Histogram {
    warm(|registry| registry.histogram_with("a", "A.", Buckets::seconds()).unwrap(), |h| h.observe(0.5))
}

fn integer_histogram() -> IntegerHistogram {
    let make = |registry: &Registry| registry.declare("a_seconds", "A.").register().unwrap();
    warm(make, |histogram: &IntegerHistogram| histogram.observe(500_000_000))
}

fn family() -> Family<Status, Counter> {
    let make = |registry: &Registry| registry.declare("a_total", "A.").label("status").register().unwrap();
    warm(make, |family: &Family<Status, Counter>| {
        family[Status::Ok].inc();
        family[Status::Failed].inc();
    })
}

fn outcomes() -> Family<Outcome, Counter> {
    let make = |registry: &Registry| registry.declare("a_total", "A.").label("outcome").register().unwrap();
    warm(make, |family: &Family<Outcome, Counter>| family[Outcome::Ok].inc())
}

/// Handles of a kind of work, each of which has recorded.
fn operation() -> Operation {
    let make = |registry: &Registry| {
        let latency = registry.histogram("a_seconds", "A.").unwrap();
        let records = registry.counter("a_total", "A.").unwrap();
        let active = registry.up_down_counter("a_active", "A.").unwrap();
        let outcomes = registry.declare("a_by_outcome_total", "A.").label("outcome").register().unwrap();
        Operation::new().latency(&latency).records(&records).in_flight(&active).outcomes(&outcomes)
    };
    warm(make, |operation: &Operation| operation.start().end(Outcome::Ok))
}

#[library_benchmark(config = counted(11_027))]
#[bench::noop(Counter::noop())]
fn noop_inc(counter: Counter) -> Counter {
    repeat(counter, Counter::inc)
}

#[library_benchmark(config = counted(16_027))]
#[bench::warm(counter())]
fn counter_inc(counter: Counter) -> Counter {
    repeat(counter, Counter::inc)
}

#[library_benchmark(config = counted(8_022))]
#[bench::warm(counter().local())]
fn local_counter_inc(counter: LocalCounter) -> LocalCounter {
    repeat(counter, LocalCounter::inc)
}

#[library_benchmark(config = counted(18_026))]
#[bench::warm(float_counter())]
fn float_counter_add(counter: FloatCounter) -> FloatCounter {
    repeat(counter, |counter| counter.add(0.5))
}

#[library_benchmark(config = counted(26_024))]
#[bench::warm(up_down_counter())]
fn up_down_counter_track(counter: UpDownCounter) -> UpDownCounter {
    repeat(counter, |counter| drop(counter.track()))
}

#[library_benchmark(config = counted(9_008))]
#[bench::warm(gauge())]
fn gauge_set(gauge: Gauge) -> Gauge {
    repeat(gauge, |gauge| gauge.set(0.5))
}

#[library_benchmark(config = counted(60_024))]
#[bench::warm(histogram())]
fn histogram_observe(histogram: Histogram) -> Histogram {
    repeat(histogram, |histogram| histogram.observe(black_box(0.042)))
}

#[library_benchmark(config = counted(54_026))]
#[bench::warm(histogram().local())]
fn local_histogram_observe(histogram: LocalHistogram) -> LocalHistogram {
    repeat(histogram, |histogram| histogram.observe(black_box(0.042)))
}

#[library_benchmark(config = counted(65_024))]
#[bench::warm(histogram())]
fn histogram_observe_duration(histogram: Histogram) -> Histogram {
    repeat(histogram, |histogram| histogram.observe_duration(black_box(Duration::from_micros(42))))
}

#[library_benchmark(config = counted(60_024))]
#[bench::warm(integer_histogram())]
fn integer_histogram_observe(histogram: IntegerHistogram) -> IntegerHistogram {
    repeat(histogram, |histogram| histogram.observe(black_box(42_000_000)))
}

#[library_benchmark(config = counted(26_030))]
#[bench::warm(family())]
fn dense_family_inc(family: Family<Status, Counter>) -> Family<Status, Counter> {
    repeat(family, |family| family[black_box(Status::Failed)].inc())
}

#[library_benchmark(config = counted(42_030))]
#[bench::warm(outcomes())]
fn outcome_guard(family: Family<Outcome, Counter>) -> Family<Outcome, Counter> {
    repeat(family, |family| family.start().end(black_box(Outcome::Ok)))
}

#[library_benchmark(config = counted(129_053))]
#[bench::warm(operation())]
fn operation_of_a_known_duration(operation: Operation) -> Operation {
    let start = Instant::now();
    repeat(operation, |operation| {
        let mut guard = operation.start_at(black_box(start));
        guard.took(black_box(Duration::from_micros(42)));
        guard.add_records(3);
        guard.end(black_box(Outcome::Ok));
    })
}

library_benchmark_group!(
    name = records;
    benchmarks =
        noop_inc, counter_inc, local_counter_inc, float_counter_add, up_down_counter_track, gauge_set,
        histogram_observe, local_histogram_observe, histogram_observe_duration, integer_histogram_observe,
        dense_family_inc, outcome_guard, operation_of_a_known_duration
);

main!(library_benchmark_groups = records);
