//! Producers, sender, stream and consumers put together, in a directory of their own.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Result, anyhow};
use crossbeam_channel::bounded;
use tachometer::Registry;
use tempfile::TempDir;

use crate::{
    batch::Batch,
    consumer::Consumers,
    control::Flow,
    input::Source,
    metrics::PipelineMetrics,
    producer::{Producer, QUEUE_BATCHES},
    sender::BatchSender,
    stream::{Limits, Stream},
    totals::Totals,
};

/// What a pipeline is made of.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Value of the label `stream_name`.
    pub(crate) stream_name: &'static str,
    /// Where the stream's own directory is made.
    pub(crate) parent_dir: PathBuf,
    pub(crate) producers: u16,
    /// How long a producer's thread works until another takes its place; for ever if `None`.
    pub(crate) shift: Option<Duration>,
    pub(crate) shards: u32,
    pub(crate) limits: Limits,
}

/// A pipeline at work. Its threads end with `finish`.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) stream: Arc<Stream>,
    pub(crate) flow: Arc<Flow>,
    producers: Vec<JoinHandle<()>>,
    sender: JoinHandle<Totals>,
    consumers: Arc<Consumers>,
    /// Deleted with everything in it when the pipeline is finished or dropped.
    _dir: TempDir,
}

/// What went through a pipeline, as its threads counted without any metric.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Accepted by the stream.
    pub(crate) sent: Totals,
    /// Read back and verified.
    pub(crate) verified: Totals,
    /// Checkpoints that failed, by reason.
    pub(crate) failed_checkpoints: BTreeMap<String, u64>,
}

impl Pipeline {
    /// Makes the stream and starts all threads; what they do is recorded in `registry`.
    pub(crate) fn start(settings: &Settings, registry: &Registry, source: &Arc<dyn Source>) -> Result<Self> {
        let metrics = PipelineMetrics::register(registry, settings.stream_name)?;
        let (dir, stream) = make_stream(settings, &metrics).map_err(|error| {
            let at = settings.parent_dir.display();
            // The kind alone: the message of the error ends with a random path.
            let why = error.kind();
            anyhow!(
                "cannot make a stream in {at}: {why}; name a directory that exists and is writable with --stream"
            )
        })?;
        let flow = Arc::new(Flow::default());

        let threads = usize::from(settings.producers);
        let consumers = Consumers::start(&stream.open_shards(), threads, Arc::clone(&flow), metrics.clone())?;
        let (sending, queue) = bounded(QUEUE_BATCHES);
        let sender = BatchSender {
            queue,
            stream: Arc::clone(&stream),
            flow: Arc::clone(&flow),
            metrics: metrics.producer.clone(),
        };
        let sender = thread::Builder::new().name("sender".to_owned()).spawn(|| sender.run())?;
        let producers = (0..settings.producers).map(|number| {
            let producer = Producer {
                source: Arc::clone(source),
                queue: sending.clone(),
                flow: Arc::clone(&flow),
                metrics: metrics.producer.clone(),
                batch: Batch::new(number, 0),
            };
            let shift = settings.shift;
            thread::Builder::new().name(format!("producer-{number}")).spawn(move || producer.run(shift))
        });
        let producers = producers.collect::<Result<_, _>>()?;
        Ok(Self { stream, flow, producers, sender, consumers, _dir: dir })
    }

    /// Stops the producers and waits until the stream is empty: everything sent is read back or an error says why
    /// not. (A thread that panicked has failed the flow.)
    pub(crate) fn finish(self) -> Result<Outcome> {
        self.flow.stop();
        for producer in self.producers {
            let _panicked = producer.join();
        }
        let sent = self.sender.join().unwrap_or_default();
        self.stream.seal();
        let verified = self.consumers.join();
        match self.flow.take_failure() {
            Some(failure) => Err(failure),
            None => Ok(Outcome { sent, verified, failed_checkpoints: self.consumers.failed_checkpoints() }),
        }
    }
}

fn make_stream(settings: &Settings, metrics: &PipelineMetrics) -> io::Result<(TempDir, Arc<Stream>)> {
    let dir = tempfile::Builder::new().prefix("pipeline-").tempdir_in(&settings.parent_dir)?;
    let stream = Stream::create(dir.path(), settings.shards, settings.limits, metrics.stream.clone())?;
    Ok((dir, Arc::new(stream)))
}
