//! The program of `examples/pipeline`: what a record costs it with metrics and without.

use std::path::Path;

use tachometer_pipeline::{Contender, Effort};

use crate::Reading;

/// Text in each reading, in chunks of 256 KiB.
const CHUNKS: usize = 24;

/// Processor time of a record on its whole way, in nanoseconds, or the time that passes where the system does not tell.
#[must_use]
pub fn pipeline(metrics: bool) -> Reading {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let setup = move || Contender::start(sources, metrics).expect("a temporary directory for the stream");
    Reading::new(setup, |contender| {
        let Effort { records, time, processor, .. } = contender.work(CHUNKS).expect("the pipeline works");
        processor.unwrap_or(time).as_nanos() as f64 / records as f64
    })
}
