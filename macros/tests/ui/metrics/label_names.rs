//! Names for labels that have one, and none for labels that have not.
use tachometer::{Counter, Family, Gauge, LabelValue, Labels, Metrics, StateSet};

#[derive(LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Labels)]
struct Sent {
    stream: String,
    status: Status,
}

#[derive(Metrics)]
struct Orders {
    /// Orders by status.
    by_status_total: Family<Status, Counter>,
    /// Orders by status and whether they are paid.
    #[metric(label = "status")]
    by_both_total: Family<(Status, bool), Counter>,
    /// Orders sent.
    #[metric(label = "status")]
    sent_total: Family<Sent, Counter>,
    /// Orders in the queue.
    #[metric(labels("status", "paid"))]
    queued: Gauge,
    /// The state of the shop.
    #[metric(label = "state")]
    shop: StateSet<Status>,
}

fn main() {}
