//! The metrics of the pipeline: nineteen families, and structs of handles that are resolved once and kept.
//!
//! Names, types and labels are those of a Kinesis client's metrics, in a namespace of the registry's choice. A handle
//! for a label set that is known at start (the stream, a shard) is looked up when the thread starts; only errors,
//! which are rare, look their `error_type` up when they happen.
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

use std::time::Duration;

use quanta::Clock;
use tachometer::{Buckets, Counter, DynamicFamily, Gauge, Histogram, RegisterError, Registry, UpDownCounter};

use crate::{laps::Laps, stream::ShardId};

const STREAM: [&str; 1] = ["stream_name"];
const STREAM_ERROR: [&str; 2] = ["stream_name", "error_type"];
const SHARD: [&str; 2] = ["stream_name", "shard_id"];
const SHARD_ERROR: [&str; 3] = ["stream_name", "shard_id", "error_type"];

/// Everything one pipeline records.
#[derive(Clone, Debug)]
pub(crate) struct PipelineMetrics {
    pub(crate) producer: ProducerMetrics,
    pub(crate) stream: StreamMetrics,
    consumers: ConsumerFamilies,
}

impl PipelineMetrics {
    /// Registers all families for the stream `name`.
    pub(crate) fn register(registry: &Registry, name: &str) -> Result<Self, RegisterError> {
        Ok(Self {
            producer: ProducerMetrics::register(registry, name)?,
            stream: StreamMetrics::register(registry, name)?,
            consumers: ConsumerFamilies::register(registry, name)?,
        })
    }

    /// The handles for the consumer of one shard.
    pub(crate) fn consumer(&self, shard: ShardId) -> Result<ConsumerMetrics, RegisterError> {
        self.consumers.resolve(&shard.to_string())
    }
}

/// What producers and the sender record.
#[derive(Clone, Debug)]
pub(crate) struct ProducerMetrics {
    pub(crate) records_sent: Counter,
    pub(crate) bytes_sent: Counter,
    pub(crate) throttles: Counter,
    pub(crate) batch_size: Histogram,
    /// Records in batches that wait to be sent.
    pub(crate) queue_size: UpDownCounter,
    /// From taking a batch out of the queue until the stream has all of it, retries included.
    pub(crate) flush_duration: Histogram,
    errors: DynamicFamily<Counter>,
    stream: String,
}

impl ProducerMetrics {
    fn register(registry: &Registry, stream: &str) -> Result<Self, RegisterError> {
        let counter =
            |name, help| registry.counter_family(name, help, STREAM)?.with([("stream_name", stream)]);
        let sizes = Buckets::explicit([1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0]);
        let batch_size = registry.histogram_family_with(
            "producer_batch_size",
            "Size of batches sent, in records",
            STREAM,
            sizes,
        )?;
        let flush_duration = registry.histogram_family_with(
            "producer_flush_duration_seconds",
            "Time to flush records",
            STREAM,
            Buckets::exponential(25e-6, 2.0, 18),
        )?;
        let queue_size = registry.up_down_counter_family(
            "producer_queue_size",
            "Current producer queue size, in records",
            STREAM,
        )?;
        Ok(Self {
            records_sent: counter("producer_records_sent_total", "Total records successfully sent")?,
            bytes_sent: counter("producer_bytes_sent_total", "Total bytes successfully sent")?,
            throttles: counter("producer_throttles_total", "Total throttling errors")?,
            batch_size: batch_size.with([("stream_name", stream)])?,
            queue_size: queue_size.with([("stream_name", stream)])?,
            flush_duration: flush_duration.with([("stream_name", stream)])?,
            errors: registry.counter_family(
                "producer_errors_total",
                "Total producer errors",
                STREAM_ERROR,
            )?,
            stream: stream.to_owned(),
        })
    }

    /// Counts an error; a throttle counts among the throttles too.
    pub(crate) fn error(&self, error_type: &str, throttle: bool) {
        if throttle {
            self.throttles.inc();
        }
        let labels = [("stream_name", self.stream.as_str()), ("error_type", error_type)];
        // The labels are those the family was registered with, so a look-up fails only when there are no slots left;
        // the error is then counted nowhere, but still handled.
        if let Ok(errors) = self.errors.with(labels) {
            errors.inc();
        }
    }
}

/// What the stream records about its shards.
#[derive(Clone, Debug)]
pub(crate) struct StreamMetrics {
    pub(crate) shards_active: Gauge,
    pub(crate) shards_closed: Gauge,
    pub(crate) resharding_events: Counter,
}

impl StreamMetrics {
    fn register(registry: &Registry, stream: &str) -> Result<Self, RegisterError> {
        let gauge = |name, help| registry.gauge_family(name, help, STREAM)?.with([("stream_name", stream)]);
        let resharding = registry.counter_family(
            "stream_resharding_events_total",
            "Resharding events detected",
            STREAM,
        )?;
        Ok(Self {
            shards_active: gauge("stream_shards_active", "Number of active shards")?,
            shards_closed: gauge("stream_shards_closed", "Number of closed shards")?,
            resharding_events: resharding.with([("stream_name", stream)])?,
        })
    }
}

/// What the consumer of one shard records.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerMetrics {
    pub(crate) records_received: Counter,
    pub(crate) bytes_received: Counter,
    pub(crate) checkpoint_success: Counter,
    pub(crate) checkpoint_failure: Counter,
    pub(crate) lag_records: Gauge,
    pub(crate) iterator_age: Gauge,
    processing_time: Histogram,
    /// Shared by the consumers of the stream: each adds how much its own queue has grown.
    pub(crate) queue_size: UpDownCounter,
    errors: DynamicFamily<Counter>,
    stream: String,
    shard: String,
    /// Of the processing time; `None` when nothing is recorded.
    clock: Option<Clock>,
}

impl ConsumerMetrics {
    /// Counts an error of a read.
    pub(crate) fn error(&self, error_type: &str) {
        let labels = [
            ("stream_name", self.stream.as_str()),
            ("shard_id", self.shard.as_str()),
            ("error_type", error_type),
        ];
        // See `ProducerMetrics::error`.
        if let Ok(errors) = self.errors.with(labels) {
            errors.inc();
        }
    }

    /// Starts the clock for a series of records that are processed one right after the other.
    pub(crate) fn start_processing(&self) -> Laps<'_> {
        Laps::start(&self.processing_time, self.clock.as_ref())
    }

    /// Sets the iterator's age, which has whole milliseconds.
    pub(crate) fn set_iterator_age(&self, age: Duration) {
        self.iterator_age.set(age.as_millis() as f64);
    }
}

/// The families behind `ConsumerMetrics`, from which each new shard takes its series.
#[derive(Clone, Debug)]
struct ConsumerFamilies {
    records_received: DynamicFamily<Counter>,
    bytes_received: DynamicFamily<Counter>,
    errors: DynamicFamily<Counter>,
    checkpoint_success: DynamicFamily<Counter>,
    checkpoint_failure: DynamicFamily<Counter>,
    lag_records: DynamicFamily<Gauge>,
    iterator_age: DynamicFamily<Gauge>,
    processing_time: DynamicFamily<Histogram>,
    queue_size: UpDownCounter,
    stream: String,
    clock: Option<Clock>,
}

impl ConsumerFamilies {
    fn register(registry: &Registry, stream: &str) -> Result<Self, RegisterError> {
        let counter = |name, help| registry.counter_family(name, help, SHARD);
        let gauge = |name, help| registry.gauge_family(name, help, SHARD);
        let queue_size = registry.up_down_counter_family(
            "consumer_queue_size",
            "Records in the queues of the consumers after their last reads",
            STREAM,
        )?;
        Ok(Self {
            records_received: counter("consumer_records_received_total", "Total records received")?,
            bytes_received: counter("consumer_bytes_received_total", "Total bytes received")?,
            errors: registry.counter_family("consumer_errors_total", "Total errors of reads", SHARD_ERROR)?,
            checkpoint_success: counter(
                "consumer_checkpoint_success_total",
                "Successful durable checkpoints",
            )?,
            checkpoint_failure: counter(
                "consumer_checkpoint_failure_total",
                "Failed or refused checkpoints",
            )?,
            lag_records: gauge(
                "consumer_lag_records",
                "Records in the shard behind the consumer's position",
            )?,
            iterator_age: gauge(
                "consumer_iterator_age_milliseconds",
                "How much older the record last asked for was than the newest of the shard",
            )?,
            processing_time: registry.histogram_family_with(
                "consumer_processing_time_seconds",
                "Record processing time",
                SHARD,
                Buckets::exponential(10e-9, 2.0, 18),
            )?,
            queue_size: queue_size.with([("stream_name", stream)])?,
            stream: stream.to_owned(),
            clock: registry.is_enabled().then(Clock::new),
        })
    }

    fn resolve(&self, shard: &str) -> Result<ConsumerMetrics, RegisterError> {
        let labels = [("stream_name", self.stream.as_str()), ("shard_id", shard)];
        Ok(ConsumerMetrics {
            records_received: self.records_received.with(labels)?,
            bytes_received: self.bytes_received.with(labels)?,
            checkpoint_success: self.checkpoint_success.with(labels)?,
            checkpoint_failure: self.checkpoint_failure.with(labels)?,
            lag_records: self.lag_records.with(labels)?,
            iterator_age: self.iterator_age.with(labels)?,
            processing_time: self.processing_time.with(labels)?,
            queue_size: self.queue_size.clone(),
            errors: self.errors.clone(),
            stream: self.stream.clone(),
            shard: shard.to_owned(),
            clock: self.clock.clone(),
        })
    }
}
