//! Families whose label sets are named at run time.

use std::{fmt, marker::PhantomData, sync::Arc as Shared};

use super::{
    labels::{BorrowedValues, LabelValues, OwnedValues},
    metric::{Kind, Metric, Storage},
};
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::{LabelName, MetricName},
    shard::Arena,
    snapshot::{
        collect::Source,
        schema::{FamilyDraft, Labels, SeriesDraft},
    },
    sync::{Arc, AtomicU64, Map, Ordering},
};

/// A label name and its value, the same on every series of a registry.
pub(crate) type ConstantLabel = (LabelName, Shared<str>);

/// A family of metrics that share a name and differ by the values of their labels.
///
/// Resolve a series once with [`with`](Self::with) and keep the handle: a look-up hashes the label values and takes a
/// lock of a concurrent map, a record through the handle does neither. Cloning gives another handle to the same family.
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
    core: Option<Arc<FamilyCore>>,
    metric: PhantomData<fn() -> M>,
}

impl<M: Metric> DynamicFamily<M> {
    pub(crate) fn new(core: Option<Arc<FamilyCore>>) -> Self {
        Self { core, metric: PhantomData }
    }

    /// The series with these label values, made now if there is none. The labels may come in any order.
    ///
    /// A disabled registry's family answers with a no-op handle and checks nothing.
    ///
    /// # Errors
    ///
    /// When a label is missing, unknown or given twice, or the process has no cells left.
    pub fn with<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<M, RegisterError> {
        match &self.core {
            Some(core) => core.series(labels),
            None => Ok(M::noop()),
        }
    }
}

impl<M> Clone for DynamicFamily<M> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), metric: PhantomData }
    }
}

impl<M> fmt::Debug for DynamicFamily<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.core.as_ref().map_or("noop", |core| core.name.as_str());
        f.debug_tuple("DynamicFamily").field(&name).finish()
    }
}

/// What a family was registered with, and its series.
pub(crate) struct FamilyCore {
    pub(crate) name: MetricName,
    pub(crate) help: Shared<str>,
    pub(crate) kind: Kind,
    pub(crate) label_names: Box<[LabelName]>,
    /// Of a histogram, and of nothing else.
    pub(crate) buckets: Option<Buckets>,
    pub(crate) constant_labels: Shared<[ConstantLabel]>,
    pub(crate) series: Map<OwnedValues, Storage>,
    /// The registry's count of changes, raised by every new series.
    pub(crate) version: Arc<AtomicU64>,
    pub(crate) arena: &'static Arena,
}

impl FamilyCore {
    /// The series with these labels, made now if there is none.
    pub(crate) fn series<'a, M: Metric>(
        &self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<M, RegisterError> {
        let error = |reason| RegisterError::new(self.name.as_str(), reason);
        let values = BorrowedValues::new(&self.label_names, labels).map_err(error)?;
        let storage = match self.series.get(&values as &dyn LabelValues) {
            Some(storage) => storage,
            None => self.add(&values, || {
                M::storage(self.arena, self.buckets.as_ref().map(Buckets::layout))
                    .ok_or_else(|| error(Reason::NoSlots))
            })?,
        };
        // The registry hands a family out only as its own kind.
        Ok(M::open(&storage).unwrap_or_else(M::noop))
    }

    /// Adds a series, unless another thread has added it meanwhile.
    pub(crate) fn add(
        &self,
        values: &BorrowedValues<'_>,
        make: impl FnOnce() -> Result<Storage, RegisterError>,
    ) -> Result<Storage, RegisterError> {
        self.series.get_or_try_insert(values.to_owned(), || {
            let storage = make()?;
            // Under the map's lock, so that nobody finds the series before the version has changed: who records in it
            // and then takes a snapshot gets a schema that has it. Relaxed: the lock orders it. `Catalog::schema` loads
            // the version and then locks the map; had it done so before this, it could not have seen this value.
            self.version.fetch_add(1, Ordering::Relaxed);
            Ok(storage)
        })
    }

    /// The family as it goes into a schema.
    pub(crate) fn draft(&self) -> FamilyDraft<Source> {
        let mut series = Vec::new();
        self.series.for_each(|values, storage| {
            let varying = self.label_names.iter().map(LabelName::shared).zip(values.iter().cloned());
            let constant =
                self.constant_labels.iter().map(|(name, value)| (name.shared(), Shared::clone(value)));
            let mut labels: Labels = varying.chain(constant).collect();
            labels.sort();
            series.push(SeriesDraft {
                labels,
                shape: storage.shape(self.kind),
                timestamp_ms: None,
                source: storage.source(),
            });
        });
        FamilyDraft {
            name: self.name.shared(),
            help: Some(Shared::clone(&self.help)),
            unit: None,
            kind: self.kind.exposed(),
            series,
        }
    }

    /// Whether a second registration asks for just this family.
    pub(crate) fn check_same(
        &self,
        kind: Kind,
        help: &str,
        label_names: &[LabelName],
        buckets: Option<&Buckets>,
    ) -> Result<(), Reason> {
        if self.kind != kind {
            let (registered, requested) = (self.kind.as_str(), kind.as_str());
            return Err(Reason::TypeConflict { registered, requested });
        }
        if matches!(kind, Kind::CounterFn | Kind::GaugeFn) {
            return Err(Reason::CallbackExists);
        }
        if *self.help != *help {
            return Err(Reason::HelpConflict((&*self.help).into()));
        }
        if *self.label_names != *label_names {
            let names = self.label_names.iter().map(|name| name.as_str().into()).collect();
            return Err(Reason::LabelsConflict(names));
        }
        if self.buckets.as_ref() != buckets {
            return Err(Reason::BucketsConflict);
        }
        Ok(())
    }

    /// The names of the samples that an exposition of this family holds, the family's own among them.
    pub(crate) fn sample_names(name: &str, kind: Kind) -> Vec<String> {
        let suffixes: &[&str] = match kind {
            Kind::Histogram => &["", "_bucket", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
    }
}
