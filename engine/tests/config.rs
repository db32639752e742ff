//! A registry's options from code and from environment variables, and what is said of bad ones.
#![forbid(unsafe_code)]

use std::error::Error;

use tachometer::{
    BucketsError, ConfigError, ConfigErrorReason as Reason, MAX_BOUNDS, MetricsConfig, RegisterErrorReason,
    labels::MAX_LABEL_VALUE_BYTES,
};

/// The error that these variables of the prefix `AMP` make.
#[track_caller]
fn error(variable: &str, value: &str) -> ConfigError {
    MetricsConfig::from_vars("AMP", [(format!("AMP_METRICS_{variable}"), value)]).unwrap_err()
}

/// That the error names the variable, shows the value and ends so.
#[track_caller]
fn assert_says(variable: &str, value: &str, ending: &str) {
    let expected = format!("`AMP_METRICS_{variable}={value}`: {ending}");
    assert_eq!(error(variable, value).to_string(), expected);
}

#[test]
fn the_default_is_enabled_and_has_buckets_for_seconds() {
    let config = MetricsConfig::default();
    assert_eq!(config, MetricsConfig::from_vars("AMP", [] as [(&str, &str); 0]).unwrap());
    assert!(config.enabled && config.namespace.is_empty() && config.default_labels.is_empty());
    let registry = config.build().unwrap();
    registry.histogram("latency_seconds", "").unwrap().observe(0.02);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram("latency_seconds", &[]).unwrap().bounds(), config.histogram_buckets);
}

#[test]
fn every_option_reaches_the_registry() {
    let config = MetricsConfig {
        enabled: true,
        namespace: "amp".into(),
        subsystem: "loader".into(),
        default_labels: [("env".into(), "prod".into()), ("zone".into(), "eu".into())].into(),
        histogram_buckets: vec![0.001, 0.005, 0.01],
    };
    let registry = config.build().unwrap();
    registry.histogram("processing_latency_seconds", "").unwrap().observe(0.002);
    let snapshot = registry.snapshot();
    let labels = [("env", "prod"), ("zone", "eu")];
    let latency = snapshot.histogram("amp_loader_processing_latency_seconds", &labels).unwrap();
    assert_eq!((latency.bounds(), latency.counts()), (&[0.001, 0.005, 0.01][..], &[0, 1, 0, 0][..]));

    let off = MetricsConfig { enabled: false, ..config }.build().unwrap();
    off.counter("records_total", "").unwrap().inc();
    assert!(!off.is_enabled());
    assert_eq!(off.snapshot().families().len(), 0);
}

#[test]
fn the_builder_takes_options_that_a_configuration_does_not_have() {
    let config = MetricsConfig { namespace: "amp".into(), ..MetricsConfig::default() };
    let registry = config.builder().self_metrics(false).max_families(1).build().unwrap();
    let _only = registry.counter("a_total", "").unwrap();
    assert!(registry.counter("b_total", "").is_err());
    assert_eq!(registry.snapshot().counter("amp_a_total", &[]), Some(0));
}

#[test]
fn every_variable_sets_its_option() {
    let variables = [
        ("AMP_METRICS_ENABLED", "Off"),
        ("AMP_METRICS_NAMESPACE", "amp"),
        ("AMP_METRICS_SUBSYSTEM", " loader "),
        ("AMP_METRICS_DEFAULT_LABELS", "env=prod, zone=eu,path=a=b,empty="),
        ("AMP_METRICS_HISTOGRAM_BUCKETS", "0.001, 5e-3,1,+Inf"),
        // Others, and the program's own with the same beginning.
        ("PATH", "/bin"),
        ("AMP_METRICS_PORT", "9464"),
        ("AMP_METRICS_ENABLE_X", "1"),
        ("METRICS_ENABLED", "perhaps"),
    ];
    let config = MetricsConfig::from_vars("AMP", variables).unwrap();
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = MetricsConfig {
        enabled: false,
        namespace: "amp".into(),
        subsystem: "loader".into(),
        default_labels: [label("env", "prod"), label("zone", "eu"), label("path", "a=b"), label("empty", "")]
            .into(),
        histogram_buckets: vec![0.001, 0.005, 1.0, f64::INFINITY],
    };
    assert_eq!(config, expected);
    assert!(config.build().is_ok());
    assert!(!MetricsConfig::from_vars("", [("METRICS_ENABLED", "0")]).unwrap().enabled);
}

#[test]
fn yes_and_no_have_four_spellings_each_in_any_case() {
    let enabled = |text| MetricsConfig::from_vars("AMP", [("AMP_METRICS_ENABLED", text)]).unwrap().enabled;
    assert!(["true", "yes", "on", "1", "TRUE", "Yes"].map(enabled).iter().all(|enabled| *enabled));
    assert!(["false", "no", "off", "0", "False", "NO"].map(enabled).iter().all(|enabled| !*enabled));
    let advice = "use one of `true`, `yes`, `on`, `1`, or one of `false`, `no`, `off`, `0`";
    for other in ["maybe", "2", "y", "truee"] {
        assert_says("ENABLED", other, advice);
    }
}

#[test]
fn a_variable_takes_the_place_of_what_code_has_set_and_nothing_else() {
    let coded = MetricsConfig {
        namespace: "amp".into(),
        default_labels: [("env".into(), "dev".into()), ("zone".into(), "eu".into())].into(),
        ..MetricsConfig::default()
    };
    let config = coded.with_vars("AMP", [("AMP_METRICS_DEFAULT_LABELS", "env=prod")]).unwrap();
    assert_eq!(config.namespace, "amp");
    assert_eq!(config.default_labels, [("env".to_owned(), "prod".to_owned())].into());
}

#[test]
fn an_empty_variable_is_an_error() {
    for variable in ["ENABLED", "NAMESPACE", "SUBSYSTEM", "DEFAULT_LABELS", "HISTOGRAM_BUCKETS"] {
        assert_says(variable, "", "the value is empty; give one, or unset the variable");
        assert_eq!(error(variable, "  ").reason(), &Reason::Empty);
    }
}

#[test]
fn labels_without_a_value_twice_or_with_bad_names_are_errors() {
    let not_a_label =
        |part: &str| format!("`{part}` is not a label; write `name=value`, and commas between labels");
    assert_says("DEFAULT_LABELS", "env", &not_a_label("env"));
    assert_says("DEFAULT_LABELS", "env=prod,", &not_a_label(""));
    assert_says("DEFAULT_LABELS", "env=prod;zone=eu,x", &not_a_label("x"));
    let twice = "the label `env` occurs twice (constant labels count); leave one out";
    assert_says("DEFAULT_LABELS", "env=prod,env=dev", twice);
    let illegal = "may hold only letters, digits and `_`, and must not begin with a digit";
    assert_says("DEFAULT_LABELS", "my.env=prod", &format!("the label name `my.env` {illegal}"));
    assert_says("DEFAULT_LABELS", "=prod", &format!("the label name `` {illegal}"));
    assert_says("DEFAULT_LABELS", "__e=prod", "the label name `__e` is reserved; choose another");
    assert_says("DEFAULT_LABELS", "env=prod,le=x", "the label name `le` is reserved; choose another");
    let coded = MetricsConfig { default_labels: [("le".into(), "x".into())].into(), ..Default::default() };
    let reserved = "`default_labels`: the label name `le` is reserved; choose another";
    assert_eq!(coded.build().unwrap_err().to_string(), reserved);
    let longest = format!("env={}", "x".repeat(MAX_LABEL_VALUE_BYTES));
    assert!(MetricsConfig::from_vars("AMP", [("AMP_METRICS_DEFAULT_LABELS", longest.as_str())]).is_ok());
    let error = error("DEFAULT_LABELS", &format!("{longest}x"));
    assert!(error.to_string().contains("use a shorter one"), "{error}");
}

#[test]
fn buckets_that_are_no_numbers_do_not_rise_or_are_too_many_are_errors() {
    let not_a_number = |part: &str| {
        format!(
            "`{part}` is not a number; write the upper bounds with commas between them, as in `0.01,0.1,1`"
        )
    };
    assert_says("HISTOGRAM_BUCKETS", "1,two", &not_a_number("two"));
    assert_says("HISTOGRAM_BUCKETS", "1,,2", &not_a_number(""));
    assert_says("HISTOGRAM_BUCKETS", "1;2", &not_a_number("1;2"));
    let rise = "give them in increasing order, each once";
    assert_says("HISTOGRAM_BUCKETS", "2,1", &format!("the bucket bound 1 follows 2; {rise}"));
    assert_says("HISTOGRAM_BUCKETS", "1,1", &format!("the bucket bound 1 follows 1; {rise}"));
    assert_says("HISTOGRAM_BUCKETS", "nan", "a bucket's bound is NaN or -Inf; give finite bounds");
    assert_says("HISTOGRAM_BUCKETS", "inf", "the buckets have no finite bound; give at least one");
    let many = (0..=MAX_BOUNDS).map(|bound| bound.to_string()).collect::<Vec<_>>().join(",");
    let too_many = BucketsError::TooMany(MAX_BOUNDS + 1);
    let error = error("HISTOGRAM_BUCKETS", &many);
    assert_eq!(error.source().unwrap().to_string(), format!("registry: {too_many}"));
}

#[test]
fn a_prefix_that_no_name_can_have_is_an_error() {
    let illegal = "may hold only letters, digits, `_` and `:`, and must not begin with a digit";
    assert_says("NAMESPACE", "my-app", &format!("the prefix `my-app` {illegal}"));
    assert_says("SUBSYSTEM", "2nd", &format!("the prefix `2nd` {illegal}"));
    let error = error("NAMESPACE", "a\nb");
    assert!(error.to_string().starts_with("`AMP_METRICS_NAMESPACE=a\\nb`: "), "{error}");
    assert_eq!(error.setting(), "AMP_METRICS_NAMESPACE");
}

#[test]
fn a_variable_of_nearly_a_known_name_is_an_error_that_says_which() {
    for (misspelt, meant) in [
        ("NAMESPCE", "NAMESPACE"),
        ("ENABLE", "ENABLED"),
        ("BUCKETS", "HISTOGRAM_BUCKETS"),
        ("LABEL", "DEFAULT_LABELS"),
        ("SUBSYS", "SUBSYSTEM"),
    ] {
        let advice = format!(
            "there is no such variable; call it `AMP_METRICS_{meant}`, if that was meant, or unset it"
        );
        assert_says(misspelt, "x", &advice);
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_an_error_and_that_of_another_is_none() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let value = OsStr::from_bytes(b"am\xffp");
    let error = MetricsConfig::from_vars("AMP", [("AMP_METRICS_NAMESPACE", value)]).unwrap_err();
    assert_eq!(error.reason(), &Reason::NotUnicode);
    let expected =
        "`AMP_METRICS_NAMESPACE=am\u{fffd}p`: the value is not UTF-8; correct it, or unset the variable";
    assert_eq!(error.to_string(), expected);
    assert!(MetricsConfig::from_vars("AMP", [("AMP_METRICS_PATH", value)]).is_ok());
    assert!(MetricsConfig::from_vars("AMP", [(value, "x")]).is_ok());
}

#[test]
fn what_is_wrong_in_code_names_the_field_and_has_the_registrys_error_as_its_source() {
    let build = |config: MetricsConfig| config.build().unwrap_err();
    let default = MetricsConfig::default;
    let error = build(MetricsConfig { subsystem: "a b".into(), ..default() });
    assert!(error.to_string().starts_with("`subsystem`: the prefix `a b` may hold only"), "{error}");
    let Reason::Illegal(source) = error.reason() else { panic!("{error}") };
    assert_eq!(source.reason(), &RegisterErrorReason::IllegalPrefix("a b".into()));
    assert!(error.source().is_some_and(|source| source.is::<tachometer::RegisterError>()));

    let error = build(MetricsConfig { histogram_buckets: vec![], ..default() });
    assert_eq!(error.to_string(), "`histogram_buckets`: the buckets have no finite bound; give at least one");
    let error = build(MetricsConfig { default_labels: [("1".into(), String::new())].into(), ..default() });
    assert_eq!(error.setting(), "default_labels");

    // Also when it comes to light while the variables are read, which are not to blame.
    let bad = MetricsConfig { namespace: "a-b".into(), ..default() };
    let error = bad.with_vars("AMP", [("AMP_METRICS_ENABLED", "1")]).unwrap_err();
    assert_eq!(error.setting(), "namespace");
}
