//! Recording takes no memory, however much is recorded and whether or not anybody scrapes.
//!
//! One test alone, because the memory that it measures is the process's.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/memory.rs"]
mod memory;

use labels::Status;
use memory::resident;
use tachometer::{Counter, Family, Registry};

const OBSERVATIONS: u64 = 10_000_000;
const WARM_UP: u64 = 100_000;
const MAX_GROWTH: u64 = 1 << 20;

#[test]
fn ten_million_observations_without_a_scrape_take_no_memory() {
    let registry = Registry::new();
    let size = registry.histogram("size", "").unwrap();
    let family: Family<Status, Counter> =
        registry.declare("sent_total", "").label("status").register().unwrap();
    let observe = |number: u64| {
        size.observe((number % 1_024) as f64 / 64.0);
        family[Status::ALL[number as usize % 3]].inc();
    };
    (0..WARM_UP).for_each(observe);
    let before = resident();
    (WARM_UP..OBSERVATIONS).for_each(observe);
    let after = resident();
    println!("resident: {before:?} bytes, then {after:?}");
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + MAX_GROWTH, "{before} bytes, then {after}");
    }
    let counted: u64 = Status::ALL.iter().map(|status| family[*status].value()).sum();
    let value = size.value();
    assert_eq!((counted, value.count), (OBSERVATIONS, OBSERVATIONS));
    // Whole rounds of 0 to 1,023 sixty-fourths, and the beginning of another; every part is a float.
    let (rounds, rest) = (OBSERVATIONS / 1_024, OBSERVATIONS % 1_024);
    let sixty_fourths = rounds * (1_023 * 1_024 / 2) + rest * rest.saturating_sub(1) / 2;
    assert_eq!(value.sum, sixty_fourths as f64 / 64.0);
}
