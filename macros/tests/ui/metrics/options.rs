//! Options that do not suit the metric.
use tachometer::{Buckets, Counter, Family, Gauge, Histogram, Metrics};

#[derive(Metrics)]
struct Orders {
    /// Orders.
    #[metric(buckets = Buckets::seconds())]
    placed_total: Counter,
    /// Time to pay.
    #[metric(absent_until_set)]
    pay_seconds: Histogram,
    /// Orders in the queue.
    #[metric(label = "paid", buckets = Buckets::seconds())]
    queued: Family<bool, Gauge>,
}

fn main() {}
