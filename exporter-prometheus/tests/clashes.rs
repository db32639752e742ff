//! What is left out of a snapshot that was built by hand, and what is said of it.

use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
use tachometer_prometheus::{Format, clashes};

fn gauge(name: &str, label: &str) -> FamilyBuilder {
    FamilyBuilder::new(name, MetricKind::Gauge).number([(label, "1")], Number::U64(1))
}

/// What is said of a snapshot with these families.
fn listed<const N: usize>(families: [FamilyBuilder; N]) -> Vec<String> {
    let builder = families.into_iter().fold(Snapshot::builder(), |all, family| all.family(family));
    let snapshot = builder.build().expect("the snapshot is well formed");
    clashes(&snapshot, Format::TEXT).iter().map(ToString::to_string).collect()
}

/// Whether one thing is said, with these words in it.
fn is_one(listed: &[String], words: &str) -> bool {
    matches!(listed, [one] if one.contains(words))
}

#[test]
fn nothing_is_said_of_a_snapshot_that_is_exposed_whole() {
    assert_eq!(listed([gauge("a", "l"), gauge("b", "le"), gauge("c.d", "l.m")]), [""; 0]);
}

#[test]
fn families_whose_samples_meet_are_listed() {
    let histogram = FamilyBuilder::new("x", MetricKind::Histogram).histogram(NO_LABELS, &[], 2.0, 1);
    let listed = listed([histogram, gauge("x_sum", "l")]);
    assert!(is_one(&listed, "both have samples or metadata named `x_sum`"), "{listed:?}");
}

#[test]
fn series_that_are_one_under_legal_names_are_listed() {
    let listed = listed([gauge("a.b", "l"), gauge("a_b", "l")]);
    assert!(is_one(&listed, "a_b{l=\"1\"} twice"), "{listed:?}");
}

#[test]
fn series_that_the_format_cannot_write_are_listed() {
    let histogram = FamilyBuilder::new("h", MetricKind::Histogram).histogram([("le", "1")], &[], 0.0, 0);
    let summary = FamilyBuilder::new("s", MetricKind::Summary).summary([("quantile", "1")], &[], 0.0, 0);
    let states = FamilyBuilder::new("on", MetricKind::StateSet).state_set([("on", "1")], &[("a", true)]);
    let no_states = FamilyBuilder::new("on", MetricKind::StateSet).state_set(NO_LABELS, &[]);
    for (family, label) in
        [(histogram, "le"), (summary, "quantile"), (states, "on"), (gauge("g", "__name__"), "__name__")]
    {
        let listed = listed([family]);
        assert!(is_one(&listed, &format!("has the label `{label}`")), "{listed:?}");
    }
    let listed = listed([no_states]);
    assert!(is_one(&listed, "has no states"), "{listed:?}");
}
