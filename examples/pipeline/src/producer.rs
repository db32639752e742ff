//! Producers: they cut text into records, give each a partition key, and batch them into a bounded queue.

use std::{
    panic::resume_unwind,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use crossbeam_channel::{Sender, TrySendError};

use crate::{
    backoff::Backoff,
    batch::Batch,
    control::Flow,
    input::{Chunk, Next, Source, records},
    metrics::ProducerMetrics,
    stream::hash_key,
};

/// Batches that fit in the queue. A producer that finds it full is refused, as by a throttled stream.
pub(crate) const QUEUE_BATCHES: usize = 16;

/// The error type of a batch that finds the queue full.
pub(crate) const QUEUE_FULL: &str = "QueueFull";

/// How many neighbouring records share a partition key. They stay together and in order, as the lines of one file do
/// when a log shipper uses its name as the key.
const RECORDS_A_KEY: usize = 64;

/// The waits before a refused batch is offered to the queue again.
const FIRST_WAIT: Duration = Duration::from_micros(500);
const LONGEST_WAIT: Duration = Duration::from_millis(8);

/// One producer.
pub(crate) struct Producer {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) queue: Sender<Batch>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) metrics: ProducerMetrics,
    pub(crate) batch: Batch,
}

/// Why a producer's thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Flow,
    Shift,
}

impl Producer {
    /// Works until the flow stops or the source fails: on this thread, or, when a shift has a length, on one thread
    /// after the other.
    pub(crate) fn run(mut self, shift: Option<Duration>) {
        let flow = Arc::clone(&self.flow);
        let _watch = flow.fail_on_panic("producer");
        let outcome = match shift {
            None => self.produce(None).map(|_ended| ()),
            Some(shift) => self.produce_in_shifts(shift),
        };
        if let Err(error) = outcome {
            flow.fail(error);
        }
    }

    fn produce_in_shifts(&mut self, shift: Duration) -> Result<()> {
        let mut ended = Ended::Shift;
        while ended == Ended::Shift {
            let shift = || self.produce(Some(Instant::now() + shift));
            // A panic has been printed, and is a failure of this thread as well.
            ended = thread::scope(|scope| scope.spawn(shift).join())
                .unwrap_or_else(|panic| resume_unwind(panic))?;
        }
        Ok(())
    }

    fn produce(&mut self, until: Option<Instant>) -> Result<Ended> {
        loop {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Ended::Shift);
            }
            if self.flow.interrupted() {
                self.send();
                if !self.flow.pass() {
                    return Ok(Ended::Flow);
                }
            }
            match self.source.next_chunk(!self.batch.is_empty())? {
                Next::Chunk(chunk) => self.batch_records(&chunk),
                Next::Idle => self.send(),
            }
        }
    }

    fn batch_records(&mut self, chunk: &Chunk) {
        for error_type in &chunk.errors {
            self.metrics.error(error_type, false);
        }
        let mut key_hash = 0;
        for (index, record) in records(&chunk.text).enumerate() {
            if index % RECORDS_A_KEY == 0 {
                key_hash = hash_key((chunk.number, index / RECORDS_A_KEY));
            }
            if !self.batch.has_room(record.len()) {
                self.send();
            }
            self.batch.push(key_hash, record);
        }
    }

    /// Puts the batch into the queue, in as many attempts as it takes.
    fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let next = self.batch.successor();
        let mut batch = std::mem::replace(&mut self.batch, next);
        let records = batch.len() as i64;
        self.flow.add_produced(records as u64);
        self.metrics.queue_size.add(records);
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            match self.queue.try_send(batch) {
                Ok(()) => return,
                Err(TrySendError::Full(refused)) => {
                    self.metrics.error(QUEUE_FULL, true);
                    batch = refused;
                    backoff.wait();
                }
                // The sender has failed and said why.
                Err(TrySendError::Disconnected(_)) => {
                    self.metrics.queue_size.sub(records);
                    return;
                }
            }
        }
    }
}
