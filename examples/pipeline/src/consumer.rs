//! Consumers: one thread a shard reads records back, verifies them, and checkpoints.
//!
//! A consumer that reaches the end of a split shard starts the consumers of the children and hands them what it knows
//! about the order of the records, so that the check of the order does not stop at a reshard.

use std::{
    collections::BTreeMap,
    iter,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Error, Result};

use crate::{
    backoff::Backoff,
    checkpoint::{CheckpointError, Lease, Position},
    control::Flow,
    metrics::{ConsumerMetrics, PipelineMetrics},
    order::Order,
    stream::{Block, Fetched, ReadError, Shard, ShardReader, decode},
    sync::lock,
    totals::Totals,
};

/// How long a consumer waits for records before it looks around.
const PATIENCE: Duration = Duration::from_millis(50);

/// A checkpoint is due after this time with something new, or sooner after this many finished segments.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);
const CHECKPOINT_SEGMENTS: u64 = 2;

/// The waits before a failed read or checkpoint is tried again, and the failures in a row that end the run.
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(20);
const MAX_FAILURES: u32 = 20;

/// The consumers of one stream.
#[derive(Debug)]
pub(crate) struct Consumers {
    flow: Arc<Flow>,
    metrics: PipelineMetrics,
    producers: usize,
    threads: Mutex<Vec<JoinHandle<Totals>>>,
    /// Why checkpoints failed, which their metric does not tell.
    failed_checkpoints: Mutex<BTreeMap<String, u64>>,
}

impl Consumers {
    /// Starts one consumer for each of `shards`, which begin at their first record.
    pub(crate) fn start(
        shards: &[Arc<Shard>],
        producers: usize,
        flow: Arc<Flow>,
        metrics: PipelineMetrics,
    ) -> Result<Arc<Self>> {
        let (threads, failed_checkpoints) = Default::default();
        let consumers = Arc::new(Self { flow, metrics, producers, threads, failed_checkpoints });
        for shard in shards {
            consumers.spawn(shard, Order::new(consumers.producers))?;
        }
        Ok(consumers)
    }

    /// Waits until every shard is consumed, also those that come to be meanwhile; gives the sum of what the
    /// consumers have verified, counted without any metric.
    pub(crate) fn join(&self) -> Totals {
        // A consumer adds its children's threads before it ends, so an empty list is the end.
        let threads = iter::from_fn(|| lock(&self.threads).pop());
        threads.map(|thread| thread.join().unwrap_or_default()).sum()
    }

    /// Checkpoints that failed, by reason.
    pub(crate) fn failed_checkpoints(&self) -> BTreeMap<String, u64> {
        lock(&self.failed_checkpoints).clone()
    }

    fn spawn(self: &Arc<Self>, shard: &Arc<Shard>, order: Order) -> Result<()> {
        let consumer = Consumer::new(Arc::clone(self), Arc::clone(shard), order)?;
        let thread =
            thread::Builder::new().name(format!("consumer-{}", shard.id.0)).spawn(|| consumer.run())?;
        lock(&self.threads).push(thread);
        Ok(())
    }
}

/// The consumer of one shard.
struct Consumer {
    all: Arc<Consumers>,
    shard: Arc<Shard>,
    reader: ShardReader,
    block: Block,
    lease: Lease,
    metrics: ConsumerMetrics,
    order: Order,
    verified: Totals,
    /// Records that the last read put into the queue.
    queued: i64,
    /// When a checkpoint was last tried, and the sequence number of the last one that was written.
    checkpointed: (Instant, u64),
    checkpoint_failures: u32,
}

impl Consumer {
    fn new(all: Arc<Consumers>, shard: Arc<Shard>, order: Order) -> Result<Self> {
        Ok(Self {
            reader: ShardReader::open(Arc::clone(&shard))?,
            block: Block::default(),
            lease: shard.checkpoint.take_lease()?,
            metrics: all.metrics.consumer(shard.id)?,
            order,
            verified: Totals::default(),
            queued: 0,
            checkpointed: (Instant::now(), 0),
            checkpoint_failures: 0,
            all,
            shard,
        })
    }

    /// Consumes the shard to its end, then starts the consumers of its children.
    fn run(mut self) -> Totals {
        let (all, id) = (Arc::clone(&self.all), self.shard.id);
        let _watch = all.flow.fail_on_panic("consumer");
        let consumed = self.consume();
        let verified = self.verified;
        let finished = consumed.and_then(|()| if all.flow.failed() { Ok(()) } else { self.finish() });
        if let Err(error) = finished {
            all.flow.fail(error.context(format!("the consumer of {id} gave up")));
        }
        verified
    }

    fn consume(&mut self) -> Result<()> {
        while !self.all.flow.failed() {
            self.reader.wait(PATIENCE);
            match self.get_records()? {
                Fetched::Records { lag, behind_us } => {
                    self.metrics.shard.lag_records.set(lag as f64);
                    self.metrics.set_iterator_age(Duration::from_micros(behind_us));
                    self.process()?;
                }
                Fetched::CaughtUp => self.caught_up(),
                Fetched::End => break,
            }
            self.checkpoint_if_due()?;
        }
        self.caught_up();
        Ok(())
    }

    fn caught_up(&mut self) {
        self.set_queued(0);
        self.metrics.shard.lag_records.set(0.0);
        self.metrics.set_iterator_age(Duration::ZERO);
    }

    /// Changes this consumer's part of the queue size, which is that of all consumers together.
    fn set_queued(&mut self, records: i64) {
        self.metrics.queue_has_grown(records - self.queued);
        self.queued = records;
    }

    /// One read, repeated when it fails. Every failure counts as an error; only a throttle may go on for ever.
    fn get_records(&mut self) -> Result<Fetched> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut failures = 0;
        loop {
            match self.reader.get_records(&mut self.block) {
                Ok(progress) => return Ok(progress),
                Err(error) => {
                    self.metrics.error(&error.error_type());
                    if !matches!(error, ReadError::Throttled) {
                        failures += 1;
                    }
                    if failures >= MAX_FAILURES {
                        return Err(error.into());
                    }
                    backoff.wait();
                }
            }
        }
    }

    /// Takes the records of the last read out of the queue one by one.
    fn process(&mut self) -> Result<()> {
        let records = self.block.len() as u64;
        self.metrics.shard.records_received_total.add(records);
        self.metrics.shard.bytes_received_total.add(self.block.payload_bytes() as u64);
        self.set_queued(records as i64);
        let mut laps = self.metrics.start_processing();
        while let Some(frame) = self.block.next_frame() {
            let record = decode(frame).inspect_err(|error| self.metrics.error(error.error_type()))?;
            self.order.check(&record)?;
            self.verified.add(1, record.payload.len() as u64);
            laps.record();
        }
        self.all.flow.add_consumed(records);
        Ok(())
    }

    fn checkpoint_if_due(&mut self) -> Result<()> {
        let (last, sequence) = self.checkpointed;
        let due = self.order.next_sequence() > sequence
            && (last.elapsed() >= CHECKPOINT_EVERY || self.reader.finished_segments() >= CHECKPOINT_SEGMENTS);
        if due { self.checkpoint(false).map(|_| ()) } else { Ok(()) }
    }

    /// Checkpoints what is verified and deletes the segments before it; `false` when the checkpoint was refused.
    fn checkpoint(&mut self, ended: bool) -> Result<bool> {
        let position = Position { sequence: self.order.next_sequence(), ended };
        self.checkpointed.0 = Instant::now();
        if let Err(error) = self.shard.checkpoint.commit(self.lease, position) {
            self.checkpoint_failed(error)?;
            return Ok(false);
        }
        self.metrics.shard.checkpoint_success_total.inc();
        self.checkpointed.1 = position.sequence;
        self.checkpoint_failures = 0;
        if let Err(error) = self.reader.delete_finished() {
            // Tried again after the next checkpoint; until then the backlog limit holds the producers back.
            self.metrics.error(&format!("{:?}", error.kind()));
        }
        Ok(true)
    }

    fn checkpoint_failed(&mut self, error: CheckpointError) -> Result<()> {
        self.metrics.shard.checkpoint_failure_total.inc();
        *lock(&self.all.failed_checkpoints).entry(error.error_type()).or_default() += 1;
        self.checkpoint_failures += 1;
        if self.checkpoint_failures >= MAX_FAILURES {
            return Err(
                Error::new(error).context(format!("{MAX_FAILURES} checkpoints failed one after the other"))
            );
        }
        // The shard was split. It is still this consumer's to finish, under a new lease.
        if let CheckpointError::LeaseLost { .. } = error
            && let Ok(lease) = self.shard.checkpoint.take_lease()
        {
            self.lease = lease;
        }
        Ok(())
    }

    /// The last checkpoint, then the children.
    fn finish(mut self) -> Result<()> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while !self.checkpoint(true)? {
            backoff.wait();
        }
        let children = self.reader.finish().context("cannot delete a consumed segment")?;
        for child in &children {
            self.all.spawn(child, self.order.of_next_shard())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tachometer::Registry;

    use super::*;
    use crate::{
        batch::Batch,
        stream::{Limits, ShardId, Stream, hash_key},
    };

    struct Setup {
        _dir: tempfile::TempDir,
        stream: Stream,
        metrics: PipelineMetrics,
        registry: Registry,
        flow: Arc<Flow>,
        ordinal: u64,
    }

    fn setup() -> Setup {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::new();
        let metrics = PipelineMetrics::register(&registry, "s").unwrap();
        let stream =
            Stream::create(dir.path(), 1, Limits::unlimited_writes(), metrics.stream.clone()).unwrap();
        Setup { _dir: dir, stream, metrics, registry, flow: Arc::default(), ordinal: 0 }
    }

    impl Setup {
        fn consumers(&self) -> Arc<Consumers> {
            let shards = self.stream.open_shards();
            Consumers::start(&shards, 1, Arc::clone(&self.flow), self.metrics.clone()).unwrap()
        }

        /// Puts 100 records of 10 bytes under many keys.
        fn put(&mut self) {
            let mut batch = Batch::new(0, self.ordinal);
            for number in 0..100 {
                batch.push(hash_key(number), b"ten bytes!");
            }
            self.ordinal += 100;
            let mut pending = (0..100).collect();
            assert_eq!(self.stream.put_records(&batch, &mut pending).records, 100);
        }

        fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
            let labels = [&[("stream_name", "s"), ("shard_id", "shardId-000000000000")], labels].concat();
            self.registry.snapshot().counter(name, &labels).unwrap_or(0)
        }
    }

    #[test]
    fn a_split_under_way_loses_nothing_and_refuses_the_old_lease() {
        let mut setup = setup();
        let consumers = setup.consumers();
        for shard in [0, 2, 3, 1] {
            setup.put();
            setup.stream.split(ShardId(shard)).unwrap();
        }
        setup.put();
        setup.stream.seal();
        assert_eq!(consumers.join(), Totals { records: 500, bytes: 5000 });
        assert!(setup.flow.take_failure().is_none());
        // The consumer of shard 0 had its lease before the split; a child may be split before it has a consumer.
        assert!(matches!(consumers.failed_checkpoints().get("LeaseLost"), Some(1..=4)));
        assert_eq!(setup.count("consumer_checkpoint_failure_total", &[]), 1);
        assert_eq!(setup.count("consumer_records_received_total", &[]), 100);
    }

    #[test]
    fn a_byte_flipped_on_disk_ends_the_run_with_a_counted_error() {
        let mut setup = setup();
        setup.put();
        let segment = setup.stream.open_shards()[0].dir().join("000000000000.segment");
        let mut bytes = fs::read(&segment).unwrap();
        let middle = bytes.len() - 5;
        bytes[middle] ^= 1;
        fs::write(&segment, bytes).unwrap();
        let verified = setup.consumers().join();
        assert_eq!(verified.records, 99, "what comes before the damage is fine");
        let failure = format!("{:#}", setup.flow.take_failure().unwrap());
        assert!(
            failure.contains("shardId-000000000000") && failure.contains("checksum mismatch"),
            "{failure}"
        );
        assert_eq!(setup.count("consumer_errors_total", &[("error_type", "ChecksumMismatch")]), 1);
    }

    #[test]
    fn a_segment_cut_short_ends_the_run_after_some_attempts() {
        let mut setup = setup();
        setup.put();
        let segment = setup.stream.open_shards()[0].dir().join("000000000000.segment");
        fs::File::options().write(true).open(segment).unwrap().set_len(100).unwrap();
        assert_eq!(setup.consumers().join(), Totals::default());
        assert!(format!("{:#}", setup.flow.take_failure().unwrap()).contains("torn record"));
        let attempts = setup.count("consumer_errors_total", &[("error_type", "TornRecord")]);
        assert_eq!(attempts, u64::from(MAX_FAILURES));
    }
}
