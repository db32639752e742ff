//! Reads a snapshot of the engine into a ledger.

use tachometer::{Registry, Value};

use crate::{account::Shown, ledger::Ledger};

/// Takes a snapshot of the registry, and writes all that it shows into the ledger.
pub fn snapshot(ledger: &Ledger, registry: &Registry) {
    ledger.read(|| {
        let snapshot = registry.snapshot();
        let series =
            snapshot.families().flat_map(|family| family.series().map(move |series| (family, series)));
        series
            .map(|(family, series)| {
                let labels: Vec<String> =
                    series.labels().map(|(name, value)| format!("{name}={value}")).collect();
                (family.name().to_owned(), labels.join(","), shown(series.value()))
            })
            .collect()
    });
}

fn shown(value: Value<'_>) -> Shown {
    match value {
        Value::Number(number) => Shown::Number(number.as_f64()),
        Value::Histogram(histogram) => {
            Shown::Buckets { counts: histogram.counts().to_vec(), sum: histogram.sum() }
        }
        other => panic!("no scenario has {other:?}"),
    }
}
