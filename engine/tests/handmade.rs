//! Snapshots built by hand hold what a registry does not make, and refuse what no exposition could hold.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use plain::plain;
use tachometer::{
    FamilyBuilder, MetricKind, NO_LABELS, Number, RegisterError, RegisterErrorReason as Reason, SeriesView,
    Snapshot, Value,
};

fn build(families: impl IntoIterator<Item = FamilyBuilder>) -> Result<Snapshot, RegisterError> {
    families.into_iter().fold(Snapshot::builder(), |builder, family| builder.family(family)).build()
}

fn only(family: FamilyBuilder) -> Snapshot {
    build([family]).unwrap()
}

fn first<'a>(snapshot: &'a Snapshot, name: &str) -> SeriesView<'a> {
    snapshot.family(name).unwrap().series().next().unwrap()
}

#[track_caller]
fn assert_error(result: Result<Snapshot, RegisterError>, reason: &Reason, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.reason(), reason, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no `{word}` in: {error}");
    }
}

#[test]
fn numbers_keep_their_type_help_unit_and_time() {
    let snapshot = build([
        FamilyBuilder::new("z_total", MetricKind::Counter).number(NO_LABELS, Number::U64(u64::MAX)),
        FamilyBuilder::new("a_seconds", MetricKind::Gauge)
            .help("A.")
            .unit("seconds")
            .number([("l", "1")], Number::F64(-0.5))
            .timestamp_ms(-5)
            .number([("l", "0")], Number::I64(i64::MIN)),
        FamilyBuilder::new("m", MetricKind::Unknown).number(NO_LABELS, Number::F64(f64::NAN)),
    ])
    .unwrap();
    let names: Vec<_> = snapshot.families().map(|family| family.name()).collect();
    assert_eq!(names, ["a_seconds", "m", "z_total"], "sorted, whatever the order they came in");
    let family = snapshot.family("a_seconds").unwrap();
    assert_eq!(
        (family.help(), family.unit(), family.kind()),
        (Some("A."), Some("seconds"), MetricKind::Gauge)
    );
    let times: Vec<_> = family.series().map(|series| series.timestamp_ms()).collect();
    assert_eq!(times, [None, Some(-5)], "of the series it follows, sorted by its label");
    assert_eq!(snapshot.up_down_counter("a_seconds", &[("l", "0")]), Some(i64::MIN));
    assert_eq!(snapshot.gauge("a_seconds", &[("l", "1")]), Some(-0.5));
    assert_eq!(snapshot.counter("z_total", &[]), Some(u64::MAX));
    assert!(matches!(first(&snapshot, "m").value(), Value::Number(Number::F64(m)) if m.is_nan()));
    assert_eq!(snapshot.gauge("m", &[]), None, "of an unknown type");
    assert_eq!(snapshot.family("m").unwrap().help(), None);
}

#[test]
fn a_histogram_is_given_cumulative_counts_with_or_without_infinity() {
    let labels = [("l", "v")];
    let family = || FamilyBuilder::new("size", MetricKind::Histogram);
    let without = only(family().histogram(labels, &[(1.0, 2), (5.0, 2), (10.0, 7)], 40.0, 9));
    let with =
        only(family().histogram(labels, &[(1.0, 2), (5.0, 2), (10.0, 7), (f64::INFINITY, 9)], 40.0, 9));
    assert_eq!(without, with);
    let size = with.histogram("size", &labels).unwrap();
    assert_eq!((size.bounds(), size.counts()), (&[1.0, 5.0, 10.0][..], &[2, 0, 5, 2][..]));
    assert_eq!((size.count(), size.sum()), (9, 40.0));
    let cumulative: Vec<_> = size.cumulative().collect();
    assert_eq!(cumulative, [(1.0, 2), (5.0, 2), (10.0, 7), (f64::INFINITY, 9)]);
    let only_infinity = only(family().histogram(labels, &[(f64::INFINITY, 3)], f64::NAN, 3));
    let size = only_infinity.histogram("size", &labels).unwrap();
    assert_eq!((size.bounds(), size.counts()), (&[][..], &[3][..]));
    assert!(size.quantile(0.5).is_nan() && size.hdr_quantile(0.5).is_nan() && size.sum().is_nan());
}

#[test]
fn summaries_infos_and_state_sets_come_back_as_they_were_given() {
    let snapshot = build([
        FamilyBuilder::new("latency", MetricKind::Summary).summary(
            NO_LABELS,
            &[(0.5, 1.5), (0.99, 9.0)],
            12.5,
            8,
        ),
        FamilyBuilder::new("build", MetricKind::Info).info([("version", "1.2"), ("commit", "abc")]),
        FamilyBuilder::new("state", MetricKind::StateSet)
            .state_set(NO_LABELS, &[("up", true), ("down", false)]),
    ])
    .unwrap();
    let Value::Summary(latency) = first(&snapshot, "latency").value() else { panic!("no summary") };
    assert_eq!(latency.quantiles().collect::<Vec<_>>(), [(0.5, 1.5), (0.99, 9.0)]);
    assert_eq!((latency.count(), latency.sum()), (8, 12.5));
    let build = first(&snapshot, "build");
    assert!(matches!(build.value(), Value::Info));
    assert_eq!(build.labels().collect::<Vec<_>>(), [("commit", "abc"), ("version", "1.2")]);
    let Value::StateSet(state) = first(&snapshot, "state").value() else { panic!("no state set") };
    assert_eq!(state.states().collect::<Vec<_>>(), [("up", true), ("down", false)]);
    let debug = format!("{snapshot:?}");
    for part in ["0.99", "12.5", "\"down\": false", "version=\"1.2\""] {
        assert!(debug.contains(part), "no {part} in {debug}");
    }
}

#[test]
fn series_of_a_family_may_have_different_labels_and_names_may_be_any_text() {
    let snapshot = only(
        FamilyBuilder::new("größe.der_welt", MetricKind::Gauge)
            .number([("ort", "Köln"), ("land", "de")], Number::F64(1.0))
            .number([("http.status", "200")], Number::F64(2.0))
            .number(NO_LABELS, Number::F64(3.0)),
    );
    assert_eq!(snapshot.gauge("größe.der_welt", &[("land", "de"), ("ort", "Köln")]), Some(1.0));
    assert_eq!(snapshot.gauge("größe.der_welt", &[("http.status", "200")]), Some(2.0));
    assert_eq!(snapshot.gauge("größe.der_welt", &[]), Some(3.0));
}

#[test]
fn two_of_the_same_and_names_of_nothing_are_refused() {
    let gauge = |name: &str| FamilyBuilder::new(name, MetricKind::Gauge);
    let twins = build([gauge("level"), gauge("level")]);
    assert_error(twins, &Reason::DuplicateFamily, &["`level`", "make them one"]);
    let labels = [("a", "1"), ("b", "2")];
    let swapped = [("b", "2"), ("a", "1")];
    let twice = gauge("level").number(labels, Number::U64(1)).number(swapped, Number::U64(2));
    assert_error(build([twice]), &Reason::DuplicateSeries, &["`level`", "same labels"]);
    let label = gauge("level").number([("a", "1"), ("a", "2")], Number::U64(1));
    assert_error(build([label]), &Reason::DuplicateLabel("a".into()), &["`a` occurs twice"]);
    assert_error(build([gauge("")]), &Reason::EmptyName, &["no name"]);
    let nameless = gauge("level").number([("", "1")], Number::U64(1));
    assert_error(build([nameless]), &Reason::IllegalLabelName("".into()), &["`level`", "label name"]);
}

#[test]
fn a_value_that_does_not_fit_its_family_is_refused() {
    use MetricKind::{Counter, Gauge, Histogram, Info, StateSet, Summary, Unknown};
    for kind in [Counter, Gauge, Histogram, Info, StateSet, Summary, Unknown] {
        let family = || FamilyBuilder::new("name", kind);
        let attempts = [
            (matches!(kind, Counter | Gauge | Unknown), family().number(NO_LABELS, Number::U64(1))),
            (kind == Histogram, family().histogram(NO_LABELS, &[(1.0, 1)], 1.0, 1)),
            (kind == Summary, family().summary(NO_LABELS, &[(0.5, 1.0)], 1.0, 1)),
            (kind == Info, family().info(NO_LABELS)),
            (kind == StateSet, family().state_set(NO_LABELS, &[("on", true)])),
        ];
        for (fits, attempt) in attempts {
            match build([attempt]) {
                Ok(_) => assert!(fits, "{kind:?}"),
                Err(error) => {
                    assert!(!fits, "{kind:?}: {error}");
                    assert!(matches!(error.reason(), Reason::WrongValue(_)), "{error}");
                    assert!(error.to_string().contains("metric `name`: a series of this family must hold"));
                }
            }
        }
    }
}

#[test]
fn a_histogram_that_contradicts_itself_is_refused() {
    let wrong: [&[(f64, u64)]; 6] = [
        &[(2.0, 1), (1.0, 2)],
        &[(1.0, 1), (1.0, 2)],
        &[(1.0, 3), (2.0, 2)],
        &[(1.0, 1), (2.0, 10)],
        &[(1.0, 1), (f64::INFINITY, 5)],
        &[(f64::NAN, 1)],
    ];
    for cumulative in wrong {
        let family =
            FamilyBuilder::new("size", MetricKind::Histogram).histogram(NO_LABELS, cumulative, 1.0, 9);
        let error = build([family]).unwrap_err();
        assert!(matches!(error.reason(), Reason::WrongValue(_)), "{cumulative:?}: {error}");
        assert!(error.to_string().contains("ascend"), "{error}");
    }
}

#[test]
fn since_subtracts_what_is_cumulative() {
    let at = |n: u64| {
        build([
            FamilyBuilder::new("events_total", MetricKind::Counter).number(NO_LABELS, Number::U64(n)),
            FamilyBuilder::new("latency", MetricKind::Summary).summary(
                NO_LABELS,
                &[(0.5, n as f64)],
                n as f64,
                n,
            ),
            FamilyBuilder::new("level", MetricKind::Gauge).number(NO_LABELS, Number::U64(n)),
            FamilyBuilder::new("size", MetricKind::Histogram).histogram(
                NO_LABELS,
                &[(1.0, n)],
                n as f64,
                2 * n,
            ),
        ])
        .unwrap()
    };
    let since = at(10).since(&at(4));
    assert_eq!(since.counter("events_total", &[]), Some(6));
    assert_eq!(since.gauge("level", &[]), Some(10.0));
    let size = since.histogram("size", &[]).unwrap();
    assert_eq!((size.counts(), size.count(), size.sum()), (&[6, 6][..], 12, 6.0));
    let Value::Summary(latency) = first(&since, "latency").value() else { panic!("no summary") };
    assert_eq!((latency.count(), latency.sum()), (6, 6.0));
    assert_eq!(latency.quantiles().collect::<Vec<_>>(), [(0.5, 10.0)], "a quantile is of its own time");

    let restarted = at(4).since(&at(10));
    let Value::Summary(latency) = first(&restarted, "latency").value() else { panic!("no summary") };
    assert_eq!((latency.count(), latency.sum()), (4, 4.0), "as from 0");
}

#[test]
fn the_same_values_under_another_description_are_another_snapshot() {
    let family = |name: &str, kind| FamilyBuilder::new(name, kind).help("Help.").unit("bytes");
    let gauge = || family("size_bytes", MetricKind::Gauge);
    let one = |family: FamilyBuilder| only(family.number([("l", "v")], Number::U64(4)));
    assert_eq!(one(gauge()), one(gauge()));
    let others = [
        one(family("other_bytes", MetricKind::Gauge)),
        one(family("size_bytes", MetricKind::Unknown)),
        one(gauge().help("Another.")),
        one(FamilyBuilder::new("size_bytes", MetricKind::Gauge).help("Help.")),
        only(gauge().number([("k", "v")], Number::U64(4))),
        only(gauge().number([("l", "w")], Number::U64(4))),
        only(gauge().number([("l", "v")], Number::I64(4))),
        // As many series with as many values in all, and the time of one.
        only(gauge().number([("l", "v")], Number::U64(4)).timestamp_ms(0)),
    ];
    for other in others {
        assert_ne!(one(gauge()), other);
    }
    let timed = |first: bool| {
        let family = gauge().number([("l", "a")], Number::U64(0));
        let family = if first { family.timestamp_ms(0) } else { family };
        let family = family.number([("l", "b")], Number::U64(0));
        only(if first { family } else { family.timestamp_ms(0) })
    };
    assert_eq!(timed(true), timed(true));
    assert_ne!(timed(true), timed(false));
    let bucket = |bound| {
        let family = FamilyBuilder::new("size", MetricKind::Histogram);
        only(family.histogram(NO_LABELS, &[(bound, 1)], 1.0, 1))
    };
    assert_ne!(bucket(1.0), bucket(2.0));
}

#[test]
fn a_snapshot_by_hand_equals_that_of_a_registry_with_the_same_content() {
    let registry = plain();
    registry.counter_family("events_total", "Events.", ["l"]).unwrap().with([("l", "v")]).unwrap().add(4);
    let family = FamilyBuilder::new("events_total", MetricKind::Counter).help("Events.");
    let by_hand = only(family.number([("l", "v")], Number::U64(4)));
    assert_eq!(by_hand, registry.snapshot());
    assert_ne!(by_hand.schema_id(), registry.snapshot().schema_id());
    assert_ne!(by_hand, Snapshot::builder().build().unwrap());
}
