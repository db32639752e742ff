//! Snapshots that are built by hand.

use std::time::{Duration, UNIX_EPOCH};

use tachometer::{Exemplar, FamilyBuilder, MetricKind, Number, Snapshot};

use crate::input::{self, Bucket, Decimal, Family, Metric, Rejection, Type};

/// The snapshot that holds these families. One without metrics is refused, as Prometheus' Go library does.
pub(crate) fn snapshot(families: &[Family]) -> Result<Snapshot, Rejection> {
    let mut snapshot = Snapshot::builder();
    for family in families {
        if family.metrics.is_empty() {
            return Err(format!("family `{}` has no metrics", family.name).into());
        }
        snapshot = snapshot.family(build(family)?);
    }
    Ok(snapshot.build()?)
}

/// The family with all its series.
pub(crate) fn build(family: &Family) -> Result<FamilyBuilder, Rejection> {
    let mut built = FamilyBuilder::new(&family.name, kind(family.r#type));
    if let Some(help) = &family.help {
        built = built.help(help);
    }
    if let Some(unit) = &family.unit {
        built = built.unit(unit);
    }
    for metric in &family.metrics {
        built = add(built, family.r#type, metric)?;
        if let Some(timestamp_ms) = metric.timestamp_ms {
            built = built.timestamp_ms(timestamp_ms);
        }
        built = add_exemplars(built, metric)?;
    }
    Ok(built)
}

fn kind(kind: Type) -> MetricKind {
    match kind {
        Type::Counter => MetricKind::Counter,
        Type::Gauge => MetricKind::Gauge,
        Type::Histogram => MetricKind::Histogram,
        Type::Summary => MetricKind::Summary,
        Type::Info => MetricKind::Info,
        Type::StateSet => MetricKind::StateSet,
        Type::Unknown => MetricKind::Unknown,
    }
}

fn add(family: FamilyBuilder, kind: Type, metric: &Metric) -> Result<FamilyBuilder, Rejection> {
    let labels = metric.labels.iter().map(|(name, value)| (&**name, &**value));
    Ok(match kind {
        Type::Histogram => {
            let buckets = needed(&metric.buckets, "buckets")?.iter().map(Bucket::upto);
            let buckets = buckets.collect::<Result<Vec<_>, _>>()?;
            let last = buckets.last().map_or(0, |(_, count)| *count);
            family.histogram(
                labels,
                &buckets,
                or(&metric.sum, Decimal::to_f64, 0.0)?,
                or(&metric.count, Decimal::to_u64, last)?,
            )
        }
        Type::Summary => {
            let quantiles = pairs(metric.quantiles.as_deref().unwrap_or_default(), Decimal::to_f64)?;
            family.summary(
                labels,
                &quantiles,
                or(&metric.sum, Decimal::to_f64, 0.0)?,
                or(&metric.count, Decimal::to_u64, 0)?,
            )
        }
        Type::StateSet => {
            let states = needed(&metric.states, "states")?.iter();
            let states: Vec<(&str, bool)> =
                states.map(|(name, value)| Ok((&**name, is_on(value)?))).collect::<Result<_, Rejection>>()?;
            family.state_set(labels, &states)
        }
        Type::Info => {
            if or(&metric.value, Decimal::to_f64, 1.0)? != 1.0 {
                return Err("the value of an info is 1".into());
            }
            family.info(labels)
        }
        Type::Counter => family.number(labels, counted(needed(&metric.value, "value")?)?),
        Type::Gauge | Type::Unknown => {
            family.number(labels, Number::F64(needed(&metric.value, "value")?.to_f64()?))
        }
    })
}

/// Adds the exemplars of the buckets, and that of the series: in a histogram, of the bucket that its value is in.
fn add_exemplars(mut family: FamilyBuilder, metric: &Metric) -> Result<FamilyBuilder, Rejection> {
    let buckets = metric.buckets.as_deref().unwrap_or_default();
    for (index, exemplar) in
        buckets.iter().enumerate().filter_map(|(index, bucket)| Some((index, bucket.exemplar()?)))
    {
        family = add_exemplar(family, index, exemplar)?;
    }
    let Some(exemplar) = &metric.exemplar else { return Ok(family) };
    let value = exemplar.value.to_f64()?;
    let bounds = buckets.iter().map(|bucket| Ok(bucket.upto()?.0)).collect::<Result<Vec<_>, Rejection>>()?;
    add_exemplar(family, bounds.iter().take_while(|bound| **bound < value).count(), exemplar)
}

/// Adds an exemplar. One that cannot be costs itself and not the sample.
fn add_exemplar(
    family: FamilyBuilder,
    bucket: usize,
    given: &input::Exemplar,
) -> Result<FamilyBuilder, Rejection> {
    let labels = given.labels.clone().into_pairs();
    let labels = labels.iter().map(|(name, value)| (&**name, value));
    let Ok(mut exemplar) = Exemplar::new(labels, given.value.to_f64()?) else { return Ok(family) };
    if let Some(timestamp_ms) = given.timestamp_ms {
        exemplar = exemplar.at(UNIX_EPOCH + Duration::from_millis(timestamp_ms));
    } else if let Some(timestamp) = &given.timestamp {
        exemplar = exemplar.at(UNIX_EPOCH + Duration::try_from_secs_f64(timestamp.to_f64()?)?);
    }
    Ok(family.exemplar(bucket, exemplar))
}

/// The value of a counter: whole and exact where it can be.
fn counted(value: &Decimal) -> Result<Number, Rejection> {
    value.to_u64().map(Number::U64).or_else(|_| value.to_f64().map(Number::F64))
}

fn is_on(state: &Decimal) -> Result<bool, Rejection> {
    match state.to_f64()? {
        0.0 => Ok(false),
        1.0 => Ok(true),
        other => Err(format!("a state is 0 or 1, and not {other}").into()),
    }
}

fn pairs<T>(
    given: &[(Decimal, Decimal)],
    read: fn(&Decimal) -> Result<T, Rejection>,
) -> Result<Vec<(f64, T)>, Rejection> {
    given.iter().map(|(at, value)| Ok((at.to_f64()?, read(value)?))).collect()
}

fn or<T>(
    given: &Option<Decimal>,
    read: fn(&Decimal) -> Result<T, Rejection>,
    otherwise: T,
) -> Result<T, Rejection> {
    given.as_ref().map_or(Ok(otherwise), read)
}

fn needed<'a, T>(given: &'a Option<T>, what: &str) -> Result<&'a T, Rejection> {
    given.as_ref().ok_or_else(|| format!("a series of this type needs `{what}`").into())
}
