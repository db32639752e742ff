//! `#[timed]`, `#[counted]`, `#[tracked]` and `#[track_errors]` on functions that are called, recording in handles.
#![forbid(unsafe_code)]

#[macro_use]
#[path = "common/forms.rs"]
mod forms;
#[path = "common/metrics.rs"]
mod metrics;

use std::{panic, sync::Arc};

use metrics::{LoadError, Method, Seen, load};
use tachometer::{
    Counter, Family, FunctionErrors, Gauge, Histogram, Registry, StaticCounter, StaticHistogram,
    StaticUpDownCounter, counted, timed, track_errors, tracked,
};

macro_rules! now {
    (pause) => {};
    ($call:expr) => {
        $call
    };
}

#[test]
fn every_form_of_function_is_timed_once_a_call() {
    forms!(self now [] #[timed(self.seen.time)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.time.value().count, calls);
}

#[test]
fn every_form_of_function_is_counted_once_a_call() {
    forms!(self now [] #[counted(self.seen.calls)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.calls.value(), calls);
}

#[test]
fn every_form_of_function_is_under_way_until_it_ends() {
    forms!(self now [] #[tracked(self.seen.active)]);
    let seen = Seen::new();
    call_all(&seen);
    assert_eq!((seen.most_active.value(), seen.active.value()), (1.0, 0));
}

#[test]
fn the_errors_of_every_form_of_function_are_counted_by_type() {
    forms!(self now [] #[track_errors(self.seen.errors)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!((seen.rejected(), seen.malformed()), (calls / 2 - 1, 1));
}

#[test]
fn every_form_of_function_is_timed_by_its_outcome() {
    forms!(self now [] #[timed(self.seen.time_by_outcome, outcome)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.outcomes(), [calls / 2, calls / 2, 0, 0]);
}

#[test]
fn every_form_of_function_is_counted_by_its_outcome() {
    forms!(self now [] #[counted(self.seen.calls_by_outcome, outcome)]);
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_eq!(seen.counted_outcomes(), [calls / 2, calls / 2, 0, 0]);
}

#[track_caller]
fn assert_all_seen(seen: &Seen, calls: u64) {
    assert_eq!(seen.time.value().count, calls);
    assert_eq!(seen.calls.value(), calls);
    assert_eq!((seen.most_active.value(), seen.active.value()), (1.0, 0));
    assert_eq!((seen.rejected(), seen.malformed()), (calls / 2 - 1, 1));
    assert_eq!(seen.outcomes(), [calls / 2, calls / 2, 0, 0]);
    assert_eq!(seen.counted_outcomes(), [calls / 2, calls / 2, 0, 0]);
}

#[test]
fn attributes_stack() {
    forms!(self now []
        #[timed(self.seen.time)]
        #[counted(self.seen.calls)]
        #[tracked(self.seen.active)]
        #[track_errors(self.seen.errors)]
        #[timed(self.seen.time_by_outcome, outcome)]
        #[counted(self.seen.calls_by_outcome, outcome)]
    );
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_all_seen(&seen, calls);
}

#[test]
fn attributes_stack_in_any_order() {
    forms!(self now []
        #[counted(self.seen.calls_by_outcome, outcome)]
        #[track_errors(self.seen.errors)]
        #[timed(self.seen.time_by_outcome, outcome)]
        #[tracked(self.seen.active)]
        #[counted(self.seen.calls)]
        #[timed(self.seen.time)]
    );
    let seen = Seen::new();
    let calls = call_all(&seen);
    assert_all_seen(&seen, calls);
}

#[test]
fn labels_come_from_arguments() {
    #[timed(seen.time_by_method[method])]
    #[counted(seen.calls_by_endpoint.with(endpoint))]
    #[timed(seen.time_by_endpoint.with(format_args!("{endpoint}/{number}")))]
    #[tracked(seen.active_by_endpoint.with(endpoint))]
    #[timed(seen.requests.with(endpoint), outcome)]
    #[track_errors(seen.request_errors.with(endpoint))]
    fn serve(seen: &Seen, method: Method, endpoint: &str, number: u8) -> Result<u64, LoadError> {
        let active = seen.active_by_endpoint.with(endpoint).unwrap().value();
        assert_eq!((active, u8::from(matches!(method, Method::Put))), (1.0, number % 2));
        load(number > 2)
    }
    let seen = Seen::new();
    for (method, endpoint, number) in
        [(Method::Get, "/a", 0), (Method::Put, "/b", 1), (Method::Get, "/a", 2), (Method::Put, "/a", 3)]
    {
        assert_eq!(serve(&seen, method, endpoint, number).is_err(), number == 3);
    }
    let by_method = [Method::Get, Method::Put].map(|method| seen.time_by_method[method].value().count);
    assert_eq!(by_method, [2, 2]);
    for (endpoint, calls, errors) in [("/a", 3, 1), ("/b", 1, 0)] {
        assert_eq!(seen.calls_by_endpoint.with(endpoint).unwrap().value(), calls);
        assert_eq!(seen.active_by_endpoint.with(endpoint).unwrap().value(), 0.0);
        let requests = seen.requests.with(endpoint).unwrap();
        let [ok, failed] = [tachometer::Outcome::Ok, tachometer::Outcome::Error]
            .map(|outcome| requests[outcome].value().count);
        assert_eq!((ok, failed), (calls - errors, errors));
        let counted = seen.request_errors.with(endpoint).unwrap();
        assert_eq!(counted[LoadError::Rejected { row: 0 }].value(), errors);
    }
    assert_eq!(seen.time_by_endpoint.with("/a/2").unwrap().value().count, 1);
}

#[test]
fn a_failed_look_up_records_nothing_and_the_function_runs() {
    let too_long = "x".repeat(70_000);
    #[counted(seen.calls_by_endpoint.with(endpoint))]
    #[timed(seen.time_by_endpoint.with(endpoint))]
    #[tracked(seen.active_by_endpoint.with(endpoint))]
    #[timed(seen.requests.with(endpoint), outcome)]
    #[track_errors(seen.request_errors.with(endpoint))]
    fn serve(seen: &Seen, endpoint: &str) -> Result<u64, LoadError> {
        load(endpoint.len() > 3)
    }
    let registry = Registry::new();
    let seen: Seen = registry.register(()).unwrap();
    assert_eq!(serve(&seen, &too_long), Err(LoadError::Rejected { row: 7 }));
    let snapshot = registry.snapshot();
    for family in
        ["calls_by_endpoint", "time_by_endpoint", "active_by_endpoint", "requests", "request_errors"]
    {
        assert_eq!(snapshot.family(family).unwrap().series().count(), 0, "{family}");
    }
    assert_eq!(serve(&seen, "/a"), Ok(7));
    assert_eq!(registry.snapshot().counter("calls_by_endpoint", &[("endpoint", "/a")]), Some(1));
}

#[test]
fn a_handle_may_be_an_argument_a_static_or_what_a_function_returns() {
    static TIME: StaticHistogram = StaticHistogram::new("time", "Time.", &[1.0]);
    static CALLS: StaticCounter = StaticCounter::new("calls", "Calls.");
    static ACTIVE: StaticUpDownCounter = StaticUpDownCounter::new("active", "Under way.");

    #[timed(TIME)]
    #[counted(&CALLS)]
    #[tracked(ACTIVE)]
    fn of_statics() -> i64 {
        ACTIVE.value()
    }
    assert_eq!((of_statics(), ACTIVE.value()), (1, 0));
    assert_eq!((TIME.value().count, CALLS.value()), (1, 1));

    fn time() -> &'static StaticHistogram {
        &TIME
    }
    fn of(time: &Histogram) -> Histogram {
        time.clone()
    }
    // Owned arguments may be moved by the body, those that are lent may not.
    #[timed(owned)]
    #[timed(lent)]
    #[timed(*owned_reference)]
    #[timed(shared.time)]
    #[timed(of(&owned))]
    #[timed(time())]
    #[tracked(active.1)]
    #[tracked(active_reference.0)]
    fn of_arguments(
        owned: Histogram,
        lent: &Histogram,
        owned_reference: &&Histogram,
        shared: Arc<Seen>,
        active: (Gauge, Gauge),
        active_reference: &mut (Gauge, Gauge),
    ) -> (Histogram, f64) {
        *active_reference = (Gauge::noop(), Gauge::noop());
        drop(shared);
        assert_eq!(lent.value(), owned_reference.value());
        let (first, second) = active;
        (owned, first.value() + second.value())
    }
    let seen = Seen::new();
    let time = &seen.time;
    let mut active = (seen.level.clone(), seen.level.clone());
    let (_, level) =
        of_arguments(time.clone(), time, &time, Arc::new(seen.clone()), active.clone(), &mut active);
    assert_eq!((time.value().count, TIME.value().count), (5, 2));
    assert_eq!((level, seen.level.value()), (4.0, 0.0));
}

#[test]
fn a_panic_ends_what_has_begun() {
    #[timed(seen.time)]
    #[counted(seen.calls)]
    #[tracked(seen.active)]
    #[track_errors(seen.errors)]
    #[timed(seen.time_by_outcome, outcome)]
    #[counted(seen.calls_by_outcome, outcome)]
    fn work(seen: &Seen, panics: bool) -> Result<u64, LoadError> {
        if panics {
            // Without the hook, which prints.
            panic::resume_unwind(Box::new("on purpose"));
        }
        load(false)
    }
    let seen = Seen::new();
    assert_eq!(work(&seen, false), Ok(7));
    for _ in 0..3 {
        panic::catch_unwind(panic::AssertUnwindSafe(|| work(&seen, true))).unwrap_err();
    }
    assert_eq!((seen.time.value().count, seen.calls.value(), seen.active.value()), (4, 4, 0));
    assert_eq!(seen.errors(), 0);
    assert_eq!((seen.outcomes(), seen.counted_outcomes()), ([1, 0, 0, 3], [1, 0, 0, 3]));
}

#[test]
fn a_call_from_a_destructor_while_the_thread_unwinds_ends_as_it_says() {
    /// Calls this when it is dropped.
    struct Rollback<F: Fn()>(F);

    impl<F: Fn()> Drop for Rollback<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    #[timed(seen.time_by_outcome, outcome)]
    #[counted(seen.calls_by_outcome, outcome)]
    fn work(seen: &Seen, fail: bool, panic: bool) -> Result<u64, LoadError> {
        if panic {
            panic::resume_unwind(Box::new("on purpose"));
        }
        load(fail)
    }

    let seen = Seen::new();
    let catch = |call: &dyn Fn()| panic::catch_unwind(panic::AssertUnwindSafe(call)).unwrap_err();
    catch(&|| {
        let _done = Rollback(|| drop(work(&seen, false, false)));
        let _failed = Rollback(|| drop(work(&seen, true, false)));
        let _panicked = Rollback(|| drop(catch(&|| drop(work(&seen, false, true)))));
        panic::resume_unwind(Box::new("on purpose"));
    });
    assert_eq!((seen.outcomes(), seen.counted_outcomes()), ([1, 1, 0, 1], [1, 1, 0, 1]));
}

#[test]
fn errors_of_other_crates_are_counted_by_the_names_of_their_types() {
    #[track_errors(seen.named_errors)]
    fn parse(seen: &Seen, text: &str) -> Result<u64, std::num::ParseIntError> {
        text.parse()
    }
    #[track_errors(seen.named_errors)]
    fn boxed(seen: &Seen, text: &str) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
        Ok(parse(seen, text)?)
    }
    let seen = Seen::new();
    assert!(parse(&seen, "1").is_ok() && parse(&seen, "x").is_err() && boxed(&seen, "x").is_err());
    let counted = |name| seen.named_errors.with(name).unwrap().value();
    assert_eq!((counted("ParseIntError"), counted("Error")), (2, 1));
}

#[test]
fn errors_are_counted_with_the_name_of_the_function() {
    #[track_errors(errors)]
    fn r#try(errors: &Family<FunctionErrors<LoadError>, Counter>) -> Result<u64, LoadError> {
        load(true)
    }
    #[track_errors(errors)]
    fn parse(errors: &Family<FunctionErrors, Counter>) -> Result<u64, std::num::ParseIntError> {
        "x".parse()
    }
    let registry = Registry::new();
    let errors = registry.declare("errors_total", "Errors.").register().unwrap();
    let named = registry.declare("named_errors_total", "Errors.").register().unwrap();
    assert!(r#try(&errors).is_err() && parse(&named).is_err());

    let snapshot = registry.snapshot();
    let labels = [("error_type", "Rejected"), ("function", "try")];
    assert_eq!(snapshot.counter("errors_total", &labels), Some(1));
    let labels = [("error_type", "ParseIntError"), ("function", "parse")];
    assert_eq!(snapshot.counter("named_errors_total", &labels), Some(1));
}

#[test]
fn a_type_of_the_programs_own_may_count_errors() {
    struct Errors(Counter);

    impl tachometer::CountError<str> for Errors {
        fn count_error(&self, _: &str) {}
    }
    impl tachometer::CountError<String> for Errors {
        fn count_error(&self, error: &String) {
            self.0.add(error.len() as u64);
        }
    }
    #[track_errors(errors)]
    fn fail(errors: &Errors) -> Result<(), String> {
        Err("four".to_owned())
    }
    let errors = Errors(Registry::new().counter("errors", "").unwrap());
    assert_eq!((fail(&errors), errors.0.value()), (Err("four".to_owned()), 4));
}

#[test]
fn disabled_handles_do_not_matter() {
    #[timed(Histogram::noop())]
    #[counted(Counter::noop())]
    #[tracked(Gauge::noop())]
    #[track_errors(Family::<LoadError, Counter>::noop())]
    #[timed(Family::<tachometer::Outcome, Histogram>::noop(), outcome)]
    fn work(fail: bool) -> Result<u64, LoadError> {
        load(fail)
    }
    assert_eq!((work(false), work(true)), (Ok(7), Err(LoadError::Rejected { row: 7 })));
}

#[test]
fn what_is_around_the_function_stays() {
    /// A doc comment.
    #[must_use = "of the result that is"]
    #[timed(seen.time)]
    #[inline]
    #[deprecated]
    #[track_errors(seen.errors)]
    pub(crate) extern "Rust" fn with_inner_attributes(seen: &Seen) -> Result<u8, LoadError> {
        #![allow(arithmetic_overflow)]
        const TWO: u8 = 2;
        seen.note();
        Ok(255_u8.wrapping_add(TWO))
    }
    trait Work {
        fn seen(&self) -> &Seen;

        #[timed(self.seen().time)]
        fn work(&self) -> u64 {
            self.seen().calls.value()
        }
    }
    impl Work for Seen {
        fn seen(&self) -> &Seen {
            self
        }
    }
    let seen = Seen::new();
    #[expect(deprecated, reason = "the attribute stays")]
    let result = with_inner_attributes(&seen);
    assert_eq!((result, seen.work()), (Ok(1), 0));
    assert_eq!(seen.time.value().count, 2);
}
