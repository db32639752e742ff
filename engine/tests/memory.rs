//! What a registry says that it takes of memory, against what it takes from the allocator.
//!
//! The global allocator of this program counts what each thread holds. A program without the test harness, whose
//! threads would allocate at times of their own.

#[path = "common/held.rs"]
mod held;

use std::{cell::RefCell, thread};

use held::{held, is_near};
use tachometer::{Counter, Family, FamilyMemory, Memory, Registry, Snapshot};

const SERIES: usize = 10_000;

thread_local! {
    /// Has a destructor, whose registration takes memory once a thread.
    static DESTROYED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn main() {
    let checks: [(&str, fn()); 6] = [
        // The first: its cells begin with the first page.
        ("cells_are_counted_in_the_pages_that_shards_have_mapped", cells_are_exact),
        ("shards_are_counted_to_the_byte", shard_bytes_are_exact),
        ("metadata_and_text_are_what_was_allocated_within_a_sixth", metadata_is_near),
        ("a_series_takes_little_more_than_its_key_and_a_snapshot_shares_it", series_are_lean),
        ("label_text_is_exact", label_text_is_exact),
        ("what_is_removed_is_no_longer_counted", removed_series_are_gone),
    ];
    for (name, check) in checks {
        check();
        println!("test {name} ... ok");
    }
}

fn registry() -> Registry {
    Registry::builder().max_series_per_family(SERIES).build().unwrap()
}

fn family<'a>(memory: &'a Memory, name: &str) -> &'a FamilyMemory {
    memory.families.iter().find(|family| family.name == name).unwrap()
}

/// A family of counters with as many series as may be, and their handles.
fn counters(registry: &Registry) -> Vec<Counter> {
    let family = registry.counter_family("events_total", "Events.", ["stream", "number"]).unwrap();
    (0..SERIES).map(|n| family.with([("stream", "orders"), ("number", &*n.to_string())]).unwrap()).collect()
}

fn cells_are_exact() {
    let registry = registry();
    let counters = counters(&registry);
    assert_eq!(registry.memory().cell_bytes, 0, "nothing is recorded yet");
    counters[0].inc();
    assert_eq!(registry.memory().cell_bytes, 512 * 8, "the cells of the first page");
    counters.iter().for_each(Counter::inc);
    assert_eq!(registry.memory().cell_bytes, SERIES * 8);
    thread::scope(|scope| {
        scope.spawn(|| {
            counters[0].inc();
            let memory = registry.memory();
            assert_eq!(memory.cell_bytes, (SERIES + 512) * 8);
            assert_eq!(family(&memory, "events_total").cell_bytes, (SERIES + 512) * 8);
            assert_eq!((memory.series, memory.families.len()), (SERIES, 1));
        });
    });

    // A histogram of two bounds has eight cells, a gauge one that is nowhere in a page.
    registry.gauge("level", "Level.").unwrap().set(1.0);
    let buckets = tachometer::Buckets::explicit([1.0, 2.0]);
    registry.histogram_with("size", "Sizes.", buckets).unwrap().observe(1.0);
    let memory = registry.memory();
    assert_eq!((family(&memory, "level").cell_bytes, family(&memory, "level").series), (0, 1));
    assert_eq!(family(&memory, "size").cell_bytes, 8 * 8);
}

fn shard_bytes_are_exact() {
    let registry = registry();
    let counters = counters(&registry);
    let record_all = || {
        DESTROYED.with(|vec| vec.borrow_mut().clear());
        let before = registry.memory();
        let ((), bytes) = held(|| counters.iter().for_each(Counter::inc));
        let after = registry.memory();
        assert_eq!(after.shard_bytes - before.shard_bytes, bytes);
        (after.shards - before.shards, bytes)
    };
    // As many threads as there are shards take them all, so that one must be made.
    let (shards, bytes) = on_another_thread_behind(registry.memory().shards, &counters[0], record_all);
    println!("{shards} shards and {bytes} bytes for them on a new thread");
    assert_eq!(shards, 1);
}

/// Runs `work` on a thread that comes after `others` others, which keep a shard each meanwhile.
fn on_another_thread_behind<R: Send>(others: usize, counter: &Counter, work: impl FnOnce() -> R + Send) -> R {
    if others == 0 {
        return thread::scope(|scope| scope.spawn(work).join().unwrap());
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            counter.inc();
            sender.send(on_another_thread_behind(others - 1, counter, work)).unwrap();
        });
        receiver.recv().unwrap()
    })
}

fn metadata_is_near() {
    let labels = |n: usize| n.to_string();
    type Make<'a> = &'a dyn Fn(&Registry);
    let makes: [(&str, Make<'_>); 5] = [
        ("counters", &|registry| drop(counters(registry))),
        ("gauges", &|registry| {
            let family = registry.gauge_family("level", "Level.", ["number"]).unwrap();
            (0..SERIES).for_each(|n| drop(family.with([("number", &*labels(n))]).unwrap()));
        }),
        ("histograms", &|registry| {
            let family = registry.histogram_family("size", "Sizes.", ["number"]).unwrap();
            (0..SERIES).for_each(|n| drop(family.with([("number", &*labels(n))]).unwrap()));
        }),
        ("pairs of counters", &|registry| {
            let hits = registry.declare("hits_total", "Hits.").labels(["number", "cached"]);
            let family: Family<(String, bool), Counter> = hits.register().unwrap();
            (0..SERIES / 2).for_each(|n| drop(family.with(&*labels(n)).unwrap()));
        }),
        ("families", &|registry| {
            (0..SERIES)
                .for_each(|n| drop(registry.counter(&format!("events_{n}_total"), "Events.").unwrap()));
        }),
    ];
    for (name, make) in makes {
        take_slots_back();
        let (registry, bytes) = held(|| {
            let registry = registry();
            make(&registry);
            registry
        });
        let memory = registry.memory();
        assert_eq!((memory.series, memory.schema_bytes), (SERIES, 0), "{name}");
        let reported = memory.metadata_bytes + memory.label_text_bytes;
        println!("{SERIES} {name}: {reported} bytes reported, {bytes} allocated");
        assert!(is_near(reported, bytes), "{name}");

        let ((), bytes) = held(|| drop::<Snapshot>(registry.snapshot()));
        let reported = registry.memory().schema_bytes;
        println!("their schema: {reported} bytes reported, {bytes} allocated");
        assert!(is_near(reported, bytes), "{name}");
    }
}

/// A registration frees what the queue of slots that came back has taken: that of another registry, before a
/// measurement.
fn take_slots_back() {
    drop(registry().counter("events_total", "Events.").unwrap());
}

fn series_are_lean() {
    let labels = |n: usize| {
        [("stream", "orders".to_owned()), ("shard", format!("{n:012}")), ("kind", "put".to_owned())]
    };
    let names = ["stream", "shard", "kind"];
    let text = "orders|123456789012|put|".len();
    type Make<'a> = &'a dyn Fn(&Registry, usize);
    // What all series have: a place in the family's table, and a body that the handles share.
    let makes: [(&str, usize, Make<'_>); 2] = [
        ("counter", 96, &|registry, n| {
            let family = registry.counter_family("events_total", "Events.", names).unwrap();
            drop(family.with(labels(n).each_ref().map(|(name, value)| (*name, &**value))).unwrap());
        }),
        ("histogram", 128, &|registry, n| {
            let family = registry.histogram_family("size", "Sizes.", names).unwrap();
            drop(family.with(labels(n).each_ref().map(|(name, value)| (*name, &**value))).unwrap());
        }),
    ];
    for (name, most, make) in makes {
        take_slots_back();
        let (registry, bytes) = held(|| {
            let registry = registry();
            (0..SERIES).for_each(|n| make(&registry, n));
            registry
        });
        let ((), schema) = held(|| drop::<Snapshot>(registry.snapshot()));
        println!("a {name} takes {} bytes, and {} in a schema", bytes / SERIES, schema / SERIES);
        assert!(bytes / SERIES <= text + most, "{name}");
        // An entry, and where the values begin.
        assert!(schema / SERIES <= 24, "{name}");
    }
}

fn label_text_is_exact() {
    let registry = Registry::builder().label("env", "prod").build().unwrap();
    assert_eq!(registry.memory().label_text_bytes, "prod".len());
    let family = registry.child("app", [("part", "cart")]).unwrap();
    let family = family.counter_family("events_total", "Events.", ["a", "b"]).unwrap();
    for (a, b) in [("1", "two"), ("", "größe")] {
        let _ = family.with([("a", a), ("b", b)]).unwrap();
    }
    let text = 2 * "cart|".len() + "1|two|".len() + "|größe|".len();
    let memory = registry.memory();
    assert_eq!((memory.label_text_bytes, memory.families[0].label_text_bytes), ("prod".len() + text, text));
}

fn removed_series_are_gone() {
    let registry = registry();
    let empty = registry.memory();
    counters(&registry).iter().for_each(Counter::inc);
    assert!(registry.unregister("events_total"));
    let memory = registry.memory();
    assert_eq!((memory.families.len(), memory.series, memory.cell_bytes), (0, 0, 0));
    assert_eq!(memory.label_text_bytes, empty.label_text_bytes);
    let of_disabled = Registry::disabled().memory();
    assert_eq!((of_disabled.series, of_disabled.shards), (0, memory.shards));
}
