//! Live metrics: registered, recorded, and read from a snapshot of the registry.

use tachometer::{
    Buckets, Counter, Declaration, DynamicFamily, FloatCounter, Gauge, Histogram, Metric as Handle, Registry,
    Snapshot,
};

use crate::hand_built;
use crate::input::{Decimal, Family, Metric, Rejection, Type};

/// The snapshot of a registry in which these families were registered and recorded.
pub(crate) fn snapshot(families: &[Family]) -> Result<Snapshot, Rejection> {
    let registry = Registry::builder().self_metrics(false).build()?;
    for family in families {
        // Constant labels of one family are those of a registry that holds nothing else.
        let mut own = registry.clone();
        for (name, value) in &family.const_labels {
            own = own.child("", [(name, value)])?;
        }
        record(&own, family)?;
    }
    let snapshot = registry.snapshot();
    if registry.callback_errors() > 0 {
        return Err("a family that has no handles is invalid, or has the name of another one".into());
    }
    Ok(snapshot)
}

fn record(registry: &Registry, family: &Family) -> Result<(), Rejection> {
    match family.r#type {
        Type::Counter
            if family.metrics.iter().flat_map(|metric| &metric.inc).all(|by| by.to_u64().is_ok()) =>
        {
            each(registry, family, None, |counter: Counter, metric| {
                metric.inc.iter().try_for_each(|by| by.to_u64().map(|by| counter.add(by)))
            })
        }
        Type::Counter => each(registry, family, None, |counter: FloatCounter, metric| {
            metric.inc.iter().try_for_each(|by| by.to_f64().map(|by| counter.add(by)))
        }),
        Type::Gauge => each(registry, family, None, |gauge: Gauge, metric| {
            metric.inc.iter().try_for_each(|by| by.to_f64().map(|by| gauge.add(by)))?;
            metric.value.iter().try_for_each(|value| value.to_f64().map(|value| gauge.set(value)))
        }),
        Type::Histogram => each(registry, family, bounds(family)?, |histogram: Histogram, metric| {
            metric.observe.iter().try_for_each(|value| value.to_f64().map(|value| histogram.observe(value)))
        }),
        // These have no handles: a collector gives them.
        Type::Summary | Type::Info | Type::StateSet | Type::Unknown => collect(registry, family),
    }
}

/// Registers the family, and calls `record` with each series.
fn each<M: Handle>(
    registry: &Registry,
    family: &Family,
    bounds: Option<Vec<f64>>,
    record: impl Fn(M, &Metric) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let help = family.help.as_deref().unwrap_or_default();
    let mut declaration: Declaration<'_> = registry.declare(&family.name, help).labels(label_names(family));
    if let Some(unit) = &family.unit {
        declaration = declaration.unit(unit);
    }
    if let Some(bounds) = bounds {
        declaration = declaration.buckets(Buckets::explicit(bounds));
    }
    let registered: DynamicFamily<M> = declaration.register()?;
    for metric in &family.metrics {
        let labels = metric.labels.iter().map(|(name, value)| (&**name, &**value));
        record(registered.with(labels)?, metric)?;
    }
    Ok(())
}

/// The names of the labels; those of the first series where they are not said.
fn label_names(family: &Family) -> Vec<&str> {
    match (&family.label_names, family.metrics.first()) {
        (Some(names), _) => names.iter().map(|name| &**name).collect(),
        (None, Some(first)) => first.labels.iter().map(|(name, _)| &**name).collect(),
        (None, None) => Vec::new(),
    }
}

/// The bounds of a histogram's buckets, which all its series have in common; `None` for those of the registry.
fn bounds(family: &Family) -> Result<Option<Vec<f64>>, Rejection> {
    let mut all = family.metrics.iter().filter_map(|metric| metric.bounds.as_ref());
    let read = |bounds: &Vec<Decimal>| bounds.iter().map(Decimal::to_f64).collect::<Result<Vec<f64>, _>>();
    let Some(first) = all.next().map(read).transpose()? else { return Ok(None) };
    for bounds in all {
        if read(bounds)? != first {
            return Err(format!("the series of `{}` have different bounds", family.name).into());
        }
    }
    Ok(Some(first))
}

fn collect(registry: &Registry, family: &Family) -> Result<(), Rejection> {
    // What it cannot make is a rejection with a reason; inside the collector it would only be counted.
    let _ = hand_built::build(family)?;
    let (name, family) = (family.name.clone(), family.clone());
    registry.collector(&name, move |out| {
        if let Ok(built) = hand_built::build(&family) {
            out.family(built);
        }
    })?;
    Ok(())
}
