//! The table: as tab-separated lines, as JSON, or as the document BENCHMARKS.md.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    machine::Machine,
    measure::{Effort, Measured},
    rows::Row,
};

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Tsv,
    Json,
    Markdown,
}

/// A report in the making. Its methods return the text to print next.
#[derive(Debug)]
pub(crate) struct Report {
    format: Format,
    effort: Effort,
    machine: Machine,
    disturbed: u32,
    turns: u32,
    rows: Vec<Value>,
    notes: Vec<String>,
}

const COLUMNS: &str =
    "name\tours_ns\tother_ns\tratio\ttarget\tok|short\tours_min\tother_min\tquartiles\tnote\n";

/// How BENCHMARKS.md begins and ends.
const PREFACE: &str = include_str!("preface.md");
const READING: &str = include_str!("reading.md");

impl Report {
    pub(crate) fn new(format: Format, effort: Effort, machine: Machine) -> Self {
        Self { format, effort, machine, disturbed: 0, turns: 0, rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn start(&self) -> String {
        match self.format {
            Format::Tsv => COLUMNS.to_owned(),
            Format::Json => String::new(),
            Format::Markdown => format!(
                "{PREFACE}\n| row | ours, ns | other, ns | figure | middle half | target | |\n\
                 |---|---:|---:|---:|---|---|---|\n"
            ),
        }
    }

    pub(crate) fn row(&mut self, row: &Row, measured: &Measured) -> String {
        let Measured { ours, other, figure, quartiles, turns, disturbed } = *measured;
        self.disturbed += disturbed;
        self.turns += turns;
        let verdict = if row.target.is_met(figure) { "ok" } else { "short" };
        let shown = row.target.show(figure);
        let middle = format!("{} .. {}", row.target.show(quartiles.0), row.target.show(quartiles.1));
        let (name, target, note) = (&row.name, row.target, row.note);
        match self.format {
            Format::Tsv => format!(
                "{name}\t{:.3}\t{:.3}\t{shown}\t{target}\t{verdict}\t{:.3}\t{:.3}\t{middle}\t{note}\n",
                ours.median, other.median, ours.min, other.min
            ),
            Format::Json => {
                self.rows.push(json!({
                    "name": name, "ours_ns": ours.median, "other_ns": other.median, "ratio": figure,
                    "target": target.to_string(), "verdict": verdict, "ours_min_ns": ours.min,
                    "other_min_ns": other.min, "quartiles": [quartiles.0, quartiles.1], "note": note,
                }));
                String::new()
            }
            Format::Markdown => {
                let mark = if note.is_empty() { String::new() } else { self.footnote(note) };
                format!(
                    "| {name}{mark} | {:.2} | {:.2} | {shown} | {middle} | {target} | {verdict} |\n",
                    ours.median, other.median
                )
            }
        }
    }

    /// The mark of a note under the table; equal notes share one.
    fn footnote(&mut self, note: &str) -> String {
        let known = self.notes.iter().position(|known| known == note);
        let number = known.unwrap_or_else(|| {
            self.notes.push(note.to_owned());
            self.notes.len() - 1
        });
        format!(" ({})", number + 1)
    }

    /// What follows the rows; `load` is the system's at the end.
    pub(crate) fn finish(self, load: &str) -> String {
        let Self { format, effort, machine, disturbed, turns, rows, notes } = self;
        let versions: Vec<String> =
            machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let facts = [
            ("machine", format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.system)),
            ("compiler", machine.compiler.to_owned()),
            ("versions", versions.join(", ")),
            ("effort", format!("at most {} rounds, {:?} a turn", effort.rounds, effort.turn)),
            ("disturbed", format!("{disturbed} of {turns} turns, after every attempt to avoid it")),
            ("load average", format!("{} at the start, {load} at the end", machine.load)),
        ];
        match format {
            Format::Tsv => facts.iter().map(|(what, fact)| format!("# {what}\t{fact}\n")).collect(),
            Format::Json => {
                let mut report: serde_json::Map<String, Value> =
                    facts.into_iter().map(|(what, fact)| (what.replace(' ', "_"), json!(fact))).collect();
                report.insert("rows".to_owned(), Value::Array(rows));
                format!("{:#}\n", Value::Object(report))
            }
            Format::Markdown => markdown_end(&facts, &notes),
        }
    }
}

fn markdown_end(facts: &[(&str, String)], notes: &[String]) -> String {
    let mut text = String::from("\n");
    // Writing to a string cannot fail.
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "({}) {note}.  ", number + 1);
    }
    text.push('\n');
    for (what, fact) in facts {
        let _ = writeln!(text, "- {what}: {fact}");
    }
    text.push('\n');
    text.push_str(READING);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::Times,
        rows::{self, Size},
    };
    use std::time::Duration;

    fn report(format: Format) -> String {
        let effort = Effort { rounds: 3, turn: Duration::from_millis(1), budget: Duration::ZERO };
        let mut report = Report::new(format, effort, Machine::describe());
        let mut text = report.start();
        let times = |ns| Times { median: ns, min: ns };
        for row in &rows::all(Size::Small) {
            let measured = Measured {
                ours: times(1.0),
                other: times(2.0),
                figure: 2.0,
                quartiles: (1.5, 2.5),
                turns: 6,
                disturbed: 1,
            };
            text += &report.row(row, &measured);
        }
        text + &report.finish("0.1")
    }

    #[test]
    fn every_line_of_the_table_has_every_column() {
        let text = report(Format::Tsv);
        let (facts, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
        assert_eq!(lines.len(), 1 + rows::all(Size::Small).len());
        assert!(lines.iter().all(|line| line.split('\t').count() == 10), "{text}");
        assert!(lines[1..].iter().all(|line| ["ok", "short"].contains(&line.split('\t').nth(5).unwrap())));
        assert_eq!(facts.len(), 6);
    }

    #[test]
    fn json_is_one_object_with_all_rows() {
        let report: Value = serde_json::from_str(&report(Format::Json)).unwrap();
        assert_eq!(report["rows"].as_array().unwrap().len(), rows::all(Size::Small).len());
        assert_eq!(report["rows"][0]["ours_ns"], 1.0);
        assert!(report["compiler"].as_str().unwrap().starts_with("rustc "));
    }

    #[test]
    fn equal_notes_share_a_footnote() {
        let text = report(Format::Markdown);
        assert!(text.starts_with("# Benchmarks\n"));
        assert_eq!(text.matches("the peer is one atomic cell").count(), 1, "{text}");
        let mark = |peer: &str| {
            let row = format!("| counter inc, {peer}, one handle, 2 threads (");
            let (_, rest) = text.split_once(&row).expect("the row has a note");
            rest.split_once(')').expect("the mark ends").0
        };
        assert_eq!(mark("prometheus IntCounter"), mark("measured"), "{text}");
        assert_ne!(mark("prometheus IntCounter"), mark("metrics handle"), "{text}");
    }
}
