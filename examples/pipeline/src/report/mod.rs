//! What the run found: the check of the counts, and the table at the end.

mod cost;
mod refusals;

use std::{fmt, time::Duration};

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use indicatif::{BinaryBytes, HumanCount};
use tachometer::Snapshot;

use self::refusals::Troubles;
use crate::{
    input::InputStats,
    laps::RECORDS_A_LAP,
    overhead::Cost,
    pipeline::Outcome,
    readout::{count, gauge, quantiles, received, sent},
};

/// Everything the table shows.
#[derive(Debug)]
pub(crate) struct Report {
    /// Counted by the threads in plain integers.
    pub(crate) outcome: Outcome,
    /// Counted by the metrics.
    pub(crate) snapshot: Snapshot,
    pub(crate) input: InputStats,
    pub(crate) cost: Option<Cost>,
    pub(crate) interrupted: bool,
    pub(crate) elapsed: Duration,
    pub(crate) working: Duration,
}

impl Report {
    /// Whether four counts are the same, in records and in bytes: what the stream accepted and what was read back
    /// from it, each as counted by the metrics and by the threads.
    pub(crate) fn counts_agree(&self) -> bool {
        let counts =
            [self.outcome.sent, self.outcome.verified, sent(&self.snapshot), received(&self.snapshot)];
        counts.iter().all(|count| *count == counts[0])
    }

    fn totals(&self) -> Table {
        let (verified, input) = (self.outcome.verified, &self.input);
        let rate = |amount: u64| (amount as f64 / self.working.as_secs_f64()) as u64;
        let (records_rate, bytes_rate) =
            (HumanCount(rate(verified.records)), BinaryBytes(rate(verified.bytes)));
        let active = gauge(&self.snapshot, "stream_shards_active");
        let closed = gauge(&self.snapshot, "stream_shards_closed");
        let checkpoints = HumanCount(count(&self.snapshot, "consumer_checkpoint_success_total"));
        let skipped = format!(
            "{} binary and {} unreadable files, {} lines too long",
            input.binary, input.unreadable, input.too_long
        );
        let rows = [
            ("records", HumanCount(verified.records).to_string()),
            ("bytes", BinaryBytes(verified.bytes).to_string()),
            ("throughput", format!("{records_rate} records/s, {bytes_rate}/s")),
            ("time", format!("{:.1?} of {:.1?} in the pipeline", self.working, self.elapsed)),
            ("input files", format!("{}, {}", HumanCount(input.files), passes(input.passes))),
            ("skipped", skipped),
            ("shards", format!("{active} open, {closed} closed by a split")),
            ("checkpoints", checkpoints.to_string()),
        ];
        let mut table = table();
        table.add_rows(rows.map(|(title, value)| [title.to_owned(), value]));
        table
    }

    fn times(&self) -> Table {
        let mut table = table();
        table.set_header(["time", "p50", "p99", "p99.9"]);
        // The longest of sixteen records does not show in their mean, so the row says what it is about.
        let processing = format!("processing, means of {RECORDS_A_LAP}");
        let rows = [
            ("flush", "producer_flush_duration_seconds"),
            (&*processing, "consumer_processing_time_seconds"),
        ];
        for (title, name) in rows {
            let times = quantiles(&self.snapshot, name, [0.5, 0.99, 0.999]);
            let [p50, p99, p999] = times.map_or([const { String::new() }; 3], |times| times.map(human_time));
            table.add_row([title, &p50, &p99, &p999]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn troubles(&self) -> String {
        let troubles = Troubles::of(&self.snapshot, &self.outcome.failed_checkpoints);
        let mut text = String::new();
        if let Some(refusals) = troubles.refusals() {
            text = refusals.trim_fmt();
            if self.counts_agree() {
                text += "\n limits and splits at work: each was tried again, and nothing was lost";
            }
            text += "\n\n";
        }
        text + &troubles.errors().map_or_else(|| " errors: none".to_owned(), |errors| errors.trim_fmt())
    }

    fn check(&self) -> String {
        let Outcome { sent: accepted, verified, .. } = self.outcome;
        if self.counts_agree() {
            let records = HumanCount(verified.records);
            return format!(
                "check: counts agree: {records} records sent and {records} read back, by the metrics and by the \
                 threads' own count, bytes likewise"
            );
        }
        format!(
            "check: COUNTS DISAGREE\n  accepted by the stream   {accepted}\n  producer metrics say     {}\n  read \
             back and verified   {verified}\n  consumer metrics say     {}",
            sent(&self.snapshot),
            received(&self.snapshot)
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interrupted {
            writeln!(f, "ended early, the stream is drained")?;
        }
        for table in [self.totals(), self.times()] {
            writeln!(f, "{}\n", table.trim_fmt())?;
        }
        writeln!(f, "{}\n", self.troubles())?;
        match &self.cost {
            Some(cost) => writeln!(f, "{cost}")?,
            None => writeln!(f, "cost of metrics: not measured, the run ended before")?,
        }
        write!(f, "{}", self.check())
    }
}

fn passes(whole: u64) -> String {
    match whole {
        0 => "the first pass not finished".to_owned(),
        1 => "read to the end once".to_owned(),
        _ => format!("read to the end {} times", HumanCount(whole)),
    }
}

/// A time as people read it, or a dash.
pub(crate) fn human_time(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or_else(|_| "-".to_owned(), |time| format!("{time:.1?}"))
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table
}

#[cfg(test)]
mod tests {
    use tachometer::Registry;

    use super::*;
    use crate::{NAMESPACE, metrics::PipelineMetrics, producer::QUEUE_FULL, stream::ShardId, totals::Totals};

    /// A report of a run in which everything counts 5 records of 50 bytes.
    fn report() -> (Report, Registry) {
        let registry = Registry::builder().namespace(NAMESPACE).build().unwrap();
        let metrics = PipelineMetrics::register(&registry, "s").unwrap();
        metrics.producer.records_sent_total.add(5);
        metrics.producer.bytes_sent_total.add(50);
        for (shard, records) in [(0, 2), (1, 3)] {
            let consumer = metrics.consumer(ShardId(shard)).unwrap();
            consumer.shard.records_received_total.add(records);
            consumer.shard.bytes_received_total.add(records * 10);
        }
        let all = Totals { records: 5, bytes: 50 };
        let report = Report {
            outcome: Outcome { sent: all, verified: all, failed_checkpoints: Default::default() },
            snapshot: registry.snapshot(),
            input: InputStats::default(),
            cost: None,
            interrupted: false,
            elapsed: Duration::from_secs(2),
            working: Duration::from_secs(1),
        };
        (report, registry)
    }

    #[test]
    fn four_equal_counts_agree() {
        let (report, _) = report();
        assert!(report.counts_agree());
        assert!(report.to_string().contains("counts agree: 5 records sent and 5 read back"));
    }

    #[test]
    fn one_record_or_one_byte_too_few_anywhere_is_a_disagreement() {
        let short = [Totals { records: 4, bytes: 50 }, Totals { records: 5, bytes: 49 }];
        for wrong in short {
            let (mut lost, _) = report();
            lost.outcome.verified = wrong;
            assert!(!lost.counts_agree() && lost.to_string().contains("COUNTS DISAGREE"));
            let (mut unsent, _) = report();
            unsent.outcome.sent = wrong;
            assert!(!unsent.counts_agree());
        }
        let (mut report, registry) = report();
        PipelineMetrics::register(&registry, "s").unwrap().producer.bytes_sent_total.inc();
        report.snapshot = registry.snapshot();
        assert!(!report.counts_agree());
    }

    #[test]
    fn a_run_without_refusals_and_errors_says_so() {
        let (report, _) = report();
        let text = report.to_string();
        assert!(text.contains("errors: none") && !text.contains("tried again"), "{text}");
    }

    #[test]
    fn nothing_is_said_to_be_whole_that_is_not() {
        let (mut report, registry) = report();
        PipelineMetrics::register(&registry, "s").unwrap().producer.error(QUEUE_FULL, true);
        report.snapshot = registry.snapshot();
        assert!(report.to_string().contains("nothing was lost"));
        report.outcome.verified = Totals::default();
        assert!(!report.to_string().contains("nothing was lost"));
    }

    #[test]
    fn quantiles_of_means_are_called_so() {
        let (report, _) = report();
        let text = report.to_string();
        assert!(text.contains("processing, means of 16"), "{text}");
    }

    #[test]
    fn only_whole_passes_count() {
        assert_eq!(
            [0, 1, 2000].map(passes),
            ["the first pass not finished", "read to the end once", "read to the end 2,000 times"]
        );
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!([1.5e-7, 0.0021, 3.0, f64::NAN].map(human_time), ["150.0ns", "2.1ms", "3.0s", "-"]);
    }
}
