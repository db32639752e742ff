//! Errors counted by their type: by a label that is known beforehand, or by the name of the type.
#![forbid(unsafe_code)]

use std::{error::Error, io, num::ParseIntError, sync::Arc, thread};

use tachometer::{
    CountError, Counter, ErrorLabel, ErrorName, Family, FunctionErrors, Labels, Registry, ResultExt,
};

#[derive(Debug, ErrorLabel)]
enum LoadError {
    TimedOut,
    Rejected { row: u64 },
    Io(io::Error),
}

fn load(row: u64) -> Result<u64, LoadError> {
    match row % 4 {
        0 => Err(LoadError::TimedOut),
        1 => Err(LoadError::Rejected { row }),
        2 => Err(io::Error::other("on purpose").into()),
        _ => Ok(row),
    }
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[track_caller]
fn assert_counted(registry: &Registry, labels: &[(&str, &str)], counted: &[(&str, Option<u64>)]) {
    let snapshot = registry.snapshot();
    for (error_type, times) in counted {
        let labels = [labels, &[("error_type", *error_type)]].concat();
        assert_eq!(snapshot.counter("errors_total", &labels), *times, "{labels:?}");
    }
}

#[test]
fn every_known_error_has_a_series_from_the_start() {
    let registry = Registry::new();
    let errors: Family<LoadError, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    assert_counted(&registry, &[], &[("TimedOut", Some(0)), ("Rejected", Some(0)), ("Io", Some(0))]);
    for row in 0..10 {
        let result = load(row).count_err(&errors);
        // The result is handed on as it was.
        assert_eq!(result.is_ok(), row % 4 == 3);
        match result {
            Err(LoadError::Rejected { row: rejected }) => assert_eq!(rejected, row),
            Err(LoadError::Io(error)) => assert_eq!(error.to_string(), "on purpose"),
            _ => {}
        }
    }
    assert_counted(&registry, &[], &[("TimedOut", Some(3)), ("Rejected", Some(3)), ("Io", Some(2))]);
}

#[test]
fn threads_lose_no_error() {
    const THREADS: u64 = 8;
    const LOADS: u64 = 10_000;
    let registry = Registry::new();
    let errors: Family<LoadError, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    let names: Family<ErrorName, Counter> =
        registry.declare("names_total", "Errors.").label("error_type").register().unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for row in 0..LOADS {
                    let _ = load(row).count_err(&errors).count_err(&names);
                }
            });
        }
    });
    let each = Some(THREADS * LOADS / 4);
    assert_counted(&registry, &[], &[("TimedOut", each), ("Rejected", each), ("Io", each)]);
    let snapshot = registry.snapshot();
    let all = snapshot.counter("names_total", &[("error_type", "LoadError")]);
    assert_eq!(all, Some(THREADS * LOADS / 4 * 3));
}

#[test]
fn an_error_without_a_label_is_counted_by_the_name_of_its_type() {
    let registry = Registry::new();
    let errors: Family<ErrorName, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    assert_counted(&registry, &[], &[("ParseIntError", None)]);

    let parse = |text: &str| text.parse::<u32>().count_err(&errors);
    assert!(parse("x").is_err() && parse("").is_err() && parse("1").is_ok());
    // Of whatever type: the label's own, a string, a box, a reference.
    let _ = load(1).count_err(&errors);
    let _ = Err::<(), _>("text").count_err(&errors);
    let _ = Err::<(), Box<dyn Error + Send + Sync>>("text".into()).count_err(&errors);
    let _ = Err::<(), _>(&parse("x").unwrap_err()).count_err(&errors);
    CountError::<dyn Error>::count_error(&errors, &io::Error::other("on purpose"));
    assert_counted(
        &registry,
        &[],
        &[("ParseIntError", Some(4)), ("LoadError", Some(1)), ("str", Some(1)), ("Error", Some(2))],
    );
}

#[test]
fn errors_are_counted_beside_other_labels() {
    #[derive(Labels)]
    struct Failed {
        system: String,
        table: String,
        error_type: LoadError,
    }
    let registry = Registry::new();
    let errors: Family<Failed, Counter> = registry.declare("errors_total", "Errors.").register().unwrap();
    let users: Family<LoadError, Counter> = errors.with(("postgresql", "users")).unwrap();
    for row in 0..3 {
        assert!(load(row).count_err(&users).is_err());
        // A look-up as it comes.
        assert!(load(row).count_err(&errors.with(("mysql", "orders"))).is_err());
    }
    let each_once = [("TimedOut", Some(1)), ("Rejected", Some(1)), ("Io", Some(1))];
    assert_counted(&registry, &[("system", "postgresql"), ("table", "users")], &each_once);
    assert_counted(&registry, &[("system", "mysql"), ("table", "orders")], &each_once);
}

#[test]
fn a_failed_look_up_counts_nothing_and_is_counted_itself() {
    let registry = Registry::builder().self_metrics(true).build().unwrap();
    let errors: Family<(String, LoadError), Counter> =
        registry.declare("errors_total", "Errors.").labels(["system", "error_type"]).register().unwrap();
    let too_long = "x".repeat(70_000);
    assert!(load(0).count_err(&errors.with(too_long.as_str())).is_err());
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.family("errors_total").unwrap().series().count(), 0);
    let reason = [("reason", "label_value_too_long")];
    assert_eq!(snapshot.counter("tachometer_registration_errors_total", &reason), Some(1));
}

#[test]
fn a_disabled_registry_counts_no_errors() {
    let registry = Registry::builder().enabled(false).build().unwrap();
    let errors: Family<LoadError, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    let names: Family<ErrorName, Counter> =
        registry.declare("names_total", "Errors.").label("error_type").register().unwrap();
    assert!(load(0).count_err(&errors).count_err(&names).is_err());
    assert_eq!(registry.snapshot().families().count(), 0);
}

#[test]
fn errors_of_any_type_may_share_one_counter() {
    let registry = Registry::new();
    let all = registry.counter("all_total", "Errors.").unwrap();
    let by_type: Family<LoadError, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    assert!("x".parse::<u8>().count_err(&all).is_err());
    assert!(load(0).count_err(&all).is_err());
    assert_eq!(all.value(), 2);

    let (error, borrowed) = (LoadError::TimedOut, &by_type);
    let at_hand = [
        CountError::<LoadError>::counter_of(&all, &error),
        CountError::<LoadError>::counter_of(&by_type, &error),
        CountError::<LoadError>::counter_of(&borrowed, &error),
    ];
    at_hand.iter().for_each(|counter| counter.unwrap().inc());
    assert_eq!(all.value(), 3);
    assert_counted(&registry, &[], &[("TimedOut", Some(2))]);
    let names: Family<ErrorName, Counter> =
        registry.declare("names_total", "Errors.").label("error_type").register().unwrap();
    assert!(CountError::<LoadError>::counter_of(&names, &error).is_none(), "it is to be looked up");
}

#[test]
fn the_counting_family_may_be_behind_a_reference_or_a_bound() {
    fn parse(text: &str, errors: &impl CountError<ParseIntError>) -> Result<u8, ParseIntError> {
        text.parse().count_err(errors)
    }
    let registry = Registry::new();
    let errors: Family<ErrorName, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    let shared = Arc::new(errors);
    assert!(parse("x", &*shared).is_err() && parse("x", &&*shared).is_err() && parse("7", &*shared) == Ok(7));
    assert_counted(&registry, &[], &[("ParseIntError", Some(2))]);
}

#[test]
fn errors_are_counted_by_the_function_that_returned_them() {
    let registry = Registry::new();
    let by_label: Family<FunctionErrors<LoadError>, Counter> =
        registry.declare("load_errors_total", "Errors of loads.").register().unwrap();
    let by_name: Family<FunctionErrors, Counter> =
        registry.declare("errors_total", "Errors.").register().unwrap();

    let error = load(1).unwrap_err();
    by_label.count_error_of(&error, "load");
    by_label.count_error(&error);
    by_name.count_error_of(&error, "load");
    let _ = load(1).count_err(&by_name);

    let snapshot = registry.snapshot();
    for function in ["load", ""] {
        for (metric, error_type) in [("load_errors_total", "Rejected"), ("errors_total", "LoadError")] {
            let labels = [("error_type", error_type), ("function", function)];
            assert_eq!(snapshot.counter(metric, &labels), Some(1), "{metric} {labels:?}");
        }
    }
}
