//! What the last handle costs when it is dropped: as much in a large family as in a small one, because the cells are only
//! queued.
//!
//! It is counted in calls of the allocator. (Each 31st queued item takes a block of the queue, which is one call more.)

#[path = "common/counting.rs"]
mod counting;
#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use counting::calls;
use labels::{Method, Status};
use plain::plain;
use tachometer::{Counter, Family, Histogram};

/// The most series that a family has by default, and few.
const LARGE: u32 = 1_999;
const SMALL: u32 = 9;

/// Calls of the allocator when the last handle of a removed series is dropped, beside `others` in its family.
fn of_a_series<M: tachometer::Metric>(others: u32) -> usize {
    let registry = plain();
    let family: Family<u32, M> = registry.declare("series_total", "").label("n").register().unwrap();
    let others: Vec<M> = (0..others).map(|n| family.with(n).unwrap()).collect();
    let last = family.with(u32::MAX).unwrap();
    assert!(family.remove(&u32::MAX));
    let calls = calls(|| drop(last));
    drop(others);
    calls
}

#[test]
fn dropping_the_last_handle_of_a_series_takes_as_long_in_a_large_family_as_in_a_small_one() {
    for (small, large) in [
        (of_a_series::<Counter>(SMALL), of_a_series::<Counter>(LARGE)),
        (of_a_series::<Histogram>(SMALL), of_a_series::<Histogram>(LARGE)),
    ] {
        println!("{small} calls of the allocator in a small family, {large} in a large one");
        assert!((1..=4).contains(&small) && (1..=4).contains(&large), "{small}, {large}");
    }
}

/// The same for what a look-up in a family with closed labels gives: the series of three statuses, or of six requests.
fn of_a_dense_family(others: u32) -> [usize; 2] {
    let registry = plain();
    let narrow: Family<(u32, Status), Counter> =
        registry.declare("narrow_total", "").labels(["n", "status"]).register().unwrap();
    let wide: Family<(u32, Method, Status), Counter> =
        registry.declare("wide_total", "").labels(["n", "method", "status"]).register().unwrap();
    let others: Vec<_> = (0..others).map(|n| (narrow.with(n).unwrap(), wide.with(n).unwrap())).collect();
    let last = (narrow.with(u32::MAX).unwrap(), wide.with(u32::MAX).unwrap());
    assert!(narrow.remove_with(u32::MAX) && wide.remove_with(u32::MAX));
    let calls = [calls(|| drop(last.0)), calls(|| drop(last.1))];
    drop(others);
    calls
}

#[test]
fn dropping_the_series_of_closed_labels_takes_steps_for_its_own_series_only() {
    let [small, large] = [of_a_dense_family(SMALL), of_a_dense_family(LARGE / 6 - 1)];
    println!("{small:?} calls of the allocator in small families, {large:?} in large ones");
    for [narrow, wide] in [small, large] {
        assert!((3..=9).contains(&narrow) && (narrow..=2 * narrow).contains(&wide), "{narrow}, {wide}");
    }
}
