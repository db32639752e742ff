//! Histograms of integers, as the text format shows them.

mod collected;

use tachometer::{Buckets, Registry, Resolution};
use tachometer_prometheus::{CONTENT_TYPE_TEXT, encode};

#[test]
fn a_histogram_of_integers_is_one_in_its_base_unit() {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let buckets = Buckets::explicit([0.25, 1.0]);
    let latency =
        registry.integer_histogram("latency_seconds", "Latency.", buckets, Resolution::Nanoseconds).unwrap();
    latency.observe(250_000_000);
    latency.observe(1_500_000_001);
    let text = encode(&registry.snapshot());
    collected::collect(&text, CONTENT_TYPE_TEXT);
    assert_eq!(
        text,
        "# HELP latency_seconds Latency.\n\
         # TYPE latency_seconds histogram\n\
         latency_seconds_bucket{le=\"0.25\"} 1\n\
         latency_seconds_bucket{le=\"1\"} 1\n\
         latency_seconds_bucket{le=\"+Inf\"} 2\n\
         latency_seconds_sum 1.750000001\n\
         latency_seconds_count 2\n"
    );
}
