//! Why there is no exemplar.

use std::{error::Error, fmt};

/// Why an exemplar was not made or not kept. The value that it belongs to was recorded all the same.
///
/// Those of records are counted: see [`Registry::exemplar_problems`](crate::Registry::exemplar_problems).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExemplarProblem {
    /// The names and values of its labels have more than
    /// [`MAX_EXEMPLAR_CHARACTERS`](crate::MAX_EXEMPLAR_CHARACTERS) together.
    TooLong,
    /// A label's name is not `[a-zA-Z_][a-zA-Z0-9_]*`.
    IllegalLabel,
    /// A label was given twice.
    DuplicateLabel,
    /// What should give the labels panicked or returned an error: the hook, or a value when it was displayed.
    Unreadable,
    /// Another thread was just then putting one in the same place.
    Busy,
    /// There was no memory for it.
    Memory,
}

impl ExemplarProblem {
    /// Every problem there is.
    pub const ALL: [Self; 6] =
        [Self::TooLong, Self::IllegalLabel, Self::DuplicateLabel, Self::Unreadable, Self::Busy, Self::Memory];

    /// The problem as a label value: the variant's name in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::IllegalLabel => "illegal_label",
            Self::DuplicateLabel => "duplicate_label",
            Self::Unreadable => "unreadable",
            Self::Busy => "busy",
            Self::Memory => "memory",
        }
    }
}

impl Error for ExemplarProblem {}

impl fmt::Display for ExemplarProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(
                f,
                "the labels of the exemplar have more than {} characters together; use fewer or shorter ones",
                super::MAX_EXEMPLAR_CHARACTERS
            ),
            Self::IllegalLabel => f.write_str(
                "a label name of the exemplar may hold only letters, digits and `_`, and must not begin with a digit",
            ),
            Self::DuplicateLabel => f.write_str("a label of the exemplar occurs twice; leave one out"),
            Self::Unreadable => f.write_str(
                "the labels of the exemplar could not be read; mend the hook, or the `Display` of a value",
            ),
            Self::Busy => f.write_str("another exemplar was recorded there just then; nothing needs to change"),
            Self::Memory => f.write_str("there was no memory for the exemplar"),
        }
    }
}
