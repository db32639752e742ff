//! A million label sets, as a program makes them of user input, take the memory of a family's limit and lose nothing.
//!
//! One test alone, because the memory that it measures is the process's.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/memory.rs"]
mod memory;

use std::thread;

use labels::Status;
use memory::resident;
use tachometer::{Counter, DropReason, Family, Number, Registry, Snapshot, Value, dropped_records};

const LABEL_SETS: u64 = 1_000_000;
const THREADS: u64 = 4;
const LIMIT: usize = 2_000;
const MAX_GROWTH: u64 = 16 << 20;

/// Calls `record` for each number below [`LABEL_SETS`], on [`THREADS`] threads.
fn from_all_threads(record: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for first in 0..THREADS {
            let record = &record;
            scope.spawn(move || (first..LABEL_SETS).step_by(THREADS as usize).for_each(record));
        }
    });
}

/// The number of series of a family, the sum of all their values, and that of the one beyond the limit.
fn totals(snapshot: &Snapshot, name: &str) -> (usize, u64, u64) {
    let value = |series: tachometer::SeriesView<'_>| match series.value() {
        Value::Number(Number::U64(value)) => value,
        other => panic!("{other:?}"),
    };
    let family = snapshot.family(name).unwrap();
    let beyond = snapshot.counter(name, &[("env", "test"), ("overflow", "true")]).unwrap();
    (family.series().count(), family.series().map(value).sum(), beyond)
}

/// What the registry says of it: each series is counted, and no look-up beyond the limit was an error.
fn assert_self_metrics(snapshot: &Snapshot) {
    let series = (LIMIT + 1) + (666 * 3 + 1) + (LIMIT + 1);
    assert_eq!(snapshot.gauge("tachometer_series", &[("env", "test")]), Some(series as f64));
    let errors = snapshot.family("tachometer_registration_errors_total").unwrap();
    assert!(
        errors.series().all(|series| matches!(series.value(), Value::Number(Number::U64(0)))),
        "{errors:?}"
    );
    assert_eq!(DropReason::ALL.map(dropped_records), [0; 7]);
}

#[test]
fn a_million_label_sets_fit_into_the_limit_and_are_counted_to_the_last() {
    let registry = Registry::builder().label("env", "test").max_series_per_family(LIMIT).build().unwrap();
    let open = registry.counter_family("open_total", "", ["user"]).unwrap();
    let mixed: Family<(u64, Status), Counter> =
        registry.declare("mixed_total", "").labels(["user", "status"]).register().unwrap();
    let held = open.with([("user", "held")]).unwrap();
    let held_mixed = mixed.with(u64::MAX).unwrap();
    held.add(5);
    held_mixed[Status::Failed].add(5);

    let before = resident();
    from_all_threads(|number| open.with([("user", &*number.to_string())]).unwrap().inc());
    from_all_threads(|number| mixed.with(number).unwrap()[Status::ALL[number as usize % 3]].inc());
    // A component for each, as a program may make one for a connection.
    from_all_threads(|number| {
        let child = registry.child("component", [("user", number.to_string())]).unwrap();
        child.counter("child_total", "").unwrap().inc();
    });
    held.inc();
    held_mixed[Status::Failed].inc();

    let snapshot = registry.snapshot();
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("grown by {} bytes", after.saturating_sub(before));
        assert!(after < before + MAX_GROWTH, "{before} bytes, then {after}");
    }
    // Beside the held one, 1,999 of the million have series of their own.
    assert_eq!(totals(&snapshot, "open_total"), (LIMIT + 1, LABEL_SETS + 6, LABEL_SETS - (LIMIT as u64 - 1)));
    // 666 label sets with three series each, of which one is the held one, and the one beyond the limit.
    assert_eq!(totals(&snapshot, "mixed_total"), (666 * 3 + 1, LABEL_SETS + 6, LABEL_SETS - 665));
    assert_eq!(
        totals(&snapshot, "component_child_total"),
        (LIMIT + 1, LABEL_SETS, LABEL_SETS - LIMIT as u64)
    );
    assert_self_metrics(&snapshot);
    assert_eq!((held.value(), held_mixed[Status::Failed].value()), (6, 6));
    assert_eq!(snapshot.counter("open_total", &[("env", "test"), ("user", "held")]), Some(6));
    drop(snapshot);
    open.clear();
    mixed.clear();
    open.with([("user", "new")]).unwrap().inc();
    let user = [("env", "test"), ("user", "new")];
    assert_eq!(registry.snapshot().counter("open_total", &user), Some(1), "what was removed has made room");
}
