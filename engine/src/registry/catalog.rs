//! What a registry holds: families by name, and the schema made of them.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc as Shared,
};

use super::{
    family::{ConstantLabel, FamilyCore},
    labels,
    metric::Kind,
};
use crate::{
    Buckets,
    error::{RegisterError, RegisterErrorReason as Reason},
    name::MetricName,
    shard::Arena,
    snapshot::{collect::Plan, schema::Schema},
    sync::{Arc, AtomicU64, Map, Mutex, Ordering, lock},
};

/// The inside of a registry.
pub(super) struct Catalog {
    pub(super) namespace: String,
    pub(super) subsystem: String,
    pub(super) constant_labels: Shared<[ConstantLabel]>,
    pub(super) default_buckets: Buckets,
    pub(super) enabled: bool,
    pub(super) arena: &'static Arena,
    pub(super) names: Mutex<Names>,
    /// Raised by every change that a schema must follow.
    pub(super) version: Arc<AtomicU64>,
    pub(super) schema: Mutex<Option<(u64, Arc<Schema>)>>,
    pub(super) callback_errors: AtomicU64,
}

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names {
    pub(super) families: BTreeMap<MetricName, Arc<FamilyCore>>,
    /// The family that has each sample name.
    pub(super) samples: HashMap<String, MetricName>,
}

/// What a family is asked to be.
pub(super) struct Request<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) kind: Kind,
    pub(super) label_names: Vec<&'a str>,
    pub(super) buckets: Option<Buckets>,
}

impl Catalog {
    /// The family that is asked for, registered now if there is none.
    pub(super) fn family(&self, request: Request<'_>) -> Result<Arc<FamilyCore>, RegisterError> {
        let Request { name, help, kind, label_names, buckets } = request;
        let name = MetricName::parse(&self.namespace, &self.subsystem, name)?;
        let error = |reason| RegisterError::new(name.as_str(), reason);
        let histogram = kind == Kind::Histogram;
        let label_names =
            labels::parse_names(label_names, &self.constant_labels, histogram).map_err(error)?;

        let Names { families, samples } = &mut *lock(&self.names);
        let vacant = match families.entry(name.clone()) {
            Entry::Occupied(family) => {
                let family = family.get();
                family.check_same(kind, help, &label_names, buckets.as_ref()).map_err(error)?;
                return Ok(Arc::clone(family));
            }
            Entry::Vacant(vacant) => vacant,
        };
        let own_samples = FamilyCore::sample_names(name.as_str(), kind);
        for sample in &own_samples {
            if let Some(other) = samples.get(sample) {
                let (sample, family) = (sample.as_str().into(), other.as_str().into());
                return Err(error(Reason::SampleNameClash { sample, family }));
            }
        }
        samples.extend(own_samples.into_iter().map(|sample| (sample, name.clone())));
        let family = Arc::new(FamilyCore {
            name,
            help: help.into(),
            kind,
            label_names,
            buckets,
            constant_labels: Shared::clone(&self.constant_labels),
            series: Map::new(),
            version: Arc::clone(&self.version),
            arena: self.arena,
        });
        vacant.insert(Arc::clone(&family));
        // Under the lock, as in `FamilyCore::add`.
        self.version.fetch_add(1, Ordering::Relaxed);
        Ok(family)
    }

    /// The schema of the metrics that are registered now.
    pub(super) fn schema(&self) -> Arc<Schema> {
        let mut cached = lock(&self.schema);
        // Loaded before the families are visited under their locks, under which it is raised: whatever was added before
        // this version is found, and what is added later raises it again.
        let version = self.version.load(Ordering::Relaxed);
        if let Some((of, schema)) = &*cached
            && *of == version
        {
            return Arc::clone(schema);
        }
        let schema = Arc::new(self.build_schema());
        *cached = Some((version, Arc::clone(&schema)));
        schema
    }

    fn build_schema(&self) -> Schema {
        let families: Vec<_> = lock(&self.names).families.values().cloned().collect();
        let drafts = families.iter().map(|family| family.draft()).collect();
        let mut plan = Plan::default();
        let parts = Schema::assemble(drafts, |series, column, source| plan.add(series, column, source));
        Schema::new(parts, plan.finish())
    }
}
