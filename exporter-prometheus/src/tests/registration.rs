//! What is exposed while others register: families that are whole, each with its type, and none that comes and goes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tachometer::Registry;

use super::collected::collect;
use super::parse::parse;
use crate::{CONTENT_TYPE_TEXT, Exporter};

const FAMILIES: u32 = 60;

/// Registers and records in families of every kind, with one series and then another.
fn register_all(registry: &Registry, thread: u32) {
    for number in 0..FAMILIES {
        let name = format!("metric_{thread}_{number}");
        registry.counter(&format!("{name}_total"), "Events.").unwrap().inc();
        registry.gauge(&format!("{name}_level"), "Level.").unwrap().set(0.5);
        let sizes = registry.histogram_family(&format!("{name}_size"), "Size.", ["stream"]).unwrap();
        for stream in ["orders", "returns"] {
            sizes.with([("stream", stream)]).unwrap().observe(0.1);
        }
    }
}

#[test]
fn every_text_beside_registrations_parses_and_no_family_is_lost() {
    let registry = Registry::builder().self_metrics(false).build().unwrap();
    let exporter = Exporter::new(&registry);
    let done = AtomicBool::new(false);
    let renders = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut known, mut renders) = (HashSet::new(), 0);
            while !done.load(Ordering::Relaxed) {
                let families = parse(&exporter.render()).unwrap();
                let names: HashSet<(String, String)> =
                    families.into_iter().map(|family| (family.name, family.kind)).collect();
                assert!(names.is_superset(&known), "lost: {:?}", known.difference(&names));
                (known, renders) = (names, renders + 1);
            }
            renders
        });
        let registry = &registry;
        let writers = [0, 1].map(|thread| scope.spawn(move || register_all(registry, thread)));
        let ended = writers.map(|writer| writer.join());
        done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|end| end.unwrap());
        reader.join().unwrap()
    });
    println!("{renders} texts beside {} registrations", 6 * FAMILIES);
    assert!(renders > 3, "only {renders} texts were rendered meanwhile");
    collect(&exporter.render(), CONTENT_TYPE_TEXT);
    assert_eq!(parse(&exporter.render()).unwrap().len(), 6 * FAMILIES as usize);
}
