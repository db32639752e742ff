//! What a registry says that it takes of memory counts every part of what it holds: each is near what was allocated
//! for it.
//!
//! A program without the test harness, whose threads would allocate at times of their own.

#[path = "common/held.rs"]
mod held;
#[path = "common/labels.rs"]
mod labels;

use std::time::Duration;

use held::{held, is_near};
use labels::{Method, Status};
use tachometer::{
    Buckets, Counter, Family, LabelValue, Registry, RegistryBuilder, Resolution, Snapshot, StateSet,
};

/// So many of each part that what else there is vanishes beside them.
const MANY: usize = 1_000;

/// States with long names.
#[derive(Clone, Copy, LabelValue)]
#[expect(dead_code, reason = "only their names are wanted")]
enum Wordy {
    WaitingForSomethingThatMayOrMayNotComeToPassInTheForeseeableFutureUnlessSomethingElseComesFirst,
    WaitingForSomethingElseThatComesFirstInTheForeseeableFutureOrElseMayOrMayNotComeToPassAtAll,
}

fn main() {
    let beside = self_metrics();
    let each = |parts: &[Part]| {
        for (name, make) in parts {
            let (_, schema) = memory_of(name, Registry::builder, make);
            assert_eq!(schema, beside, "{name}: what is not reported depends on nothing");
        }
    };
    each(&TEXTS);
    each(&KINDS);
    own_parts();
    overflow(beside);
    idle_series();
    observed_values();
}

/// A part of families, and what makes many of it.
type Part = (&'static str, fn(&Registry));

const TEXTS: [Part; 5] = [
    ("help texts", |registry| {
        for n in 0..MANY {
            let _ = registry.counter(&format!("f{n}_total"), &"Help. ".repeat(100)).unwrap();
        }
    }),
    ("units", |registry| {
        let unit = "of_a_very_long_unit".repeat(20);
        for n in 0..MANY {
            let name = format!("f{n}_{unit}");
            let _: tachometer::Gauge = registry.declare(&name, "").unit(&unit).register().unwrap();
        }
    }),
    ("names of labels", |registry| {
        let names: Vec<_> = (0..10).map(|label| format!("{}{label}", "l".repeat(100))).collect();
        for n in 0..MANY {
            let names = names.iter().map(String::as_str);
            let _ = registry.counter_family(&format!("f{n}_total"), "", names).unwrap();
        }
    }),
    ("values of closed labels", |registry| {
        for n in 0..MANY {
            let name = format!("f{n}_total");
            let declaration = registry.declare(&name, "").labels(["method", "status"]);
            let _: Family<(Method, Status), Counter> = declaration.register().unwrap();
        }
    }),
    ("scopes", |registry| {
        for n in 0..MANY {
            let labels = [("part", &*"p".repeat(100)), ("number", &*n.to_string())];
            let _ = registry.child("", labels).unwrap().counter("events_total", "").unwrap();
        }
    }),
];

const KINDS: [Part; 5] = [
    ("states", |registry| {
        for n in 0..MANY {
            let _: StateSet<Wordy> = registry.declare(&format!("f{n}"), "").register().unwrap();
        }
    }),
    ("series that were begun again", |registry| {
        for n in 0..MANY {
            let family: Family<Method, Counter> =
                registry.declare(&format!("f{n}_total"), "").label("method").register().unwrap();
            family.clear();
        }
    }),
    ("bounds", |registry| {
        for n in 0..MANY {
            let bounds = Buckets::exponential(0.001, 1.1, 100);
            let _ = registry.histogram_with(&format!("f{n}"), "", bounds).unwrap();
        }
    }),
    ("bounds of integers", |registry| {
        for n in 0..MANY {
            let bounds = Buckets::exponential(0.001, 1.1, 100);
            let _ =
                registry.integer_histogram(&format!("f{n}"), "", bounds, Resolution::Nanoseconds).unwrap();
        }
    }),
    ("default bounds", |registry| {
        for n in 0..MANY {
            let _ = registry.histogram(&format!("f{n}"), "").unwrap();
        }
    }),
];

/// The counts of a registry's own metrics, and their families in the schema. Returns what the first snapshot leaves behind
/// beside that.
fn self_metrics() -> usize {
    let with = |self_metrics| {
        let make = || Registry::builder().self_metrics(self_metrics).build().unwrap();
        let (registry, bytes) = held(make);
        (registry.memory().metadata_bytes, bytes)
    };
    let ((without, without_bytes), (with, with_bytes)) = (with(false), with(true));
    let (reported, bytes) = (with - without, with_bytes - without_bytes);
    println!("self-metrics: {reported} bytes reported, {bytes} allocated");
    assert!(reported.abs_diff(bytes) <= bytes / 6);

    let (registry, beside) = memory_of("self-metrics", Registry::builder, |_| {});
    assert!(4 * beside <= registry.memory().schema_bytes, "most of a small schema is reported too");
    beside
}

/// What the registry has beside its families.
fn own_parts() {
    let long = "x".repeat(5_000);
    let labels = |count: usize, name: &str, value: &str| {
        (0..count).fold(Registry::builder(), |builder, n| builder.label(format!("{name}{n}"), value))
    };
    memory_of("constant labels", || labels(2 * MANY, "l", ""), |_| {});
    memory_of("names of constant labels", || labels(20, &long, ""), |_| {});
    memory_of("values of constant labels", || labels(20, "l", &long), |_| {});
    let bounds = || Registry::builder().default_buckets(Buckets::linear(1.0, 1.0, 200));
    memory_of("default bounds of its own", bounds, |_| {});
}

/// Series beyond the limit, which have a label of their own.
fn overflow(beside: usize) {
    let builder = || Registry::builder().max_series_per_family(1);
    let (_, schema) = memory_of("series beyond the limit", builder, |registry| {
        for n in 0..MANY {
            let family = registry.counter_family(&format!("f{n}_total"), "", ["number"]).unwrap();
            let _ = ["1", "2"].map(|number| family.with([("number", number)]).unwrap());
        }
    });
    assert_eq!(schema, beside);
}

/// What a registry keeps of series that nobody holds, to know since when: their keys, in a table.
fn idle_series() {
    let registry = Registry::builder().idle_timeout(Duration::from_secs(3_600)).build().unwrap();
    let family = registry.counter_family("events_total", "", ["number"]).unwrap();
    for n in 0..MANY {
        family.with([("number", &*format!("{n:0100}"))]).unwrap().inc();
    }
    let before = registry.memory();
    let ((), bytes) = held(|| drop(registry.snapshot()));
    let after = registry.memory();
    let reported = [
        after.metadata_bytes - before.metadata_bytes,
        after.label_text_bytes - before.label_text_bytes,
        after.schema_bytes,
    ];
    println!("idle series: {reported:?} bytes reported, {bytes} allocated");
    assert!(is_near(reported.iter().sum(), bytes));
    assert!(reported[1] >= 100 * MANY, "the keys");
}

/// The label values of series that a callback observes.
fn observed_values() {
    let registry = Registry::builder().label("env", "prod").build().unwrap();
    let value = |n: usize| format!("{n:01000}");
    registry
        .gauge_family_fn("level", "", ["number"], move |out| {
            (0..MANY).for_each(|n| out.observe([&value(n)], 1.0));
        })
        .unwrap();
    drop(registry.snapshot());
    let reported = registry.memory().schema_bytes;
    println!("observed values: {reported} bytes reported in a schema with {} of text", 1_000 * MANY);
    assert!((1_000 * MANY..1_200 * MANY).contains(&reported));
}

/// Checks what is reported of a registry in which `make` has made many parts. Returns it, and what its first snapshot
/// leaves behind beside the schema that is reported.
fn memory_of(
    name: &str,
    builder: impl FnOnce() -> RegistryBuilder,
    make: impl FnOnce(&Registry),
) -> (Registry, usize) {
    // Takes back the cells of registries that are gone, lest their memory be freed below.
    drop(Registry::new().counter("events_total", "").unwrap());
    let (registry, bytes) = held(|| {
        let registry = builder().build().unwrap();
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
    (registry, bytes.checked_sub(reported).expect("no more than there is"))
}
