//! What `#[derive(Metrics)]` needs beside the traits: checks that the compiler makes.
//!
//! A declaration finds out when it is registered that an option does not suit the metric. A derive knows the types,
//! so it asks [`Instrument::FIT`](super::Instrument) in a constant, and the error points at the attribute.

use super::{MAX_COMBINATIONS, Metrics, Registry, metric::Kind};
use crate::{Labels, RegisterError};

/// Which options of a declaration suit an instrument.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// How many labels must be named; `None` if any number may.
    names: Option<usize>,
    /// The combinations of the values of closed labels.
    combinations: usize,
    buckets: bool,
    absent_until_set: bool,
}

impl Fit {
    /// Nothing is known beforehand; what does not suit is an error of the registration.
    pub(super) const ANY: Self = Self { names: None, combinations: 1, buckets: true, absent_until_set: true };

    /// The options that suit a metric of this kind without labels.
    pub(super) const fn of(kind: Kind) -> Self {
        Self {
            names: Some(0),
            combinations: 1,
            buckets: kind.has_buckets(),
            absent_until_set: matches!(kind, Kind::Gauge),
        }
    }

    pub(super) const fn with_labels<L: Labels>(self) -> Self {
        Self { names: Some(L::UNNAMED), combinations: L::COUNT, ..self }
    }

    pub(super) const fn with_any_names(self) -> Self {
        Self { names: None, ..self }
    }

    /// Whether there are at most [`MAX_COMBINATIONS`].
    #[must_use]
    pub const fn has_few_combinations(self) -> bool {
        self.combinations <= MAX_COMBINATIONS
    }

    /// Whether just this many labels can be named.
    #[must_use]
    pub const fn takes_names(self, given: usize) -> bool {
        match self.names {
            Some(names) => names == given,
            None => true,
        }
    }

    /// Whether it has buckets.
    #[must_use]
    pub const fn takes_buckets(self) -> bool {
        self.buckets
    }

    /// Whether it can be absent until it is set.
    #[must_use]
    pub const fn takes_absent_until_set(self) -> bool {
        self.absent_until_set
    }
}

/// The common labels of a struct of metrics that has none of its own.
#[diagnostic::on_unimplemented(
    message = "nested metrics have the common labels of the struct around them, and cannot have `{Self}` too",
    label = "has common labels of its own",
    note = "leave `common` out of the nested struct, or register it by itself"
)]
pub trait NoCommonLabels {
    /// No labels.
    fn none() -> Self;
}

impl NoCommonLabels for () {
    fn none() -> Self {}
}

/// A struct of metrics that can be a field of another one.
pub trait Nested: Metrics {
    /// Registers it: `registry.register::<Self>(())`.
    ///
    /// # Errors
    ///
    /// Those of [`Registry::register`].
    fn register_nested(registry: &Registry) -> Result<Self, RegisterError>;
}

impl<M: Metrics<Common: NoCommonLabels>> Nested for M {
    fn register_nested(registry: &Registry) -> Result<Self, RegisterError> {
        registry.register(M::Common::none())
    }
}
