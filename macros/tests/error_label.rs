//! `#[derive(ErrorLabel)]`: what errors are as labels.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "what an error holds is no part of its label")]

use std::{borrow::Cow, fmt, io};

use tachometer::{Counter, ErrorLabel, Family, LabelValue, Labels, Registry, ResultExt, labels::Domain};

fn written(value: &impl LabelValue) -> String {
    let mut text = String::new();
    value.write(&mut text).unwrap();
    text
}

/// The values of an error, after a look at whether each of these is the value at its index.
#[track_caller]
fn values<E: ErrorLabel, const LEN: usize>(errors: [E; LEN]) -> [&'static str; LEN] {
    const { assert!(E::Domain::CLOSED && E::COUNT == LEN) }
    let values = std::array::from_fn(E::value_at);
    for (index, error) in errors.iter().enumerate() {
        assert_eq!((error.index(), written(error).as_str()), (index, values[index]));
    }
    values
}

#[test]
fn variants_keep_their_spelling_whatever_they_hold() {
    #[derive(ErrorLabel)]
    enum LoadError {
        TimedOut,
        Io(io::Error),
        Rejected { row: u64, reason: String },
        KMSThrottlingException(),
        Both(u8, Box<dyn Fn()>),
        r#Static,
    }
    use LoadError::{Both, Io, KMSThrottlingException, Rejected, Static, TimedOut};
    let error = io::Error::other("on purpose");
    let rejected = Rejected { row: 7, reason: "because".to_owned() };
    assert_eq!(
        values([TimedOut, Io(error), rejected, KMSThrottlingException(), Both(1, Box::new(|| ())), Static]),
        ["TimedOut", "Io", "Rejected", "KMSThrottlingException", "Both", "Static"]
    );
}

#[test]
fn a_style_and_a_text_of_its_own_can_be_given() {
    #[derive(ErrorLabel)]
    #[label(rename_all = "kebab-case")]
    enum LoadError {
        TimedOut(u64),
        #[label("E 1205")]
        Deadlock {
            table: String,
        },
    }
    let deadlock = LoadError::Deadlock { table: "users".to_owned() };
    assert_eq!(values([LoadError::TimedOut(3), deadlock]), ["timed-out", "E 1205"]);
}

#[test]
fn a_struct_is_one_value() {
    #[derive(ErrorLabel)]
    struct RowRejected {
        row: u64,
    }
    #[derive(ErrorLabel)]
    #[label(rename_all = "snake_case")]
    struct ConnectionLost;
    #[derive(ErrorLabel)]
    struct Wrapped<E>(E);

    assert_eq!(values([RowRejected { row: 7 }]), ["RowRejected"]);
    assert_eq!(values([ConnectionLost]), ["connection_lost"]);
    assert_eq!(values([Wrapped(ConnectionLost)]), ["Wrapped"]);
    assert_eq!(ConnectionLost::value_at(1), "", "no such value, and no panic");
}

#[test]
fn parameters_need_no_bounds() {
    /// Neither a label value nor anything else.
    struct Opaque;

    #[derive(ErrorLabel)]
    enum ParseError<'a, T: ?Sized, const N: usize>
    where
        T: 'a,
    {
        Token(&'a T),
        Bytes([u8; N]),
        Text(Cow<'a, str>),
    }
    let errors: [ParseError<'_, Opaque, 2>; 3] =
        [ParseError::Token(&Opaque), ParseError::Bytes([1, 2]), ParseError::Text("x".into())];
    assert_eq!(values(errors), ["Token", "Bytes", "Text"]);
    assert_eq!(<ParseError<'_, str, 0> as LabelValue>::COUNT, 3);
}

#[test]
fn the_engine_is_where_the_attribute_says() {
    mod facade {
        pub(crate) use tachometer as engine;
    }
    #[derive(ErrorLabel)]
    #[label(crate = facade::engine, rename_all = "UPPERCASE")]
    enum LoadError {
        Empty,
    }
    assert_eq!(values([LoadError::Empty]), ["EMPTY"]);
}

#[test]
fn an_error_is_a_label_among_others() {
    #[derive(Debug, PartialEq, ErrorLabel)]
    enum LoadError {
        TimedOut { seconds: u64 },
        Rejected(u64),
    }
    impl fmt::Display for LoadError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("on purpose")
        }
    }
    impl std::error::Error for LoadError {}

    #[derive(Labels)]
    struct Failed<S = String> {
        system: S,
        error_type: LoadError,
        retried: bool,
    }
    let registry = Registry::new();
    let failed: Family<Failed, Counter> =
        registry.declare("failed_total", "Loads that failed.").register().unwrap();
    let error_type = LoadError::TimedOut { seconds: 3 };
    failed.series(&Failed { system: "postgresql", error_type, retried: true }).unwrap().inc();
    let errors: Family<LoadError, Counter> =
        registry.declare("errors_total", "Errors.").label("error_type").register().unwrap();
    assert_eq!(Err::<(), _>(LoadError::Rejected(7)).count_err(&errors), Err(LoadError::Rejected(7)));

    let snapshot = registry.snapshot();
    assert_eq!(snapshot.family("failed_total").unwrap().series().count(), 4);
    let labels = [("system", "postgresql"), ("error_type", "TimedOut"), ("retried", "true")];
    assert_eq!(snapshot.counter("failed_total", &labels), Some(1));
    assert_eq!(snapshot.counter("errors_total", &[("error_type", "Rejected")]), Some(1));
}
