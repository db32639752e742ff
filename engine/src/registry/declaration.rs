//! Declarations: what a metric is to be, before it is made.

use std::sync::Arc as Shared;

use super::{
    Registry,
    derived::Fit,
    description::Description,
    dynamic::DynamicFamily,
    entry::Entry,
    metric::{AnySeries, Kind, Metric},
    typed::{Family, FamilyScope},
};
use crate::{
    Buckets, Resolution,
    buckets::IntoBuckets,
    error::{BucketsError, RegisterError, RegisterErrorReason as Reason},
    held::{Body, Held, Origin},
    integer_histogram::Scale,
    labels::{
        key::KeyWriter,
        label::{Label, known_values},
        list::Closed,
        set::{LabelDescriber, Labels},
        value::LabelValue,
    },
    name::LabelName,
    state_set::{MAX_STATES, StateCell, StateSet},
    sync::Arc,
};

/// Most combinations of closed label values that a family can have. Each is a series that exists from the start.
pub const MAX_COMBINATIONS: usize = 65_536;

/// What a metric is to be. Made by [`Registry::declare`], turned into a handle or a family by
/// [`register`](Self::register).
///
/// ```
/// use tachometer::{Buckets, Histogram, Registry};
///
/// let registry = Registry::new();
/// let flush: Histogram = registry
///     .declare("flush_duration_seconds", "Time to flush.")
///     .unit("seconds")
///     .buckets(Buckets::exponential(0.001, 2.0, 14))
///     .register()?;
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a declaration does nothing until it is registered"]
pub struct Declaration<'a> {
    registry: Registry,
    name: &'a str,
    help: &'a str,
    unit: Option<&'a str>,
    labels: Vec<&'a str>,
    buckets: Option<Result<Buckets, BucketsError>>,
    resolution: Option<Resolution>,
    absent_until_set: bool,
}

/// What a declaration can be registered as: a handle, a family of them, or a state set. `#[derive(Metrics)]`
/// registers a struct of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered as a metric",
    label = "not a metric",
    note = "a field of a `Metrics` struct is a handle (`Counter`, `Gauge`, `Histogram`, ...), a `Family<Labels, Handle>`, a \
            `StateSet<Enum>`, or a nested `Metrics` struct with `#[metrics(nested)]`",
    note = "the labels of a family are a type with `#[derive(LabelValue)]`, a tuple of them, or a struct with \
            `#[derive(Labels)]`"
)]
pub trait Instrument: Sized {
    /// What the attributes of a field of this type may say.
    #[doc(hidden)]
    const FIT: Fit = Fit::ANY;

    /// Registers the declaration as this.
    ///
    /// # Errors
    ///
    /// See [`Declaration::register`].
    fn register(declaration: Declaration<'_>) -> Result<Self, RegisterError>;
}

impl<'a> Declaration<'a> {
    pub(super) fn new(registry: Registry, name: &'a str, help: &'a str) -> Self {
        Self {
            registry,
            name,
            help,
            unit: None,
            labels: Vec::new(),
            buckets: None,
            resolution: None,
            absent_until_set: false,
        }
    }

    /// Declares the unit. The name must say it already (`..._seconds`, `..._bytes_total`): nothing is appended.
    pub fn unit(mut self, unit: &'a str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Names the label of a family of one label, such as `Family<Status, Counter>`.
    pub fn label(self, name: &'a str) -> Self {
        self.labels([name])
    }

    /// Names the labels of a family whose type does not: a tuple's, or those of a [`DynamicFamily`].
    pub fn labels(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        // A disabled registry asks for neither labels nor buckets, and takes no memory for them.
        if self.registry.is_enabled() {
            self.labels.extend(names);
        }
        self
    }

    /// The buckets of a histogram; the registry's default ones unless set.
    pub fn buckets(mut self, buckets: impl IntoBuckets) -> Self {
        self.buckets = self.registry.is_enabled().then(|| buckets.into_buckets());
        self
    }

    /// What a histogram of integers observes. Unless set, [`Resolution::Nanoseconds`] where the name ends in `_seconds`,
    /// and [`Resolution::Units`] elsewhere. Its buckets are in the unit that is exposed.
    pub fn resolution(mut self, resolution: Resolution) -> Self {
        self.resolution = Some(resolution);
        self
    }

    /// Leaves a gauge out of snapshots until it is set, instead of showing a 0 that nobody measured.
    pub fn absent_until_set(mut self) -> Self {
        self.absent_until_set = true;
        self
    }

    /// Registers the metric. The same declaration again gives handles to the same series.
    ///
    /// # Errors
    ///
    /// When a name is illegal, taken by a different metric, or clashes with a sample of another one; when a label's
    /// name is illegal, reserved, missing or given twice; when the unit is not in the name, the buckets could not be
    /// made, or an option does not suit the kind of metric; when a limit of the registry or the process is reached.
    pub fn register<I: Instrument>(self) -> Result<I, RegisterError> {
        // Here, and not where the labels are known: the compiler names the caller of the function that it is in.
        const {
            assert!(
                I::FIT.has_few_combinations(),
                "the closed labels of this family have more than 65,536 combinations of values, each of which would \
                 be a series; use fewer"
            );
        }
        I::register(self)
    }

    /// The family of `M` with the labels `L`, in the registry's scope; `None` in a disabled registry.
    fn family<M: Metric, L: Labels>(self) -> Result<Option<FamilyScope>, RegisterError> {
        const { assert!(L::COUNT > 0, "a label has no values: give its enum a variant") }
        if !self.registry.is_enabled() {
            return Ok(None);
        }
        let labels = LabelDescriber::labels_of::<L>(&self.labels).map_err(|reason| self.error(reason))?;
        self.scope(M::KIND, labels).map(Some)
    }

    /// The family of this kind with these open labels, in the registry's scope; `None` in a disabled registry.
    pub(super) fn open_scope(
        self,
        kind: Kind,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Option<FamilyScope>, RegisterError> {
        if !self.registry.is_enabled() {
            return Ok(None);
        }
        let names = names.into_iter().map(LabelName::parse);
        let labels = names.map(|name| name.map(Label::open)).collect::<Result<_, _>>();
        let labels = labels.map_err(|reason| self.error(reason))?;
        self.scope(kind, labels).map(Some)
    }

    /// The family with these labels, in the registry's scope.
    fn scope(self, kind: Kind, labels: Vec<Label>) -> Result<FamilyScope, RegisterError> {
        let Registry { catalog, scope } = self.registry.clone();
        let core = catalog.family(self.describe(kind, labels)?, scope.key())?;
        Ok(FamilyScope { core, key: Shared::clone(scope.key()) })
    }

    fn describe(self, kind: Kind, labels: Vec<Label>) -> Result<Description, RegisterError> {
        let Registry { catalog, scope } = &self.registry;
        let name = scope.metric_name(self.name)?;
        let error = |reason| RegisterError::new(name.as_str(), reason);
        let unsuitable = |option| error(Reason::UnsuitableOption { option, kind: kind.as_str() });
        let buckets = match (kind.has_buckets(), self.buckets) {
            (true, None) => Some(catalog.default_buckets.clone()),
            (true, Some(buckets)) => Some(buckets.map_err(|buckets| error(Reason::Buckets(buckets)))?),
            (false, Some(_)) => return Err(unsuitable("buckets")),
            (false, None) => None,
        };
        let counts_integers = kind == Kind::IntegerHistogram;
        if self.resolution.is_some() && !counts_integers {
            return Err(unsuitable("resolution"));
        }
        let resolution = self.resolution.unwrap_or_else(|| Resolution::of(name.as_str()));
        let scale = buckets.as_ref().filter(|_| counts_integers);
        let scale = scale.map(|buckets| Shared::new(Scale::new(resolution, buckets.layout())));
        if self.absent_until_set && kind != Kind::Gauge {
            return Err(unsuitable("absent_until_set"));
        }
        if let Some(unit) = self.unit
            && !name.has_unit(unit)
        {
            return Err(error(Reason::UnitMismatch(unit.into())));
        }
        let scoped = scope.label_names().map(|name| Label::open(name.clone()));
        let labels = scoped.chain(labels).collect();
        let (help, unit) = (self.help.into(), self.unit.map(Shared::from));
        Ok(Description {
            name,
            help,
            unit,
            kind,
            labels,
            buckets,
            scale,
            absent_until_set: self.absent_until_set,
        })
    }

    /// What `register` makes of the declaration, for a caller outside: an error counts.
    fn counted<I>(self, register: impl FnOnce(Self) -> Result<I, RegisterError>) -> Result<I, RegisterError> {
        let registry = self.registry.clone();
        registry.counted(register(self))
    }

    fn error(&self, reason: Reason) -> RegisterError {
        match self.registry.scope.metric_name(self.name) {
            Ok(name) => RegisterError::new(name.as_str(), reason),
            Err(name) => name,
        }
    }
}

impl<M: Metric> Instrument for M {
    const FIT: Fit = Fit::of(M::KIND);

    fn register(declaration: Declaration<'_>) -> Result<Self, RegisterError> {
        declaration.counted(|declaration| {
            let Some(scope) = declaration.family::<M, ()>()? else { return Ok(M::noop()) };
            scope.core.find_or_make::<M, _>(&KeyWriter::new(&scope.key), |entry| entry.open(0))
        })
    }
}

impl<L: Labels, M: Metric> Instrument for Family<L, M> {
    const FIT: Fit = Fit::of(M::KIND).with_labels::<L>();

    fn register(declaration: Declaration<'_>) -> Result<Self, RegisterError> {
        declaration.counted(|declaration| match declaration.family::<M, L>()? {
            Some(scope) => Self::new(scope),
            None => Ok(Self::noop()),
        })
    }
}

/// The names of the labels are those of [`Declaration::labels`].
impl<M: Metric> Instrument for DynamicFamily<M> {
    const FIT: Fit = Fit::of(M::KIND).with_any_names();

    fn register(mut declaration: Declaration<'_>) -> Result<Self, RegisterError> {
        let names = std::mem::take(&mut declaration.labels);
        declaration.counted(|declaration| declaration.open_scope(M::KIND, names).map(Self::new))
    }
}

impl<S: LabelValue<Domain = Closed>> Instrument for StateSet<S> {
    const FIT: Fit = Fit::of(Kind::StateSet);

    fn register(declaration: Declaration<'_>) -> Result<Self, RegisterError> {
        const { assert!(S::COUNT > 0 && S::COUNT <= MAX_STATES, "a state set has 1 to 64 states") }
        if !declaration.registry.is_enabled() {
            return Ok(Self::noop());
        }
        declaration.counted(|declaration| {
            let none = LabelDescriber::labels_of::<()>(&declaration.labels);
            let none = none.map_err(|reason| declaration.error(reason))?;
            let FamilyScope { core, key } = declaration.scope(Kind::StateSet, none)?;
            let names = known_values::<S>("state").map_err(|reason| core.description.error(reason))?;
            let make =
                |origin: Origin<'_>| AnySeries::StateSet(Arc::new(Body::new(origin, StateCell::new(&names))));
            match core.add_one(&key, make)? {
                Entry::One(AnySeries::StateSet(there)) if there.has_names(&names) => {
                    Ok(Self::new(Held::new(there)))
                }
                _ => Err(core.description.error(Reason::StatesConflict)),
            }
        })
    }
}
