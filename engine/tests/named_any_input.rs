//! Metrics by name under any input: no panic, and what is no error is recorded, once.
#![forbid(unsafe_code)]

use std::{collections::HashMap, sync::Arc};

use proptest::{collection::vec, prelude::*};
use tachometer::{
    RegisterErrorReason as Reason, Registry,
    collector::{EngineCollector, InMemoryCollector, MetricsCollector},
    named::NamedMetrics,
};

#[derive(Clone, Debug)]
enum Call {
    Increment(f64),
    Set(f64),
    Add(f64),
    Observe(f64),
    Time,
    Track,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[ab]",
        2 => "[ab]_duration(_seconds)?",
        1 => Just("le".to_owned()),
        1 => "\\PC{0,3}",
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => (0_u16..100).prop_map(f64::from), 1 => any::<f64>()]
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => value().prop_map(Call::Increment),
        1 => value().prop_map(Call::Set),
        1 => value().prop_map(Call::Add),
        1 => value().prop_map(Call::Observe),
        1 => Just(Call::Time),
        1 => Just(Call::Track),
    ]
}

/// Names and values.
fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((text(), "\\PC{0,2}"), 0..4)
}

/// Makes the call, and says whether there was no error.
fn make(metrics: &NamedMetrics, call: &Call, name: &str, labels: &[(&str, &str)]) -> Result<(), Reason> {
    let result = match call {
        Call::Increment(value) => metrics.increment_counter(name, *value, labels),
        Call::Set(value) => metrics.set_gauge(name, *value, labels),
        Call::Add(value) => metrics.decrement_gauge(name, *value, labels),
        Call::Observe(value) => metrics.record_histogram(name, *value, labels),
        Call::Time => metrics.track_duration(name, labels).map(drop),
        Call::Track => metrics.track_active(name, labels).map(drop),
    };
    result.map_err(|error| error.reason().clone())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_every_name_keeps_what_its_first_use_said(
        calls in vec((call(), text(), labels()), 0..40),
    ) {
        let memory = Arc::new(InMemoryCollector::new());
        let engine = Arc::new(EngineCollector::new(&Registry::new()));
        let collectors: [Arc<dyn MetricsCollector>; 2] = [Arc::clone(&memory) as _, engine];
        let [in_memory, in_registry] = collectors.map(NamedMetrics::new);
        // What the first use of each name was: its kind and its labels.
        let mut declared: HashMap<&str, (u8, Vec<&str>)> = HashMap::new();
        let mut increments = 0.0;
        for (call, name, labels) in &calls {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
            let result = make(&in_memory, call, name, &labels);
            prop_assert_eq!(&result, &make(&in_registry, call, name, &labels));
            let names: Vec<&str> = labels.iter().map(|(name, _)| *name).collect();
            let kind = match call {
                Call::Increment(_) => 0,
                Call::Set(_) | Call::Add(_) | Call::Track => 1,
                Call::Observe(_) | Call::Time => 2,
            };
            let is_repeated = (1..names.len()).any(|at| names[..at].contains(&names[at]));
            match declared.get(&**name) {
                Some((known, _)) if *known != kind => {
                    let is_conflict = matches!(result, Err(Reason::TypeConflict { .. }));
                    prop_assert!(is_conflict, "{:?}", result);
                }
                Some((_, known)) => {
                    let fits = !is_repeated && names.iter().all(|name| known.contains(name));
                    prop_assert_eq!(result.is_ok(), fits, "{:?}", result);
                }
                None if result.is_ok() => {
                    prop_assert!(!is_repeated);
                    declared.insert(name, (kind, names));
                }
                None => {}
            }
            if let (Call::Increment(value), Ok(())) = (call, &result)
                && value.is_finite()
                && *value > 0.0
            {
                increments += value;
            }
        }
        let counted: f64 = memory.counters().values().sum();
        // The additions come in another order.
        prop_assert!(counted == increments || (counted / increments - 1.0).abs() < 1e-9);
    }
}
