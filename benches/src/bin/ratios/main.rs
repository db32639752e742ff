//! Measures the engine and its peers in one run, alternating between the two sides of each row, and prints a table.
//!
//! Absolute times mean little on a shared machine. Two sides that take turns meet the same disturbances, so what is
//! judged is their ratio, or their difference where one is a part of the other.

#![forbid(unsafe_code)]

mod curves;
mod machine;
mod measure;
mod plot;
mod report;
mod rows;
mod target;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tachometer_benches::footprint::Footprint;

use machine::Machine;
use measure::{Effort, Measured};
use report::{Format, Report};
use rows::Size;

/// Compares the engine with its peers, alternating between the two, and prints a line for each comparison.
#[derive(Debug, Parser)]
#[command(name = "ratios", version)]
struct Options {
    /// Only the rows whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How often the two sides take turns; fewer times, but at least 15, in rows about many series.
    #[arg(long, value_name = "N", default_value_t = 101, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Short turns and few series: shows that everything runs, and nothing else.
    #[arg(long)]
    quick: bool,
    /// One JSON object in place of the table.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// The document BENCHMARKS.md in place of the table.
    #[arg(long)]
    markdown: bool,
    /// Measures by threads and by series, and draws it into this directory, after the table.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    /// Prints what series take of memory: how the program asks itself, in a process of its own.
    #[arg(long, hide = true)]
    footprint: Option<Footprint>,
}

impl Options {
    fn format(&self) -> Format {
        match self {
            Self { json: true, .. } => Format::Json,
            Self { markdown: true, .. } => Format::Markdown,
            _ => Format::Tsv,
        }
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ratios: cannot write the table or its pictures: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<()> {
    if let Some(footprint) = options.footprint {
        return writeln!(io::stdout(), "{}", footprint.measure());
    }
    let (turn, budget, size) = if options.quick {
        (Duration::from_micros(100), Duration::ZERO, Size::Small)
    } else {
        (Duration::from_millis(2), Duration::from_secs(4), Size::Full)
    };
    let effort = Effort { rounds: options.rounds, turn, budget };
    let mut report = Report::new(options.format(), effort, Machine::describe());
    let mut out = io::stdout().lock();
    write!(out, "{}", report.start())?;
    for row in rows::all(size) {
        if options.filter.as_ref().is_some_and(|filter| !row.name.contains(filter)) {
            continue;
        }
        let measured = Measured::take(&row, effort);
        write!(out, "{}", report.row(&row, &measured))?;
        // A row may take seconds: whoever watches sees it at once.
        out.flush()?;
    }
    write!(out, "{}", report.finish(&machine::load()))?;
    out.flush()?;
    options.plots.as_deref().map_or(Ok(()), |directory| curves::draw(directory, effort, size))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
        assert_eq!(Options::parse_from(["ratios", "--json"]).format(), Format::Json);
        assert!(Options::try_parse_from(["ratios", "--json", "--markdown"]).is_err());
        assert!(Options::try_parse_from(["ratios", "--rounds", "0"]).is_err());
    }
}
