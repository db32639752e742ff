//! The run from start to end: work, with pauses in which the cost of metrics is measured.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tachometer::Registry;

use crate::{
    STREAM_NAME,
    args::Args,
    control::Stop,
    input::{Input, Source},
    overhead::{Cost, Overhead, Schedule},
    pipeline::{Pipeline, Settings},
    progress::Progress,
    report::Report,
    stream::{Limits, Scaler},
};

/// How often the shards' rates and the progress line are looked after.
const TICK: Duration = Duration::from_millis(50);

/// A run under way.
pub(crate) struct Run<'a> {
    registry: &'a Registry,
    stop: &'a Stop,
    settings: Settings,
    input: Arc<Input>,
    pipeline: Pipeline,
    scaler: Scaler,
    progress: Progress,
    started: Instant,
    /// Time in which the main pipeline worked.
    working: Duration,
}

impl<'a> Run<'a> {
    /// Starts the main pipeline on the input.
    pub(crate) fn start(args: &Args, input: Input, registry: &'a Registry, stop: &'a Stop) -> Result<Self> {
        let input = Arc::new(input);
        let limit = f64::from(args.shard_limit);
        let settings = Settings {
            stream_name: STREAM_NAME,
            parent_dir: args.stream.clone().unwrap_or_else(std::env::temp_dir),
            producers: args.threads,
            shift: args.shift,
            shards: args.shards,
            limits: Limits::with_writes_per_second(limit),
        };
        let source: Arc<dyn Source> = Arc::clone(&input) as _;
        let pipeline = Pipeline::start(&settings, registry, &source)?;
        Ok(Self {
            registry,
            stop,
            settings,
            input,
            pipeline,
            scaler: Scaler::new(limit, args.max_shards as usize),
            progress: Progress::start(args.duration),
            started: Instant::now(),
            working: Duration::ZERO,
        })
    }

    /// Works for `time`, or until the user has had enough, and drains the stream.
    pub(crate) fn work(mut self, time: Duration) -> Result<Report> {
        let worked = self.alternate(time);
        self.progress.say("draining the stream");
        let draining = Instant::now();
        let outcome = self.pipeline.finish();
        self.working += draining.elapsed();
        self.progress.finish();
        // What ended the pipeline explains more than what followed from it.
        let outcome = outcome?;
        Ok(Report {
            outcome,
            snapshot: self.registry.snapshot(),
            input: self.input.stats(),
            cost: worked?,
            interrupted: self.stop.requested(),
            elapsed: self.started.elapsed(),
            working: self.working,
        })
    }

    /// The main pipeline and the measuring ones in turns.
    fn alternate(&mut self, time: Duration) -> Result<Option<Cost>> {
        let deadline = self.started + time;
        let schedule = Schedule::of(time);
        let rest = || deadline.saturating_duration_since(Instant::now());
        let (mut overhead, mut pause) = (None, Duration::ZERO);
        for left in (1..=schedule.pauses).rev() {
            // The first pause needs the time of another one to warm up.
            let gap = schedule.gap(left + u32::from(overhead.is_none()), rest());
            self.operate(gap)?;
            // Work that is coarser than the slices were meant to be takes longer than planned.
            if self.over() || rest() < pause {
                break;
            }
            let start = Instant::now();
            self.measure(&mut overhead, schedule.slice)?;
            pause = start.elapsed();
        }
        self.operate(rest())?;
        overhead.map_or(Ok(None), Overhead::finish)
    }

    /// Lets the main pipeline work for `time`.
    fn operate(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        self.scaler.restart(&self.pipeline.stream);
        while !self.over() && start.elapsed() < time {
            self.stop.wait(TICK.min(time.saturating_sub(start.elapsed())));
            self.scaler.tick(&self.pipeline.stream)?;
            self.progress.update(self.registry);
        }
        self.working += start.elapsed();
        Ok(())
    }

    /// Pauses the main pipeline for some slices.
    fn measure(&mut self, overhead: &mut Option<Overhead>, slice: Duration) -> Result<()> {
        let draining = Instant::now();
        self.pipeline.flow.pause(usize::from(self.settings.producers));
        self.working += draining.elapsed();
        self.progress.say("measuring the cost of metrics");
        let overhead = match overhead {
            Some(overhead) => overhead,
            None => overhead.insert(Overhead::start(&self.settings, || self.input.sample(), slice)?),
        };
        overhead.measure()?;
        self.pipeline.flow.resume();
        Ok(())
    }

    fn over(&self) -> bool {
        self.stop.requested() || self.pipeline.flow.failed()
    }
}
