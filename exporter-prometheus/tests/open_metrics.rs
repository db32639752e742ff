//! OpenMetrics 1.0, case by case: what differs from the text format, and that the names of series do not.

mod collected;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tachometer::{Collection, FamilyBuilder, MetricKind, NO_LABELS, Number, Registry, Snapshot};
use tachometer_prometheus::{Escaping, Exporter, Format, encode, encode_as};

fn snapshot<const N: usize>(families: [FamilyBuilder; N]) -> Snapshot {
    let builder = families.into_iter().fold(Snapshot::builder(), |all, family| all.family(family));
    builder.build().expect("the snapshot is well formed")
}

/// What a snapshot with these families is in OpenMetrics, without the line that ends every exposition.
fn text<const N: usize>(families: [FamilyBuilder; N]) -> String {
    let text = encode_as(&snapshot(families), Format::OPEN_METRICS);
    collected::collect(&text, Format::OPEN_METRICS.content_type());
    text.strip_suffix("# EOF\n").expect("an exposition ends so").to_owned()
}

fn family(name: &str, kind: MetricKind) -> FamilyBuilder {
    FamilyBuilder::new(name, kind)
}

fn number(name: &str, kind: MetricKind, value: f64) -> FamilyBuilder {
    family(name, kind).number(NO_LABELS, Number::F64(value))
}

#[test]
fn an_exposition_of_nothing_has_an_end() {
    assert_eq!(encode_as(&snapshot([]), Format::OPEN_METRICS), "# EOF\n");
}

#[test]
fn the_family_of_a_counter_has_no_total() {
    let counter = number("sent_total", MetricKind::Counter, 42.0).help("Sent \"so far\".\nAll.");
    assert_eq!(
        text([counter]),
        "# HELP sent Sent \\\"so far\\\".\\nAll.\n# TYPE sent counter\nsent_total 42\n"
    );
}

#[test]
fn a_counter_without_total_keeps_its_name_and_has_no_type() {
    let nan = family("name", MetricKind::Counter)
        .number([("l", "1")], Number::F64(f64::NAN))
        .number([("l", "2")], Number::F64(0.25))
        .timestamp_ms(1_234_567_890);
    assert_eq!(text([nan]), "# TYPE name unknown\nname{l=\"1\"} NaN\nname{l=\"2\"} 0.25 1234567.89\n");
    assert_eq!(text([number("_total", MetricKind::Counter, 1.0)]), "# TYPE _total unknown\n_total 1\n");
}

#[test]
fn what_cannot_have_the_family_name_keeps_the_name_of_its_series() {
    let gauge = |name| number(name, MetricKind::Gauge, 1.0);
    let info = family("build_info", MetricKind::Info).info([("version", "1")]);
    let counter = number("sent_total", MetricKind::Counter, 2.0);
    let all = snapshot([counter, info, gauge("build"), gauge("sent")]);
    assert_eq!(
        encode_as(&all, Format::OPEN_METRICS),
        "# TYPE build gauge\nbuild 1\n# TYPE build_info unknown\nbuild_info{version=\"1\"} 1\n\
         # TYPE sent gauge\nsent 1\n# TYPE sent_total unknown\nsent_total 2\n# EOF\n"
    );
    assert_eq!(
        encode(&all),
        "# TYPE build gauge\nbuild 1\n# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n\
         # TYPE sent gauge\nsent 1\n# TYPE sent_total counter\nsent_total 2\n"
    );
}

#[test]
fn counters_that_are_nan_or_negative_are_left_out_and_gauges_are_not() {
    let values = [("a", f64::NAN), ("b", -1.0), ("c", f64::INFINITY), ("d", -0.0)];
    let all = |name, kind| {
        values
            .iter()
            .fold(family(name, kind), |all, (label, value)| all.number([("l", *label)], Number::F64(*value)))
    };
    assert_eq!(
        text([all("n_total", MetricKind::Counter)]),
        "# TYPE n counter\nn_total{l=\"c\"} +Inf\nn_total{l=\"d\"} -0\n"
    );
    for kind in [MetricKind::Gauge, MetricKind::Unknown] {
        let lines = "n{l=\"a\"} NaN\nn{l=\"b\"} -1\nn{l=\"c\"} +Inf\nn{l=\"d\"} -0\n";
        assert_eq!(text([all("n", kind)]), format!("# TYPE n {}\n{lines}", kind.as_str()));
    }
}

#[test]
fn bounds_and_quantiles_have_a_point_or_an_exponent() {
    let bounds = [0.0, 0.1, 1.0, 100_000.0, 1e6, 1e21, 5e-7];
    let mut buckets: Vec<(f64, u64)> = bounds.into_iter().map(|bound| (bound, 1)).collect();
    buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let histogram = family("h", MetricKind::Histogram).histogram(NO_LABELS, &buckets, 1.0, 1);
    let expected: String = ["0.0", "5e-07", "0.1", "1.0", "100000.0", "1e+06", "1e+21", "+Inf"]
        .map(|le| format!("h_bucket{{le=\"{le}\"}} 1\n"))
        .concat();
    assert_eq!(text([histogram]), format!("# TYPE h histogram\n{expected}h_sum 1\nh_count 1\n"));
    let summary = family("s", MetricKind::Summary).summary(NO_LABELS, &[(0.0, 0.5), (1.0, 2.0)], 3.0, 4);
    assert_eq!(
        text([summary]),
        "# TYPE s summary\ns{quantile=\"0.0\"} 0.5\ns{quantile=\"1.0\"} 2\ns_sum 3\ns_count 4\n"
    );
}

#[test]
fn a_sum_that_may_not_be_there_takes_the_count_of_a_histogram_along() {
    let histogram = |first: f64, sum: f64| {
        text([family("h", MetricKind::Histogram).histogram(NO_LABELS, &[(first, 1)], sum, 2)])
    };
    let buckets = "h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\n";
    assert_eq!(histogram(1.0, 0.5), format!("# TYPE h histogram\n{buckets}h_sum 0.5\nh_count 2\n"));
    assert_eq!(histogram(1.0, f64::NAN), format!("# TYPE h histogram\n{buckets}"));
    assert_eq!(histogram(1.0, -0.5), format!("# TYPE h histogram\n{buckets}"));
    let buckets = buckets.replace("1.0", "-1.0");
    assert_eq!(histogram(-1.0, 0.5), format!("# TYPE h histogram\n{buckets}"));

    let summary = family("s", MetricKind::Summary).summary(NO_LABELS, &[(0.5, -1.0), (0.9, 1.0)], -1.0, 2);
    assert_eq!(text([summary]), "# TYPE s summary\ns{quantile=\"0.9\"} 1\ns_count 2\n");
}

#[test]
fn quantiles_that_come_and_go_stand_beside_their_values_in_a_text_that_is_kept() {
    let registry = Registry::builder().self_metrics(false).build().expect("nothing can be wrong");
    let first = Arc::new(AtomicI64::new(-1));
    let asked = Arc::clone(&first);
    let collector = move |out: &mut Collection| {
        let value = |n: u8| if n == 0 { asked.load(Ordering::Relaxed) as f64 } else { f64::from(n) };
        let quantiles: Vec<(f64, f64)> = (0..70).map(|n| (f64::from(n) / 70.0, value(n))).collect();
        out.family(family("s", MetricKind::Summary).summary(NO_LABELS, &quantiles, 1.0, 1));
    };
    registry.collector("a summary", collector).expect("the first of its name");
    let exporter = Exporter::new(&registry);
    for value in [-1, 0, 5, -1] {
        first.store(value, Ordering::Relaxed);
        let kept = exporter.render_as(Format::OPEN_METRICS).to_text();
        assert_eq!(kept, encode_as(&registry.snapshot(), Format::OPEN_METRICS));
    }
}

#[test]
fn infos_and_state_sets_have_their_own_types() {
    let info = family("build", MetricKind::Info).info([("version", "1.2.3")]).unit("info");
    let states = family("ss", MetricKind::StateSet).state_set(NO_LABELS, &[("a", true), ("bb", false)]);
    assert_eq!(
        text([info, states]),
        "# TYPE build info\nbuild_info{version=\"1.2.3\"} 1\n# TYPE ss stateset\nss{ss=\"a\"} 1\nss{ss=\"bb\"} 0\n"
    );
}

#[test]
fn a_unit_is_named_where_the_name_ends_in_it() {
    let counter = |name| number(name, MetricKind::Counter, 1.0).unit("seconds");
    assert_eq!(
        text([counter("busy_seconds_total")]),
        "# TYPE busy_seconds counter\n# UNIT busy_seconds seconds\nbusy_seconds_total 1\n"
    );
    assert_eq!(text([counter("busy_total")]), "# TYPE busy counter\nbusy_total 1\n");
    assert_eq!(text([counter("milliseconds_total")]), "# TYPE milliseconds counter\nmilliseconds_total 1\n");
    let gauge = |unit| number("busy_seconds", MetricKind::Gauge, 1.0).unit(unit);
    assert_eq!(text([gauge("")]), "# TYPE busy_seconds gauge\nbusy_seconds 1\n");
    assert_eq!(
        encode(&snapshot([counter("busy_seconds_total")])),
        "# TYPE busy_seconds_total counter\nbusy_seconds_total 1\n",
        "the text format has no units"
    );
}

#[test]
fn a_unit_that_no_line_can_hold_is_left_out() {
    let gauge = number("x_a\nevil 1", MetricKind::Gauge, 1.0).unit("a\nevil 1");
    let text = encode_as(&snapshot([gauge]), Format::OPEN_METRICS.with_escaping(Escaping::AllowUtf8));
    assert_eq!(text, "# TYPE \"x_a\\nevil 1\" gauge\n{\"x_a\\nevil 1\"} 1\n# EOF\n");
}

#[test]
fn names_are_spelled_as_was_negotiated() {
    let all = snapshot([family("gauge.name", MetricKind::Gauge)
        .help("a \"b\"")
        .number([("label.1", "v"), ("plain_1", "w")], Number::U64(1))]);
    let shown = |format: Format, escaping| encode_as(&all, format.with_escaping(escaping));
    assert_eq!(
        shown(Format::TEXT, Escaping::AllowUtf8),
        "# HELP \"gauge.name\" a \"b\"\n# TYPE \"gauge.name\" gauge\n\
         {\"gauge.name\",\"label.1\"=\"v\",plain_1=\"w\"} 1\n"
    );
    assert_eq!(
        shown(Format::OPEN_METRICS, Escaping::AllowUtf8),
        "# HELP \"gauge.name\" a \\\"b\\\"\n# TYPE \"gauge.name\" gauge\n\
         {\"gauge.name\",\"label.1\"=\"v\",plain_1=\"w\"} 1\n# EOF\n"
    );
    for (escaping, line) in [
        (Escaping::Underscores, "gauge_name{label_1=\"v\",plain_1=\"w\"} 1\n"),
        (Escaping::Dots, "gauge_dot_name{label_dot_1=\"v\",plain__1=\"w\"} 1\n"),
        (Escaping::Values, "U__gauge_2e_name{U__label_2e_1=\"v\",plain_1=\"w\"} 1\n"),
    ] {
        assert!(shown(Format::TEXT, escaping).ends_with(line), "{}", shown(Format::TEXT, escaping));
    }
}
