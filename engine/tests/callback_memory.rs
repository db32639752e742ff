//! A callback that panics at every snapshot leaves nothing behind.
//!
//! One test alone, because the memory that it measures is the process's.

#[path = "common/counting.rs"]
mod counting;
#[path = "common/panics.rs"]
mod panics;
#[path = "common/plain.rs"]
mod plain;

use counting::live;
use panics::expect_panics;
use plain::plain;

/// What may be under way on the worker's thread when the memory is measured: less than a word for each panic.
const MAX_GROWTH: usize = 4_096;

#[test]
fn a_thousand_panics_of_a_callback_leave_no_memory_behind() {
    expect_panics();
    let registry = plain();
    for number in 0_u8..10 {
        let callback = move || if number == 4 { panic!("on purpose") } else { f64::from(number) };
        registry.gauge_fn(&format!("level_{number}"), "Level.", callback).unwrap();
    }
    let snapshots = |count: u64| (0..count).for_each(|_| drop(registry.snapshot()));
    snapshots(100);
    let before = live();
    snapshots(1_000);
    let after = live();
    println!("{before} bytes after 100 panics, {after} after 1,100");
    assert_eq!(registry.callback_errors(), 1_100);
    assert!(after <= before + MAX_GROWTH, "{before} bytes, then {after}");
}
