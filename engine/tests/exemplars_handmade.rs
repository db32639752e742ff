//! Exemplars of snapshots built by hand, and of what collectors answer.
#![forbid(unsafe_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tachometer::{
    Exemplar, ExemplarProblem as Problem, FamilyBuilder, MetricKind, NO_LABELS, Number, Registry, Snapshot,
};

fn exemplar(number: u64) -> Exemplar {
    Exemplar::new([("number", number)], number as f64).unwrap()
}

/// The numbers of the exemplars of a series, by bucket.
fn numbers(snapshot: &Snapshot, name: &str, labels: &[(&str, &str)]) -> Vec<(usize, f64)> {
    let series = snapshot.series(name, labels).unwrap();
    series.exemplars().map(|(bucket, exemplar)| (bucket, exemplar.value())).collect()
}

fn histogram() -> FamilyBuilder {
    FamilyBuilder::new("size", MetricKind::Histogram)
        .histogram([("stream", "b")], &[(1.0, 2), (2.0, 3)], 9.0, 4)
        .exemplar(2, exemplar(5))
        .exemplar(0, exemplar(1))
        .histogram([("stream", "a")], &[(1.0, 2)], 9.0, 4)
        .exemplar(1, exemplar(7))
        .exemplar(1, exemplar(8))
}

#[test]
fn a_snapshot_has_the_exemplars_that_it_was_given_by_bucket() {
    let hits = FamilyBuilder::new("hits_total", MetricKind::Counter)
        .number(NO_LABELS, Number::U64(3))
        .timestamp_ms(1_000)
        .exemplar(0, exemplar(3));
    let snapshot = Snapshot::builder().family(histogram()).family(hits).build().unwrap();
    assert_eq!(numbers(&snapshot, "size", &[("stream", "a")]), [(1, 8.0)]);
    assert_eq!(numbers(&snapshot, "size", &[("stream", "b")]), [(0, 1.0), (2, 5.0)]);
    assert_eq!(numbers(&snapshot, "hits_total", &[]), [(0, 3.0)]);
    assert_eq!(snapshot.series("hits_total", &[]).unwrap().timestamp_ms(), Some(1_000));
}

#[test]
fn an_exemplar_has_a_time_if_it_was_given_one() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_600_000_000_123_456_789);
    assert_eq!((exemplar(1).time(), exemplar(1).at(time).time()), (None, Some(time)));
    assert_ne!(exemplar(1), exemplar(1).at(time));
    let labels = || [("trace_id", "a"), ("span_id", "b")];
    let made = Exemplar::new(labels(), f64::INFINITY).unwrap();
    assert!(made.labels().eq(labels()) && made.value() == f64::INFINITY);
}

#[test]
fn labels_that_no_exemplar_can_have_are_errors_that_say_what_to_change() {
    let long = "x".repeat(128);
    for (labels, expected, advice) in [
        (vec![("a", long.as_str())], Problem::TooLong, "use fewer or shorter ones"),
        (vec![("a-b", "c")], Problem::IllegalLabel, "only letters, digits and `_`"),
        (vec![("a", "b"), ("a", "c")], Problem::DuplicateLabel, "leave one out"),
    ] {
        let error = Exemplar::new(labels, 1.0).unwrap_err();
        assert_eq!(error, expected);
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[test]
fn an_exemplar_where_there_is_no_bucket_is_an_error() {
    let with = |family: FamilyBuilder, bucket| {
        Snapshot::builder().family(family.exemplar(bucket, exemplar(1))).build().map(drop)
    };
    let counter = || FamilyBuilder::new("hits_total", MetricKind::Counter).number(NO_LABELS, Number::U64(3));
    let gauge = FamilyBuilder::new("level", MetricKind::Gauge).number(NO_LABELS, Number::U64(3));
    let info = FamilyBuilder::new("build_info", MetricKind::Info).info(NO_LABELS);
    let summary = FamilyBuilder::new("time", MetricKind::Summary).summary(NO_LABELS, &[(0.5, 1.0)], 1.0, 1);
    assert_eq!((with(counter(), 0), with(histogram(), 1)), (Ok(()), Ok(())));
    for (family, bucket) in [(counter(), 1), (histogram(), 2), (gauge, 0), (info, 0), (summary, 0)] {
        let error = with(family, bucket).unwrap_err();
        assert!(error.to_string().contains("exemplars of a counter, or of the buckets"), "{error}");
    }
}

#[test]
fn a_collector_answers_exemplars_that_come_and_go_without_a_new_schema() {
    let registry = Registry::new();
    let _ = registry.counter("a_total", "Before the collector's.").unwrap();
    let turn = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&turn);
    let collect = move |collection: &mut tachometer::Collection| {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        let more = FamilyBuilder::new("more", MetricKind::Gauge).number(NO_LABELS, Number::U64(turn));
        collection.family(more);
        collection.family(if turn == 1 { histogram() } else { histogram().exemplar(0, exemplar(turn)) });
    };
    registry.collector("sizes", collect).unwrap();
    let [first, second, third] = [(); 3].map(|()| registry.snapshot());
    assert_eq!((first.schema_id(), second.schema_id()), (second.schema_id(), third.schema_id()));
    assert_eq!(numbers(&first, "size", &[("stream", "a")]), [(0, 0.0), (1, 8.0)]);
    assert_eq!(numbers(&second, "size", &[("stream", "a")]), [(1, 8.0)]);
    assert_eq!(numbers(&third, "size", &[("stream", "a")]), [(0, 2.0), (1, 8.0)]);
    assert_eq!(numbers(&third, "size", &[("stream", "b")]), [(0, 1.0), (2, 5.0)]);

    // A series of which nothing but an exemplar has changed has changed.
    let names = |now: &Snapshot, before: &Snapshot| {
        let changed = now.changed_since(before).into_iter().filter_map(|index| now.series_at(index));
        changed
            .flat_map(|series| series.labels().map(|(_, value)| value.to_owned()).collect::<Vec<_>>())
            .collect()
    };
    let changed: Vec<String> = names(&second, &first);
    assert_eq!(changed, ["a"]);
    let changed: Vec<String> = names(&third, &second);
    assert_eq!(changed, ["a"]);
}
