//! The configuration of the default registry. A program of its own, with one test: there is one in a process.
#![forbid(unsafe_code)]

use std::{ptr, thread};

use tachometer::{
    ConfigErrorReason as Reason, MetricsConfig, RegisterErrorReason, Registry, default_registry,
};

#[test]
fn the_first_configuration_makes_the_default_registry_and_a_second_one_must_be_the_same() {
    let config = MetricsConfig {
        namespace: "amp".into(),
        default_labels: [("env".into(), "prod".into())].into(),
        histogram_buckets: vec![0.5, 1.0],
        ..MetricsConfig::default()
    };
    // One that is illegal installs nothing.
    assert!(MetricsConfig { histogram_buckets: vec![1.0, 0.5], ..config.clone() }.install().is_err());

    let registry = config.install().unwrap();
    assert!(ptr::eq(registry, default_registry()));
    registry.counter("records_processed_total", "").unwrap().inc();
    let count = default_registry().snapshot().counter("amp_records_processed_total", &[("env", "prod")]);
    assert_eq!(count, Some(1));

    // The same again, from code, from variables, with its bounds spelt otherwise, and on many threads at once.
    let variables = [
        ("AMP_METRICS_NAMESPACE", "amp"),
        ("AMP_METRICS_DEFAULT_LABELS", "env=prod"),
        ("AMP_METRICS_HISTOGRAM_BUCKETS", "5e-1,1.00,+Inf"),
    ];
    let same = MetricsConfig::from_vars("AMP", variables).unwrap();
    thread::scope(|scope| {
        for config in [&config, &same, &config, &same] {
            scope.spawn(move || assert!(ptr::eq(config.install().unwrap(), registry)));
        }
    });

    let differing = [
        (MetricsConfig { enabled: false, ..config.clone() }, "`enabled=false`", "`true`"),
        (MetricsConfig { namespace: "shop".into(), ..config.clone() }, "`namespace=shop`", "`amp`"),
        (MetricsConfig { subsystem: "loader".into(), ..config.clone() }, "`subsystem=loader`", "``"),
        (
            MetricsConfig { default_labels: [("env".into(), "dev".into())].into(), ..config.clone() },
            "`default_labels=env=dev`",
            "`env=prod`",
        ),
        (
            MetricsConfig { histogram_buckets: vec![0.5, 1.0, 2.0], ..config.clone() },
            "`histogram_buckets=0.5,1,2`",
            "`0.5,1`",
        ),
    ];
    for (other, given, installed) in differing {
        let error = other.install().unwrap_err();
        assert!(matches!(error.reason(), Reason::Differs { .. }), "{error}");
        let advice = "configure it once, or each time alike";
        let expected = format!("{given}: the default registry was made with {installed}; {advice}");
        assert_eq!(error.to_string(), expected);
    }
    // It has stayed as it was, and cannot be had otherwise.
    assert!(default_registry().is_enabled());
    let error = Registry::builder().install().unwrap_err();
    assert_eq!(error.reason(), &RegisterErrorReason::DefaultExists);
}
