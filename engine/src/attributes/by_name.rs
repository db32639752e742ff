//! Records by name, in the default collector. What cannot be recorded is counted there.

use std::fmt;

use smallvec::SmallVec;

use crate::{
    ErrorLabel, ErrorName, LabelValue,
    named::{NamedInFlight, NamedTimer, named},
};

/// Bytes of a label's value that take no memory.
const INLINE: usize = 32;

/// The value of a label, as text.
#[derive(Clone, Debug)]
pub enum Text {
    /// In the program.
    Literal(&'static str),
    /// Written now. UTF-8.
    Written(SmallVec<[u8; INLINE]>),
}

/// A value in the program's text.
#[inline]
pub fn literal(text: &'static str) -> Text {
    Text::Literal(text)
}

/// A value, written. One that cannot be is missing, and what is missing is empty.
pub fn text<V: LabelValue + ?Sized>(value: &V) -> Text {
    let mut bytes = Bytes(SmallVec::new());
    if value.write(&mut bytes).is_err() {
        bytes.0.clear();
    }
    Text::Written(bytes.0)
}

struct Bytes(SmallVec<[u8; INLINE]>);

impl fmt::Write for Bytes {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Written(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }
}

/// The labels, as a record by name takes them.
pub fn pairs<'a, const N: usize>(texts: &'a [(&'static str, Text); N]) -> [(&'a str, &'a str); N] {
    texts.each_ref().map(|(name, text)| (*name, text.as_str()))
}

/// Starts a timer.
pub fn time_by_name<'a>(name: &'a str, labels: &'a [(&'a str, &'a str)]) -> Option<NamedTimer<'a>> {
    named().track_duration(name, labels).ok()
}

/// Counts one thing as under way.
pub fn track_by_name<'a>(name: &'a str, labels: &'a [(&'a str, &'a str)]) -> Option<NamedInFlight<'a>> {
    named().track_active(name, labels).ok()
}

/// Counts a call.
pub fn count_by_name(name: &str, labels: &[(&str, &str)]) {
    // An error is counted where it is found, and nobody here could do more.
    let _ = named().increment_counter(name, 1.0, labels);
}

/// Counts an error of this type, which is the first label's value.
pub fn count_error_by_name<const N: usize>(
    name: &str,
    error_type: &'static str,
    mut texts: [(&'static str, Text); N],
) {
    if let Some((_, text)) = texts.first_mut() {
        *text = literal(error_type);
    }
    count_by_name(name, &pairs(&texts));
}

/// An error whose type is asked for: by its label if it has one, else by the name of its type.
///
/// The compiler prefers the method that needs no further reference, so `(&ErrorType(error)).error_type()` finds the
/// label first.
#[derive(Debug)]
pub struct ErrorType<'a, E: ?Sized>(pub &'a E);

/// By its label.
pub trait ByLabel {
    /// What the error counts as.
    fn error_type(&self) -> &'static str;
}

impl<E: ErrorLabel> ByLabel for ErrorType<'_, E> {
    fn error_type(&self) -> &'static str {
        E::value_at(self.0.index())
    }
}

/// By the name of its type.
pub trait ByTypeName {
    /// What the error counts as.
    fn error_type(&self) -> &'static str;
}

impl<E: ?Sized> ByTypeName for &ErrorType<'_, E> {
    fn error_type(&self) -> &'static str {
        ErrorName::of::<E>().as_str()
    }
}
