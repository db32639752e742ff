//! The metrics of the pipeline: nineteen families, declared as structs of handles.
//!
//! Names, types and labels are those of a Kinesis client's metrics, in a namespace of the registry's choice. What is
//! known when a struct is registered (the stream, a shard) is a common label of all its metrics; only errors, which are
//! rare, look their `error_type` up when they happen.
//!
//! What counts as what:
//!
//! * A put that a shard refuses, above its write limit or with too large a backlog, is a throttle, and an error of the
//!   type `ProvisionedThroughputExceededException`. A batch that finds the queue full is a throttle too, of the type
//!   `QueueFull`. Both are tried again, and count once for each attempt.
//! * A put that comes too late for a split shard is an error, `ShardClosed`, and no throttle. A file that cannot be
//!   read, a line too long and a failed write are producer errors as well, by the name of what went wrong.
//! * Consumer errors are those of reads: the read limit, failed reads, torn and damaged records. A checkpoint that
//!   fails, or is refused because a split took the lease, counts as a checkpoint failure only.
//! * Received are records that a consumer has put into its queue. The queue size is how deep the queues of all
//!   consumers were, together, right after each one's last read.
//! * The lag and the iterator's age are those of the last read: the records from its first one to the newest of the
//!   shard, and how much older the first one is. Both are zero when there was nothing to read.
//! * The processing time of a record is its share of the time of sixteen, which are timed together: its quantiles are
//!   those of such means, and a single slow record does not show in them by itself.

use std::time::Duration;

use quanta::Clock;
use tachometer::{
    Buckets, Counter, Family, Gauge, Histogram, Labels, Metrics, RegisterError, Registry, UpDownCounter,
};

use crate::{laps::Laps, stream::ShardId};

/// What all metrics of a stream have in common.
#[derive(Clone, Debug, Labels)]
pub(crate) struct OfStream {
    stream_name: String,
}

/// What all metrics of one shard's consumer have in common.
#[derive(Clone, Debug, Labels)]
pub(crate) struct OfShard {
    #[label(flatten)]
    stream: OfStream,
    shard_id: String,
}

/// Everything one pipeline records.
#[derive(Clone, Debug)]
pub(crate) struct PipelineMetrics {
    pub(crate) producer: ProducerMetrics,
    pub(crate) stream: StreamMetrics,
    queues: ConsumerQueues,
    registry: Registry,
    labels: OfStream,
}

impl PipelineMetrics {
    /// Registers the metrics of the stream `name`.
    pub(crate) fn register(registry: &Registry, name: &str) -> Result<Self, RegisterError> {
        let labels = OfStream { stream_name: name.to_owned() };
        Ok(Self {
            producer: registry.register(labels.clone())?,
            stream: registry.register(labels.clone())?,
            queues: registry.register(labels.clone())?,
            registry: registry.clone(),
            labels,
        })
    }

    /// Registers the metrics of the consumer of one shard.
    pub(crate) fn consumer(&self, shard: ShardId) -> Result<ConsumerMetrics, RegisterError> {
        let labels = OfShard { stream: self.labels.clone(), shard_id: shard.to_string() };
        Ok(ConsumerMetrics {
            shard: self.registry.register(labels)?,
            queues: self.queues.clone(),
            clock: self.registry.is_enabled().then(Clock::new),
        })
    }
}

/// What producers and the sender record.
#[derive(Clone, Debug, Metrics)]
#[metrics(prefix = "producer", common = OfStream)]
pub(crate) struct ProducerMetrics {
    /// Total records successfully sent
    pub(crate) records_sent_total: Counter,
    /// Total bytes successfully sent
    pub(crate) bytes_sent_total: Counter,
    /// Total throttling errors
    pub(crate) throttles_total: Counter,
    /// Total producer errors
    #[metric(label = "error_type")]
    errors_total: Family<String, Counter>,
    /// Size of batches sent, in records
    #[metric(buckets = Buckets::explicit([1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0]))]
    pub(crate) batch_size: Histogram,
    /// Current producer queue size, in records
    pub(crate) queue_size: UpDownCounter,
    // From taking a batch out of the queue until the stream has all of it, retries included.
    /// Time to flush records
    #[metric(buckets = Buckets::exponential(25e-6, 2.0, 18), unit = "seconds")]
    pub(crate) flush_duration_seconds: Histogram,
}

impl ProducerMetrics {
    /// Counts an error; a throttle counts among the throttles too.
    pub(crate) fn error(&self, error_type: &str, throttle: bool) {
        if throttle {
            self.throttles_total.inc();
        }
        count_error(&self.errors_total, error_type);
    }
}

/// What the stream records about its shards.
#[derive(Clone, Debug, Metrics)]
#[metrics(prefix = "stream", common = OfStream)]
pub(crate) struct StreamMetrics {
    /// Number of active shards
    pub(crate) shards_active: Gauge,
    /// Number of closed shards
    pub(crate) shards_closed: Gauge,
    /// Resharding events detected
    pub(crate) resharding_events_total: Counter,
}

/// What the consumers of a stream record together.
#[derive(Clone, Debug, Metrics)]
#[metrics(prefix = "consumer", common = OfStream)]
struct ConsumerQueues {
    /// Records in the queues of the consumers after their last reads
    queue_size: UpDownCounter,
}

/// What the consumer of one shard records.
#[derive(Debug, Metrics)]
#[metrics(prefix = "consumer", common = OfShard)]
pub(crate) struct ShardMetrics {
    /// Total records received
    pub(crate) records_received_total: Counter,
    /// Total bytes received
    pub(crate) bytes_received_total: Counter,
    /// Total errors of reads
    #[metric(label = "error_type")]
    errors_total: Family<String, Counter>,
    /// Successful durable checkpoints
    pub(crate) checkpoint_success_total: Counter,
    /// Failed or refused checkpoints
    pub(crate) checkpoint_failure_total: Counter,
    /// Records in the shard behind the consumer's position
    pub(crate) lag_records: Gauge,
    /// How much older the record last asked for was than the newest of the shard
    #[metric(unit = "milliseconds")]
    iterator_age_milliseconds: Gauge,
    /// Record processing time
    #[metric(buckets = Buckets::exponential(10e-9, 2.0, 18), unit = "seconds")]
    processing_time_seconds: Histogram,
}

/// What the consumer of one shard records, and what it shares with the others.
#[derive(Debug)]
pub(crate) struct ConsumerMetrics {
    pub(crate) shard: ShardMetrics,
    queues: ConsumerQueues,
    /// Of the processing time; `None` when nothing is recorded.
    clock: Option<Clock>,
}

impl ConsumerMetrics {
    /// Counts an error of a read.
    pub(crate) fn error(&self, error_type: &str) {
        count_error(&self.shard.errors_total, error_type);
    }

    /// Starts the clock for a series of records that are processed one right after the other.
    pub(crate) fn start_processing(&self) -> Laps<'_> {
        Laps::start(&self.shard.processing_time_seconds, self.clock.as_ref())
    }

    /// Sets the iterator's age, which has whole milliseconds.
    pub(crate) fn set_iterator_age(&self, age: Duration) {
        self.shard.iterator_age_milliseconds.set(age.as_millis() as f64);
    }

    /// Says by how much this consumer's own queue has grown.
    pub(crate) fn queue_has_grown(&self, records: i64) {
        self.queues.queue_size.add(records);
    }
}

fn count_error(errors: &Family<String, Counter>, error_type: &str) {
    // A look-up fails only when there are no cells left; the error is then counted nowhere, but still handled.
    if let Ok(errors) = errors.with(error_type) {
        errors.inc();
    }
}
