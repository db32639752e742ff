//! Registries, handles, families and snapshots are dropped in any order, anywhere, and give back what they held.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use labels::{Sent, Status};
use tachometer::{Counter, Family, Histogram, LabelValue, Registry, Snapshot, labels::Open};

/// All orders of four things.
fn permutations() -> Vec<[usize; 4]> {
    let digits = |number: usize| [number / 64, number / 16 % 4, number / 4 % 4, number % 4];
    let all = (0..256).map(digits);
    all.filter(|order| (0..4).all(|thing| order.contains(&thing))).collect()
}

/// What holds on to a series, dropped part by part.
struct Parts {
    registry: Option<Registry>,
    family: Option<Family<Sent<String>, Counter>>,
    handle: Option<(Counter, Histogram)>,
    snapshot: Option<Snapshot>,
}

impl Parts {
    fn new() -> Self {
        let registry = Registry::new();
        let family: Family<Sent<String>, Counter> = registry.declare("sent_total", "").register().unwrap();
        let handle = family.with("orders").unwrap()[Status::Ok].clone();
        let size = registry.histogram("size", "").unwrap();
        handle.add(5);
        size.observe(5.0);
        let snapshot = registry.snapshot();
        Self {
            registry: Some(registry),
            family: Some(family),
            handle: Some((handle, size)),
            snapshot: Some(snapshot),
        }
    }

    fn drop_part(&mut self, part: usize) {
        match part {
            0 => self.registry = None,
            1 => self.family = None,
            2 => self.handle = None,
            _ => self.snapshot = None,
        }
    }

    /// Uses whatever is left; `recorded` events were so far.
    fn use_rest(&self, recorded: &mut u64) {
        let labels = [("stream_name", "orders"), ("status", "ok")];
        if let Some((handle, size)) = &self.handle {
            handle.inc();
            size.observe(1.0);
            *recorded += 1;
            assert_eq!((handle.value(), size.value().count), (*recorded + 5, *recorded + 1));
        }
        if let Some(family) = &self.family {
            assert_eq!(family.with("orders").unwrap()[Status::Ok].value(), *recorded + 5);
        }
        if let Some(registry) = &self.registry {
            assert_eq!(registry.snapshot().counter("sent_total", &labels), Some(*recorded + 5));
        }
        if let Some(snapshot) = &self.snapshot {
            assert_eq!(snapshot.counter("sent_total", &labels), Some(5));
            assert_eq!(snapshot.histogram("size", &[]).unwrap().sum(), 5.0);
        }
    }
}

#[test]
fn registry_family_handle_and_snapshot_go_in_any_order() {
    assert_eq!(permutations().len(), 24);
    for order in permutations() {
        let mut parts = Parts::new();
        let mut recorded = 0;
        for part in order {
            parts.use_rest(&mut recorded);
            parts.drop_part(part);
            // Whatever came back with that part serves others, and disturbs nobody.
            let other = Parts::new();
            other.use_rest(&mut 0);
        }
    }
}

#[test]
fn parts_may_go_on_threads_of_their_own_at_the_same_time() {
    for _ in 0..200 {
        let Parts { registry, family, handle, snapshot } = Parts::new();
        thread::scope(|scope| {
            scope.spawn(move || drop(registry));
            scope.spawn(move || drop(family));
            scope.spawn(move || {
                let (counter, size) = handle.unwrap();
                counter.inc();
                size.observe(2.0);
                assert_eq!((counter.value(), size.value().sum), (6, 7.0));
            });
            let snapshot = snapshot.unwrap();
            assert_eq!(snapshot.histogram("size", &[]).unwrap().count(), 1);
        });
        Parts::new().use_rest(&mut 0);
    }
}

/// A label value that stops the look-up which writes it until the test goes on.
struct Pausing(mpsc::Sender<()>, Mutex<mpsc::Receiver<()>>);

impl LabelValue for Pausing {
    type Domain = Open;

    fn write(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result {
        self.0.send(()).map_err(|_| std::fmt::Error)?;
        self.1.lock().unwrap().recv().map_err(|_| std::fmt::Error)?;
        to.write_str("paused")
    }
}

#[test]
fn a_label_value_is_written_under_no_lock() {
    let registry = Registry::new();
    let family: Family<String, Counter> =
        registry.declare("sent_total", "").label("stream").register().unwrap();
    let kept = family.with("kept").unwrap();
    let (reached, paused) = mpsc::channel();
    let (go_on, waits) = mpsc::channel();
    thread::scope(|scope| {
        let value = Pausing(reached, Mutex::new(waits));
        let family = &family;
        let look_up = scope.spawn(move || family.with(value).unwrap().inc());
        paused.recv().unwrap();
        // The look-up is half-way. Everything else goes on: the last handle of a removed series is dropped, too.
        assert!(family.remove(&"kept"));
        drop(kept);
        family.with("other").unwrap().inc();
        assert_eq!(registry.snapshot().counter("sent_total", &[("stream", "other")]), Some(1));
        assert!(registry.unregister("sent_total"));
        family.clear();
        registry.counter("other_total", "").unwrap().inc();
        go_on.send(()).unwrap();
        look_up.join().unwrap();
    });
}

/// Uses its registry when it is dropped.
struct UsesRegistry(Weak<Mutex<Registry>>, Arc<AtomicU64>);

impl Drop for UsesRegistry {
    fn drop(&mut self) {
        let Some(registry) = self.0.upgrade() else { return };
        let registry = registry.lock().unwrap();
        registry.counter("drops_total", "").unwrap().inc();
        let _ = registry.snapshot();
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_callback_is_dropped_under_no_lock() {
    let registry = Registry::new();
    let shared = Arc::new(Mutex::new(registry.clone()));
    let dropped = Arc::new(AtomicU64::new(0));
    let register = |registry: &Registry| {
        let owned = UsesRegistry(Arc::downgrade(&shared), Arc::clone(&dropped));
        registry.gauge_fn("level", "", move || {
            let _ = &owned;
            1.0
        })
    };
    // No schema knows the callback yet.
    register(&registry).unwrap();
    assert!(registry.unregister("level"));
    let _ = registry.snapshot();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    // The schema of the last snapshot knows it.
    register(&registry).unwrap();
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0));
    assert!(registry.unregister("level"));
    let _ = registry.snapshot();
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    // Refused, because the name is taken.
    let _counter = registry.counter("level", "").unwrap();
    assert!(register(&registry).is_err());
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
    // Among the series of a child.
    let child = registry.child("child", [("name", "a")]).unwrap();
    let other = registry.child("child", [("name", "b")]).unwrap();
    register(&child).unwrap();
    let _ = registry.snapshot();
    assert!(child.unregister("level") && !other.unregister("level"));
    let _ = registry.snapshot();
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
    assert_eq!(registry.snapshot().counter("drops_total", &[]), Some(4));
}
