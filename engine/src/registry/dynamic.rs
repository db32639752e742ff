//! Families whose label names are known at run time only.

use std::{fmt, marker::PhantomData};

use super::{
    MAX_LABELS,
    metric::{AnySeries, Metric},
    typed::FamilyScope,
};
use crate::{
    error::{RegisterError, RegisterErrorReason as Reason},
    held::Origin,
    labels::key::{self, KeyWriter},
    name::LabelName,
};

/// A family of metrics that share a name and differ by the values of their labels, which are named at run time.
///
/// Where the program knows the labels, a [`Family`](crate::Family) lets the compiler check them. Resolve a series
/// once with [`with`](Self::with) and keep the handle: a look-up hashes the label values and takes a lock of a
/// concurrent map, a record through the handle does neither. Cloning gives another handle to the same family.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let errors = registry.counter_family("errors_total", "Errors.", ["stream_name", "error_type"])?;
/// let timeouts = errors.with([("stream_name", "orders"), ("error_type", "timeout")])?;
/// timeouts.inc();
/// assert!(errors.with([("stream_name", "orders")]).is_err(), "a label is missing");
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub struct DynamicFamily<M> {
    /// `None` in a disabled registry.
    scope: Option<FamilyScope>,
    metric: PhantomData<fn() -> M>,
}

impl<M: Metric> DynamicFamily<M> {
    pub(crate) fn new(scope: Option<FamilyScope>) -> Self {
        Self { scope, metric: PhantomData }
    }

    /// The series with these label values, made now if there is none. The labels may come in any order.
    ///
    /// Past the registry's [limit](crate::RegistryBuilder::max_series_per_family), what is recorded goes to the one
    /// series `{overflow="true"}`. A disabled registry's family answers with a no-op handle and checks nothing.
    ///
    /// # Errors
    ///
    /// When a label is missing, unknown or given twice, a value is longer than
    /// [`MAX_LABEL_VALUE_BYTES`](crate::labels::MAX_LABEL_VALUE_BYTES), or the process has no cells left.
    pub fn with<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<M, RegisterError> {
        let Some(scope) = &self.scope else { return Ok(M::noop()) };
        let key = scope.key_of_pairs(labels).map_err(|reason| scope.core.description.error(reason));
        let handle = key.and_then(|key| scope.core.find_or_make::<M, _>(&key, |entry| entry.open(0)));
        scope.core.tally.count(handle)
    }

    /// The series with these values of the labels, in the order of the labels' names: a value that is missing is empty,
    /// one that is too much is ignored. What a look-up by name and value costs, without the comparison of names.
    pub(crate) fn with_values(&self, values: &[&str]) -> Result<M, RegisterError> {
        let Some(scope) = &self.scope else { return Ok(M::noop()) };
        let key = scope.key_of_values(values);
        scope.core.tally.count(scope.core.find_or_make::<M, _>(&key, |entry| entry.open(0)))
    }

    /// Removes the series with these labels, and says whether there was one; not, if a label is misspelt.
    ///
    /// Handles to it record on, unseen and harmlessly; the series begins at 0 when it is looked up again.
    pub fn remove<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let Some(scope) = &self.scope else { return false };
        // Labels that no series can have.
        let Ok(key) = scope.key_of_pairs(labels) else { return false };
        key.written().is_some_and(|key| scope.core.remove_one(key, 0))
    }

    /// Removes all series. See [`remove`](Self::remove).
    pub fn clear(&self) {
        if let Some(scope) = &self.scope {
            scope.core.clear(&scope.key);
        }
    }
}

impl FamilyScope {
    /// Adds a series of a kind that handles do not make, unless it is there.
    pub(super) fn add<'a>(
        &self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        make: impl FnOnce(Origin<'_>) -> AnySeries,
    ) -> Result<(), RegisterError> {
        let description = &self.core.description;
        let key = self.key_of_pairs(labels).map_err(|reason| description.error(reason))?;
        let key = key.finish(description.open_labels()).map_err(|reason| description.error(reason))?;
        self.core.add_one(key, make).map(drop)
    }

    /// The key of values in the order of the names.
    fn key_of_values(&self, values: &[&str]) -> KeyWriter {
        let scoped = key::values(&self.key).count();
        let own = self.core.description.open_labels().count() - scoped;
        let mut key = KeyWriter::new(&self.key);
        values.iter().chain(std::iter::repeat(&"")).take(own).for_each(|value| key.push(*value));
        key
    }

    /// The key of pairs of names and values in any order.
    fn key_of_pairs<'a>(
        &self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<KeyWriter, Reason> {
        let scoped = key::values(&self.key).count();
        let names = self.core.description.open_labels().skip(scoped);
        let mut values = [None; MAX_LABELS];
        for (name, value) in labels {
            let at = names.clone().position(|known| known.is_called(name));
            let at = at.ok_or_else(|| Reason::UnknownLabel(name.into()))?;
            if values[at].replace(value).is_some() {
                return Err(Reason::DuplicateLabel(name.into()));
            }
        }
        let mut key = KeyWriter::new(&self.key);
        for (name, value) in names.zip(values) {
            let missing = || Reason::MissingLabel(LabelName::declared(name).into());
            key.push(value.ok_or_else(missing)?);
        }
        Ok(key)
    }
}

impl<M> Clone for DynamicFamily<M> {
    fn clone(&self) -> Self {
        Self { scope: self.scope.clone(), metric: PhantomData }
    }
}

impl<M> fmt::Debug for DynamicFamily<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scope.as_ref().map_or("noop", |scope| scope.core.description.name.as_str());
        f.debug_tuple("DynamicFamily").field(&name).finish()
    }
}
