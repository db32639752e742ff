//! The sender: one thread that takes batches out of the queue and puts them into the stream, in order.

use std::{sync::Arc, time::Duration};

use anyhow::{Error, Result};
use crossbeam_channel::Receiver;

use crate::{
    backoff::Backoff,
    batch::Batch,
    control::Flow,
    metrics::ProducerMetrics,
    stream::{PutError, Stream},
    totals::Totals,
};

/// The waits before refused records are put again.
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Failed writes of one batch after which the stream is given up: with the waits between them some seconds.
const MAX_WRITE_ERRORS: u32 = 50;

/// The sending half of the pipeline.
pub(crate) struct BatchSender {
    pub(crate) queue: Receiver<Batch>,
    pub(crate) stream: Arc<Stream>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) metrics: ProducerMetrics,
}

impl BatchSender {
    /// Sends until the producers have ended and the queue is empty; gives what the stream has accepted, counted
    /// without any metric.
    pub(crate) fn run(self) -> Totals {
        let _watch = self.flow.fail_on_panic("sender");
        let mut sent = Totals::default();
        for batch in &self.queue {
            self.metrics.queue_size.sub(batch.len() as i64);
            if let Err(error) = self.flush(&batch, &mut sent) {
                self.flow.fail(error);
            }
            if self.flow.failed() {
                break;
            }
        }
        sent
    }

    /// Puts a whole batch. Nothing else is put meanwhile, so records of one key never overtake each other.
    fn flush(&self, batch: &Batch, sent: &mut Totals) -> Result<()> {
        let timer = self.metrics.flush_duration_seconds.start_timer();
        let mut pending: Vec<usize> = (0..batch.len()).collect();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut write_errors = 0;
        loop {
            let summary = self.stream.put_records(batch, &mut pending);
            sent.add(summary.records, summary.bytes);
            self.metrics.records_sent_total.add(summary.records);
            self.metrics.bytes_sent_total.add(summary.bytes);
            if pending.is_empty() {
                break;
            }
            let mut must_wait = false;
            for refusal in summary.refused {
                self.metrics.error(&refusal.error_type(), matches!(refusal, PutError::Throttled));
                // A closed shard has been replaced by its children: the records go there at once.
                must_wait |= !matches!(refusal, PutError::Closed);
                if let PutError::Io(error) = refusal {
                    write_errors += 1;
                    if write_errors >= MAX_WRITE_ERRORS {
                        return Err(
                            Error::new(error).context("cannot write to the stream; is the disk full?")
                        );
                    }
                }
            }
            if self.flow.failed() {
                return Ok(());
            }
            if must_wait {
                backoff.wait();
            }
        }
        timer.stop();
        self.metrics.batch_size.observe(batch.len() as f64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tachometer::Registry;

    use super::*;
    use crate::{metrics::PipelineMetrics, stream::Limits};

    #[test]
    fn a_stream_that_cannot_be_written_is_given_up_with_counted_errors() {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::new();
        let metrics = PipelineMetrics::register(&registry, "s").unwrap();
        // Every put needs a new segment, and their directory is gone.
        let limits = Limits { segment_bytes: 0, ..Limits::unlimited_writes() };
        let stream = Arc::new(Stream::create(dir.path(), 1, limits, metrics.stream.clone()).unwrap());
        fs::remove_dir_all(stream.open_shards()[0].dir()).unwrap();

        let (sending, queue) = crossbeam_channel::bounded(1);
        let mut batch = Batch::new(0, 0);
        batch.push(0, b"a record");
        sending.send(batch).unwrap();
        let flow = Arc::new(Flow::default());
        let sender = BatchSender { queue, stream, flow: Arc::clone(&flow), metrics: metrics.producer };
        assert_eq!(sender.run(), Totals::default());

        let failure = format!("{:#}", flow.take_failure().unwrap());
        assert!(failure.contains("cannot write to the stream"), "{failure}");
        let labels = [("stream_name", "s"), ("error_type", "NotFound")];
        let errors = registry.snapshot().counter("producer_errors_total", &labels);
        assert_eq!(errors, Some(u64::from(MAX_WRITE_ERRORS)));
    }
}
