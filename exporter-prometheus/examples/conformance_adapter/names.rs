//! What instruments and attributes of OpenTelemetry are called.

use serde_json::{Value, json};
use tachometer::{Counter, DynamicFamily, Gauge, Histogram, Metric, NamePolicy, Registry, Snapshot};

use crate::input::{Name, Rejection};

/// The policy of dashboards and alerts that were written by hand: no units.
const POLICY: NamePolicy = NamePolicy::WITHOUT_UNITS;
/// The most characters that an instrument's name may have.
const LONGEST_NAME: usize = 255;

/// What the samples of an instrument are called, by way of a registry.
pub(crate) fn of_instrument(name: &Name) -> Result<Value, Rejection> {
    let snapshot = registered(name)?;
    let family = snapshot.families().next().ok_or("a registered instrument is not in the snapshot")?;
    let suffix = if family.kind() == tachometer::MetricKind::Histogram { "_bucket" } else { "" };
    Ok(json!({ "sample_name": format!("{}{suffix}", family.name()) }))
}

/// What the label of an attribute is called.
pub(crate) fn of_attribute(name: &Name) -> Result<Value, Rejection> {
    let mut labels = Vec::new();
    for key in name.all() {
        let label = POLICY.label_name(key)?;
        if labels.contains(&label) {
            return Err(format!("two attributes become the label `{label}`; rename one of them").into());
        }
        labels.push(label);
    }
    Ok(json!({ "label_name": labels.first() }))
}

/// A snapshot of a registry with instruments of all these names.
fn registered(name: &Name) -> Result<Snapshot, Rejection> {
    let registry = Registry::builder().self_metrics(false).name_policy(POLICY).build()?;
    let kind = name.r#type.as_deref().unwrap_or("counter").to_lowercase().replace(['_', '-', ' '], "");
    for instrument in name.all() {
        check(instrument)?;
        match kind.strip_prefix("observable").unwrap_or(&kind) {
            "counter" => register::<Counter>(&registry, instrument, name),
            "histogram" => register::<Histogram>(&registry, instrument, name),
            "gauge" | "updowncounter" => register::<Gauge>(&registry, instrument, name),
            other => Err(format!("`{other}` is no kind of instrument").into()),
        }?;
    }
    Ok(registry.snapshot())
}

fn register<M: Metric>(registry: &Registry, instrument: &str, name: &Name) -> Result<(), Rejection> {
    let mut declaration = registry.declare(instrument, "");
    if let Some(unit) = &name.unit {
        declaration = declaration.unit(unit);
    }
    declaration.register::<DynamicFamily<M>>()?.with([])?;
    Ok(())
}

/// OpenTelemetry has a rule of its own for the names of instruments.
fn check(instrument: &str) -> Result<(), Rejection> {
    let is_legal = |character: char| character.is_ascii_alphanumeric() || "_.-/".contains(character);
    let begins_with_letter = instrument.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins_with_letter && instrument.chars().all(is_legal) && instrument.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(format!(
        "the instrument `{instrument}`: a name begins with a letter and has at most {LONGEST_NAME} letters, digits and \
         `_.-/`"
    )
    .into())
}
