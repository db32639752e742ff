//! The image of the last exposition, from which the next one is made.
//!
//! ```text
//!  body   # TYPE sent_total counter¶ sent_total{stream="a"} 17¶ sent_total{stream="b"} 4¶
//!  ends                            ^                          ^                         ^   by place in the plan
//! ```
//!
//! The text between the values is the body itself, so nothing else is kept but where the lines of each series end, and
//! the snapshots, which say what has changed since. While only values change, those of the changed series are printed
//! again, in their places. A value ends with its line and has no space in it: that is enough to find it.

use std::convert::Infallible;
use std::str;
use std::sync::Arc;

use tachometer::Snapshot;

use crate::body::Body;
use crate::format::Format;
use crate::line::Line;
use crate::patch::Patch;
use crate::permitted::changes_lines;
use crate::plan::Plan;
use crate::text::{Position, Sample, Sink, push_value, write, write_chosen};

/// An exposition, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    plan: Arc<Plan>,
    snapshots: Vec<Snapshot>,
    body: Body,
    /// Where the text of each place of the plan ends. It begins where the one before it ends.
    ends: Vec<u32>,
}

impl Image {
    /// Renders `snapshots`.
    pub(crate) fn new(snapshots: Vec<Snapshot>, format: Format) -> Image {
        let plan = Plan::new(&snapshots, format);
        Image::record(Arc::new(plan), snapshots, None)
    }

    /// The text.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// Renders `snapshots` with as much of this image as is still true.
    pub(crate) fn update(self, snapshots: Vec<Snapshot>) -> Image {
        let pairs = || snapshots.iter().zip(&self.snapshots);
        let knows_schemas = snapshots.len() == self.snapshots.len()
            && pairs().all(|(now, before)| now.schema_id() == before.schema_id());
        // Beyond four gigabytes the ends mean nothing.
        if !knows_schemas || u32::try_from(self.body.as_bytes().len()).is_err() {
            return Image::new(snapshots, self.plan.format());
        }
        // The lines that are kept are found by their number.
        if changes_lines(&self.plan, &snapshots, &self.snapshots) {
            return Image::new(snapshots, self.plan.format());
        }
        if pairs().all(|(now, before)| now.has_series_of(before)) {
            return self.patch(snapshots);
        }
        let plan = if self.plan.holds_for_any_values() {
            Arc::clone(&self.plan)
        } else {
            Arc::new(Plan::new(&snapshots, self.plan.format()))
        };
        Image::record(plan, snapshots, Some(&self))
    }

    /// Prints the values that have changed.
    fn patch(mut self, snapshots: Vec<Snapshot>) -> Image {
        let changed: Vec<Vec<usize>> =
            snapshots.iter().zip(&self.snapshots).map(|(now, before)| now.changed_since(before)).collect();
        if changed.iter().any(|changed| !changed.is_empty()) {
            let body = self.body.make_mut();
            let mut patch = Patch::new(&self.snapshots, body, &self.ends);
            let Ok(()) = write_chosen(&self.plan, &snapshots, &changed, &mut patch);
            let edits = patch.into_edits();
            edits.apply(body);
            edits.shift(&mut self.ends);
        }
        Image { snapshots, ..self }
    }

    /// Renders `snapshots` by this plan, with the texts that are known already. All plans of the same schemas have the
    /// same places.
    fn record(plan: Arc<Plan>, snapshots: Vec<Snapshot>, known: Option<&Image>) -> Image {
        let room = known.map_or(0, |known| known.body.as_bytes().len());
        let (out, ends) = (String::with_capacity(room), Vec::with_capacity(plan.places()));
        let mut sink = Record { out, ends, known, lines: &[] };
        let Ok(()) = write(&plan, &snapshots, &mut sink);
        sink.end_places(plan.places());
        let Record { mut out, ends, .. } = sink;
        out.push_str(plan.format().end());
        out.shrink_to(out.len() + out.len() / 64);
        Image { plan, snapshots, body: out.into(), ends }
    }

    /// The text of a place.
    fn text(&self, place: usize) -> &[u8] {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.body.as_bytes()[begin as usize..self.ends[place] as usize]
    }
}

/// Renders everything, and notes where each place ends.
struct Record<'a> {
    out: String,
    ends: Vec<u32>,
    known: Option<&'a Image>,
    /// What is known of the lines of the series, from the next one on.
    lines: &'a [u8],
}

impl Record<'_> {
    /// Notes that all places before `place` end here.
    fn end_places(&mut self, place: usize) {
        self.ends.resize(place, self.out.len() as u32);
    }
}

impl Sink for Record<'_> {
    type Error = Infallible;

    fn head(&mut self, place: usize, text: &str) {
        self.end_places(place);
        self.out.push_str(text);
    }

    fn series(&mut self, at: Position) -> Result<(), Infallible> {
        self.end_places(at.place);
        self.lines = self.known.map_or(&[], |known| known.text(at.place));
        Ok(())
    }

    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample) {
        if self.lines.is_empty() {
            text(&mut self.out);
        } else {
            let line = Line::first(self.lines, sample);
            self.out.push_str(str::from_utf8(&self.lines[..line.value]).unwrap_or_default());
            self.lines = &self.lines[line.end..];
        }
        push_value(&mut self.out, sample);
    }
}
