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
    name::{LabelName, MetricName},
    name_policy::NamePolicy,
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
    policy: NamePolicy,
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
            policy: registry.scope.policy(),
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

    /// Translates the names of the family and of its labels in this way, and not in the registry's.
    ///
    /// ```
    /// use tachometer::{Gauge, NamePolicy, Registry};
    ///
    /// let registry = Registry::new();
    /// let lag = registry.declare("kafka.eventbus.consumer.lag", "Messages behind.").unit("messages");
    /// let lag: Gauge = lag.name_policy(NamePolicy::PROMETHEUS_3).register()?;
    /// lag.set(3.0);
    /// assert_eq!(registry.snapshot().gauge("kafka_eventbus_consumer_lag_messages", &[]), Some(3.0));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn name_policy(mut self, policy: NamePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Declares the unit. Unless a [policy](NamePolicy) says otherwise, the name must say it already (`..._seconds`,
    /// `..._bytes_total`), and nothing is appended.
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
    /// When a name is illegal, taken by a different metric, or clashes with another one in some format; when a label's
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
        let labels = LabelDescriber::labels_of::<L>(self.policy, &self.labels);
        let labels = labels.map_err(|reason| self.error(M::KIND, reason))?;
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
        let names = names.into_iter().map(|name| LabelName::translated(self.policy, name));
        let labels = names.map(|name| name.map(Label::open)).collect::<Result<_, _>>();
        let labels = labels.map_err(|reason| self.error(kind, reason))?;
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
        let Translated { name, declared, unit } = self.translate(kind)?;
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
        let scoped = scope.label_names().map(|name| Label::open(name.clone()));
        let labels = scoped.chain(labels).collect();
        Ok(Description {
            name,
            declared,
            help: self.help.into(),
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

    /// The names that are exposed.
    fn translate(&self, kind: Kind) -> Result<Translated, RegisterError> {
        let declared = self.registry.scope.full_name(self.name);
        let metric = self.policy.translate(&declared, kind.exposed(), self.unit);
        let metric = metric.map_err(|reason| RegisterError::new(&declared, reason))?;
        let differs = metric.name != declared;
        Ok(Translated {
            name: MetricName::known(metric.name.into()),
            declared: differs.then(|| declared.into()),
            unit: metric.unit.map(Shared::from),
        })
    }

    fn error(&self, kind: Kind, reason: Reason) -> RegisterError {
        match self.translate(kind) {
            Ok(metric) => RegisterError::new(metric.name.as_str(), reason),
            Err(error) => error,
        }
    }
}

/// What the policy has made of a declaration's name and unit.
struct Translated {
    name: MetricName,
    declared: Option<Shared<str>>,
    unit: Option<Shared<str>>,
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
            let none = LabelDescriber::labels_of::<()>(declaration.policy, &declaration.labels);
            let none = none.map_err(|reason| declaration.error(Kind::StateSet, reason))?;
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
