//! The attributes wherever they may stand: under strict lints, in macros, beside names that are theirs, without the
//! prelude, and in crates that have the engine elsewhere.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(clippy::redundant_pub_crate, reason = "this workspace says how far a name reaches")]
#![deny(
    missing_docs,
    missing_debug_implementations,
    single_use_lifetimes,
    unreachable_pub,
    unused_qualifications,
    noop_method_call
)]

use std::sync::{Arc, Mutex, PoisonError};

use tachometer::{Counter, ErrorLabel, Family, Histogram, Metrics, Outcome, Registry, UpDownCounter};

/// Where a crate may re-export the engine.
pub mod facade {
    pub use tachometer as engine;
}

/// An error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ErrorLabel)]
pub enum LoadError {
    /// Empty.
    Empty,
}

/// Metrics.
#[derive(Clone, Debug, Metrics)]
pub struct Service {
    /// Time.
    pub time: Histogram,
    /// Calls.
    pub calls: Counter,
    /// Under way.
    pub active: UpDownCounter,
    /// Errors.
    #[metric(label = "error_type")]
    pub errors: Family<LoadError, Counter>,
    /// Time by outcome.
    #[metric(label = "outcome")]
    pub outcomes: Family<Outcome, Histogram>,
}

impl Service {
    fn register() -> Self {
        Registry::new().register(()).expect("the names are legal")
    }

    /// Everything at once, on a function that the lints have nothing to say of.
    ///
    /// # Errors
    ///
    /// When there is nothing.
    #[tachometer::timed(self.time)]
    #[tachometer::counted(self.calls)]
    #[tachometer::tracked(self.active)]
    #[tachometer::track_errors(self.errors)]
    #[tachometer::timed(self.outcomes, outcome)]
    #[tachometer::timed("surroundings_duration", length = text.len(), kind = "called")]
    #[tachometer::counted("surroundings_calls")]
    #[tachometer::tracked("surroundings_active", text = text)]
    #[tachometer::track_errors(kind = "called")]
    pub fn length(&self, text: &str) -> Result<usize, LoadError> {
        const NOTHING: usize = 0;
        let length = text.len();
        if length == NOTHING {
            return Err(LoadError::Empty);
        }
        Ok(length)
    }

    /// The same, asynchronous.
    ///
    /// # Errors
    ///
    /// When there is nothing.
    #[tachometer::timed(self.time)]
    #[tachometer::counted(self.calls)]
    #[tachometer::tracked(self.active)]
    #[tachometer::track_errors(self.errors)]
    #[tachometer::timed(self.outcomes, outcome)]
    #[tachometer::timed("surroundings_duration", length = text.len(), kind = "awaited")]
    #[tachometer::counted("surroundings_calls")]
    #[tachometer::tracked("surroundings_active", text = text)]
    #[tachometer::track_errors(kind = "awaited")]
    pub async fn awaited_length(&self, text: &str) -> Result<usize, LoadError> {
        std::future::ready(()).await;
        self.length(text)
    }

    /// With handles that are cloned.
    #[tachometer::timed(self.time)]
    #[tachometer::tracked(self.active)]
    #[tachometer::timed(other.time)]
    #[must_use]
    pub fn chosen(self, other: Arc<Self>, first: bool) -> Self {
        if first { self } else { Arc::unwrap_or_clone(other) }
    }

    /// In one expression.
    ///
    /// # Errors
    ///
    /// Never.
    #[tachometer::timed(self.time)]
    #[tachometer::counted(self.calls)]
    #[tachometer::tracked(self.active)]
    #[tachometer::track_errors(self.errors)]
    #[tachometer::timed(self.outcomes, outcome)]
    #[tachometer::timed("one_line_duration")]
    #[tachometer::track_errors]
    #[rustfmt::skip]
    pub fn first(self: Arc<Self>, n: u8) -> Result<u8, LoadError> { Ok(n) }

    /// Never returns a result.
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// Always.
    #[tachometer::track_errors(self.errors)]
    #[tachometer::timed(self.outcomes, outcome)]
    pub fn unfinished(&self) -> Result<(), LoadError> {
        panic!("on purpose: {:?}", self.active)
    }
}

/// Bodies of one expression, on one line as rustfmt might not leave them: the braces are the function's.
#[rustfmt::skip]
#[allow(clippy::manual_async_fn, reason = "functions that end in a future are what is tested")]
mod one_line {
    use std::future::ready;

    use super::{LoadError, Service};

    #[tachometer::timed(service.time)]
    pub(crate) fn timed(service: &Service, n: u8) -> u8 { n + u8::from(service.calls.value() > 9) }

    #[tachometer::tracked(service.active)]
    pub(crate) fn tracked(service: &Service) -> i64 { service.active.value() }

    #[tachometer::counted("one_line_calls")]
    pub(crate) fn negated(n: i8) -> i8 { -n }

    #[tachometer::timed(service.time)]
    pub(crate) fn last(service: &Service, n: u8) -> impl Future<Output = u8> { async move { n } }

    #[tachometer::timed(service.outcomes, outcome)]
    #[tachometer::track_errors(service.errors)]
    #[tachometer::tracked("one_line_active")]
    pub(crate) fn last_result(
        service: &Service,
        n: u8,
    ) -> impl Future<Output = Result<u8, LoadError>> { async move { Ok(n) } }

    #[tachometer::counted(service.calls)]
    #[tachometer::timed(service.outcomes, outcome)]
    pub(crate) async fn awaited(service: &Service, n: u8) -> Result<u8, LoadError> { ready(Ok(n)).await }
}

/// What a body declares, its attributes do not see.
mod scopes {
    const KIND: &str = "outer";

    #[tachometer::timed("scopes_duration", kind = KIND)]
    pub(crate) fn inner() -> u8 {
        const KIND: u8 = 7;
        KIND
    }
}

/// Names that the attributes use too.
mod shadowed {
    #![allow(dead_code, reason = "names that an expansion might use")]

    use super::LoadError;

    mod core {}
    mod std {}
    mod tachometer {}

    pub(crate) enum Option {}
    pub(crate) enum Some {}
    pub(crate) enum None {}
    trait Clone {
        fn clone(&self) -> Self;
    }
    trait Given {}

    #[::tachometer::timed(clone.time)]
    #[::tachometer::timed(clone.outcomes, outcome)]
    #[::tachometer::track_errors(clone.errors)]
    #[::tachometer::track_errors("shadowed_errors", handle = handle, guard = guard, texts = texts, error = error)]
    #[::tachometer::counted(clone.calls)]
    pub(crate) async fn sum(
        clone: super::Service,
        [handle, result, guard, variable]: [usize; 4],
        [error, early, texts, pairs]: [usize; 4],
    ) -> Result<usize, LoadError> {
        if clone.calls.value() > 1 {
            return Err(LoadError::Empty);
        }
        Ok(handle + result + guard + variable + error + early + texts + pairs)
    }
}

/// Only what is in the language.
mod bare {
    #![no_implicit_prelude]

    #[::tachometer::timed(service.time)]
    #[::tachometer::counted(service.calls)]
    #[::tachometer::tracked(service.active)]
    #[::tachometer::track_errors(service.errors)]
    #[::tachometer::timed(service.outcomes, outcome)]
    #[::tachometer::timed("bare_duration", kind = "bare")]
    #[::tachometer::track_errors("bare_errors", kind = 'b')]
    pub(crate) async fn fail(service: super::Service) -> ::std::result::Result<(), super::LoadError> {
        ::std::mem::drop(service);
        ::std::result::Result::Err(super::LoadError::Empty)
    }

    #[::tachometer::timed(service.outcomes, outcome)]
    #[::tachometer::track_errors("bare_errors", kind = 'b')]
    pub(crate) fn succeed(service: &super::Service) -> ::std::result::Result<(), super::LoadError> {
        service.length("bare").map(|_| ())
    }
}

macro_rules! in_a_macro {
    ($name:ident, $service:ident, $handle:expr, $metric:expr, $label:ident = $value:expr, $text:expr) => {
        #[tachometer::timed($handle, crate = $crate::facade::engine)]
        #[tachometer::tracked($service.active, crate = $crate::facade::engine)]
        #[tachometer::timed($metric, $label = $value, text = $text, crate = $crate::facade::engine)]
        #[tachometer::track_errors(crate = $crate::facade::engine)]
        #[tachometer::timed($service.outcomes, outcome, crate = $crate::facade::engine)]
        fn $name($service: &Service, text: &str) -> Result<usize, LoadError> {
            assert_eq!($service.active.value(), 1);
            $service.length(text).map(|length| length + 1)
        }
    };
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[test]
fn strict_lints_have_nothing_to_say() {
    let service = Service::register();
    assert_eq!((service.length("four"), service.length("")), (Ok(4), Err(LoadError::Empty)));
    assert_eq!(block_on(service.awaited_length("four")), Ok(4));
    assert_eq!(service.errors[LoadError::Empty].value(), 1);
    assert_eq!((service.calls.value(), service.time.value().count, service.active.value()), (4, 4, 0));
    assert_eq!(service.outcomes[Outcome::Ok].value().count, 3);
    let other = Service::register();
    let chosen = service.clone().chosen(Arc::new(other.clone()), false);
    assert_eq!((chosen.time.value().count, other.time.value().count, service.time.value().count), (1, 1, 5));
    let unfinished = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| service.unfinished()));
    assert!(unfinished.is_err());
    assert_eq!(service.outcomes[Outcome::Panicked].value().count, 1);
}

#[test]
fn strict_lints_have_nothing_to_say_of_a_body_of_one_expression() {
    let service = Arc::new(Service::register());
    assert_eq!((Arc::clone(&service).first(3), one_line::negated(3)), (Ok(3), -3));
    assert_eq!((one_line::timed(&service, 3), one_line::tracked(&service)), (3, 1));
    assert_eq!(block_on(one_line::last(&service, 3)), 3);
    assert_eq!(block_on(one_line::last_result(&service, 3)), Ok(3));
    assert_eq!(block_on(one_line::awaited(&service, 3)), Ok(3));
    assert_eq!((service.time.value().count, service.calls.value(), service.active.value()), (3, 2, 0));
    assert_eq!(service.outcomes[Outcome::Ok].value().count, 3);
}

#[test]
fn what_a_body_declares_is_not_what_its_attributes_name() {
    let metrics = tachometer::testing::scoped();
    assert_eq!(scopes::inner(), 7);
    tachometer::assert_metric!(metrics, "scopes_duration_seconds" { kind = "outer" }.count == 1);
}

#[test]
fn names_of_the_attributes_own_may_be_those_of_the_program() {
    let service = Service::register();
    let numbers = [1, 2, 3, 4];
    assert_eq!(block_on(shadowed::sum(service.clone(), numbers, numbers)), Ok(20));
    assert_eq!(block_on(shadowed::sum(service.clone(), numbers, numbers)), Err(LoadError::Empty));
    assert_eq!((service.time.value().count, service.errors[LoadError::Empty].value()), (2, 1));
}

#[test]
fn no_name_of_the_prelude_is_needed() {
    let service = Service::register();
    assert_eq!(block_on(bare::fail(service.clone())), Err(LoadError::Empty));
    assert_eq!(bare::succeed(&service), Ok(()));
    assert_eq!(service.errors[LoadError::Empty].value(), 1);
    assert_eq!(service.outcomes[Outcome::Ok].value().count, 2);
}

#[test]
fn a_macro_may_write_what_is_recorded() {
    in_a_macro!(
        length_in_macro,
        service,
        service.time,
        "macro_duration",
        calls = service.calls.value() + 1,
        "in a macro"
    );
    let service = Service::register();
    assert_eq!(length_in_macro(&service, "abc"), Ok(4));
    assert_eq!((service.time.value().count, service.active.value()), (2, 0));
    assert_eq!(service.outcomes[Outcome::Ok].value().count, 2);
}

/// A guard that is held by the expression of a handle would be held as long as the function runs.
#[test]
fn the_expression_is_evaluated_before_the_body() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    fn note<T>(what: &'static str, value: T) -> T {
        ORDER.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        value
    }

    #[tachometer::counted(note("counted", &service.calls))]
    #[tachometer::timed(note("timed", &service.time))]
    #[tachometer::track_errors(note("errors", &service.errors))]
    fn body(service: &Service) -> Result<(), LoadError> {
        note("body", service.length("").map(drop))
    }

    let service = Service::register();
    assert_eq!(body(&service), Err(LoadError::Empty));
    assert_eq!(*ORDER.lock().unwrap_or_else(PoisonError::into_inner), ["errors", "timed", "counted", "body"]);
}

#[test]
fn of_stacked_attributes_the_one_nearest_to_the_function_ends_last() {
    /// Counts what is still under way when there is an error.
    struct StillActive<'a>(&'a Service);

    impl tachometer::CountError<LoadError> for StillActive<'_> {
        fn count_error(&self, _: &LoadError) {
            self.0.calls.add(self.0.active.value().unsigned_abs());
        }
    }

    #[tachometer::track_errors(errors)]
    #[tachometer::tracked(errors.0.active)]
    fn tracked_last(errors: &StillActive<'_>) -> Result<usize, LoadError> {
        errors.0.length("")
    }

    #[tachometer::tracked(errors.0.active)]
    #[tachometer::track_errors(errors)]
    fn tracked_first(errors: &StillActive<'_>) -> Result<usize, LoadError> {
        errors.0.length("")
    }

    // `length` counts a call itself.
    for (call, under_way) in [(tracked_last as fn(&StillActive<'_>) -> _, 1), (tracked_first, 0)] {
        let service = Service::register();
        assert_eq!(call(&StillActive(&service)), Err(LoadError::Empty));
        assert_eq!((service.calls.value() - 1, service.active.value()), (under_way, 0));
    }
}
