//! A page's first touch: the owner maps and publishes it while others take snapshots.
#![cfg(tachometer_loom)]

use std::sync::OnceLock;

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tachometer::{
    Buckets, Counter, Registry,
    model::{Cells, Shard},
};
use tachometer_loom_tests::{check, control};

/// A registry with a counter on each of `pages` pages. The histograms between them fill the pages.
fn counters_on_pages(registry: &Registry, pages: usize) -> Vec<Counter> {
    let buckets = || Buckets::explicit([1.0, 2.0]);
    (0..pages)
        .map(|page| {
            drop(registry.histogram_with(&format!("filler_{page}"), "", buckets()).unwrap());
            registry.counter(&format!("on_page_{page}_total"), "").unwrap()
        })
        .collect()
}

/// One thread records for the first time in its life, on the last of `pages` pages, and another takes snapshots.
fn first_touch(name: &str, minimum: usize, pages: usize) {
    check(name, minimum, move || {
        let registry = Registry::new();
        let counter = counters_on_pages(&registry, pages).pop().unwrap();
        let name = format!("on_page_{}_total", pages - 1);
        let recorder = {
            let counter = counter.clone();
            thread::spawn(move || {
                counter.inc();
                counter.inc();
                counter
            })
        };
        let reader = thread::spawn(move || {
            let [first, second] = [(); 2].map(|()| registry.snapshot().counter(&name, &[]).unwrap());
            assert!(first <= second, "the counter went back from {first} to {second}");
            assert!(second <= 2, "{second} events of 2");
            registry
        });
        let _handle = recorder.join().unwrap();
        let _registry = reader.join().unwrap();
        assert_eq!(counter.value(), 2, "an event was lost or counted twice");
    });
}

#[test]
fn a_snapshot_meets_a_page_whole_or_not_at_all() {
    first_touch("a snapshot meets a page whole or not at all", 700, 1);
}

/// The third page lies in the second branch of the shard's table, and beyond the pages that a thread keeps near.
#[test]
fn a_snapshot_meets_a_far_page_whole_or_not_at_all() {
    first_touch("a snapshot meets a far page whole or not at all", 700, 3);
}

/// A page that a reader reaches past its publication, by a flag that orders nothing.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_page_published_without_release_is_seen() {
    control("a page published without release", || {
        let counter = Registry::new().counter("events_total", "").unwrap();
        let mapped = Arc::new(AtomicU32::new(0));
        let cells = std::sync::Arc::new(OnceLock::new());
        let recorder = {
            let (counter, mapped, cells) =
                (counter.clone(), Arc::clone(&mapped), std::sync::Arc::clone(&cells));
            thread::spawn(move || {
                Shard::acquire().unwrap().wear();
                counter.inc();
                cells.set(Cells::of_counter(&counter)[0]).unwrap();
                mapped.store(1, Ordering::Relaxed);
                counter
            })
        };
        let reader = thread::spawn(move || {
            if mapped.load(Ordering::Relaxed) == 1 {
                assert!(cells.get().unwrap().load(0) <= 1);
            }
        });
        let _handle = recorder.join().unwrap();
        reader.join().unwrap();
    });
}
