//! What was refused and tried again, apart from what went wrong.
//!
//! Most "errors" of a busy stream are its limits at work: the metrics count them, as those of a Kinesis client do, but
//! nothing is lost by them.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table};
use indicatif::HumanCount;
use tachometer::Snapshot;

use super::table;
use crate::{
    checkpoint::LEASE_LOST,
    producer::QUEUE_FULL,
    readout::count_by,
    stream::{SHARD_CLOSED, THROTTLED},
};

/// Errors of all kinds that happened in a run.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    refusals: Vec<Trouble>,
    errors: Vec<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    /// Whose it was, and of a refusal also where it happened.
    what: &'static str,
    error_type: String,
    count: u64,
}

impl Troubles {
    /// Those that the metrics counted, and the checkpoints that failed, by type.
    pub(super) fn of(snapshot: &Snapshot, failed_checkpoints: &BTreeMap<String, u64>) -> Self {
        let mut all = Self::default();
        all.add("producer", count_by(snapshot, "producer_errors_total", "error_type"));
        all.add("consumer", count_by(snapshot, "consumer_errors_total", "error_type"));
        all.add("checkpoint", failed_checkpoints.clone());
        all
    }

    fn add(&mut self, who: &'static str, counts: BTreeMap<String, u64>) {
        for (error_type, count) in counts {
            match refusal(who, &error_type) {
                Some(what) => self.refusals.push(Trouble { what, error_type, count }),
                None => self.errors.push(Trouble { what: who, error_type, count }),
            }
        }
    }

    /// What was refused; `None` when nothing was.
    pub(super) fn refusals(&self) -> Option<Table> {
        counted(&self.refusals, "refused and tried again")
    }

    /// What went wrong; `None` when nothing did.
    pub(super) fn errors(&self) -> Option<Table> {
        counted(&self.errors, "errors")
    }
}

/// `None` without rows.
fn counted(rows: &[Trouble], title: &str) -> Option<Table> {
    let mut table = table();
    table.set_header([title, "error_type", "count"]);
    for row in rows {
        table.add_row([row.what, &row.error_type, &HumanCount(row.count).to_string()]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    (!rows.is_empty()).then_some(table)
}

/// Where the queue, a shard or its lease refused something that was then tried again; `None` for an error.
fn refusal(who: &str, error_type: &str) -> Option<&'static str> {
    match (who, error_type) {
        ("producer", QUEUE_FULL) => Some("producer at a full queue"),
        ("producer", THROTTLED) => Some("producer at a shard's limit"),
        ("producer", SHARD_CLOSED) => Some("producer after a split"),
        ("consumer", THROTTLED) => Some("consumer at a read limit"),
        ("checkpoint", LEASE_LOST) => Some("checkpoint after a split"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tachometer::Registry;

    use super::*;
    use crate::{NAMESPACE, metrics::PipelineMetrics, stream::ShardId};

    #[test]
    fn refusals_are_no_errors_and_errors_no_refusals() {
        let registry = Registry::builder().namespace(NAMESPACE).build().unwrap();
        let none = Troubles::of(&registry.snapshot(), &BTreeMap::new());
        assert!(none.refusals().is_none() && none.errors().is_none());

        let metrics = PipelineMetrics::register(&registry, "s").unwrap();
        metrics.producer.error(QUEUE_FULL, true);
        metrics.producer.error("RecordTooLong", false);
        metrics.consumer(ShardId(0)).unwrap().error("ChecksumMismatch");
        let checkpoints = BTreeMap::from([(LEASE_LOST.to_owned(), 6), ("StorageFull".to_owned(), 7)]);
        let all = Troubles::of(&registry.snapshot(), &checkpoints);

        let names = |list: &[Trouble]| {
            let names = list.iter().map(|row| (row.error_type.clone(), row.count));
            names.collect::<Vec<_>>()
        };
        let named = |pairs: &[(&str, u64)]| {
            let pairs = pairs.iter().map(|(name, count)| ((*name).to_owned(), *count));
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(names(&all.refusals), named(&[("QueueFull", 1), ("LeaseLost", 6)]));
        let errors = [("RecordTooLong", 1), ("ChecksumMismatch", 1), ("StorageFull", 7)];
        assert_eq!(names(&all.errors), named(&errors));
        let text = all.refusals().unwrap().to_string();
        assert!(
            text.contains("producer at a full queue") && text.contains("checkpoint after a split"),
            "{text}"
        );
    }
}
