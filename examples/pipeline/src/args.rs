//! The command line.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;

use crate::input::STDIN;

/// Sends lines of text through an embedded, sharded stream and measures itself while it does.
///
/// Producers read real text, cut it into lines and batch them; a sender puts the batches into a stream of
/// checksummed segment files; consumers, one a shard, read the records back, verify them and checkpoint. Everything
/// is counted and timed, and can be scraped by Prometheus while the program runs.
///
/// At the end it prints a table, with the cost of the metrics themselves: at times the pipeline pauses, and the same
/// work is done with metrics and without.
#[derive(Clone, Debug, Parser)]
#[command(name = "pipeline", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Text to send: a file, a directory with everything below it, or `-` for standard input.
    ///
    /// Short input is repeated. Binary and unreadable files are counted and skipped; hidden ones, other file
    /// systems, and directories marked as caches (CACHEDIR.TAG) are passed over.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) input: PathBuf,

    /// How long to work: `30s`, `2m`, `500ms`, or a number of seconds.
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = parse_time)]
    pub(crate) duration: Duration,

    /// Where to serve /metrics; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = tachometer_prometheus::DEFAULT_ADDR)]
    pub(crate) listen: String,

    /// Producer threads.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,

    /// Replace each producer thread by a new one after this long, as programs do that start a thread for a piece of work.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) shift: Option<Duration>,

    /// Shards, and so consumer threads, to begin with.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) shards: u32,

    /// Shards up to which busy ones are split.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) max_shards: u32,

    /// Records a second that a shard accepts; one that nearly gets as many is split.
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) shard_limit: u32,

    /// Directory for the stream's files instead of the system's temporary one; must exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) stream: Option<PathBuf>,

    /// Keep serving /metrics after the work, until Ctrl-C.
    #[arg(long)]
    pub(crate) serve: bool,
}

impl Args {
    /// Whether the text comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.input == Path::new(STDIN)
    }
}

const AFTER_HELP: &str = "\
Ctrl-C ends the work early, with the table; a second one ends the program at once.

Exit codes:
  0    done, and what the metrics counted is exactly what was read back
  1    something failed: the message says what and how to go on
  2    the command line is wrong
  3    the counts disagree
  130  ended by a second Ctrl-C, which leaves the stream's files behind, in directories named pipeline-*

The stream never takes more disk than 34 MiB a shard, and each pipeline's files are deleted at the end, but for that
second Ctrl-C. Besides the main pipeline there are two smaller ones that measure the cost of metrics.";

fn parse_time(text: &str) -> Result<Duration, String> {
    let time = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(seconds.into()),
        Err(_) => humantime::parse_duration(text).map_err(|error| format!("{error}; try `30s` or `2m`"))?,
    };
    if (Duration::from_millis(100)..=Duration::from_secs(366 * 24 * 3600)).contains(&time) {
        Ok(time)
    } else {
        Err("it must be from 100ms to a year".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_the_defaults_parse() {
        Args::command().debug_assert();
        let args = Args::try_parse_from(["pipeline"]).unwrap();
        assert_eq!((args.duration, args.listen.as_str()), (Duration::from_secs(30), "127.0.0.1:9464"));
    }

    #[test]
    fn times_are_read_with_and_without_a_unit() {
        assert_eq!(parse_time("5"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_time("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "0", "-1", "soon", "5 parsecs", "99999999 years"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
