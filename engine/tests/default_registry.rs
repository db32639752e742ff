//! The process has one default registry. A program of its own, because the other tests' process has it already.
#![forbid(unsafe_code)]

use tachometer::{
    RegisterErrorReason as Reason, Registry, StaticCounter, StaticGauge, default_registry, register_statics,
};

static ORDERS: StaticCounter = StaticCounter::new("orders_total", "Orders placed.");
static DEPTH: StaticGauge = StaticGauge::new("depth", "Orders waiting.");
static CLASHING: StaticGauge = StaticGauge::new("orders_total", "Orders placed.");

#[test]
fn it_is_installed_once_and_statics_belong_to_it() {
    // One that cannot be made is not installed.
    let error = Registry::builder().namespace("a-b").install().unwrap_err();
    assert_eq!(error.reason(), &Reason::IllegalPrefix("a-b".into()));

    ORDERS.inc();
    let installed = Registry::builder().namespace("shop").install().unwrap();
    assert!(std::ptr::eq(installed, default_registry()));

    let error = Registry::builder().namespace("late").install().unwrap_err();
    assert_eq!(error.reason(), &Reason::DefaultExists);
    for word in ["registry: ", "before its first use", "at the start of main"] {
        assert!(error.to_string().contains(word), "no `{word}` in: {error}");
    }

    register_statics(&[&ORDERS, &CLASHING, &DEPTH]);
    DEPTH.register();
    ORDERS.inc();
    DEPTH.set(3.0);
    let snapshot = default_registry().snapshot();
    assert_eq!(snapshot.counter("shop_orders_total", &[]), Some(2));
    assert_eq!(snapshot.gauge("shop_depth", &[]), Some(3.0));
    let errors = default_registry().errors();
    assert_eq!(errors.iter().map(|error| error.metric()).collect::<Vec<_>>(), ["shop_orders_total"]);
}
