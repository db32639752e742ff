//! Printing values into an image, where the ones before them were.

use std::convert::Infallible;

use tachometer::{Number, Snapshot, Value};

use crate::line::Line;
use crate::splice::Edits;
use crate::text::{Position, Sample, Sink, push_value};

/// Writes values that are as long as those before them in their places, and gathers edits for the others.
pub(crate) struct Patch<'a> {
    /// What the image shows.
    before: &'a [Snapshot],
    body: &'a mut [u8],
    /// Where the text of each place ends.
    ends: &'a [u32],
    /// Where the next line of the series begins, and where its last one ends.
    next: usize,
    end: usize,
    /// What the image shows of the series, if it is an integer that only grows.
    old: Option<u64>,
    /// The value, the time and the line feed, as they are printed.
    tail: String,
    edits: Edits,
}

impl<'a> Patch<'a> {
    pub(crate) fn new(before: &'a [Snapshot], body: &'a mut [u8], ends: &'a [u32]) -> Patch<'a> {
        Patch { before, body, ends, next: 0, end: 0, old: None, tail: String::new(), edits: Edits::default() }
    }

    /// What is left to be done.
    pub(crate) fn into_edits(self) -> Edits {
        self.edits
    }

    /// Prints the value of the next line.
    fn print(&mut self, sample: Sample) {
        let line = Line::first(&self.body[self.next..self.end], sample);
        let begin = self.next + line.value;
        self.next += line.end;
        self.tail.clear();
        push_value(&mut self.tail, sample);
        let slot = &mut self.body[begin..self.next];
        if slot.len() == self.tail.len() {
            slot.copy_from_slice(self.tail.as_bytes());
        } else {
            self.edits.push(begin, slot.len(), &self.tail);
        }
    }

    /// Raises the number in the only line of the series, if that is enough.
    #[inline]
    fn raise(&mut self, sample: Sample) -> bool {
        let (Some(old), Number::U64(new), None) = (self.old, sample.value, sample.time) else {
            return false;
        };
        new.checked_sub(old).is_some_and(|by| raise(&mut self.body[self.next..self.end - 1], by))
    }
}

impl Sink for Patch<'_> {
    type Error = Infallible;

    fn head(&mut self, _place: usize, _text: &str) {}

    #[inline]
    fn series(&mut self, at: Position) -> Result<(), Infallible> {
        // The first place is that of a head.
        self.next = self.ends[at.place - 1] as usize;
        self.end = self.ends[at.place] as usize;
        let before = self.before[at.source].series_at(at.index);
        self.old = match before.map(|series| series.value()) {
            Some(Value::Number(Number::U64(old))) => Some(old),
            _ => None,
        };
        Ok(())
    }

    #[inline]
    fn sample(&mut self, _text: impl FnOnce(&mut String), sample: Sample) {
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
