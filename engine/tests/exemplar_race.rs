//! Threads that put exemplars in the same places while snapshots read them.
#![forbid(unsafe_code)]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use tachometer::{
    Buckets, Counter, Exemplar, ExemplarProblem as Problem, Exemplars, Histogram, Registry, Snapshot,
};

const WRITERS: u64 = 8;
const RECORDS: u64 = 20_000;

/// Labels of the n-th record of a writer: of very different lengths, and each says all of it.
fn labels(writer: u64, n: u64) -> [(&'static str, String); 2] {
    let text = format!("{writer}:{n}");
    let filling = "é".repeat((n * 7 % 100) as usize);
    [("record", text.clone()), ("again", format!("{filling}{text}"))]
}

/// Which record this is the exemplar of, and that it is all of that one.
fn whole(exemplar: &Exemplar) -> (u64, u64) {
    let found: Vec<_> = exemplar.labels().map(|(name, value)| (name, value.to_owned())).collect();
    let text = &found.first().expect("a label is missing").1;
    let (writer, n) = text.split_once(':').expect("the label is cut");
    let (writer, n) = (writer.parse().unwrap(), n.parse().unwrap());
    assert_eq!(found, labels(writer, n), "the labels are of several records");
    (writer, n)
}

fn record(counter: &Counter, histogram: &Histogram, writer: u64) {
    for n in 1..=RECORDS {
        counter.add_with_exemplar(1, labels(writer, n));
        // The value says the record as well, and its bucket is that of the writer's pair.
        histogram.observe_with_exemplar((writer * RECORDS + n) as f64, labels(writer, n));
    }
}

/// Checks every exemplar of a snapshot, and says how many there are.
fn check(snapshot: &Snapshot) -> usize {
    let count = snapshot.counter("records_total", &[]).unwrap();
    let of_counter = snapshot.series("records_total", &[]).unwrap().exemplars();
    let found = of_counter.map(|(_, exemplar)| {
        let (_, n) = whole(exemplar);
        assert!(n <= count, "the exemplar of record {n} is there, and {count} were counted");
    });
    let mut checked = found.count();
    let counts = snapshot.histogram("sizes", &[]).unwrap().counts().to_vec();
    for (bucket, exemplar) in snapshot.series("sizes", &[]).unwrap().exemplars() {
        let (writer, n) = whole(exemplar);
        assert_eq!(
            exemplar.value(),
            (writer * RECORDS + n) as f64,
            "value and labels are of several records"
        );
        assert_eq!(bucket as u64, writer / 2, "it is another bucket's");
        assert!(n <= counts[bucket]);
        checked += 1;
    }
    checked
}

#[test]
fn eight_writers_of_the_same_places_never_let_a_snapshot_see_half_an_exemplar() {
    let registry = Registry::builder().exemplars(Exemplars::one_in(1)).build().unwrap();
    let counter = registry.counter("records_total", "Records.").unwrap();
    // A bucket for two writers each.
    let buckets = Buckets::linear(2.0 * RECORDS as f64, 2.0 * RECORDS as f64, 3);
    let histogram = registry.histogram_with("sizes", "Sizes.", buckets).unwrap();
    let done = AtomicBool::new(false);
    let (snapshots, checked) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut snapshots, mut checked) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                checked += check(&registry.snapshot());
                snapshots += 1;
            }
            (snapshots, checked)
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn({
                    let (counter, histogram) = (&counter, &histogram);
                    move || record(counter, histogram, writer)
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });

    assert_eq!((counter.value(), histogram.value().count), (WRITERS * RECORDS, WRITERS * RECORDS));
    assert_eq!(check(&registry.snapshot()), 5, "with nobody about, each place has a whole one");
    let left_out = Problem::ALL.map(|problem| registry.exemplar_problems(problem));
    println!("{checked} exemplars in {snapshots} snapshots; left out {left_out:?}");
    assert!(checked > 0, "no snapshot has seen any");
    let others = Problem::ALL.into_iter().filter(|problem| *problem != Problem::Busy);
    assert!(others.map(|problem| registry.exemplar_problems(problem)).all(|count| count == 0));
}
