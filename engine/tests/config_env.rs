//! A configuration is read from the environment of the process. The test runs itself again, in one with variables.
#![forbid(unsafe_code)]

use std::{env, process::Command};

use tachometer::MetricsConfig;

const VARIABLE: &str = "AMP_METRICS_NAMESPACE";

#[test]
fn a_configuration_is_read_from_the_environment() {
    if env::var_os(VARIABLE).is_none() {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", "a_configuration_is_read_from_the_environment"]);
        let output = again.env(VARIABLE, "amp").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let coded = || MetricsConfig { subsystem: "loader".into(), ..MetricsConfig::default() };
    assert_eq!(MetricsConfig::from_env("AMP").unwrap().namespace, "amp");
    assert_eq!(coded().with_env("AMP").unwrap(), MetricsConfig { namespace: "amp".into(), ..coded() });
    assert_eq!(MetricsConfig::from_env("SHOP").unwrap(), MetricsConfig::default());
}
