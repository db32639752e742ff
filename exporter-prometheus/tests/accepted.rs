//! What the programs that read expositions insist on, beside what a description of the format says.

mod collected;

use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
use tachometer_prometheus::{Escaping, Format, encode, encode_as};

fn snapshot(family: FamilyBuilder) -> Snapshot {
    Snapshot::builder().family(family).build().expect("the family is well formed")
}

fn open_metrics(family: FamilyBuilder) -> String {
    in_format(&snapshot(family), Format::OPEN_METRICS)
}

fn in_format(snapshot: &Snapshot, format: Format) -> String {
    let text = encode_as(snapshot, format);
    collected::collect(&text, format.content_type());
    text
}

#[test]
fn a_quantile_that_is_none_is_in_the_text_format_only() {
    let quantiles = [(f64::NAN, 1.0), (-0.5, 2.0), (0.0, 3.0), (1.0, 4.0), (1.5, 5.0)];
    let summary = || FamilyBuilder::new("s", MetricKind::Summary).summary(NO_LABELS, &quantiles, 6.0, 7);
    assert_eq!(
        open_metrics(summary()),
        "# TYPE s summary\ns{quantile=\"0.0\"} 3\ns{quantile=\"1.0\"} 4\ns_sum 6\ns_count 7\n# EOF\n"
    );
    assert_eq!(encode(&snapshot(summary())).lines().count(), 1 + quantiles.len() + 2);
}

#[test]
fn a_state_set_has_its_own_name_as_label_however_that_is_spelled() {
    let text = |name, escaping| {
        let states = FamilyBuilder::new(name, MetricKind::StateSet).state_set(NO_LABELS, &[("on", true)]);
        in_format(&snapshot(states), Format::OPEN_METRICS.with_escaping(escaping))
    };
    let cases = [
        ("a.b", Escaping::Underscores, "# TYPE a_b stateset\na_b{a_b=\"on\"} 1\n# EOF\n"),
        ("a.b", Escaping::Dots, "# TYPE a_dot_b stateset\na_dot_b{a_dot_b=\"on\"} 1\n# EOF\n"),
        ("a_b", Escaping::Dots, "# TYPE a__b stateset\na__b{a__b=\"on\"} 1\n# EOF\n"),
        ("a.b", Escaping::Values, "# TYPE U__a_2e_b stateset\nU__a_2e_b{U__a_2e_b=\"on\"} 1\n# EOF\n"),
        ("a.b", Escaping::AllowUtf8, "# TYPE \"a.b\" stateset\n{\"a.b\",\"a.b\"=\"on\"} 1\n# EOF\n"),
        ("a:b", Escaping::AllowUtf8, "# TYPE a:b stateset\na:b{\"a:b\"=\"on\"} 1\n# EOF\n"),
    ];
    for (name, escaping, expected) in cases {
        assert_eq!(text(name, escaping), expected, "{name} {escaping:?}");
    }
    // No label has a colon, so this cannot be a state set.
    assert_eq!(text("a:b", Escaping::Underscores), "# TYPE a:b gauge\na:b{a_b=\"on\"} 1\n# EOF\n");
}

#[test]
fn an_info_has_no_time_in_openmetrics() {
    let info = || {
        let labels = |version| [("version", version)];
        FamilyBuilder::new("build", MetricKind::Info).info(labels("1")).timestamp_ms(5_000).info(labels("2"))
    };
    assert_eq!(
        open_metrics(info()),
        "# TYPE build info\nbuild_info{version=\"1\"} 1\nbuild_info{version=\"2\"} 1\n# EOF\n"
    );
    assert!(encode(&snapshot(info())).contains("build_info{version=\"1\"} 1 5000\n"));
}

#[test]
fn a_series_with_a_label_that_is_reserved_is_left_out() {
    let gauge = |label| FamilyBuilder::new("g", MetricKind::Gauge).number([(label, "1")], Number::U64(1));
    for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values, Escaping::AllowUtf8] {
        for format in [Format::TEXT, Format::OPEN_METRICS].map(|format| format.with_escaping(escaping)) {
            for label in ["__name__", "__", "__replica.1"] {
                let text = in_format(&snapshot(gauge(label)), format);
                assert!(!text.contains('{'), "{label} in {format:?}: {text}");
            }
            assert!(in_format(&snapshot(gauge("_l")), format).contains('{'), "{format:?}");
        }
    }
}

#[test]
fn the_name_of_a_created_time_is_taken_in_openmetrics() {
    let exposed = |first: FamilyBuilder, format| {
        let created = FamilyBuilder::new("x_created", MetricKind::Gauge).number(NO_LABELS, Number::U64(1));
        let both = Snapshot::builder().family(first).family(created).build().expect("two families");
        let text = in_format(&both, format);
        text.lines()
            .filter(|line| line.starts_with("# TYPE "))
            .map(|line| line[7..].to_owned())
            .collect::<Vec<_>>()
    };
    let counter = || FamilyBuilder::new("x_total", MetricKind::Counter).number(NO_LABELS, Number::U64(1));
    let summary = || FamilyBuilder::new("x", MetricKind::Summary).summary(NO_LABELS, &[], 1.0, 1);
    assert_eq!(exposed(counter(), Format::TEXT), ["x_created gauge", "x_total counter"]);
    assert_eq!(exposed(summary(), Format::TEXT), ["x summary", "x_created gauge"]);
    // A counter can do without the type that takes the name, a summary cannot.
    assert_eq!(exposed(counter(), Format::OPEN_METRICS), ["x_created gauge", "x_total unknown"]);
    assert_eq!(exposed(summary(), Format::OPEN_METRICS), ["x summary"]);
}

#[test]
fn a_time_before_1970_is_in_openmetrics_only() {
    let gauge = |time| {
        snapshot(
            FamilyBuilder::new("g", MetricKind::Gauge).number(NO_LABELS, Number::U64(1)).timestamp_ms(time),
        )
    };
    assert_eq!(in_format(&gauge(-1), Format::TEXT), "# TYPE g gauge\ng 1\n");
    assert_eq!(in_format(&gauge(0), Format::TEXT), "# TYPE g gauge\ng 1 0\n");
    assert_eq!(in_format(&gauge(-1), Format::OPEN_METRICS), "# TYPE g gauge\ng 1 -0.001\n# EOF\n");
}
