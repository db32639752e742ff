//! What a snapshot makes of many shards: cells of all kinds side by side, with holes between them.
#![forbid(unsafe_code)]

use std::{
    sync::{Barrier, Mutex},
    thread,
};

use tachometer::{
    Buckets, Counter, DynamicFamily, FloatCounter, Histogram, LabelValue, Registry, StateSet, UpDownCounter,
    Value,
};

/// Series of each kind: more than a page of cells has room for.
const SERIES: usize = 300;

/// Families of every kind that has cells, whose series are made in turns, so that their cells are mixed.
struct Mixed {
    registry: Registry,
    counters: Vec<Counter>,
    floats: Vec<FloatCounter>,
    levels: Vec<UpDownCounter>,
    sizes: Vec<Histogram>,
}

impl Mixed {
    fn new() -> Self {
        let registry = Registry::new();
        let counters = registry.counter_family("events_total", "", ["n"]).unwrap();
        let floats = registry.float_counter_family("seconds_total", "", ["n"]).unwrap();
        let levels = registry.up_down_counter_family("level", "", ["n"]).unwrap();
        let buckets = Buckets::explicit([1.0, 2.0, 4.0]);
        let sizes = registry.histogram_family_with("size", "", ["n"], buckets).unwrap();
        let removed = registry.counter_family("removed_total", "", ["n"]).unwrap();
        let mut mixed = Self {
            registry,
            counters: Vec::new(),
            floats: Vec::new(),
            levels: Vec::new(),
            sizes: Vec::new(),
        };
        // In an order that is not that of the labels, with runs of one kind here and there.
        for n in (0..SERIES).rev() {
            let n = &*n.to_string();
            let _ = removed.with([("n", n)]).unwrap();
            mixed.counters.push(counters.with([("n", n)]).unwrap());
            mixed.sizes.push(sizes.with([("n", n)]).unwrap());
            mixed.floats.push(floats.with([("n", n)]).unwrap());
            mixed.levels.push(levels.with([("n", n)]).unwrap());
        }
        removed.clear();
        mixed
    }

    /// Other values for each series and thread.
    fn record(&self, thread: usize) {
        for n in 0..SERIES {
            self.counters[n].add((n * thread) as u64);
            self.floats[n].add(float(n, thread));
            self.levels[n].add(-((n + thread) as i64));
            self.sizes[n].observe((thread % 5) as f64);
        }
    }
}

/// Sums of these depend on the order of addition.
fn float(n: usize, thread: usize) -> f64 {
    1.0 / (n + 7 * thread) as f64 + 1e9 * (thread % 3) as f64
}

#[test]
fn a_snapshot_adds_up_every_shard_whatever_lies_beside_what() {
    let mixed = Mixed::new();
    let recorded = Mutex::new(0);
    // Fewer shards than are read at once, as many, some more; the shards of one round serve in the next.
    for threads in [1, 3, 4, 5, 8, 11] {
        let all_recorded = Barrier::new(threads);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let thread = {
                        let mut recorded = recorded.lock().unwrap();
                        *recorded += 1;
                        *recorded
                    };
                    mixed.record(thread);
                    all_recorded.wait();
                });
            }
        });
        check(&mixed, *recorded.lock().unwrap());
    }
}

fn check(mixed: &Mixed, threads: usize) {
    let snapshot = mixed.registry.snapshot();
    let sum = (1..=threads).sum::<usize>();
    for n in 0..SERIES {
        // They were made in the reverse order.
        let text = (SERIES - 1 - n).to_string();
        let labels = [("n", &*text)];
        assert_eq!(snapshot.counter("events_total", &labels), Some((n * sum) as u64));
        assert_eq!(snapshot.up_down_counter("level", &labels), Some(-((n * threads + sum) as i64)));
        // Shard by shard, as the handle adds them: to the last bit.
        let float = snapshot.float_counter("seconds_total", &labels).unwrap();
        assert_eq!(float.to_bits(), mixed.floats[n].value().to_bits(), "{float}");
        let size = snapshot.histogram("size", &labels).unwrap();
        let count = |value: usize| (1..=threads).filter(|thread| thread % 5 == value).count() as u64;
        assert_eq!(size.counts(), [count(0) + count(1), count(2), count(3) + count(4), 0]);
        let observed = (1..=threads).map(|thread| thread % 5).sum::<usize>();
        assert_eq!((size.count(), size.sum()), (threads as u64, observed as f64));
    }
}

#[test]
fn series_are_sorted_by_their_labels_whether_open_closed_or_constant() {
    #[derive(Clone, Copy, LabelValue)]
    enum Kind {
        Put,
        Get,
    }
    let registry = Registry::builder().label("m", "constant").max_series_per_family(8).build().unwrap();
    let family = registry.declare("sent_total", "").labels(["z", "k", "a"]);
    let family: tachometer::Family<(String, Kind, String), Counter> = family.register().unwrap();
    assert_eq!(Kind::Put as usize, 0);
    for (z, a) in [("2", "b"), ("1", "b"), ("ab", "a"), ("a", "a"), ("beyond", "the limit")] {
        family.with((z, a)).unwrap()[Kind::Get].inc();
    }
    let snapshot = registry.snapshot();
    let series = snapshot.family("sent_total").unwrap().series();
    let series: Vec<Vec<(&str, &str)>> = series.map(|series| series.labels().collect()).collect();
    let row = |a, k, z| vec![("a", a), ("k", k), ("m", "constant"), ("z", z)];
    let expected = [
        row("a", "get", "a"),
        row("a", "get", "ab"),
        row("a", "put", "a"),
        row("a", "put", "ab"),
        row("b", "get", "1"),
        row("b", "get", "2"),
        row("b", "put", "1"),
        row("b", "put", "2"),
        vec![("m", "constant"), ("overflow", "true")],
    ];
    assert_eq!(series, expected);
    let overflow = [("m", "constant"), ("overflow", "true")];
    assert_eq!(snapshot.counter("sent_total", &overflow), Some(1));
}

#[test]
fn state_sets_of_one_name_may_have_other_states_in_each_child() {
    #[derive(Clone, Copy, LabelValue)]
    enum Link {
        Down,
        Up,
    }
    #[derive(Clone, Copy, LabelValue)]
    enum Door {
        Open,
        Closed,
        Ajar,
    }
    let registry = Registry::new();
    let child = |name| registry.child("", [("part", name)]).unwrap();
    let link: StateSet<Link> = child("b").declare("state", "").register().unwrap();
    let door: StateSet<Door> = child("a").declare("state", "").register().unwrap();
    link.set(Link::Up);
    door.enable(Door::Ajar);
    let _ = (Link::Down, Door::Closed, Door::Open);
    let snapshot = registry.snapshot();
    let states = |part| {
        let Value::StateSet(states) = snapshot.series("state", &[("part", part)]).unwrap().value() else {
            panic!("no state set")
        };
        states.states().map(|(state, on)| format!("{state} {on}")).collect::<Vec<_>>()
    };
    assert_eq!(states("a"), ["open true", "closed false", "ajar true"]);
    assert_eq!(states("b"), ["down false", "up true"]);
}

#[test]
fn a_snapshot_keeps_its_labels_when_the_series_and_the_registry_are_gone() {
    let registry = Registry::new();
    let family: DynamicFamily<Counter> = registry.counter_family("events_total", "", ["n"]).unwrap();
    family.with([("n", "one")]).unwrap().add(3);
    let snapshot = registry.snapshot();
    assert!(family.remove([("n", "one")]));
    family.with([("n", "other")]).unwrap().add(5);
    drop((family, registry));
    assert_eq!(snapshot.counter("events_total", &[("n", "one")]), Some(3));
    assert_eq!(snapshot.counter("events_total", &[("n", "other")]), None);
}
