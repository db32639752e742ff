//! A gauge: its additions are compare-and-swap loops on one shared cell.
#![cfg(tachometer_loom)]

use tachometer::{Gauge, Registry};
use tachometer_loom_tests::{check, control, spawn};

/// A gauge that was set to 10. A set beside the additions is not modelled: loom does not know that no store can come
/// between the load and the store of one compare-and-swap, and finds values that no machine can show.
fn gauge() -> Gauge {
    let gauge = Registry::new().gauge("depth", "").unwrap();
    gauge.set(10.0);
    gauge
}

#[test]
fn additions_are_never_lost() {
    check("additions to a gauge are never lost", 2_200, || {
        let gauge = gauge();
        let adds = [1.0, 2.0].map(|amount| spawn(&gauge, move |gauge| gauge.add(amount)));
        let reader = spawn(&gauge, |gauge| {
            let [first, second] = [(); 2].map(|()| gauge.value());
            assert!(first <= second, "{first}, then {second}");
            assert!([10.0, 11.0, 12.0, 13.0].contains(&second), "{second}");
        });
        let _adds = adds.map(|thread| thread.join().unwrap());
        let _reader = reader.join().unwrap();
        assert_eq!(gauge.value(), 13.0, "an addition was lost");
    });
}

/// An addition made of a read and a set.
#[test]
#[should_panic(expected = "an addition was lost")]
fn control_an_addition_without_compare_and_swap_is_seen() {
    control("an addition without compare and swap", || {
        let gauge = gauge();
        let adds = [1.0, 2.0].map(|amount| spawn(&gauge, move |gauge| gauge.set(gauge.value() + amount)));
        let _adds = adds.map(|thread| thread.join().unwrap());
        assert_eq!(gauge.value(), 13.0, "an addition was lost");
    });
}
