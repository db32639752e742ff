//! Answers the requests of the conformance kit, one line of JSON each: `conformance_adapter < requests > answers`.
//!
//! `ci/conformance/README.md` says what is asked, and `ci/conformance.sh` asks it. Everything goes through the public
//! API of the two crates: what is asked of a snapshot is built by hand, and what is asked of live metrics is
//! registered, recorded and read from a snapshot of the registry.

mod answer;
mod hand_built;
mod input;
mod live;
mod names;

use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        if let Some(answer) = answer::to(&line?) {
            writeln!(out, "{answer}")?;
        }
    }
    out.flush()
}
