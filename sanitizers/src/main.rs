//! What the engine does on many threads, all of it at the same time: a plain program for the thread sanitizer, which
//! `ci/sanitizers.sh` builds and runs.
//!
//! It is no test: the test harness passes results between threads in ways that the sanitizer misreads.
//!
//! Without an argument it works, and checks that nothing was lost. With the name of a fault it commits that fault, which
//! the sanitizer it is built with must report: so a run shows that the sanitizer was awake.

mod faults;
mod metrics;
mod turn;
mod work;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => work::all_at_the_same_time(),
        Some("data-race") => faults::data_race(),
        Some("use-after-free") => faults::use_after_free(),
        Some("leak") => faults::leak(),
        Some(other) => {
            eprintln!("`{other}` is none of data-race, use-after-free and leak");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
