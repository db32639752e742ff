//! Threads take cells for the families that they touch, and not for all there are.
//!
//! One test alone, because the shards that it counts are the process's.
#![forbid(unsafe_code)]

use std::{sync::Barrier, thread};

use tachometer::{Counter, Registry};

const THREADS: usize = 64;
const FAMILIES: usize = 100;
const SERIES: usize = 1_000;

const CELL: usize = 8;
const PAGE: usize = 512 * CELL;
/// What the root of a shard and one table of pages take, and the shard's own few numbers.
const TABLES: usize = 2 * 256 * 16 + 256;

#[test]
fn threads_that_touch_one_percent_of_the_series_take_a_twentieth_of_dense_arrays() {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let families: Vec<Vec<Counter>> = (0..FAMILIES)
        .map(|number| {
            let family = registry.counter_family(&format!("events_{number}_total"), "", ["n"]).unwrap();
            (0..SERIES).map(|n| family.with([("n", &*n.to_string())]).unwrap()).collect()
        })
        .collect();
    assert_eq!(registry.memory().shard_bytes, 0, "nothing is recorded yet");
    // All live until all have recorded, so that none adopts the cells of another.
    let all_recorded = Barrier::new(THREADS);
    thread::scope(|scope| {
        for family in &families[..THREADS] {
            scope.spawn(|| {
                family.iter().for_each(Counter::inc);
                all_recorded.wait();
            });
        }
    });
    let memory = registry.memory();
    assert_eq!((memory.series, memory.shards), (FAMILIES * SERIES, THREADS));
    // A thousand cells lie in two pages or three, in which a thread also has cells of the families beside.
    let most = THREADS * (TABLES + 3 * PAGE);
    println!("{} bytes of at most {most}", memory.shard_bytes);
    assert!(memory.shard_bytes <= most);
    let dense = THREADS * FAMILIES * SERIES * CELL;
    assert!(memory.shard_bytes * 20 <= dense, "{} of {dense} bytes", memory.shard_bytes);
    // And every record counts.
    let snapshot = registry.snapshot();
    for number in 0..FAMILIES {
        let family = snapshot.family(&format!("events_{number}_total")).unwrap();
        let expected = u64::from(number < THREADS);
        let first = ("n", "0");
        assert_eq!(family.series().count(), SERIES);
        assert_eq!(snapshot.counter(family.name(), &[first]), Some(expected));
    }
}
