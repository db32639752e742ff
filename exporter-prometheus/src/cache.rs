//! The texts of all series, kept between scrapes.
//!
//! Between two registrations only values change. The first scrape of a schema records the text of every line in one
//! arena; the ones after it copy from there and print numbers, at a small part of the cost.

use std::convert::Infallible;

use tachometer::{Number, SchemaId, Snapshot};

use crate::number::MAX_NUMBER_LEN;
use crate::plan::Plan;
use crate::text::{Sink, push_value, write};

/// What was made of the schemas of some snapshots: the names, and the text of each line.
#[derive(Debug)]
pub(crate) struct Cache {
    schemas: Vec<SchemaId>,
    plan: Plan,
    lines: Lines,
}

impl Cache {
    /// Renders `snapshots` and keeps the texts.
    pub(crate) fn record(snapshots: &[Snapshot]) -> (String, Cache) {
        let plan = Plan::new(snapshots);
        let mut sink = Record { out: String::new(), lines: Lines::new(snapshots.len()) };
        let Ok(()) = write(&plan, snapshots, &mut sink);
        let schemas = snapshots.iter().map(Snapshot::schema_id).collect();
        (sink.out, Cache { schemas, plan, lines: sink.lines })
    }

    /// Renders `snapshots` from the kept texts, if they are of the same schemas.
    ///
    /// Also `None` if there is a series whose callback had failed when the texts were recorded: it has none.
    pub(crate) fn replay(&self, snapshots: &[Snapshot]) -> Option<String> {
        if !snapshots.iter().map(Snapshot::schema_id).eq(self.schemas.iter().copied()) {
            return None;
        }
        let out = String::with_capacity(self.capacity());
        let mut sink = Replay { out, lines: &self.lines, next: 0 };
        write(&self.plan, snapshots, &mut sink).ok()?;
        Some(sink.out)
    }

    /// Room for every text and the longest number after each, so that a replay without timestamps never grows its
    /// buffer. What is not written to costs address space only.
    fn capacity(&self) -> usize {
        let heads: usize = self.plan.families().iter().map(|family| family.head().len()).sum();
        heads + self.lines.arena.len() + self.lines.ends.len() * (MAX_NUMBER_LEN + 1)
    }
}

/// The text of every line up to its value, one after the other.
#[derive(Debug)]
struct Lines {
    arena: String,
    /// Where each text ends in the arena; it begins where the one before it ends.
    ends: Vec<usize>,
    /// By snapshot and series, the number of the first line.
    first: Vec<Vec<Option<u32>>>,
}

impl Lines {
    fn new(snapshots: usize) -> Lines {
        Lines { arena: String::new(), ends: Vec::new(), first: vec![Vec::new(); snapshots] }
    }

    /// Notes that the next line is the first one of a series.
    fn begin_series(&mut self, source: usize, index: usize) {
        let first = &mut self.first[source];
        if first.len() <= index {
            first.resize(index + 1, None);
        }
        // Beyond four billion lines the series has no number, and nothing is ever replayed.
        first[index] = u32::try_from(self.ends.len()).ok();
    }

    fn push(&mut self, text: &str) {
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
    }

    fn get(&self, line: usize) -> &str {
        let start = if line == 0 { 0 } else { self.ends[line - 1] };
        &self.arena[start..self.ends[line]]
    }
}

/// Renders, and keeps each text.
struct Record {
    out: String,
    lines: Lines,
}

impl Sink for Record {
    type Error = Infallible;

    fn series(&mut self, source: usize, index: usize) -> Result<(), Infallible> {
        self.lines.begin_series(source, index);
        Ok(())
    }

    fn head(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn sample(&mut self, text: impl FnOnce(&mut String), value: Number, timestamp_ms: Option<i64>) {
        let start = self.out.len();
        text(&mut self.out);
        self.lines.push(&self.out[start..]);
        push_value(&mut self.out, value, timestamp_ms);
    }
}

/// Renders from the kept texts.
struct Replay<'a> {
    out: String,
    lines: &'a Lines,
    /// The number of the next line. A schema fixes how many lines each series has.
    next: usize,
}

/// A series has no text yet.
struct Stale;

impl Sink for Replay<'_> {
    type Error = Stale;

    fn series(&mut self, source: usize, index: usize) -> Result<(), Stale> {
        let first = self.lines.first[source].get(index).copied().flatten();
        self.next = first.ok_or(Stale)? as usize;
        Ok(())
    }

    fn head(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn sample(&mut self, _text: impl FnOnce(&mut String), value: Number, timestamp_ms: Option<i64>) {
        self.out.push_str(self.lines.get(self.next));
        push_value(&mut self.out, value, timestamp_ms);
        self.next += 1;
    }
}
