//! A pipeline that does the same work again and again, and is timed.

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tachometer::Registry;

use crate::{
    control::Stop,
    cpu,
    input::{Input, Sample, Source},
    pipeline::{Pipeline, Settings},
    stream::Limits,
};

/// A pipeline without limits on writes, which stands idle until it is given work.
#[derive(Debug)]
pub struct Contender {
    pipeline: Pipeline,
    sample: Arc<Sample>,
}

/// What some work took.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Records that went through the pipeline.
    pub records: u64,
    /// The time that passed.
    pub time: Duration,
    /// Processor time of all threads of the process, also of those that have nothing to do with it; `None` where the
    /// system does not tell.
    pub processor: Option<Duration>,
}

impl Contender {
    /// A pipeline of two producers and two shards that works on up to 8 MiB of the text files below `input`, with
    /// metrics or without.
    ///
    /// # Errors
    ///
    /// When there is no text, or no room for a stream in the system's temporary directory.
    pub fn start(input: &Path, metrics: bool) -> Result<Self> {
        let input = Input::open(input, &Stop::never())?;
        let settings = Settings {
            stream_name: crate::STREAM_NAME,
            parent_dir: std::env::temp_dir(),
            producers: 2,
            shift: None,
            shards: 2,
            limits: Limits::unlimited_writes(),
        };
        Self::of(&settings, metrics, input.into_sample()?)
    }

    /// A pipeline with these settings, but for the limits, that works on `sample`.
    pub(crate) fn of(settings: &Settings, metrics: bool, sample: Sample) -> Result<Self> {
        let settings = Settings { limits: Limits::unlimited_writes(), ..settings.clone() };
        let registry = Registry::builder().namespace(crate::NAMESPACE).enabled(metrics).build()?;
        let sample = Arc::new(sample);
        let source: Arc<dyn Source> = Arc::clone(&sample) as _;
        Ok(Self { pipeline: Pipeline::start(&settings, &registry, &source)?, sample })
    }

    /// Sends so many chunks of text through the pipeline, some 256 KiB each, and waits until all their records have
    /// been read back.
    ///
    /// # Errors
    ///
    /// When the pipeline has failed.
    pub fn work(&self, chunks: usize) -> Result<Effort> {
        let records = self.sample.records(chunks);
        let flow = &self.pipeline.flow;
        let target = flow.consumed() + records;
        let (start, processor) = (Instant::now(), cpu::time());
        self.sample.grant(chunks);
        while flow.consumed() < target {
            if let Some(failure) = flow.take_failure() {
                return Err(failure);
            }
            thread::sleep(Duration::from_micros(200));
        }
        let processor = cpu::time().zip(processor).map(|(now, before)| now.saturating_sub(before));
        Ok(Effort { records, time: start.elapsed(), processor })
    }

    /// Ends the pipeline. It must have read back what it sent.
    ///
    /// # Errors
    ///
    /// When it has not, or has failed.
    pub fn finish(self) -> Result<()> {
        let outcome = self.pipeline.finish()?;
        if outcome.sent != outcome.verified {
            bail!("a measuring pipeline sent {} and read back {}", outcome.sent, outcome.verified);
        }
        Ok(())
    }
}

impl Effort {
    pub(crate) fn and(self, other: Self) -> Self {
        let processor = self.processor.zip(other.processor).map(|(one, two)| one + two);
        Self { records: self.records + other.records, time: self.time + other.time, processor }
    }
}
