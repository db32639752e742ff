//! Fields of types that cannot be registered.
use tachometer::{Counter, Family, Gauge, Metrics};

struct Status;

#[derive(Metrics)]
struct Inner {
    /// Retries.
    retries_total: Counter,
}

#[derive(Metrics)]
struct Orders {
    /// Orders.
    placed_total: u64,
    /// Orders in the queue.
    queued: Option<Gauge>,
    /// Orders by status.
    #[metric(label = "status")]
    by_status_total: Family<Status, Counter>,
    /// Retries.
    inner: Inner,
    #[metrics(nested)]
    nested: Counter,
}

fn main() {}
