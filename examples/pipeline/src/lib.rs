//! A Kinesis-style producer and consumer over an embedded stream, measured by `tachometer` from end to end.
//!
//! ```text
//!  text ─► producers ─► bounded queue ─► sender ─► stream: shards ─► consumers, one a shard
//!          lines,       throttles when   put,      segment files,    verify, checkpoint,
//!          batches      it is full       retry     split when busy   delete
//! ```
//! Every step records into the nineteen metrics of a Kinesis client (see `metrics`), which are served over HTTP while
//! the program runs. At the end the stream is drained, and what the metrics counted must be what was read back.
//!
//! A library for those who measure it: [`Contender`] does the same work with metrics and without.

#![forbid(unsafe_code)]

mod args;
mod backoff;
mod batch;
mod checkpoint;
mod consumer;
mod contender;
mod control;
mod cpu;
mod input;
mod laps;
mod metrics;
mod order;
mod overhead;
mod pipeline;
mod producer;
mod progress;
mod readout;
mod report;
mod run;
mod sender;
mod spread;
mod stream;
mod sync;
mod totals;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, Result};
use tachometer::Registry;
use tachometer_prometheus::Exporter;

use crate::{control::Stop, input::Input, run::Run};

pub use crate::{
    args::Args,
    contender::{Contender, Effort},
};

/// In front of every metric's name.
const NAMESPACE: &str = "pipeline";

/// Value of the label `stream_name`.
const STREAM_NAME: &str = "lines";

/// The exit code of a run whose counts disagree.
const COUNTS_DISAGREE: u8 = 3;

/// Does what the command line asks for, and says how the program is to end.
///
/// # Errors
///
/// When it could not be done: the error says why, and how to go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let stop = Stop::on_signals()?;
    // The process's own, which also says what the engine takes and drops.
    let registry = Registry::builder().namespace(NAMESPACE).install()?;
    let server = Exporter::new(registry).serve(args.listen.as_str()).context("--listen")?;
    if args.reads_stdin() {
        // It may be a while until somebody types.
        say("reading standard input")?;
    }
    let input = Input::open(&args.input, &stop)?;
    let described = input.to_string();
    let run = Run::start(args, input, registry, &stop)?;
    say(&format!("metrics: http://{}/metrics", server.addr()))?;
    let time = humantime::format_duration(args.duration);
    say(&format!("working for {time} on {described}; Ctrl-C ends it with the table"))?;

    let report = run.work(args.duration)?;
    say(&report.to_string())?;
    if args.serve && !stop.requested() {
        say(&format!("still serving http://{}/metrics, Ctrl-C to end", server.addr()))?;
        stop.wait_for_ever();
    }
    server.shutdown();
    Ok(if report.counts_agree() { ExitCode::SUCCESS } else { ExitCode::from(COUNTS_DISAGREE) })
}

/// Prints at once, also into a pipe.
fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
