//! The labels of an exemplar as bytes: each name and each value, with a byte behind it that no text in UTF-8 contains.
//!
//! They are written on the stack, so that a record takes no memory for them.

use std::fmt::{self, Display, Write};

use super::ExemplarProblem as Problem;
use crate::name::is_label_name;

/// Most characters that names and values of an exemplar's labels can have together: what OpenMetrics allows.
pub const MAX_EXEMPLAR_CHARACTERS: usize = 128;

/// Most bytes of the labels. A label takes its name, which is of ASCII and has a character at least, its value, and a
/// byte behind each: so every character that is no name's can take four bytes, and one of each name pays for the two.
pub(super) const MAX_BYTES: usize = 4 * MAX_EXEMPLAR_CHARACTERS;

/// Ends a name or a value.
const END: u8 = 0xff;

/// Labels, written.
pub(crate) struct LabelText {
    bytes: [u8; MAX_BYTES],
    len: usize,
    characters: usize,
}

impl LabelText {
    /// The text of these labels.
    pub(crate) fn of<'a, V: Display>(
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) -> Result<Self, Problem> {
        let mut text = Self { bytes: [0; MAX_BYTES], len: 0, characters: 0 };
        for (name, value) in labels {
            if !is_label_name(name) {
                return Err(Problem::IllegalLabel);
            }
            if self::labels(text.bytes()).any(|(earlier, _)| earlier == name) {
                return Err(Problem::DuplicateLabel);
            }
            text.push(name)?;
            text.push(value)?;
        }
        Ok(text)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, part: impl Display) -> Result<(), Problem> {
        let written = write!(self, "{part}");
        // First, because a `Display` may swallow the error.
        if self.characters > MAX_EXEMPLAR_CHARACTERS {
            return Err(Problem::TooLong);
        }
        written.map_err(|fmt::Error| Problem::Unreadable)?;
        self.append(&[END]).map_err(|fmt::Error| Problem::TooLong)
    }

    fn append(&mut self, bytes: &[u8]) -> fmt::Result {
        let free = self.bytes.get_mut(self.len..self.len + bytes.len()).ok_or(fmt::Error)?;
        free.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }
}

/// Writes part of a name or a value. Fails where there are too many characters.
impl Write for LabelText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.characters = self.characters.saturating_add(text.chars().count());
        if self.characters > MAX_EXEMPLAR_CHARACTERS {
            return Err(fmt::Error);
        }
        self.append(text.as_bytes())
    }
}

/// The labels that a text was made of.
pub(super) fn labels(text: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split_inclusive(|byte| *byte == END).map(|part| &part[..part.len() - 1]);
    // They were texts when they were written.
    let mut parts = parts.map(|part| std::str::from_utf8(part).unwrap_or_default());
    std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    fn written(labels: &[(&str, &str)]) -> Result<Vec<(String, String)>, Problem> {
        let text = LabelText::of(labels.iter().copied())?;
        Ok(self::labels(text.bytes()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn labels_come_back_as_they_were_given() {
        let sets: [&[(&str, &str)]; 4] =
            [&[], &[("a", "")], &[("trace_id", "4bf9"), ("span_id", "00f0")], &[("a", "ü\u{10ffff}\0\"\n")]];
        for set in sets {
            let expected: Vec<_> =
                set.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            assert_eq!(written(set), Ok(expected));
        }
    }

    #[test]
    fn a_hundred_and_twenty_eight_characters_fit_whatever_bytes_they_take_and_no_more() {
        for character in ["x", "ü", "€", "\u{1f980}"] {
            let fits = character.repeat(MAX_EXEMPLAR_CHARACTERS - 1);
            assert_eq!(written(&[("a", &fits)]), Ok(vec![("a".into(), fits.clone())]));
            assert_eq!(written(&[("a", &format!("{fits}x"))]), Err(Problem::TooLong));
            assert_eq!(written(&[("ab", &fits)]), Err(Problem::TooLong));
        }
        // As many labels as can be: each name is of one letter, or of two.
        let letters = ('a'..='z').chain('A'..='Z').chain(['_']).map(String::from);
        let pairs = ('a'..='z').chain('0'..='9').map(|second| format!("a{second}"));
        let names: Vec<String> = letters.chain(pairs).collect();
        let labels: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(written(&labels).is_ok() && names.concat().len() == 125);
    }

    #[test]
    fn what_is_wrong_with_labels_is_told_apart() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        for name in ["", "1a", "a-b", "é", "a:b"] {
            assert_eq!(written(&[(name, "x")]), Err(Problem::IllegalLabel), "{name}");
        }
        assert_eq!(written(&[("a", "x"), ("b", "x"), ("a", "y")]), Err(Problem::DuplicateLabel));
        assert_eq!(LabelText::of([("a", Broken)]).err(), Some(Problem::Unreadable));
    }
}
