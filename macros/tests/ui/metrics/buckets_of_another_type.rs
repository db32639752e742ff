//! An expression in `buckets` that makes no buckets.
use tachometer::{Histogram, Metrics};

#[derive(Metrics)]
struct Orders {
    /// Time to pay.
    #[metric(buckets = [0.1, 1.0, 10.0])]
    pay_seconds: Histogram,
    /// Time to ship.
    #[metric(buckets = registry.default_buckets())]
    ship_seconds: Histogram,
}

fn main() {}
