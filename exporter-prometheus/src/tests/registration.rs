//! What is exposed while others register: families that are whole, each with its type, and none that comes and goes.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use tachometer::Registry;

use super::collected::collect;
use super::parse::parse;
use crate::{CONTENT_TYPE_TEXT, Exporter};

/// Names that a thread registers in a round, each in three families.
const NAMES: usize = 15;
/// Texts with new families that are read.
const TEXTS: usize = 4;
/// Texts after which it is certain that nothing new comes any more.
const MOST_TEXTS: usize = 100_000;

/// Registers and records in families of every kind, with one series and then another.
fn register_all(registry: &Registry, thread: usize, round: usize) {
    for number in 0..NAMES {
        let name = format!("metric_{thread}_{round}_{number}");
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
    let (done, texts) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Until there are enough texts, each thread begins another round when there is another text.
    let register_rounds = |thread| {
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) {
            let seen = texts.load(Ordering::Relaxed);
            register_all(&registry, thread, rounds);
            rounds += 1;
            while texts.load(Ordering::Relaxed) == seen && !done.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        }
        rounds
    };
    let rounds: usize = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut known = HashSet::new();
            for _ in 0..MOST_TEXTS {
                let families = parse(&exporter.render()).unwrap();
                let names: HashSet<(String, String)> =
                    families.into_iter().map(|family| (family.name, family.kind)).collect();
                assert!(names.is_superset(&known), "lost: {:?}", known.difference(&names));
                if names.len() > known.len() && texts.fetch_add(1, Ordering::Relaxed) + 1 == TEXTS {
                    return;
                }
                known = names;
            }
            panic!("no new families in {MOST_TEXTS} texts");
        });
        let writers = [0, 1].map(|thread| scope.spawn(move || register_rounds(thread)));
        let read = reader.join();
        done.store(true, Ordering::Relaxed);
        read.unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    collect(&exporter.render(), CONTENT_TYPE_TEXT);
    assert_eq!(parse(&exporter.render()).unwrap().len(), rounds * NAMES * 3);
}
