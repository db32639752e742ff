//! Series that are made, recorded in, removed and made again, on four threads with snapshots meanwhile: no count is
//! ever seen under another name, and their cells are used again.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/plain.rs"]
mod plain;

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use common::Finish;
use labels::Status;
use plain::plain;
use tachometer::{
    Buckets, Counter, DynamicFamily, Family, Histogram, Number, Registry, SeriesView, Snapshot, Value,
};

const THREADS: u64 = 4;
const ROUNDS: u64 = 10_000;
/// Names of each thread, used in turn.
const NAMES: u64 = 8;
/// Records of each round.
const RECORDS: u64 = 3;

/// What each record of a name adds: a prime of its own, so that a value tells its name.
const MARKS: [u64; (THREADS * NAMES) as usize] = [
    1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097, 1103,
    1109, 1117, 1123, 1129, 1151, 1153, 1163, 1171, 1181, 1187, 1193, 1201, 1213, 1217, 1223,
];

struct Families {
    dynamic: DynamicFamily<Counter>,
    typed: Family<u64, Counter>,
    mixed: Family<(u64, Status), Counter>,
    sizes: Family<u64, Histogram>,
}

impl Families {
    fn new(registry: &Registry) -> Self {
        let sizes = Buckets::linear(1_000.0, 100.0, 3);
        Self {
            dynamic: registry.counter_family("dynamic_total", "", ["n"]).unwrap(),
            typed: registry.declare("typed_total", "").label("n").register().unwrap(),
            mixed: registry.declare("mixed_total", "").labels(["n", "status"]).register().unwrap(),
            sizes: registry.declare("sizes", "").label("n").buckets(sizes).register().unwrap(),
        }
    }

    /// Makes the series of a name, records in them, and removes them.
    fn round(&self, name: u64, round: u64) {
        let mark = MARKS[name as usize];
        let text = name.to_string();
        let pair = [("n", &*text)];
        let dynamic = self.dynamic.with(pair).unwrap();
        let typed = self.typed.with(name).unwrap();
        let mixed = self.mixed.with(name).unwrap();
        let size = self.sizes.with(name).unwrap();
        assert_eq!(
            (dynamic.value(), typed.value(), size.value().count),
            (0, 0, 0),
            "made again, they begin at 0"
        );
        for _ in 0..RECORDS {
            dynamic.add(mark);
            typed.add(mark);
            mixed[Status::Failed].add(mark);
            size.observe(mark as f64);
        }
        assert_eq!([dynamic.value(), typed.value(), mixed[Status::Failed].value()], [RECORDS * mark; 3]);
        assert_eq!((size.value().count, size.value().sum), (RECORDS, (RECORDS * mark) as f64));
        if round.is_multiple_of(3) {
            assert!(self.mixed.remove(&(name, Status::Failed)));
            assert_eq!(mixed[Status::Failed].value(), 0);
        }
        assert!(self.dynamic.remove(pair) && self.typed.remove(&name));
        assert!(self.mixed.remove_with(name) && self.sizes.remove(&name));
        // Into cells that nobody else has while the handles live.
        dynamic.add(mark);
        size.observe(mark as f64);
    }
}

/// Checks that the series holds what was recorded under its own name.
fn check(series: SeriesView<'_>) {
    let name = series.labels().find(|(label, _)| *label == "n").unwrap().1;
    let mark = MARKS[name.parse::<usize>().unwrap()];
    match series.value() {
        Value::Number(Number::U64(value)) => {
            assert!(value % mark == 0 && value / mark <= RECORDS + 1, "{value} under {name} of {mark}");
        }
        Value::Histogram(size) => {
            let records = size.count();
            assert!(records <= RECORDS + 1, "{records} observations under {name}");
            assert_eq!(size.sum(), (records * mark) as f64, "under {name}");
            let mut counts = [0; 4];
            counts[1 + (mark > 1_100) as usize + (mark > 1_200) as usize] = records;
            assert_eq!(size.counts(), counts, "under {name}");
        }
        other => panic!("{other:?}"),
    }
}

fn check_all(snapshot: &Snapshot) -> usize {
    let series = snapshot.families().flat_map(|family| family.series());
    series.map(check).count()
}

#[test]
fn no_count_is_ever_seen_under_another_name() {
    let registry = plain();
    let families = Families::new(&registry);
    let done = AtomicBool::new(false);
    let (mut warm, mut seen) = (None, 0);
    thread::scope(|scope| {
        let churn = |rounds: std::ops::Range<u64>| {
            let families = &families;
            let threads = [0, 1, 2, 3].map(|thread| {
                let rounds = rounds.clone();
                scope.spawn(move || {
                    rounds.for_each(|round| families.round(thread * NAMES + round % NAMES, round));
                })
            });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        };
        let reader = scope.spawn(|| {
            let (mut seen, mut snapshots) = (0, 0_u64);
            // Some snapshots are kept for a while, and their cells with them.
            let mut kept = [const { None }; 3];
            while !done.load(Ordering::Relaxed) {
                let snapshot = registry.snapshot();
                seen += check_all(&snapshot);
                seen += kept.iter().flatten().map(check_all).sum::<usize>();
                kept[(snapshots % 3) as usize] = Some(snapshot);
                snapshots += 1;
            }
            seen
        });
        let finish = Finish(&done);
        churn(0..ROUNDS / 10);
        warm = memory::resident();
        churn(ROUNDS / 10..ROUNDS);
        drop(finish);
        seen = reader.join().unwrap();
    });
    println!("{seen} series were seen");
    assert!(seen > 0, "no snapshot saw a series");
    assert_eq!(check_all(&registry.snapshot()), 0);
    // Did the 14 cells of a round not come back, those of 36,000 more rounds would take 16 MiB in four shards.
    if let (Some(warm), Some(after)) = (warm, memory::resident()) {
        println!("{warm} bytes, then {after}");
        assert!(after < warm + (4 << 20), "{warm} bytes, then {after}");
    }
}
