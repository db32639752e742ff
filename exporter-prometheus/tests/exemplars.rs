//! Exemplars and created times in OpenMetrics, written anew and kept by an exporter.

use std::time::{Duration, SystemTime};

use tachometer::{
    Buckets, Exemplar, Exemplars, FamilyBuilder, MetricKind, NO_LABELS, Number, Registry, Snapshot,
    TraceContext,
};
use tachometer_prometheus::{Exporter, Format, encode, encode_as};

mod collected;

use collected::collect;

fn open_metrics(snapshot: &Snapshot) -> String {
    let text = encode_as(snapshot, Format::OPEN_METRICS);
    collect(&text, Format::OPEN_METRICS.content_type());
    text
}

fn at(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

fn exemplar(trace: &str, value: f64) -> Exemplar {
    Exemplar::new([("trace_id", trace)], value).unwrap()
}

/// Families of all kinds that can have one of the two.
fn snapshot() -> Snapshot {
    let sent = FamilyBuilder::new("sent_total", MetricKind::Counter)
        .number([("stream", "a")], Number::U64(17))
        .exemplar(0, exemplar("4bf9", 3.0).at(at(1_600_000_000_123)))
        .created(at(1_599_999_000_500));
    let size = FamilyBuilder::new("size", MetricKind::Histogram)
        .histogram(NO_LABELS, &[(1.0, 2), (2.0, 3)], 9.0, 4)
        .exemplar(0, exemplar("a b", 0.67))
        .exemplar(2, exemplar("c\\d", 4.5).at(at(1_600_000_000_000)))
        .created(at(1_000));
    let wait = FamilyBuilder::new("wait", MetricKind::Summary)
        .summary(NO_LABELS, &[(0.5, 1.5)], 3.0, 2)
        .timestamp_ms(2_000)
        .created(at(1_000));
    // Of unknown type there.
    let hits = FamilyBuilder::new("hits", MetricKind::Counter)
        .number(NO_LABELS, Number::U64(1))
        .exemplar(0, exemplar("4bf9", 1.0))
        .created(at(1_000));
    let level =
        FamilyBuilder::new("level", MetricKind::Gauge).number(NO_LABELS, Number::U64(5)).created(at(1_000));
    [sent, size, wait, hits, level]
        .into_iter()
        .fold(Snapshot::builder(), |snapshot, family| snapshot.family(family))
        .build()
        .unwrap()
}

#[test]
fn openmetrics_shows_exemplars_and_created_times_where_they_may_be() {
    let expected = r#"# TYPE hits unknown
hits 1
# TYPE level gauge
level 5
# TYPE sent counter
sent_total{stream="a"} 17 # {trace_id="4bf9"} 3.0 1.6000000001230001e+09
sent_created{stream="a"} 1599999000.5
# TYPE size histogram
size_bucket{le="1.0"} 2 # {trace_id="a b"} 0.67
size_bucket{le="2.0"} 3
size_bucket{le="+Inf"} 4 # {trace_id="c\\d"} 4.5 1.6e+09
size_sum 9
size_count 4
size_created 1
# TYPE wait summary
wait{quantile="0.5"} 1.5 2
wait_sum 3 2
wait_count 2 2
wait_created 1 2
# EOF
"#;
    assert_eq!(open_metrics(&snapshot()), expected);
}

#[test]
fn the_text_format_has_neither() {
    let text = encode(&snapshot());
    assert!(
        !text.contains("_created") && !text.contains(" # ") && text.contains("sent_total{stream=\"a\"} 17\n")
    );
}

#[test]
fn what_an_exporter_keeps_follows_exemplars_that_come_change_and_go() {
    let context = || Some(TraceContext::new(0x4bf9, 0));
    let registry = Registry::builder()
        .exemplars(Exemplars::one_in(1).from(context))
        .created(true)
        .self_metrics(false)
        .build()
        .unwrap();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"]).unwrap();
    let [a, b] = ["a", "b \" # {c"].map(|stream| sent.with([("stream", stream)]).unwrap());
    let size = registry.histogram_with("size", "Size.", Buckets::explicit([1.0, 2.0])).unwrap();
    let closed: tachometer::Family<bool, tachometer::Counter> =
        registry.declare("closed_total", "Closed.").label("done").register().unwrap();
    let exporters = [Format::OPEN_METRICS, Format::TEXT].map(|format| (Exporter::new(&registry), format));
    let check = |what: &str, exemplars: usize| {
        for (exporter, format) in &exporters {
            let kept = exporter.render_as(*format).to_text();
            assert_eq!(kept, encode_as(&registry.snapshot(), *format), "{what}");
            let found = if *format == Format::TEXT { 0 } else { exemplars };
            assert_eq!(kept.matches(" # {trace_id=").count(), found, "{what}: {kept}");
            collect(&kept, format.content_type());
        }
    };
    check("nothing yet", 0);
    a.inc();
    check("a plain record", 0);
    a.inc_traced();
    b.add_traced(1_000_000);
    check("the first ones", 2);
    check("nothing new", 2);
    a.inc();
    b.inc();
    check("the numbers alone", 2);
    a.add_with_exemplar(
        5,
        [("trace_id", "x y"), ("note", "as long as it may be, more or less, and with spaces")],
    );
    check("a longer one", 2);
    [0.5, 1.5, 2.5].into_iter().for_each(|value| size.observe_traced(value));
    check("those of buckets", 5);
    size.observe_with_exemplar(1.25, [("trace_id", "")]);
    closed[true].inc_traced();
    check("a shorter one", 6);
    assert!(closed.remove(&true));
    check("one is gone with its series' past", 5);
    registry.counter("other_total", "Other.").unwrap().inc_traced();
    check("another family", 6);
}
