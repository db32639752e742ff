//! What a registry says of itself: families that nobody registers, and the counts behind them.
//!
//! [`RegistryBuilder::self_metrics`](super::RegistryBuilder::self_metrics) lists them.
//!
//! They go into the schema beside the registered families and are read while the values are collected. The series are
//! counted in the schema, so that number costs nothing and is that of the very snapshot it is in.

use std::sync::Arc as Shared;

use super::{Registry, scope::Scope};
use crate::{
    DropReason, ExemplarProblem, MetricKind, NamedProblem,
    error::{RegisterError, RegisterErrorReason as Reason},
    extras::Extras,
    name::ConstantLabel,
    shard::Arena,
    size::{self, ARC},
    snapshot::{
        collect::Source,
        own::Own,
        schema::{FamilyDraft, Labels, SeriesDraft, Shape},
    },
    sync::{Arc, AtomicU64, Ordering},
};

/// The label that tells the registries of one exposition apart.
const REGISTRY_LABEL: &str = "registry";
const REASON_LABEL: &str = "reason";

/// Reasons that no registration has: they are of snapshots built by hand, of building a registry, and of metrics by
/// name.
const OF_NO_REGISTRATION: [&str; 7] = [
    "duplicate_family",
    "duplicate_series",
    "wrong_value",
    "no_callback_timeout",
    "too_many_names",
    "name_too_long",
    "reentry",
];

impl Registry {
    /// Where an exporter or a collector registers what it says of itself: this registry without its prefix, and with
    /// the label `registry` that its [self-metrics](super::RegistryBuilder::self_metrics) have. Nothing if they are
    /// off, or the registry is disabled.
    ///
    /// ```
    /// let registry = tachometer::Registry::builder().namespace("shop").build()?;
    /// if let Some(own) = registry.self_metrics() {
    ///     own.counter("exporter_pushes_total", "Pushes.")?.inc();
    /// }
    /// let snapshot = registry.snapshot();
    /// assert_eq!(snapshot.counter("exporter_pushes_total", &[("registry", "shop")]), Some(1));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn self_metrics(&self) -> Option<Self> {
        let labels = self.catalog.self_metrics.common_labels(&self.catalog.constant_labels)?;
        let scope = Scope::default().child("", labels).ok()?;
        Some(Self { catalog: Arc::clone(&self.catalog), scope: Arc::new(scope) })
    }
}

/// The self-metrics of a registry.
pub(super) struct SelfMetrics {
    pub(super) tally: Tally,
    /// The value of the label `registry`.
    registry: Option<Shared<str>>,
    /// Whether those of the process are among them.
    process_wide: bool,
}

/// Counts a registry's errors by reason, where they leave the public API. Nothing when the self-metrics are off.
#[derive(Clone, Default)]
pub(crate) struct Tally(Option<Shared<[Arc<AtomicU64>]>>);

impl Tally {
    fn new() -> Self {
        Self(Some(Reason::LABELS.iter().map(|_| Arc::new(AtomicU64::new(0))).collect()))
    }

    /// Passes the result on, and counts it if it is an error.
    pub(crate) fn count<T>(&self, result: Result<T, RegisterError>) -> Result<T, RegisterError> {
        if let (Some(counts), Err(error)) = (&self.0, &result) {
            let label = error.reason().as_str();
            let at = Reason::LABELS.iter().position(|known| *known == label);
            if let Some(count) = at.and_then(|at| counts.get(at)) {
                // Relaxed: a number of its own.
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        result
    }
}

impl SelfMetrics {
    /// Those of a registry with this prefix.
    pub(super) fn new(on: bool, prefix: &str, process_wide: bool) -> Self {
        let registry = match prefix {
            "" if process_wide => Some("default"),
            "" => None,
            prefix => Some(prefix),
        };
        let tally = if on { Tally::new() } else { Tally::default() };
        Self { tally, registry: registry.map(Shared::from), process_wide }
    }

    /// The labels beside the constant ones that what an exporter says of itself has; nothing when they are off.
    pub(super) fn common_labels(&self, constant_labels: &[ConstantLabel]) -> Option<Vec<(String, String)>> {
        self.tally.0.as_ref()?;
        let is_taken = constant_labels.iter().any(|(name, _)| name.as_str() == REGISTRY_LABEL);
        let registry = self.registry.as_ref().filter(|_| !is_taken);
        Some(registry.map(|registry| (REGISTRY_LABEL.to_owned(), registry.to_string())).into_iter().collect())
    }

    /// What the counts take of memory.
    pub(super) fn bytes(&self) -> usize {
        let counts = self.tally.0.as_deref();
        counts.map_or(0, |counts| size::shared(counts) + counts.len() * (ARC + size_of::<AtomicU64>()))
    }

    /// The families; none when they are off.
    pub(super) fn drafts(
        &self,
        constant_labels: &[ConstantLabel],
        callback_errors: &Arc<AtomicU64>,
        extras: &Extras,
    ) -> Vec<FamilyDraft<Source>> {
        let Some(errors) = &self.tally.0 else { return Vec::new() };
        let errors = Reason::LABELS.iter().copied().zip(&**errors);
        let errors = errors.filter(|(reason, _)| !OF_NO_REGISTRATION.contains(reason));
        let errors = errors.map(|(reason, count)| (reason, Own::Count(Arc::clone(count))));
        let own = Drafts { constant_labels, registry: self.registry.as_ref() };
        let mut drafts = vec![
            own.gauge("tachometer_series", "Series in the registry, self-metrics not counted.", Own::Series),
            own.by_reason(
                "tachometer_registration_errors_total",
                "Registrations and look-ups that failed.",
                errors,
            ),
            own.counter(
                "tachometer_callback_errors_total",
                "Callbacks without a value in a snapshot.",
                Own::Count(Arc::clone(callback_errors)),
            ),
        ];
        if let Some(source) = &extras.exemplars {
            let problem = |problem: &ExemplarProblem| {
                (problem.as_str(), Own::Exemplars(Shared::clone(source), *problem))
            };
            drafts.push(own.by_reason(
                "tachometer_exemplar_problems_total",
                "Sampled records without an exemplar.",
                ExemplarProblem::ALL.iter().map(problem),
            ));
        }
        if self.process_wide {
            drafts.extend(of_process(constant_labels));
        }
        drafts
    }
}

/// Those that the process has once. They are of no registry, so they say none.
fn of_process(constant_labels: &[ConstantLabel]) -> [FamilyDraft<Source>; 5] {
    let own = Drafts { constant_labels, registry: None };
    let dropped = DropReason::ALL.iter().map(|reason| (reason.as_str(), Own::Dropped(*reason)));
    let problems = NamedProblem::ALL.iter().map(|problem| (problem.as_str(), Own::Named(*problem)));
    [
        own.gauge(
            "tachometer_shards",
            "Shards of the process, in use or free.",
            Own::Arena(|arena| arena.shards().count() as u64),
        ),
        own.gauge(
            "tachometer_shard_bytes",
            "Memory of the shards of the process, with their pages of cells.",
            Own::Arena(|arena| arena.shard_bytes() as u64),
        ),
        own.counter(
            "tachometer_leased_records_total",
            "Records made in a shard leased for one record.",
            Own::Arena(Arena::leased_records),
        ),
        own.by_reason("tachometer_dropped_records_total", "Records dropped by the process.", dropped),
        own.by_reason("tachometer_named_problems_total", "What was wrong with records by name.", problems),
    ]
}

/// What the families have in common.
struct Drafts<'a> {
    constant_labels: &'a [ConstantLabel],
    registry: Option<&'a Shared<str>>,
}

impl Drafts<'_> {
    fn gauge(&self, name: &str, help: &str, value: Own) -> FamilyDraft<Source> {
        let unit = name.ends_with("_bytes").then_some("bytes");
        FamilyDraft {
            unit: unit.map(Shared::from),
            ..self.family(name, help, MetricKind::Gauge, [(None, value)])
        }
    }

    fn counter(&self, name: &str, help: &str, value: Own) -> FamilyDraft<Source> {
        self.family(name, help, MetricKind::Counter, [(None, value)])
    }

    fn by_reason(
        &self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (&'static str, Own)>,
    ) -> FamilyDraft<Source> {
        self.family(name, help, MetricKind::Counter, values.map(|(reason, value)| (Some(reason), value)))
    }

    fn family(
        &self,
        name: &str,
        help: &str,
        kind: MetricKind,
        values: impl IntoIterator<Item = (Option<&'static str>, Own)>,
    ) -> FamilyDraft<Source> {
        let series = values.into_iter().map(|(reason, value)| SeriesDraft {
            labels: self.labels(reason),
            shape: Shape::U64,
            timed: false,
            created: None,
            source: Source::Own(value),
        });
        FamilyDraft { name: name.into(), help: Some(help.into()), unit: None, kind, series: series.collect() }
    }

    /// A constant label called `registry` takes the place of ours, and one called `reason` gives way: without the
    /// reason the series would not differ.
    fn labels(&self, reason: Option<&str>) -> Labels {
        let constant = self.constant_labels.iter().map(|(name, value)| (name.shared(), Shared::clone(value)));
        let mut labels: Vec<_> =
            constant.filter(|(name, _)| reason.is_none() || **name != *REASON_LABEL).collect();
        labels.extend(reason.map(|reason| (Shared::from(REASON_LABEL), Shared::from(reason))));
        let is_taken = labels.iter().any(|(name, _)| **name == *REGISTRY_LABEL);
        let registry = self.registry.filter(|_| !is_taken);
        labels.extend(registry.map(|registry| (Shared::from(REGISTRY_LABEL), Shared::clone(registry))));
        labels.sort();
        labels.into()
    }
}
