//! The default registry is made by its first use, and cannot be installed after that.
#![forbid(unsafe_code)]

use tachometer::{RegisterErrorReason as Reason, Registry, default_registry};

#[test]
fn its_first_use_makes_a_plain_one_that_stays() {
    let used = default_registry();
    let error = Registry::builder().namespace("late").install().unwrap_err();
    assert_eq!(error.reason(), &Reason::DefaultExists);
    assert!(std::ptr::eq(used, default_registry()));
    default_registry().counter("events_total", "Events.").unwrap().inc();
    assert_eq!(default_registry().snapshot().counter("events_total", &[]), Some(1));
}
