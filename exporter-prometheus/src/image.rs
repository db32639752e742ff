//! The image of the last exposition, from which the next one is made.
//!
//! ```text
//!  body   # TYPE sent_total counter¶ sent_total{stream="a"} 17¶ | sent_total{stream="b"} 4¶
//!  ends                            ^                          ^ |                         ^   by place in the plan
//!  bounds                                                       2                         3   by chunk
//! ```
//!
//! The text between the values is the body itself, so nothing else is kept but where the lines of each series end, and
//! the snapshots, which say what has changed since. While only values change, those of the changed series are printed
//! again, in their places, and chunks without any are not touched. A value ends with its line and has no space in it:
//! that is enough to find it, but where an exemplar stands behind it.

use std::convert::Infallible;
use std::mem;
use std::str;
use std::sync::Arc;

use tachometer::{SeriesView, Snapshot};

use crate::body::Body;
use crate::chunk::{CHUNK, Chunk};
use crate::format::Format;
use crate::heading::Heading;
use crate::line::Line;
use crate::patch::Patch;
use crate::permitted::has_same_lines;
use crate::plan::Plan;
use crate::text::{Position, Sample, Sink, push_value, write, write_chosen};

/// An exposition, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    plan: Arc<Plan>,
    snapshots: Vec<Snapshot>,
    body: Body,
    places: Places,
}

/// Where the texts of the places are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Where the text of each place ends in its chunk. It begins where the one before it ends.
    pub(crate) ends: Vec<u32>,
    /// The place with which the next chunk begins, for each chunk.
    pub(crate) bounds: Vec<usize>,
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

    pub(crate) fn format(&self) -> Format {
        self.plan.format()
    }

    /// Renders `snapshots` with as much of this image as is still true.
    pub(crate) fn update(self, snapshots: Vec<Snapshot>) -> Image {
        let pairs = || snapshots.iter().zip(&self.snapshots);
        let knows_schemas = snapshots.len() == self.snapshots.len()
            && pairs().all(|(now, before)| now.schema_id() == before.schema_id());
        if !knows_schemas {
            return Image::new(snapshots, self.format());
        }
        if pairs().all(|(now, before)| now.has_series_of(before)) {
            return self.patch(snapshots);
        }
        let plan = if self.plan.holds_for_any_values() {
            Arc::clone(&self.plan)
        } else {
            Arc::new(Plan::new(&snapshots, self.format()))
        };
        Image::record(plan, snapshots, Some(&self))
    }

    /// Prints the values that have changed.
    fn patch(mut self, snapshots: Vec<Snapshot>) -> Image {
        let changed: Vec<Vec<usize>> =
            snapshots.iter().zip(&self.snapshots).map(|(now, before)| now.changed_since(before)).collect();
        if changed.iter().any(|changed| !changed.is_empty()) {
            let mut patch = Patch::new(&self.snapshots, self.body.make_mut(), &mut self.places);
            if write_chosen(&self.plan, &snapshots, &changed, &mut patch).is_err() {
                // What is patched already is lost with the image. It happens when a number becomes NaN, or is one no more.
                return Image::record(self.plan, snapshots, None);
            }
            patch.finish();
        }
        Image { snapshots, ..self }
    }

    /// Renders `snapshots` by this plan, with the texts that are known already. All plans of the same schemas have the
    /// same places.
    fn record(plan: Arc<Plan>, snapshots: Vec<Snapshot>, known: Option<&Image>) -> Image {
        let mut sink = Record::new(known, plan.places());
        let Ok(()) = write(&plan, &snapshots, &mut sink);
        sink.end_places(plan.places());
        sink.out.push_str(plan.format().end());
        sink.close_chunk();
        let (body, places) = (Body::of(sink.chunks), sink.places);
        Image { plan, snapshots, body, places }
    }

    /// The text of a place.
    fn text(&self, place: usize) -> &[u8] {
        let Places { ends, bounds } = &self.places;
        let number = bounds.partition_point(|bound| *bound <= place);
        let begin = self.places.begin(number, place);
        &self.body.chunk(number)[begin..ends[place] as usize]
    }
}

impl Places {
    /// Where the text of a place begins in the chunk with this number, which is its own.
    #[inline]
    pub(crate) fn begin(&self, number: usize, place: usize) -> usize {
        if place == self.first(number) { 0 } else { self.ends[place - 1] as usize }
    }

    /// The first place of a chunk.
    #[inline]
    pub(crate) fn first(&self, number: usize) -> usize {
        if number == 0 { 0 } else { self.bounds[number - 1] }
    }
}

/// Renders everything, and notes where each place ends.
struct Record<'a> {
    out: String,
    chunks: Vec<Arc<Chunk>>,
    places: Places,
    known: Option<&'a Image>,
    /// What is known of the lines of the series, from the next one on.
    lines: &'a [u8],
    /// Whether there are exemplars in them.
    has_exemplars: bool,
}

impl<'a> Record<'a> {
    fn new(known: Option<&'a Image>, places: usize) -> Record<'a> {
        let places = Places { ends: Vec::with_capacity(places), bounds: Vec::new() };
        Record { out: String::new(), chunks: Vec::new(), places, known, lines: &[], has_exemplars: false }
    }

    /// Notes that all places before `place` end here.
    fn end_places(&mut self, place: usize) {
        // A chunk is not much longer than it is to be, but for a single series; of none are the lines this long.
        self.places.ends.resize(place, self.out.len() as u32);
        if self.out.len() >= CHUNK {
            self.close_chunk();
        }
    }

    /// Begins a chunk with the next place.
    fn close_chunk(&mut self) {
        let out = mem::replace(&mut self.out, String::with_capacity(CHUNK + CHUNK / 16));
        self.chunks.push(Arc::new(Chunk::new(out.into_bytes())));
        self.places.bounds.push(self.places.ends.len());
    }
}

impl Sink for Record<'_> {
    type Error = Infallible;

    fn head(&mut self, place: usize, text: &str) {
        self.end_places(place);
        self.out.push_str(text);
    }

    fn series(&mut self, at: Position, heading: &Heading, series: SeriesView<'_>) -> Result<(), Infallible> {
        self.end_places(at.place);
        let known = self.known.and_then(|known| {
            let before = known.snapshots[at.source].series_at(at.index)?;
            has_same_lines(heading, before, series).then_some((known, before))
        });
        self.lines = known.map_or(&[], |(known, _)| known.text(at.place));
        self.has_exemplars = known.is_some_and(|(_, before)| before.exemplars().len() > 0);
        Ok(())
    }

    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample<'_>) {
        if self.lines.is_empty() {
            text(&mut self.out);
        } else {
            let line = Line::first(self.lines, sample, self.has_exemplars);
            self.out.push_str(str::from_utf8(&self.lines[..line.value]).unwrap_or_default());
            self.lines = &self.lines[line.end..];
        }
        push_value(&mut self.out, sample);
    }
}
