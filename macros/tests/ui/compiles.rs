//! x
use tachometer::*;
/// x
#[derive(Clone, Copy, LabelValue, Debug)]
pub enum Status { /// x
 Ok, /// x
 Throttled, /// x
 #[label("bad")] Failed }
/// x
#[derive(Labels, Debug)]
pub struct Sent<S = String> { /// x
 pub stream: S, /// x
 pub status: Status }
/// x
#[derive(Labels, Debug)]
pub struct Stream { /// x
 pub stream_name: String }
/// x
#[derive(Labels, Debug)]
pub struct Empty {}
/// x
#[derive(Metrics, Debug)]
#[metrics(prefix = "producer", common = Stream)]
pub struct ProducerMetrics {
    /// Records sent.
    #[metric(label = "status")]
    pub records_sent_total: Family<Status, Counter>,
    /// Time to flush records.
    #[metric(buckets = Buckets::exponential(0.001, 2.0, 14), unit = "seconds")]
    pub flush_duration_seconds: Histogram,
    /// Current queue size.
    #[metric(name = "queue_length", absent_until_set)]
    pub queue_size: Gauge,
    /// x
    #[metrics(nested)]
    pub retries: Retry,
    /// Sent
    pub sent: Family<Sent, Counter>,
}
/// x
#[derive(Metrics, Debug)]
#[metrics(prefix = "retry")]
pub struct Retry {
    /// Retries
    pub retries_total: Counter,
}

fn main() {
    let registry = Registry::new();
    let m = registry.register::<ProducerMetrics>(Stream { stream_name: "a".into() }).unwrap();
    m.records_sent_total[Status::Ok].add(3);
    m.retries.retries_total.inc();
    m.sent.series(&Sent { stream: "x", status: Status::Failed }).unwrap().inc();
    m.sent.with("x").unwrap()[Status::Failed].inc();
}
