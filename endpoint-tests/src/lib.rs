//! What the programs of this crate have in common: `ci/endpoint.sh` starts them, each with the same metrics, and lets
//! the same clients at them.
//!
//! A program takes the size of its exposition as its argument, prints `serving ADDRESS`, and ends when its input does.
//! Lines of the input are commands: `record N` begins to record in `N` series in turn, without a pause, and each `report`
//! prints what the slowest of a thousand records took since the last.

use std::io::{BufRead, Write, stdin, stdout};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;

/// How many series there are, and how long their label is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Series of one counter family.
    pub series: usize,
    /// Characters of the label's value.
    pub label: usize,
}

impl Size {
    /// The size that the first argument names.
    pub fn from_arguments() -> Result<Size> {
        match std::env::args().nth(1).as_deref() {
            // The body is some 0.8 KB.
            Some("small") => Ok(Size { series: 12, label: 16 }),
            Some("series") => Ok(Size { series: 10_000, label: 16 }),
            // Ten mebibytes.
            Some("large") => Ok(Size { series: 10_600, label: 960 }),
            _ => bail!("give a size: small, series or large"),
        }
    }

    /// The value of the label of each series.
    pub fn labels(self) -> impl Iterator<Item = String> {
        (0..self.series).map(move |number| format!("{number:0>width$}", width = self.label))
    }
}

/// Says where the program serves, and does what the input says until it ends. `record` records in the series with this
/// number.
pub fn run(addr: SocketAddr, record: impl Fn(usize) + Send + 'static) -> Result<()> {
    println!("serving {addr}");
    stdout().flush()?;
    let (ask, asked) = channel();
    let mut waiting = Some((record, asked));
    for command in stdin().lock().lines() {
        let command = command?;
        if command == "report" {
            let (answer, answered) = channel();
            ask.send(answer).context("nothing is recorded")?;
            let (p999, records) = answered.recv().context("nothing is recorded")?;
            println!("p99.9 {p999} ns of {records} records");
            stdout().flush()?;
        } else if let Some(series) = command.strip_prefix("record ") {
            let series = series.parse().with_context(|| format!("{series:?} is no number of series"))?;
            if let Some((record, asked)) = waiting.take() {
                std::thread::spawn(move || keep_recording(record, series, &asked));
            }
        } else {
            bail!("unknown command {command:?}: use `record N` or `report`");
        }
    }
    Ok(())
}

/// Records without a pause, and answers with the time that one in a thousand reaches, in nanoseconds.
fn keep_recording(record: impl Fn(usize), series: usize, asked: &Receiver<Sender<(u64, u64)>>) {
    let mut numbers = (0..series).cycle();
    let mut times = Histogram::<u64>::new(3).expect("three digits are allowed");
    loop {
        for number in numbers.by_ref().take(1_000) {
            let begin = Instant::now();
            record(number);
            times.saturating_record(begin.elapsed().as_nanos() as u64);
        }
        match asked.try_recv() {
            Ok(answer) => {
                let _ = answer.send((times.value_at_quantile(0.999), times.len()));
                times.reset();
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
    }
}
