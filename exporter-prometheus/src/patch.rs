//! Printing values into an image, where the ones before them were.

use std::sync::Arc;

use tachometer::{Number, SeriesView, Snapshot, Value};

use crate::chunk::Chunk;
use crate::heading::Heading;
use crate::image::Places;
use crate::line::Line;
use crate::permitted::has_same_lines;
use crate::splice::Edits;
use crate::text::{Position, Sample, Sink, push_value};

/// Writes values that are as long as those before them in their places, and gathers edits for the others.
pub(crate) struct Patch<'a> {
    /// What the image shows.
    before: &'a [Snapshot],
    chunks: &'a mut [Arc<Chunk>],
    places: &'a mut Places,
    /// The number of the chunk that is being changed, and its text, which is taken out of it meanwhile.
    number: usize,
    text: Option<Vec<u8>>,
    /// Where the next line of the series begins, and where its last one ends.
    next: usize,
    end: usize,
    /// What the image shows of the series, if it is an integer that only grows.
    old: Option<u64>,
    /// Whether the image shows exemplars of it.
    has_exemplars: bool,
    /// The value, the time and the line feed, as they are printed.
    tail: String,
    edits: Edits,
}

/// A series has other lines than in the image.
#[derive(Debug)]
pub(crate) struct OtherLines;

impl<'a> Patch<'a> {
    pub(crate) fn new(
        before: &'a [Snapshot],
        chunks: &'a mut [Arc<Chunk>],
        places: &'a mut Places,
    ) -> Patch<'a> {
        let (tail, edits) = (String::new(), Edits::default());
        Patch {
            before,
            chunks,
            places,
            number: 0,
            text: None,
            next: 0,
            end: 0,
            old: None,
            has_exemplars: false,
            tail,
            edits,
        }
    }

    /// Does what is left to be done.
    pub(crate) fn finish(mut self) {
        self.close();
    }

    /// Goes on to the chunk that has this place.
    #[inline]
    fn go_to(&mut self, place: usize) {
        if self.text.is_none() || place >= self.places.bounds[self.number] {
            self.close();
            self.number += self.places.bounds[self.number..].partition_point(|bound| *bound <= place);
            self.text = Some(Chunk::take(&mut self.chunks[self.number]));
        }
    }

    /// Applies the edits of the chunk and puts it back.
    fn close(&mut self) {
        let Some(mut text) = self.text.take() else { return };
        self.edits.apply(&mut text);
        let first = self.places.first(self.number);
        self.edits.shift(&mut self.places.ends[first..self.places.bounds[self.number]]);
        self.edits.clear();
        Chunk::put(&mut self.chunks[self.number], text);
    }

    /// Prints the value of the next line.
    fn print(&mut self, sample: Sample<'_>) {
        let Some(text) = &mut self.text else { return };
        let line = Line::first(&text[self.next..self.end], sample, self.has_exemplars);
        let begin = self.next + line.value;
        self.next += line.end;
        self.tail.clear();
        push_value(&mut self.tail, sample);
        let slot = &mut text[begin..self.next];
        if slot.len() == self.tail.len() {
            slot.copy_from_slice(self.tail.as_bytes());
        } else {
            self.edits.push(begin, slot.len(), &self.tail);
        }
    }

    /// Raises the number in the only line of the series, if that is enough.
    #[inline]
    fn raise(&mut self, sample: Sample<'_>) -> bool {
        let (Some(old), Number::U64(new), None) = (self.old, sample.value, sample.time) else {
            return false;
        };
        if self.has_exemplars || sample.exemplar.is_some() || !sample.is_last {
            return false;
        }
        let (Some(text), Some(by)) = (&mut self.text, new.checked_sub(old)) else { return false };
        raise(&mut text[self.next..self.end - 1], by)
    }
}

impl Sink for Patch<'_> {
    type Error = OtherLines;

    fn head(&mut self, _place: usize, _text: &str) {}

    #[inline]
    fn series(&mut self, at: Position, heading: &Heading, series: SeriesView<'_>) -> Result<(), OtherLines> {
        self.go_to(at.place);
        self.next = self.places.begin(self.number, at.place);
        self.end = self.places.ends[at.place] as usize;
        let before = self.before[at.source].series_at(at.index).ok_or(OtherLines)?;
        self.old = match before.value() {
            Value::Number(Number::U64(old)) => Some(old),
            _ => None,
        };
        self.has_exemplars = before.exemplars().len() > 0;
        if has_same_lines(heading, before, series) { Ok(()) } else { Err(OtherLines) }
    }

    #[inline]
    fn sample(&mut self, _text: impl FnOnce(&mut String), sample: Sample<'_>) {
        if !self.raise(sample) {
            self.print(sample);
        }
    }
}

/// Adds `by` to the number at the end of `line` as one does on paper: most counters grow by little from one scrape to
/// the next, and few of their digits change. False if the sum has more digits; those that are there are spoilt then.
#[inline]
fn raise(line: &mut [u8], by: u64) -> bool {
    let mut rest = by;
    for digit in line.iter_mut().rev() {
        if rest == 0 {
            return true;
        }
        if !digit.is_ascii_digit() {
            return false;
        }
        // Not beyond what the sum of both can hold.
        let sum = rest.wrapping_add(u64::from(*digit - b'0'));
        *digit = b'0' + (sum % 10) as u8;
        rest = sum / 10;
    }
    rest == 0
}

#[cfg(test)]
mod tests {
    use super::raise;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_raised_unless_the_sum_is_longer(
            (old, new) in (any::<u64>(), any::<u64>()),
            (old_bits, new_bits) in (0_u32..64, 0_u32..64),
        ) {
            let (old, new) = (old >> old_bits, new >> new_bits);
            let (old, new) = (old.min(new), old.max(new));
            let mut line = format!("x{{a=\"1 99\"}} {old}").into_bytes();
            let is_done = raise(&mut line, new - old);
            prop_assert_eq!(is_done, old.to_string().len() == new.to_string().len());
            let line = String::from_utf8(line).unwrap_or_default();
            prop_assert!(line.starts_with("x{a=\"1 99\"} "), "{line}");
            if is_done {
                prop_assert_eq!(line, format!("x{{a=\"1 99\"}} {new}"));
            }
        }
    }
}
