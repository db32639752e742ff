//! Names that are taken or illegal, and units that the name does not have.
use tachometer::{Counter, Family, Histogram, Metrics};

#[derive(Metrics)]
#[metrics(prefix = "my-shop")]
struct Prefix {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(prefix = "")]
struct EmptyPrefix {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
struct Names {
    /// Orders.
    #[metric(name = "orders-total")]
    dashed: Counter,
    /// Orders.
    #[metric(name = "")]
    empty: Counter,
    /// Orders.
    größe: Counter,
    /// Orders.
    orders_total: Counter,
    /// Orders.
    #[metric(name = "orders_total")]
    again: Counter,
}

#[derive(Metrics)]
struct LabelNames {
    /// Orders.
    #[metric(label = "order-status")]
    dashed_total: Family<bool, Counter>,
    /// Orders.
    #[metric(label = "__status")]
    reserved_total: Family<bool, Counter>,
    /// Orders.
    #[metric(labels("paid", "paid"))]
    twice_total: Family<(bool, bool), Counter>,
}

#[derive(Metrics)]
struct Units {
    /// Time to flush.
    #[metric(unit = "seconds")]
    flush_duration: Histogram,
    /// Bytes sent.
    #[metric(unit = "bytes")]
    sent_kilobytes_total: Counter,
    /// Bytes received.
    #[metric(name = "received_bytes_total", unit = "bytes_total")]
    received: Counter,
}

fn main() {}
