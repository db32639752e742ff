//! Label sets of a family: the names, and the values that tell its series apart.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};

use crate::{error::RegisterErrorReason as Reason, name::LabelName};

/// Most labels that a family can declare.
pub const MAX_LABELS: usize = 32;

/// Checks the label names of a family against each other and against the constant labels.
pub(crate) fn parse_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
    constant: &[(LabelName, std::sync::Arc<str>)],
    histogram: bool,
) -> Result<Box<[LabelName]>, Reason> {
    let mut parsed: Vec<LabelName> = Vec::new();
    for name in names {
        if histogram && name == "le" {
            return Err(Reason::ReservedLabel(name.into()));
        }
        let name = LabelName::parse(name)?;
        if parsed.contains(&name) || constant.iter().any(|(other, _)| *other == name) {
            return Err(Reason::DuplicateLabel(name.as_str().into()));
        }
        parsed.push(name);
    }
    if histogram && constant.iter().any(|(name, _)| name.as_str() == "le") {
        return Err(Reason::ReservedLabel("le".into()));
    }
    if parsed.len() > MAX_LABELS {
        return Err(Reason::TooManyLabels(parsed.len()));
    }
    Ok(parsed.into())
}

/// Values in the order of the family's names, borrowed or owned: what a look-up hashes and compares, so that finding
/// a series that exists copies no string.
pub(crate) trait LabelValues {
    fn len(&self) -> usize;
    fn get(&self, at: usize) -> &str;
}

impl Hash for dyn LabelValues + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for at in 0..self.len() {
            // Hashing a string ends it with a byte that no string has, so ("ab", "c") and ("a", "bc") differ.
            self.get(at).hash(state);
        }
    }
}

impl PartialEq for dyn LabelValues + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|at| self.get(at) == other.get(at))
    }
}

impl Eq for dyn LabelValues + '_ {}

/// The key of a series.
#[derive(Debug)]
pub(crate) struct OwnedValues(Box<[std::sync::Arc<str>]>);

impl OwnedValues {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &std::sync::Arc<str>> {
        self.0.iter()
    }
}

impl LabelValues for OwnedValues {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, at: usize) -> &str {
        &self.0[at]
    }
}

impl<'a> Borrow<dyn LabelValues + 'a> for OwnedValues {
    fn borrow(&self) -> &(dyn LabelValues + 'a) {
        self
    }
}

impl Hash for OwnedValues {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let values: &dyn LabelValues = self;
        values.hash(state);
    }
}

impl PartialEq for OwnedValues {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for OwnedValues {}

/// The values of a look-up, sorted into the order of the family's names.
pub(crate) struct BorrowedValues<'a> {
    values: [&'a str; MAX_LABELS],
    len: usize,
}

impl<'a> BorrowedValues<'a> {
    /// Takes one value for each of `names`, in any order.
    pub(crate) fn new(
        names: &[LabelName],
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Reason> {
        let mut values = [None; MAX_LABELS];
        for (name, value) in labels {
            let at = names.iter().position(|known| known.as_str() == name);
            let at = at.ok_or_else(|| Reason::UnknownLabel(name.into()))?;
            if values[at].replace(value).is_some() {
                return Err(Reason::DuplicateLabel(name.into()));
            }
        }
        if let Some((name, _)) = names.iter().zip(&values).find(|(_, value)| value.is_none()) {
            return Err(Reason::MissingLabel(name.as_str().into()));
        }
        Ok(Self { values: values.map(Option::unwrap_or_default), len: names.len() })
    }

    pub(crate) fn to_owned(&self) -> OwnedValues {
        OwnedValues(self.values[..self.len].iter().map(|value| std::sync::Arc::from(*value)).collect())
    }
}

impl LabelValues for BorrowedValues<'_> {
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, at: usize) -> &str {
        self.values[at]
    }
}
