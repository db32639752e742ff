//! The text format 0.0.4, case by case. The expected texts follow the specification and the output of Prometheus' own
//! Go libraries; where a number may be spelled in several ways, they have this crate's spelling of the same value.

mod collected;

use std::io;

use tachometer::{Buckets, FamilyBuilder, MetricKind, NO_LABELS, Number, Registry, Snapshot};
use tachometer_prometheus::{Escaping, Format, encode, encode_as, encode_to};

/// The text of a snapshot with these families.
fn text<const N: usize>(families: [FamilyBuilder; N]) -> String {
    let builder = families.into_iter().fold(Snapshot::builder(), |all, family| all.family(family));
    let snapshot = builder.build().expect("the snapshot is well formed");
    for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values, Escaping::AllowUtf8] {
        for format in [Format::TEXT, Format::OPEN_METRICS].map(|format| format.with_escaping(escaping)) {
            collected::collect(&encode_as(&snapshot, format), format.content_type());
        }
    }
    encode(&snapshot)
}

fn gauge(name: &str) -> FamilyBuilder {
    FamilyBuilder::new(name, MetricKind::Gauge)
}

fn one() -> Number {
    Number::U64(1)
}

#[test]
fn a_counter_with_labels_and_a_timestamp() {
    let family = FamilyBuilder::new("name", MetricKind::Counter)
        .help("two-line\n doc  str\\ing")
        .number([("labelname", "val1"), ("basename", "basevalue")], Number::F64(f64::NAN))
        .number([("labelname", "val2"), ("basename", "basevalue")], Number::F64(0.23))
        .timestamp_ms(1_234_567_890);
    assert_eq!(
        text([family]),
        "# HELP name two-line\\n doc  str\\\\ing\n\
         # TYPE name counter\n\
         name{basename=\"basevalue\",labelname=\"val1\"} NaN\n\
         name{basename=\"basevalue\",labelname=\"val2\"} 0.23 1234567890\n"
    );
}

#[test]
fn a_counter_keeps_its_name() {
    let counter = |name| FamilyBuilder::new(name, MetricKind::Counter).number(NO_LABELS, Number::U64(42));
    assert_eq!(
        text([counter("foos_total").help("Number of foos.")]),
        "# HELP foos_total Number of foos.\n# TYPE foos_total counter\nfoos_total 42\n"
    );
    assert_eq!(text([counter("foos")]), "# TYPE foos counter\nfoos 42\n");
}

#[test]
fn a_summary() {
    let family = FamilyBuilder::new("summary_name", MetricKind::Summary)
        .help("summary docstring")
        .summary(NO_LABELS, &[(0.5, -1.23), (0.9, 0.2342354), (0.99, 0.0)], -3.4567, 42)
        .summary(
            [("name_1", "value 1"), ("name_2", "value 2")],
            &[(0.5, 1.0), (0.9, 2.0), (0.99, 3.0)],
            2010.1971,
            4711,
        );
    assert_eq!(
        text([family]),
        r#"# HELP summary_name summary docstring
# TYPE summary_name summary
summary_name{quantile="0.5"} -1.23
summary_name{quantile="0.9"} 0.2342354
summary_name{quantile="0.99"} 0
summary_name_sum -3.4567
summary_name_count 42
summary_name{name_1="value 1",name_2="value 2",quantile="0.5"} 1
summary_name{name_1="value 1",name_2="value 2",quantile="0.9"} 2
summary_name{name_1="value 1",name_2="value 2",quantile="0.99"} 3
summary_name_sum{name_1="value 1",name_2="value 2"} 2010.1971
summary_name_count{name_1="value 1",name_2="value 2"} 4711
"#
    );
}

#[test]
fn a_histogram_whose_count_exceeds_its_last_bucket() {
    let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let buckets: Vec<(f64, u64)> = bounds.into_iter().zip(1..).collect();
    let family = FamilyBuilder::new("lat_seconds", MetricKind::Histogram)
        .help("h")
        .histogram(NO_LABELS, &buckets, 1.5, 13);
    assert_eq!(
        text([family]),
        r#"# HELP lat_seconds h
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.005"} 1
lat_seconds_bucket{le="0.01"} 2
lat_seconds_bucket{le="0.025"} 3
lat_seconds_bucket{le="0.05"} 4
lat_seconds_bucket{le="0.1"} 5
lat_seconds_bucket{le="0.25"} 6
lat_seconds_bucket{le="0.5"} 7
lat_seconds_bucket{le="1"} 8
lat_seconds_bucket{le="2.5"} 9
lat_seconds_bucket{le="5"} 10
lat_seconds_bucket{le="10"} 11
lat_seconds_bucket{le="+Inf"} 13
lat_seconds_sum 1.5
lat_seconds_count 13
"#
    );
}

#[test]
fn a_histogram_with_negative_bounds() {
    let buckets = [(-10.0, 1), (-1.0, 2), (0.0, 3), (1.0, 4), (10.0, 5)];
    let family = FamilyBuilder::new("lat_seconds", MetricKind::Histogram)
        .help("h")
        .histogram(NO_LABELS, &buckets, 1.5, 7);
    assert_eq!(
        text([family]),
        r#"# HELP lat_seconds h
# TYPE lat_seconds histogram
lat_seconds_bucket{le="-10"} 1
lat_seconds_bucket{le="-1"} 2
lat_seconds_bucket{le="0"} 3
lat_seconds_bucket{le="1"} 4
lat_seconds_bucket{le="10"} 5
lat_seconds_bucket{le="+Inf"} 7
lat_seconds_sum 1.5
lat_seconds_count 7
"#
    );
}

#[test]
fn the_label_of_a_bucket_comes_after_those_of_its_series() {
    let family = FamilyBuilder::new("h", MetricKind::Histogram)
        .histogram([("zone", "a"), ("az", "b")], &[(1e16, 1), (f64::INFINITY, 2)], 0.1, 2)
        .timestamp_ms(5);
    assert_eq!(
        text([family]),
        r#"# TYPE h histogram
h_bucket{az="b",zone="a",le="1e+16"} 1 5
h_bucket{az="b",zone="a",le="+Inf"} 2 5
h_sum{az="b",zone="a"} 0.1 5
h_count{az="b",zone="a"} 2 5
"#
    );
}

#[test]
fn infos_state_sets_and_unknowns_become_what_the_format_has() {
    let info = |name| FamilyBuilder::new(name, MetricKind::Info).info([("version", "1.2.3")]);
    assert_eq!(
        text([info("build").help("b")]),
        "# HELP build_info b\n# TYPE build_info gauge\nbuild_info{version=\"1.2.3\"} 1\n"
    );
    assert_eq!(text([info("build_info")]), "# TYPE build_info gauge\nbuild_info{version=\"1.2.3\"} 1\n");

    let states = FamilyBuilder::new("ss", MetricKind::StateSet)
        .help("x")
        .state_set([("node", "n")], &[("a", true), ("bb", false), ("a", false)]);
    assert_eq!(
        text([states]),
        "# HELP ss x\n# TYPE ss gauge\nss{node=\"n\",ss=\"a\"} 1\nss{node=\"n\",ss=\"bb\"} 0\n"
    );

    assert_eq!(text([FamilyBuilder::new("none", MetricKind::StateSet).state_set(NO_LABELS, &[])]), "");

    let unknown = FamilyBuilder::new("u", MetricKind::Unknown).number(NO_LABELS, Number::I64(-3));
    assert_eq!(text([unknown]), "# TYPE u untyped\nu -3\n");
}

#[test]
fn label_values_are_escaped() {
    let cases = [
        (r"a\b", r"a\\b"),
        (r#"say "hi""#, r#"say \"hi\""#),
        (r#"a\"b"#, r#"a\\\"b"#),
        ("a\r\nb", "a\r\\nb"),
        ("", ""),
        ("# EOF", "# EOF"),
        ("佖佥😱", "佖佥😱"),
        ("a\u{85}b", "a\u{85}b"),
        ("\u{ffff}\u{10ffff}", "\u{ffff}\u{10ffff}"),
    ];
    for (value, escaped) in cases {
        assert_eq!(
            text([gauge("esc").help("h").number([("l", value)], one())]),
            format!("# HELP esc h\n# TYPE esc gauge\nesc{{l=\"{escaped}\"}} 1\n")
        );
    }
}

#[test]
fn help_texts_are_escaped_and_may_be_missing() {
    let cases = [
        ("a\\nb", "a\\\\nb"),
        ("a\\b", "a\\\\b"),
        ("x\\", "x\\\\"),
        ("gauge\ndoc\nstr\"ing", "gauge\\ndoc\\nstr\"ing"),
        ("", ""),
    ];
    for (help, escaped) in cases {
        assert_eq!(
            text([gauge("h_m").help(help).number(NO_LABELS, one())]),
            format!("# HELP h_m {escaped}\n# TYPE h_m gauge\nh_m 1\n")
        );
    }
    assert_eq!(text([gauge("h_m").number(NO_LABELS, one())]), "# TYPE h_m gauge\nh_m 1\n");
}

#[test]
fn values_are_spelled_shortest() {
    let cases = [
        (0.0, "0"),
        (-1.0, "-1"),
        (0.30000000000000004, "0.30000000000000004"),
        (1e10, "10000000000"),
        (123_456_789.0, "123456789"),
        (100_000.0, "100000"),
        (4.9e-324, "5e-324"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::INFINITY, "+Inf"),
        (18_446_744_073_709_551_615.0, "1.8446744073709552e+19"),
        (10.0, "10"),
        (3.14e42, "3.14e+42"),
    ];
    for (value, spelled) in cases {
        assert_eq!(
            text([gauge("f").help("h").number(NO_LABELS, Number::F64(value))]),
            format!("# HELP f h\n# TYPE f gauge\nf {spelled}\n")
        );
    }
}

#[test]
fn integers_are_exact_above_two_to_the_53() {
    let family = FamilyBuilder::new("c", MetricKind::Counter).number(NO_LABELS, Number::U64(u64::MAX));
    assert_eq!(text([family]), "# TYPE c counter\nc 18446744073709551615\n");
}

#[test]
fn nothing_is_exposed_of_nothing() {
    assert_eq!(text([]), "");
    assert_eq!(text([gauge("no_series").help("h")]), "");
    let registry = Registry::builder().self_metrics(false).build().expect("nothing can be wrong");
    let _ = registry.counter_family("c_total", "h", ["a"]).expect("the name is free");
    assert_eq!(encode(&registry.snapshot()), "");
    assert_eq!(encode(&Registry::disabled().snapshot()), "");
}

#[test]
fn names_that_the_format_cannot_spell_are_escaped() {
    let family = gauge("gauge.name")
        .help("gauge\ndoc\nstr\"ing")
        .number([("name.1", "val with\nnew line"), ("name*2", "val with \\backslash")], one())
        .number([("name.1", "Björn"), ("name*2", "佖佥")], Number::F64(3.14e42));
    assert_eq!(
        text([family]),
        "# HELP gauge_name gauge\\ndoc\\nstr\"ing\n\
         # TYPE gauge_name gauge\n\
         gauge_name{name_1=\"val with\\nnew line\",name_2=\"val with \\\\backslash\"} 1\n\
         gauge_name{name_1=\"Björn\",name_2=\"佖佥\"} 3.14e+42\n"
    );
}

#[test]
fn labels_that_become_one_join_their_values() {
    let family = gauge("g").number([("a.b", "first"), ("a_b", "second"), ("a-b", "zeroth")], one());
    assert_eq!(text([family]), "# TYPE g gauge\ng{a_b=\"zeroth;first;second\"} 1\n");
}

#[test]
fn families_that_become_one_are_one_block_or_the_later_is_left_out() {
    let dotted = |value: &'static str| gauge("a.b").help("h").number([("l", value)], Number::U64(2));
    let plain = || gauge("a_b").help("h").number([("l", "x")], one());
    let alone = "# HELP a_b h\n# TYPE a_b gauge\na_b{l=\"x\"} 1\n";

    // The same schema, other series: one block, in which the name that needed no escape comes first.
    assert_eq!(text([dotted("y"), plain()]), format!("{alone}a_b{{l=\"y\"}} 2\n"));
    // The same series: the first one stays.
    assert_eq!(text([dotted("x"), plain()]), alone);
    // Another help text or kind: the escaped family is left out.
    assert_eq!(text([dotted("y").help("other"), plain()]), alone);
    let counter = FamilyBuilder::new("a-b", MetricKind::Counter).help("h").number(NO_LABELS, one());
    assert_eq!(text([counter, plain()]), alone);
}

#[test]
fn families_whose_samples_meet_are_not_both_exposed() {
    let histogram = FamilyBuilder::new("x", MetricKind::Histogram).histogram(NO_LABELS, &[], 2.0, 1);
    let sum = gauge("x_sum").number(NO_LABELS, one());
    assert_eq!(text([sum, histogram]), "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 2\nx_count 1\n");

    let info = FamilyBuilder::new("build", MetricKind::Info).info([("version", "1")]);
    let taken = gauge("build_info").number(NO_LABELS, one());
    assert_eq!(text([taken, info]), "# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n");
}

#[test]
fn series_with_a_label_of_the_format_are_left_out() {
    let histogram = FamilyBuilder::new("h", MetricKind::Histogram).histogram([("le", "1")], &[], 0.0, 0);
    let summary = FamilyBuilder::new("s", MetricKind::Summary).summary([("quantile", "1")], &[], 0.0, 0);
    let states = FamilyBuilder::new("on", MetricKind::StateSet).state_set([("on", "1")], &[("a", true)]);
    let named = gauge("g").number([("__name__", "other")], one());
    let free = gauge("z").number([("le", "1"), ("quantile", "2")], one());
    assert_eq!(
        text([histogram, summary, states, named, free]),
        "# TYPE z gauge\nz{le=\"1\",quantile=\"2\"} 1\n"
    );
}

#[test]
fn live_metrics() -> Result<(), tachometer::RegisterError> {
    let registry = Registry::builder().label("a", "1").label("z", "9").self_metrics(false).build()?;
    registry.counter_family("c_total", "h", ["b"])?.with([("b", "2")])?.add(3);
    let histogram = registry.histogram_with("h", "", Buckets::explicit([1.0, 2.0, 5.0]))?;
    for value in [1.0, 1.0000000000000002, 2.0, 5.0, 5.000001] {
        histogram.observe(value);
    }
    registry.gauge("g", "Nothing.")?.set(f64::NAN);
    registry.up_down_counter("u", "Down.")?.sub(7);
    registry.float_counter("f_total", "Half.")?.add(0.5);
    assert_eq!(
        encode(&registry.snapshot()),
        r#"# HELP c_total h
# TYPE c_total counter
c_total{a="1",b="2",z="9"} 3
# HELP f_total Half.
# TYPE f_total counter
f_total{a="1",z="9"} 0.5
# HELP g Nothing.
# TYPE g gauge
g{a="1",z="9"} NaN
# HELP h 
# TYPE h histogram
h_bucket{a="1",z="9",le="1"} 1
h_bucket{a="1",z="9",le="2"} 3
h_bucket{a="1",z="9",le="5"} 4
h_bucket{a="1",z="9",le="+Inf"} 5
h_sum{a="1",z="9"} 14.000001000000001
h_count{a="1",z="9"} 5
# HELP u Down.
# TYPE u gauge
u{a="1",z="9"} -7
"#
    );
    Ok(())
}

#[test]
fn the_smallest_floats_are_not_taken_for_zero() -> Result<(), tachometer::RegisterError> {
    let registry = Registry::new();
    let histogram = registry.histogram_with("h", "h", Buckets::explicit([0.0, 1.0]))?;
    histogram.observe(4.9e-324);
    histogram.observe(-4.9e-324);
    let text = encode(&registry.snapshot());
    assert!(
        text.contains("\nh_bucket{le=\"0\"} 1\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_sum 0\n"),
        "{text}"
    );
    Ok(())
}

#[test]
fn the_first_error_of_the_writer_is_returned() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let snapshot = Snapshot::builder().family(gauge("g").number(NO_LABELS, one())).build();
    let snapshot = snapshot.expect("one gauge");
    let error = encode_to(&snapshot, Format::TEXT, Full).expect_err("the writer is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let error = encode_to(&snapshot, Format::TEXT, io::BufWriter::new(Full))
        .expect_err("a buffer must not swallow the error");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_text_of_many_pieces_is_written_whole() {
    let mut family = gauge("many");
    for number in 0..10_000_u64 {
        family = family.number([("number", number.to_string().as_str())], Number::U64(number));
    }
    let snapshot = Snapshot::builder().family(family).build().expect("the labels differ");
    let mut written = Vec::new();
    encode_to(&snapshot, Format::TEXT, &mut written).expect("a vector takes all");
    assert!(written.len() > 2 * 64 * 1024);
    assert_eq!(written, encode(&snapshot).into_bytes());
}
