//! What readers of OpenMetrics other than Prometheus insist on.

use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
use tachometer_prometheus::{Escaping, Format, encode, encode_as};

fn snapshot(family: FamilyBuilder) -> Snapshot {
    Snapshot::builder().family(family).build().expect("the family is well formed")
}

fn open_metrics(family: FamilyBuilder) -> String {
    encode_as(&snapshot(family), Format::OPEN_METRICS)
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
