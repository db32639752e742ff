//! The program: see the library.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use tachometer_pipeline::{Args, run};

fn main() -> ExitCode {
    run(&Args::parse()).unwrap_or_else(|error| {
        eprintln!("pipeline: {error:#}");
        ExitCode::FAILURE
    })
}
