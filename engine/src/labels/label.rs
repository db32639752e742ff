//! Labels as a family has them: a name, and the values where they are known.

use std::{collections::HashSet, sync::Arc};

use super::{list::Domain, value::LabelValue};
use crate::{error::RegisterErrorReason as Reason, name::LabelName, name_policy::NamePolicy, size};

/// A label of a family.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) name: LabelName,
    /// The values of a closed label, by index. Copied from the type, whose code is the program's and may lock.
    pub(crate) known: Option<Arc<[Arc<str>]>>,
}

impl Label {
    /// A label that takes any value.
    pub(crate) fn open(name: LabelName) -> Self {
        Self { name, known: None }
    }

    /// A label with values of the type `V`, each of which must have another text.
    pub(crate) fn of<V: LabelValue>(policy: NamePolicy, name: &str) -> Result<Self, Reason> {
        let name = LabelName::translated(policy, name)?;
        if !V::Domain::CLOSED {
            return Ok(Self::open(name));
        }
        let known = known_values::<V>(name.declared())?;
        Ok(Self { name, known: Some(known) })
    }

    /// What the name and the known values take of memory.
    pub(crate) fn bytes(&self) -> usize {
        let known = self.known.as_deref().map_or(0, |known| {
            size::shared(known) + known.iter().map(|value| size::shared(&**value)).sum::<usize>()
        });
        self.name.bytes() + known
    }

    /// The label in the words of an error message.
    pub(crate) fn described(&self) -> Box<str> {
        let name = self.name.declared();
        match &self.known {
            Some(known) => format!("{name} = {}", known.join(" | ")).into(),
            None => name.into(),
        }
    }
}

/// The texts of all values of a closed label, by index.
pub(crate) fn known_values<V: LabelValue>(label: &str) -> Result<Arc<[Arc<str>]>, Reason> {
    let known: Arc<[Arc<str>]> = (0..V::COUNT).map(|index| V::value_at(index).into()).collect();
    let mut seen = HashSet::new();
    match known.iter().find(|value| !seen.insert(*value)) {
        Some(value) => Err(Reason::DuplicateLabelValue { label: label.into(), value: (&**value).into() }),
        None => Ok(known),
    }
}
