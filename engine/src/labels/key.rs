//! The key of a series: the values of its open labels, one after the other.
//!
//! Each value is followed by a byte that no text in UTF-8 contains, so `("ab", "c")` and `("a", "bc")` differ. A
//! look-up writes the key on the stack, hashes it and compares it with the owned ones; only a series that is new
//! copies it.

use std::fmt;

use smallvec::SmallVec;

use super::{list::Domain, set::Labels, value::LabelValue};
use crate::{error::RegisterErrorReason as Reason, name::LabelName};

/// Most bytes that the value of a label can have: 64 KiB. A longer one is an error and is never cut off.
pub const MAX_LABEL_VALUE_BYTES: usize = 65_536;

/// Bytes of a key that lie on the stack. Longer keys take memory for each look-up.
const INLINE: usize = 256;

/// Ends a value.
const END: u8 = 0xff;

/// The key of a family's overflow series, which no values have.
pub(crate) const OVERFLOW: &[u8] = &[0xfe];

/// The one label of that series, besides the constant ones: name and value.
pub(crate) const OVERFLOW_LABEL: [&str; 2] = ["overflow", "true"];

/// Gathers the values of a set of labels.
#[derive(Debug)]
pub struct KeyWriter {
    bytes: SmallVec<[u8; INLINE]>,
    /// How much of it is the values of a scope.
    scope: usize,
    /// Where the value under way begins.
    start: usize,
    /// Values behind the scope.
    values: usize,
    /// Takes the values of closed labels as well.
    all: bool,
    problem: Option<Problem>,
}

/// The value with this position cannot be used.
#[derive(Clone, Copy, Debug)]
struct Problem {
    value: usize,
    too_long: bool,
}

impl KeyWriter {
    /// A writer of keys that begin with `scope`.
    pub(crate) fn new(scope: &[u8]) -> Self {
        let bytes = SmallVec::from_slice(scope);
        Self { bytes, scope: scope.len(), start: 0, values: 0, all: false, problem: None }
    }

    /// The values of all the labels `names`, closed ones too.
    pub(crate) fn all_values<'a>(
        labels: &impl Labels,
        names: impl Iterator<Item = &'a LabelName>,
    ) -> Result<Vec<String>, Reason> {
        let mut key = Self { all: true, ..Self::new(&[]) };
        labels.write(&mut key);
        Ok(values(key.finish(names)?).map(str::to_owned).collect())
    }

    /// Adds a value, if its label is open.
    pub fn push<V: LabelValue + ?Sized>(&mut self, value: &V) {
        if V::Domain::CLOSED && !self.all {
            return;
        }
        self.start = self.bytes.len();
        if value.write(self).is_err() {
            let problem = Problem { value: self.values, too_long: false };
            self.problem.get_or_insert(problem);
        }
        self.bytes.push(END);
        self.values += 1;
    }

    /// Whether there are values behind those of the scope.
    pub(crate) fn has_own_values(&self) -> bool {
        self.values > 0
    }

    /// The key, if all values could be written. Those that could not have no series.
    pub(crate) fn written(&self) -> Option<&[u8]> {
        self.problem.is_none().then_some(&*self.bytes)
    }

    /// The key, or what is wrong with the value of one of the labels `names`.
    pub(crate) fn finish<'a>(&self, mut names: impl Iterator<Item = &'a LabelName>) -> Result<&[u8], Reason> {
        let Some(Problem { value, too_long }) = self.problem else { return Ok(&self.bytes) };
        let scoped = self::values(&self.bytes[..self.scope]).count();
        let label = names.nth(scoped + value).map_or("", LabelName::declared).into();
        Err(if too_long { Reason::LabelValueTooLong(label) } else { Reason::UnwritableLabelValue(label) })
    }
}

/// Writes part of a value. Fails where the value becomes too long, so that no more memory is taken for it.
impl fmt::Write for KeyWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.bytes.len() - self.start + text.len() > MAX_LABEL_VALUE_BYTES {
            self.problem.get_or_insert(Problem { value: self.values, too_long: true });
            return Err(fmt::Error);
        }
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The values that a key was made of.
pub(crate) fn values(key: &[u8]) -> impl Iterator<Item = &str> {
    let values = key.split_inclusive(|byte| *byte == END).map(|value| &value[..value.len() - 1]);
    // They were texts when they were pushed.
    values.map(|value| std::str::from_utf8(value).unwrap_or_default())
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;
    use crate::name_policy::NamePolicy;

    fn key(values: &[&str]) -> Vec<u8> {
        let mut key = KeyWriter::new(&[]);
        values.iter().for_each(|value| key.push(value));
        key.finish([].iter()).unwrap().to_vec()
    }

    #[test]
    fn a_key_gives_its_values_back() {
        for set in [&[][..], &[""], &["", ""], &["a", "", "ü\u{10ffff}\0"], &["a"; 40]] {
            assert!(values(&key(set)).eq(set.iter().copied()), "{set:?}");
        }
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }

    #[test]
    fn a_value_is_as_long_as_it_may_be_or_refused_whole() {
        let fits = "x".repeat(MAX_LABEL_VALUE_BYTES);
        assert_eq!(values(&key(&["a", &fits])).last(), Some(fits.as_str()));
        let mut key = KeyWriter::new(&[]);
        key.push("a");
        key.push(&format!("{fits}x"));
        let names = ["first", "second"].map(|name| LabelName::translated(NamePolicy::AS_IS, name).unwrap());
        assert_eq!(key.finish(names.iter()), Err(Reason::LabelValueTooLong("second".into())));
    }
}
