//! A library that records, and leaves it to its user where that goes.

use std::sync::Arc;

use tachometer::collector::{MetricId, MetricsCollector};

static RECORDS_SENT: MetricId =
    MetricId::counter("producer_records_sent_total", "Records sent.", &["stream_name"]);
static BYTES_SENT: MetricId = MetricId::counter("producer_bytes_sent_total", "Bytes sent.", &["stream_name"]);
static QUEUE_SIZE: MetricId = MetricId::gauge("producer_queue_size", "Records waiting.", &["stream_name"]);
static BATCH_SIZE: MetricId =
    MetricId::histogram("producer_batch_size", "Records of a batch.", &["stream_name"]);
static FLUSH_DURATION: MetricId =
    MetricId::histogram("producer_flush_duration_seconds", "Time to flush.", &["stream_name"]);
static PRODUCERS: MetricId =
    MetricId::gauge("producers_active", "Producers that are open.", &["stream_name"]);

/// Queues records and sends them in batches. (It keeps what it sends, instead of a network.)
#[derive(Debug)]
pub struct Producer {
    stream_name: String,
    collector: Arc<dyn MetricsCollector>,
    queue: Vec<String>,
    sent: Vec<String>,
}

impl Producer {
    /// A producer for this stream. It records through `collector`.
    pub fn new(stream_name: &str, collector: Arc<dyn MetricsCollector>) -> Self {
        collector.add_to_gauge(&PRODUCERS, 1.0, &[stream_name]);
        Self { stream_name: stream_name.to_owned(), collector, queue: Vec::new(), sent: Vec::new() }
    }

    /// Queues a record.
    pub fn put(&mut self, record: &str) {
        self.queue.push(record.to_owned());
        self.collector.gauge(&QUEUE_SIZE, self.queue.len() as f64, &[&self.stream_name]);
    }

    /// Sends what is queued.
    pub fn flush(&mut self) {
        let labels = [self.stream_name.as_str()];
        let _timer = self.collector.timer(&FLUSH_DURATION, &labels);
        let bytes: usize = self.queue.iter().map(String::len).sum();
        self.collector.histogram(&BATCH_SIZE, self.queue.len() as f64, &labels);
        self.collector.increment(&RECORDS_SENT, self.queue.len() as f64, &labels);
        self.collector.increment(&BYTES_SENT, bytes as f64, &labels);
        self.sent.append(&mut self.queue);
        self.collector.gauge(&QUEUE_SIZE, 0.0, &labels);
    }

    /// What was sent.
    #[must_use]
    pub fn sent(&self) -> &[String] {
        &self.sent
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.collector.add_to_gauge(&PRODUCERS, -1.0, &[&self.stream_name]);
    }
}
