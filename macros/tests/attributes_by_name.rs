//! The attributes by name, which record in the default collector. The tests share it, and each has names of its own.
#![forbid(unsafe_code)]

#[macro_use]
#[path = "common/forms.rs"]
mod forms;
#[path = "common/metrics.rs"]
mod metrics;

use std::{
    num::ParseIntError,
    panic,
    sync::{Arc, LazyLock},
};

use metrics::{LoadError, Method, load};
use tachometer::{
    collector::{InMemoryCollector, set_default_collector},
    counted, timed, track_errors, tracked,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

fn collected() -> Arc<InMemoryCollector> {
    static COLLECTOR: LazyLock<Arc<InMemoryCollector>> = LazyLock::new(|| {
        let collector = Arc::new(InMemoryCollector::new());
        set_default_collector(Arc::<InMemoryCollector>::clone(&collector));
        collector
    });
    Arc::clone(&COLLECTOR)
}

fn number(key: &str) -> Option<f64> {
    collected().get(key).and_then(|recorded| recorded.number())
}

fn count(key: &str) -> Option<u64> {
    collected().get(key).and_then(|recorded| recorded.distribution().map(|of| of.count()))
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

macro_rules! now {
    (pause) => {};
    ($call:expr) => {
        $call
    };
}

macro_rules! awaited {
    (pause) => {
        yield_now().await
    };
    ($call:expr) => {
        runtime().block_on($call)
    };
}

#[test]
fn every_form_of_function_is_recorded_once_a_call() {
    forms!(self now []
        #[timed("forms_duration", service = self.name)]
        #[tracked("forms_active", service = self.name)]
        #[counted("forms_calls", service = self.name)]
        #[track_errors("forms_errors", service = self.name)]
    );
    collected();
    let calls = call_all(&metrics::Seen::new());
    assert_eq!(count("forms_duration_seconds{service=name}"), Some(calls));
    assert_eq!(number("forms_active{service=name}"), Some(0.0));
    assert_eq!(number("forms_calls{service=name}"), Some(calls as f64));
    let functions = [
        "shared",
        "exclusive",
        "owned",
        "counted_reference",
        "generic",
        "opaque",
        "question_mark",
        "early_return",
        "lifetimes",
        "patterns",
    ];
    for function in functions {
        let error_type = if function == "question_mark" { "Malformed" } else { "Rejected" };
        let key = format!("forms_errors{{error_type={error_type},function={function},service=name}}");
        assert_eq!(number(&key), Some(1.0), "{key}");
    }
}

#[test]
fn every_form_of_asynchronous_function_is_recorded_once_a_call() {
    forms!(self awaited [async]
        #[track_errors("async_errors", service = self.name, function = "any", error_type = "any")]
        #[counted("async_calls", service = self.name)]
        #[timed("async_duration", service = self.name)]
        #[tracked("async_active", service = self.name)]
    );
    collected();
    let calls = call_all(&metrics::Seen::new());
    assert_eq!(count("async_duration_seconds{service=name}"), Some(calls));
    assert_eq!(number("async_active{service=name}"), Some(0.0));
    assert_eq!(number("async_calls{service=name}"), Some(calls as f64));
    let errors = number("async_errors{error_type=any,function=any,service=name}");
    assert_eq!(errors, Some(calls as f64 / 2.0));
}

#[test]
fn labels_are_whatever_is_a_label_value() {
    #[counted(
        "values_calls",
        literal = "a \"b\"",
        method = method,
        number = number + 1,
        owned = owned,
        nothing = None::<&str>,
        shown = format_args!("{:?}", [number; 2]),
        long = "x".repeat(50),
        type = "keyword",
        r#fn = true,
    )]
    #[timed("values_duration", method = method, owned = &owned)]
    #[tracked("values_active", owned = owned)]
    fn serve(method: Method, number: u8, owned: String) -> String {
        assert_eq!(number_of_active(&owned), Some(1.0));
        assert_eq!(u8::from(matches!(method, Method::Put)), number - 3);
        owned
    }
    collected();
    assert_eq!(serve(Method::Put, 4, "moved".to_owned()), "moved");
    let long = "x".repeat(50);
    let key = format!(
        "values_calls{{fn=true,literal=a \"b\",long={long},method=put,nothing=,number=5,owned=moved,shown=[4, 4],\
         type=keyword}}"
    );
    assert_eq!(number(&key), Some(1.0), "{:?}", collected().counters());
    assert_eq!(count("values_duration_seconds{method=put,owned=moved}"), Some(1));
    assert_eq!(number("values_active{owned=moved}"), Some(0.0));
}

fn number_of_active(owned: &str) -> Option<f64> {
    number(&format!("values_active{{owned={owned}}}"))
}

#[test]
fn errors_are_counted_by_their_type_and_the_functions_name() {
    #[track_errors]
    fn with_nothing_said() -> Result<u64, LoadError> {
        load(true)
    }
    #[track_errors(endpoint = "/query")]
    fn with_a_label(text: &str) -> Result<u64, ParseIntError> {
        text.parse()
    }
    #[track_errors("error_count", endpoint = endpoint)]
    fn with_a_name<E: Into<LoadError>>(endpoint: &str, result: Result<u64, E>) -> Result<u64, E> {
        let _ = endpoint;
        result
    }
    #[track_errors(error_type = "any", function = "given")]
    async fn with_all_given(fail: bool) -> Result<u64, LoadError> {
        load(fail)
    }
    #[track_errors(endpoint = "/boxed")]
    fn boxed() -> Result<(), Box<dyn std::error::Error>> {
        with_a_label("x")?;
        Ok(())
    }
    collected();
    // The first use declares the labels; without an endpoint it is empty.
    assert!(with_a_label("x").is_err() && with_a_label("1").is_ok());
    assert!(with_nothing_said().is_err() && boxed().is_err());
    assert!(with_a_name("/a", load(true)).is_err() && with_a_name("/a", load(false)).is_ok());
    assert!(with_a_name("/b", "".parse::<u64>()).is_err());
    assert!(runtime().block_on(with_all_given(true)).is_err());
    assert!(runtime().block_on(with_all_given(false)).is_ok());
    for (error_type, endpoint, function, times) in [
        ("ParseIntError", "/query", "with_a_label", 2.0),
        ("Rejected", "", "with_nothing_said", 1.0),
        ("Error", "/boxed", "boxed", 1.0),
        // Nothing says of the parameter that it has a label.
        ("LoadError", "/a", "with_a_name", 1.0),
        ("ParseIntError", "/b", "with_a_name", 1.0),
        ("any", "", "given", 1.0),
    ] {
        let key = format!("error_count{{endpoint={endpoint},error_type={error_type},function={function}}}");
        assert_eq!(number(&key), Some(times), "{key}: {:?}", collected().counters());
    }
}

#[test]
fn a_panic_ends_what_has_begun() {
    #[timed("panic_duration")]
    #[tracked("panic_active")]
    #[counted("panic_calls")]
    #[track_errors("panic_errors")]
    fn work(panics: bool) -> Result<u64, LoadError> {
        if panics {
            // Without the hook, which prints.
            panic::resume_unwind(Box::new("on purpose"));
        }
        load(false)
    }
    collected();
    assert_eq!(work(false), Ok(7));
    panic::catch_unwind(|| work(true)).unwrap_err();
    assert_eq!(
        (count("panic_duration_seconds"), number("panic_active"), number("panic_calls")),
        (Some(2), Some(0.0), Some(2.0))
    );
    assert_eq!(number("panic_errors{error_type=Rejected,function=work}"), None);
}

#[test]
fn tasks_that_are_cancelled_end_what_has_begun() {
    #[timed("task_duration", kind = kind)]
    #[tracked("task_active", kind = kind)]
    async fn wait(kind: &'static str, begun: tokio::sync::oneshot::Sender<()>) {
        begun.send(()).unwrap();
        std::future::pending::<()>().await;
    }
    collected();
    runtime().block_on(async {
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(wait("idle", begun));
        has_begun.await.unwrap();
        assert_eq!(
            (number("task_active{kind=idle}"), count("task_duration_seconds{kind=idle}")),
            (Some(1.0), None)
        );
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(
        (number("task_active{kind=idle}"), count("task_duration_seconds{kind=idle}")),
        (Some(0.0), Some(1))
    );
}

#[test]
fn what_cannot_be_recorded_leaves_the_function_alone() {
    #[counted("clash")]
    fn declares() {}
    #[timed("clash")]
    #[tracked("clash")]
    #[track_errors("clash")]
    fn clashes(fail: bool) -> Result<u64, LoadError> {
        load(fail)
    }
    #[counted("unwritable", value = Unwritable)]
    fn with_a_value_that_cannot_be_written() {}

    struct Unwritable;
    impl tachometer::LabelValue for Unwritable {
        type Domain = tachometer::labels::Open;

        fn write(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result {
            to.write_str("half of it")?;
            Err(std::fmt::Error)
        }
    }
    collected();
    declares();
    assert_eq!((clashes(false), clashes(true)), (Ok(7), Err(LoadError::Rejected { row: 7 })));
    assert_eq!(number("clash"), Some(1.0));
    with_a_value_that_cannot_be_written();
    assert_eq!(number("unwritable{value=}"), Some(1.0));
}
