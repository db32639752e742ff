//! Keys that there are not, that come twice, or whose values are of the wrong type.
use tachometer::{Counter, Family, Gauge, Histogram, Metrics};

#[derive(Metrics)]
#[metrics(namespace = "shop")]
struct UnknownKey {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(prefix = 5)]
struct NoString {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(prefix = "a", prefix = "b")]
struct KeyTwice {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
struct OfFields {
    /// Orders.
    #[metric(rename = "orders_total")]
    unknown: Counter,
    /// Orders.
    #[metric(skip)]
    skipped: Counter,
    /// Orders.
    #[metric(nested)]
    nested: Counter,
    /// Orders.
    #[metrics(prefix = "orders")]
    prefixed: Counter,
    /// Orders.
    #[metric(name = 'a')]
    character: Counter,
    /// Orders.
    #[metric(unit = seconds)]
    bare_seconds: Histogram,
    /// Orders.
    #[metric(label = "a", label = "b")]
    label_twice: Family<(bool, bool), Counter>,
    /// Orders.
    #[metric(label = "a", labels("b"))]
    label_and_labels: Family<(bool, bool), Counter>,
    /// Orders.
    #[metric(labels = "a, b")]
    labels_without_list: Family<(bool, bool), Counter>,
    /// Orders.
    #[metric(labels())]
    no_labels: Counter,
    /// Orders.
    #[metric(absent_until_set = true)]
    flag_with_value: Gauge,
    /// Orders.
    #[metric(buckets)]
    key_without_value: Histogram,
    #[metrics(nested)]
    #[metric(name = "inner")]
    nested_with_name: Inner,
}

fn main() {}
