//! The options of a registry.

use std::{sync::Arc as Shared, time::Duration};

use super::{
    Registry,
    catalog::{Catalog, Options},
    scope::Scope,
    self_metrics::SelfMetrics,
};
use crate::{
    Buckets, Exemplars,
    buckets::IntoBuckets,
    error::{BucketsError, RegisterError, RegisterErrorReason as Reason},
    exemplar::Source,
    extras::Extras,
    labels::key::MAX_LABEL_VALUE_BYTES,
    name::{ConstantLabel, LabelName},
    name_policy::NamePolicy,
    sync::Arc,
};

/// How long a snapshot waits for a callback unless told otherwise: one second, a tenth of Prometheus' scrape timeout.
/// So a callback that is stuck costs its own series and not the scrape, and one that is only slow, such as one that
/// reads from a disk, is not taken for stuck.
pub const DEFAULT_CALLBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// Sets the options of a [`Registry`]. Made by [`Registry::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RegistryBuilder {
    namespace: String,
    subsystem: String,
    policy: NamePolicy,
    labels: Vec<(String, String)>,
    buckets: Result<Buckets, BucketsError>,
    options: Options,
    created: bool,
    exemplars: Option<Exemplars>,
    self_metrics: bool,
    pub(super) process_wide: bool,
}

/// Series that a family can have, unless [`RegistryBuilder::max_series_per_family`] says otherwise.
///
/// More than a scrape of one process should carry under one name, and few enough that label values made of user input
/// do no harm: a full family of counters takes less than a mebibyte. OpenTelemetry has the same default.
pub const DEFAULT_MAX_SERIES_PER_FAMILY: usize = 2_000;

/// Families that a registry can have, unless [`RegistryBuilder::max_families`] says otherwise.
///
/// Ten times what a large program declares: who reaches it makes names out of data.
pub const DEFAULT_MAX_FAMILIES: usize = 10_000;

impl RegistryBuilder {
    pub(super) fn new() -> Self {
        Self {
            namespace: String::new(),
            subsystem: String::new(),
            policy: NamePolicy::AS_IS,
            labels: Vec::new(),
            buckets: Ok(Buckets::default()),
            options: Options {
                enabled: true,
                series_per_family: DEFAULT_MAX_SERIES_PER_FAMILY,
                families: DEFAULT_MAX_FAMILIES,
                idle_timeout: None,
                callback_timeout: DEFAULT_CALLBACK_TIMEOUT,
            },
            created: false,
            exemplars: None,
            // Each would be one more load for a model to interleave with everything else.
            self_metrics: cfg!(not(tachometer_loom)),
            process_wide: false,
        }
    }

    /// Puts `namespace_` in front of every name.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Puts `subsystem_` in front of every name, behind the namespace.
    pub fn subsystem(mut self, subsystem: impl Into<String>) -> Self {
        self.subsystem = subsystem.into();
        self
    }

    /// How names become those that are exposed: of metrics and labels, the namespace, the subsystem and the constant
    /// labels among them. [`NamePolicy::AS_IS`] unless set: they must be legal, and stay as they are.
    ///
    /// ```
    /// use tachometer::{NamePolicy, Registry};
    ///
    /// let registry = Registry::builder().name_policy(NamePolicy::UTF8).label("service.name", "shop").build()?;
    /// registry.counter("bestellungen.größe", "Orders.")?.inc();
    /// assert_eq!(registry.snapshot().counter("bestellungen.größe", &[("service.name", "shop")]), Some(1));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn name_policy(mut self, policy: NamePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Gives every series this label.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// The buckets of histograms that are registered without any; [`Buckets::seconds`] unless set.
    pub fn default_buckets(mut self, buckets: impl IntoBuckets) -> Self {
        self.buckets = buckets.into_buckets();
        self
    }

    /// How long a snapshot waits for a callback or a collector that does not return,
    /// [`DEFAULT_CALLBACK_TIMEOUT`] unless set. Keep it well below the timeout of whoever scrapes.
    pub fn callback_timeout(mut self, timeout: Duration) -> Self {
        self.options.callback_timeout = timeout;
        self
    }

    /// Whether anything is recorded. A disabled registry hands out handles of the same types that do nothing, and its
    /// snapshots are empty. It keeps no names, so it finds no bad ones: let a test register everything in an enabled
    /// one.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.options.enabled = enabled;
        self
    }

    /// How many series a family can have; [`DEFAULT_MAX_SERIES_PER_FAMILY`] unless set.
    ///
    /// At least 1. Label sets beyond it share one more series, `{overflow="true"}` with the constant labels. Sums
    /// stay exact (a gauge there has the value that was set last), and handles that were made before keep their
    /// series. A family whose closed labels alone have more combinations is an error.
    pub fn max_series_per_family(mut self, series: usize) -> Self {
        self.options.series_per_family = series.max(1);
        self
    }

    /// How many families the registry can have; [`DEFAULT_MAX_FAMILIES`] unless set. One more is an error.
    pub fn max_families(mut self, families: usize) -> Self {
        self.options.families = families.max(1);
        self
    }

    /// Forgets series that nobody needs any more: those of families with open labels, to which no handle is held, and
    /// in which nothing was recorded while snapshots were taken for this long. Without it, series stay for ever.
    ///
    /// An up-down counter that is not at 0 stays, because what was added will be taken away. A gauge that is set to
    /// the value it has counts as idle: keep its handle. A series that is looked up again begins at 0. Every snapshot
    /// then also looks at all series of such families, and cloning and dropping handles to them costs an atomic
    /// addition more.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.options.idle_timeout = Some(timeout);
        self
    }

    /// Records exemplars of counters and histograms, as [`Exemplars`] says; none unless set.
    ///
    /// A series takes 56 bytes for that, and when its first exemplar comes 136 for a counter, or for each bucket of a
    /// histogram; those whose labels have more than 72 bytes take 440 more. Snapshots look at all series that could
    /// have some, at some nanoseconds each. `inc`, `add` and `observe` cost what they do without.
    pub fn exemplars(mut self, exemplars: Exemplars) -> Self {
        self.exemplars = Some(exemplars);
        self
    }

    /// Whether the registry keeps the time at which each counter and each histogram began, for
    /// [`SeriesView::created`](crate::SeriesView::created); it does not unless told to.
    ///
    /// A series begins when it is registered or looked up for the first time, and again when it is removed and has
    /// closed labels. Costs some 64 bytes a series, and a look at the clock for each that is new. Those that a callback
    /// answers for have none, nor have the registry's own.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// let before = SystemTime::now() - std::time::Duration::from_millis(1);
    /// let registry = tachometer::Registry::builder().created(true).build()?;
    /// let orders = registry.counter("orders_total", "Orders placed.")?;
    /// let snapshot = registry.snapshot();
    /// let created = snapshot.series("orders_total", &[]).and_then(|series| series.created());
    /// assert!(created.is_some_and(|created| created > before));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn created(mut self, on: bool) -> Self {
        self.created = on;
        self
    }

    /// Whether the registry says of itself, in families of its own, how it fares; it does unless told otherwise.
    ///
    /// | family | type | what it says |
    /// |---|---|---|
    /// | `tachometer_series` | gauge | series of the registry, these families' own not counted |
    /// | `tachometer_registration_errors_total{reason}` | counter | registrations and look-ups that returned an error |
    /// | `tachometer_callback_errors_total` | counter | [`Registry::callback_errors`] |
    /// | `tachometer_exemplar_problems_total{reason}` | counter | [`Registry::exemplar_problems`], where there are [`exemplars`](Self::exemplars) |
    ///
    /// They have the registry's constant labels and, so that registries can share an exposition, a label `registry`
    /// with the registry's prefix. It is left out where there is no prefix, or a constant label of that name: give
    /// registries that share an exposition different prefixes or constant labels, or switch this off in all but one.
    ///
    /// The [default registry](crate::default_registry) is called `default` when it has no prefix, and has what concerns
    /// the process in addition:
    ///
    /// | family | type | what it says |
    /// |---|---|---|
    /// | `tachometer_shards` | gauge | shards made so far, which is the most that were in use at one time |
    /// | `tachometer_shard_bytes` | gauge | what they take, see [`Memory::shard_bytes`](crate::Memory::shard_bytes) |
    /// | `tachometer_leased_records_total` | counter | records made in a shard that was leased for one record |
    /// | `tachometer_dropped_records_total{reason}` | counter | [`dropped_records`](crate::dropped_records) |
    /// | `tachometer_named_problems_total{reason}` | counter | [`named_problems`](crate::named_problems) |
    ///
    /// The reasons are those of [`DropReason::as_str`](crate::DropReason::as_str),
    /// [`NamedProblem::as_str`](crate::NamedProblem::as_str),
    /// [`ExemplarProblem::as_str`](crate::ExemplarProblem::as_str) and
    /// [`RegisterErrorReason::as_str`](crate::RegisterErrorReason::as_str), each at 0 from the start. (A constant label
    /// `reason` is left out of these series.) The names are taken, also for the registry's own metrics, unless this is
    /// off. They cost a snapshot some 60 nanoseconds, those of the process a few for each shard.
    pub fn self_metrics(mut self, on: bool) -> Self {
        self.self_metrics = on;
        self
    }

    /// Makes the registry.
    ///
    /// # Errors
    ///
    /// When the namespace, the subsystem or a label's name is illegal, a label occurs twice, the default buckets could
    /// not be made, or the callback timeout is zero.
    pub fn build(self) -> Result<Registry, RegisterError> {
        let error = |reason| RegisterError::new("", reason);
        if self.options.callback_timeout.is_zero() {
            return Err(error(Reason::NoCallbackTimeout));
        }
        let scope = Scope::root(self.policy, [&self.namespace, &self.subsystem]).map_err(error)?;
        let labels = constant_labels(self.policy, self.labels).map_err(error)?;
        let buckets = self.buckets.map_err(|buckets| error(Reason::Buckets(buckets)))?;
        let own = self.self_metrics && self.options.enabled;
        let own = SelfMetrics::new(own, scope.prefix(), self.process_wide);
        let exemplars = self.exemplars.map(|exemplars| Shared::new(Source::new(exemplars)));
        let extras = Extras { created: self.created, exemplars };
        let catalog = Catalog::new(labels, buckets, self.options, extras, own);
        Ok(Registry { catalog: Arc::new(catalog), scope: Arc::new(scope) })
    }

    /// A registry of which nothing was set.
    pub(super) fn build_plain(self, enabled: bool) -> Registry {
        let own = SelfMetrics::new(enabled && self.self_metrics, "", self.process_wide);
        let options = Options { enabled, ..self.options };
        let extras = Extras { created: false, exemplars: None };
        let catalog = Catalog::new(Shared::default(), Buckets::default(), options, extras, own);
        Registry { catalog: Arc::new(catalog), scope: Arc::new(Scope::default()) }
    }
}

fn constant_labels(
    policy: NamePolicy,
    given: Vec<(String, String)>,
) -> Result<Shared<[ConstantLabel]>, Reason> {
    let mut labels: Vec<ConstantLabel> = Vec::new();
    for (name, value) in given {
        let name = LabelName::translated(policy, &name)?;
        if let Some(clash) = labels.iter().find_map(|(other, _)| name.clash(other)) {
            return Err(clash);
        }
        if value.len() > MAX_LABEL_VALUE_BYTES {
            return Err(Reason::LabelValueTooLong(name.declared().into()));
        }
        labels.push((name, Shared::from(value)));
    }
    Ok(labels.into())
}
