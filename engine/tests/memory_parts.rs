//! What a registry says that it takes of memory counts every part of what it holds: each is near what was allocated
//! for it.
//!
//! A program without the test harness, whose threads would allocate at times of their own.

#[path = "common/held.rs"]
mod held;
#[path = "common/labels.rs"]
mod labels;

use held::{held, is_near};
use labels::{Method, Status};
use tachometer::{Buckets, Counter, Family, Registry, Resolution, Snapshot, StateSet};

/// So many of each part that what else there is vanishes beside them.
const MANY: usize = 1_000;

fn main() {
    let many: Vec<usize> = (0..MANY).collect();
    each("help texts", |registry| {
        for n in &many {
            let _ = registry.counter(&format!("f{n}_total"), &"Help. ".repeat(100)).unwrap();
        }
    });
    each("units", |registry| {
        let unit = "of_a_very_long_unit".repeat(20);
        for n in &many {
            let name = format!("f{n}_{unit}");
            let _: tachometer::Gauge = registry.declare(&name, "").unit(&unit).register().unwrap();
        }
    });
    each("names of labels", |registry| {
        let names: Vec<_> = (0..10).map(|label| format!("{}{label}", "l".repeat(100))).collect();
        for n in &many {
            let names = names.iter().map(String::as_str);
            let _ = registry.counter_family(&format!("f{n}_total"), "", names).unwrap();
        }
    });
    each("values of closed labels", |registry| {
        for n in &many {
            let name = format!("f{n}_total");
            let declaration = registry.declare(&name, "").labels(["method", "status"]);
            let _: Family<(Method, Status), Counter> = declaration.register().unwrap();
        }
    });
    each("states", |registry| {
        for n in &many {
            let _: StateSet<Status> = registry.declare(&format!("f{n}"), "").register().unwrap();
        }
    });
    each("bounds", |registry| {
        for n in &many {
            let bounds = Buckets::exponential(0.001, 1.1, 100);
            let _ = registry.histogram_with(&format!("f{n}"), "", bounds).unwrap();
        }
    });
    each("bounds of integers", |registry| {
        for n in &many {
            let bounds = Buckets::exponential(0.001, 1.1, 100);
            let _ =
                registry.integer_histogram(&format!("f{n}"), "", bounds, Resolution::Nanoseconds).unwrap();
        }
    });
    each("scopes", |registry| {
        for n in &many {
            let labels = [("part", &*"p".repeat(100)), ("number", &*n.to_string())];
            let _ = registry.child("", labels).unwrap().counter("events_total", "").unwrap();
        }
    });
}

/// Checks what is reported of a registry in which `make` has made many parts.
fn each(name: &str, make: impl FnOnce(&Registry)) {
    let (registry, bytes) = held(|| {
        let registry = Registry::new();
        make(&registry);
        registry
    });
    let memory = registry.memory();
    let reported = memory.metadata_bytes + memory.label_text_bytes;
    println!("{name}: {reported} bytes reported, {bytes} allocated");
    assert!(is_near(reported, bytes), "{name}");

    let ((), bytes) = held(|| drop::<Snapshot>(registry.snapshot()));
    let reported = registry.memory().schema_bytes;
    println!("their schema: {reported} bytes reported, {bytes} allocated");
    // What beside a schema is made for the first snapshot.
    assert!((reported..reported + 2048).contains(&bytes), "{name}");
}
