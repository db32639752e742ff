//! The process has cells for 65,536 pages. What is left of that when histograms have taken it.
//!
//! In a program of its own: the slots belong to the process.
#![forbid(unsafe_code)]

use tachometer::{Buckets, MAX_BOUNDS, RegisterErrorReason, Registry};

const PAGES: usize = 65_536;

#[test]
fn a_process_without_slots_says_so_and_recovers() {
    let registry = Registry::builder().max_series_per_family(PAGES).build().unwrap();
    // The widest histogram fills a page. One of a bucket less leaves two cells of it, and no more than that.
    let wide = Buckets::linear(1.0, 1.0, MAX_BOUNDS - 1).unwrap();
    let family = registry.histogram_family_with("size", "Sizes.", ["number"], wide).unwrap();
    for number in 0..PAGES {
        let _ = family.with([("number", &*number.to_string())]).unwrap();
    }

    let error = family.with([("number", "one too many")]).unwrap_err();
    assert_eq!((error.metric(), error.reason()), ("size", &RegisterErrorReason::NoSlots));
    assert!(error.to_string().contains("drop metrics that are not used"), "{error}");
    let error = registry.histogram("latency_seconds", "Latency.").unwrap_err();
    assert_eq!((error.metric(), error.reason()), ("latency_seconds", &RegisterErrorReason::NoSlots));

    let last = registry.counter("events_total", "There is a cell left for it.").unwrap();
    last.inc();
    assert_eq!(last.value(), 1);

    drop((family, registry));
    let latency = Registry::new().histogram("latency_seconds", "Latency.").unwrap();
    latency.observe(0.5);
    assert_eq!((latency.value().count, last.value()), (1, 1));
}
