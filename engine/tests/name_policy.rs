//! What the policies make of names: the table of what translators of OpenTelemetry's names do, as data, and rules that
//! hold for any text.
#![forbid(unsafe_code)]

use proptest::prelude::*;
use tachometer::{Escape, MetricKind, NamePolicy, RegisterErrorReason as Reason, TotalSuffix, UnitSuffix};

/// The instruments of an event bus on Kafka, with the names that queries of them have and those that four translators
/// give them: Prometheus 3 and the Collector, the Python exporter, the Rust exporter, and that without units. (Nothing
/// queries the size of batches.)
const INSTRUMENTS: &str = include_str!("data/otel_names.tsv");

/// The policies of the last five columns.
const COLUMNS: [NamePolicy; 5] = [
    NamePolicy::WITHOUT_UNITS,
    NamePolicy::PROMETHEUS_3,
    NamePolicy::OTEL_PYTHON,
    NamePolicy::OTEL_RUST,
    NamePolicy::OTEL_RUST_WITHOUT_UNITS,
];

fn kind_of(name: &str) -> MetricKind {
    [MetricKind::Counter, MetricKind::Histogram, MetricKind::Gauge]
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .unwrap()
}

#[test]
fn instruments_get_the_names_that_each_translator_gives_them() {
    let rows: Vec<Vec<&str>> = INSTRUMENTS.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 15);
    for row in rows {
        let [name, unit, kind, expected @ ..] = &row[..] else { panic!("{row:?}") };
        let exposed = COLUMNS.map(|policy| policy.metric_name(name, kind_of(kind), Some(unit)).unwrap());
        assert_eq!(exposed[..], *expected, "{name}");
    }
}

#[test]
fn units_that_are_annotations_leave_the_names_that_queries_have() {
    let name = |name, kind, unit| NamePolicy::PROMETHEUS_3.metric_name(name, kind, Some(unit)).unwrap();
    assert_eq!(name("consumer.lag", MetricKind::Gauge, "{message}"), "consumer_lag");
    assert_eq!(name("batch.size", MetricKind::Histogram, "{message}"), "batch_size");
}

#[test]
fn units_are_appended_where_the_policy_wants_them() {
    use MetricKind::{Counter, Gauge, Histogram};
    let cases = [
        (
            "disk.io",
            Counter,
            "By",
            ["disk_io_total", "disk_io_bytes_total", "disk_io_bytes_total", "disk_io_bytes_total"],
        ),
        ("io.By.bytes_total", Counter, "By", ["io_By_bytes_total"; 4]),
        (
            "sent_total",
            Counter,
            "By",
            ["sent_total", "sent_bytes_total", "sent_bytes_total", "sent_bytes_total"],
        ),
        ("bytes.sent", Gauge, "By", ["bytes_sent", "bytes_sent", "bytes_sent_bytes", "bytes_sent_bytes"]),
        (
            "disk.io",
            Gauge,
            "By/s",
            ["disk_io", "disk_io_bytes_per_second", "disk_io_bytes_per_second", "disk_io_bytes_per_second"],
        ),
        (
            "disk.bytes",
            Gauge,
            "By/s",
            [
                "disk_bytes",
                "disk_bytes_per_second",
                "disk_bytes_bytes_per_second",
                "disk_bytes_bytes_per_second",
            ],
        ),
        (
            "rpc.rate",
            Gauge,
            "{call}/s",
            ["rpc_rate", "rpc_rate_per_second", "rpc_rate_per_second", "rpc_rate_per_second"],
        ),
        ("cpu.load", Gauge, "1", ["cpu_load", "cpu_load_ratio", "cpu_load_ratio", "cpu_load_ratio"]),
        ("calls", Counter, "1", ["calls_total"; 4]),
        ("cpu.load", Gauge, "%", ["cpu_load", "cpu_load_percent", "cpu_load_percent", "cpu_load_percent"]),
        ("milliseconds", Histogram, "ms", ["milliseconds"; 4]),
        (
            "submilliseconds",
            Histogram,
            "ms",
            [
                "submilliseconds",
                "submilliseconds_milliseconds",
                "submilliseconds_milliseconds",
                "submilliseconds_milliseconds",
            ],
        ),
    ];
    for (name, kind, unit, expected) in cases {
        let exposed = COLUMNS[..4].iter().map(|policy| policy.metric_name(name, kind, Some(unit)).unwrap());
        assert_eq!(exposed.collect::<Vec<_>>(), expected, "{name} in {unit}");
    }
}

#[test]
fn characters_become_underscores_once_and_digits_stand_behind_one() {
    let metric = |name| NamePolicy::WITHOUT_UNITS.metric_name(name, MetricKind::Gauge, None).unwrap();
    assert_eq!(metric("a.b-c/d e"), "a_b_c_d_e");
    assert_eq!(metric("a..b__c._d"), "a_b_c_d");
    assert_eq!(metric("größe"), "gr_e");
    assert_eq!(metric("job:rate.5m"), "job:rate_5m");
    assert_eq!(metric("5xx.errors"), "_5xx_errors");
    let label = |key| NamePolicy::WITHOUT_UNITS.label_name(key).unwrap();
    assert_eq!(label("error.type"), "error_type");
    assert_eq!(label("a:b..c"), "a_b_c");
    assert_eq!(label("2xx"), "key_2xx");
}

#[test]
fn a_counter_ends_in_total_once() {
    let name = |policy: NamePolicy, name| policy.metric_name(name, MetricKind::Counter, None).unwrap();
    assert_eq!(name(NamePolicy::WITHOUT_UNITS, "requests.total"), "requests_total");
    assert_eq!(name(NamePolicy::WITHOUT_UNITS, "subtotal"), "subtotal_total");
    assert_eq!(name(NamePolicy::WITHOUT_UNITS.total_suffix(TotalSuffix::Never), "requests"), "requests");
    let utf8 = NamePolicy::UTF8.total_suffix(TotalSuffix::IfMissing);
    assert_eq!(name(utf8, "requests.total"), "requests_total");
    assert_eq!(name(utf8, "requests.made"), "requests.made_total");
    assert_eq!(name(NamePolicy::UTF8, "requests.total"), "requests.total");
    let legal = NamePolicy::AS_IS.total_suffix(TotalSuffix::IfMissing);
    assert_eq!(name(legal, "requests"), "requests_total");
    assert_eq!(name(legal, "requests__total"), "requests__total");
}

#[test]
fn names_that_cannot_be_exposed_are_refused() {
    let policies = COLUMNS.into_iter().chain([NamePolicy::AS_IS, NamePolicy::UTF8]);
    for policy in policies {
        let empty = policy.metric_name("", MetricKind::Gauge, None).unwrap_err();
        assert_eq!(empty.reason(), &Reason::EmptyName);
        let empty = policy.label_name("").unwrap_err();
        assert_eq!(empty.reason(), &Reason::IllegalLabelName("".into()));
        for reserved in ["__name__", "__x", "quantile", "overflow"] {
            let error = policy.label_name(reserved).unwrap_err();
            assert_eq!(error.reason(), &Reason::ReservedLabel(reserved.into()));
        }
    }
    for name in ["...", "花火", "_.", "\n"] {
        let nothing_left = Reason::UntranslatableName(name.into());
        let metric = NamePolicy::WITHOUT_UNITS.metric_name(name, MetricKind::Gauge, None).unwrap_err();
        assert_eq!((metric.metric(), metric.reason()), (name, &nothing_left));
        assert!(metric.to_string().contains("ASCII letters"), "{metric}");
        assert_eq!(NamePolicy::WITHOUT_UNITS.label_name(name).unwrap_err().reason(), &nothing_left);
    }
    // Reserved for those who get it with underscores.
    let reserved = Reason::ReservedLabel("._name..".into());
    assert_eq!(NamePolicy::UTF8.label_name("._name..").unwrap_err().reason(), &reserved);
    assert_eq!(NamePolicy::UTF8.label_name("花火").unwrap(), "花火");
}

#[test]
fn as_is_a_unit_must_be_in_the_name() {
    let name = |name, unit| NamePolicy::AS_IS.metric_name(name, MetricKind::Counter, Some(unit));
    assert_eq!(name("sent_bytes_total", "bytes").unwrap(), "sent_bytes_total");
    assert_eq!(name("sent_total", "bytes").unwrap_err().reason(), &Reason::UnitMismatch("bytes".into()));
    assert_eq!(name("sent.bytes", "bytes").unwrap_err().reason(), &Reason::IllegalMetricName);
}

fn is_legal(name: &str, also: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also.as_bytes().contains(&byte);
    name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
        && name.bytes().next().is_some_and(is_letter)
}

fn policy() -> impl Strategy<Value = NamePolicy> {
    let escape = prop_oneof![Just(Escape::Refuse), Just(Escape::Underscores), Just(Escape::Utf8)];
    let unit = prop_oneof![
        Just(UnitSuffix::Never),
        Just(UnitSuffix::IfMissingEnd),
        Just(UnitSuffix::IfMissingToken),
        Just(UnitSuffix::KnownOnly),
    ];
    let total = prop_oneof![Just(TotalSuffix::Never), Just(TotalSuffix::IfMissing)];
    (escape, unit, total).prop_map(|(escape, unit, total)| {
        NamePolicy::AS_IS.escape(escape).unit_suffix(unit).total_suffix(total)
    })
}

/// Anything, and what is like a name.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z._:é0-9]{0,8}(bytes|seconds|per|total)?[._]?(total|ratio)?"]
}

fn kind() -> impl Strategy<Value = MetricKind> {
    prop_oneof![Just(MetricKind::Counter), Just(MetricKind::Gauge), Just(MetricKind::Histogram)]
}

/// Any but `total`, which would be taken for the end of a counter's name.
fn unit() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![any::<String>(), "(By|s|1|%|5|é|\\{x\\}|bytes)?(/(s|m|x))?"])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_translated_is_legal_and_stays_as_it_is_when_it_is_translated_again(
        policy in policy(),
        name in text(),
        kind in kind(),
        unit in unit(),
    ) {
        let keeps_utf8 = policy.escape(Escape::Utf8) == policy;
        if let Ok(once) = policy.metric_name(&name, kind, unit.as_deref()) {
            prop_assert!(keeps_utf8 || is_legal(&once, ":"), "{}", once);
            prop_assert!(!once.is_empty());
            let twice = policy.metric_name(&once, kind, unit.as_deref());
            prop_assert_eq!(twice.ok(), Some(once));
        }
    }

    #[test]
    fn a_label_that_is_translated_is_legal_and_stays_as_it_is(policy in policy(), key in text()) {
        let keeps_utf8 = policy.escape(Escape::Utf8) == policy;
        if let Ok(once) = policy.label_name(&key) {
            prop_assert!(keeps_utf8 || is_legal(&once, ""), "{}", once);
            prop_assert!(!once.starts_with("__") && once != "quantile" && once != "overflow");
            prop_assert_eq!(policy.label_name(&once).ok(), Some(once));
        }
    }

    #[test]
    fn as_is_and_utf8_change_nothing(name in text(), kind in kind()) {
        if let Ok(exposed) = NamePolicy::AS_IS.metric_name(&name, kind, None) {
            prop_assert!(is_legal(&exposed, ":"));
            prop_assert_eq!(&exposed, &name);
        }
        let exposed = NamePolicy::UTF8.metric_name(&name, kind, None);
        prop_assert_eq!(exposed.ok(), Some(name).filter(|name| !name.is_empty()));
    }
}
