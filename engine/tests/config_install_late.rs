//! A configuration that comes after the first use of the default registry, and reads the process's environment. A
//! program of its own, with one test: there is one default registry in a process.
#![forbid(unsafe_code)]

use tachometer::{ConfigErrorReason as Reason, MetricsConfig, RegisterErrorReason, default_registry};

#[test]
fn a_default_registry_that_is_there_already_cannot_be_configured() {
    default_registry().counter("early_total", "").unwrap().inc();
    // The harness's environment has no such variables.
    let config = MetricsConfig::from_env("TACHOMETER_TEST_OF_NO_VARIABLES").unwrap();
    assert_eq!(config, MetricsConfig::default());
    for _ in 0..2 {
        let error = config.install().unwrap_err();
        assert_eq!(error.setting(), "");
        let Reason::Illegal(source) = error.reason() else { panic!("{error}") };
        assert_eq!(source.reason(), &RegisterErrorReason::DefaultExists);
        let expected =
            "there is a default registry already; install one before its first use, at the start of main";
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(default_registry().snapshot().counter("early_total", &[]), Some(1));
}
