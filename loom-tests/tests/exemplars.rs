//! Exemplars: writers that meet in one place, and snapshots that read it meanwhile.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{Counter, Exemplars, Registry, model::ExemplarPlace};
use tachometer_loom_tests::{check, check_within, control, spawn};

/// Characters of a label that fits in the place, and of one that lies apart.
const SHORT: usize = 1;
const LONG: usize = 9;

/// The number of the exemplar there, if there is one, and that all of it says that number.
fn whole(place: &ExemplarPlace) -> Option<u64> {
    let (value, label) = place.read()?;
    let number: u64 = label.parse().unwrap_or_else(|_| panic!("the exemplar is torn: {label:?}"));
    assert_eq!(value, number as f64, "the exemplar is torn: its label says {number}");
    Some(number)
}

#[test]
fn an_exemplar_is_read_whole_while_others_take_its_place() {
    check("an exemplar is read whole while others take its place", 38_000, || {
        let place = ExemplarPlace::new();
        assert!(place.put(1, SHORT));
        let writer = spawn(&place, |place| assert!(place.put(2, SHORT) && place.put(3, SHORT)));
        let reader = spawn(&place, |place| {
            whole(place);
        });
        [writer, reader].into_iter().for_each(|thread| drop(thread.join().unwrap()));
        assert_eq!(whole(&place), Some(3));
    });
}

/// The first of them takes memory for what lies apart, and no two at a time.
#[test]
fn of_two_writers_one_at_a_time_puts_an_exemplar_in_the_place() {
    check("of two writers one at a time puts an exemplar in the place", 140, || {
        let place = ExemplarPlace::new();
        let writers = [(1, LONG), (2, LONG)].map(|(number, characters)| {
            let place = place.clone();
            thread::spawn(move || place.put(number, characters))
        });
        let kept = writers.map(|thread| thread.join().unwrap());
        let found = whole(&place);
        assert!(kept.contains(&true), "each left it to the other");
        assert!(found.is_some_and(|number| kept[number as usize - 1]), "{found:?} of {kept:?}");
    });
}

#[test]
fn an_exemplar_that_lies_apart_is_read_whole() {
    check("an exemplar that lies apart is read whole", 5_800, || {
        let place = ExemplarPlace::new();
        let writer = spawn(&place, |place| assert!(place.put(1, SHORT) && place.put(2, LONG)));
        let reader = spawn(&place, |place| {
            whole(place);
        });
        [writer, reader].into_iter().for_each(|thread| drop(thread.join().unwrap()));
        assert_eq!(whole(&place), Some(2));
    });
}

/// A registry that samples every record, and a counter in it that has one exemplar already, or none.
fn counter(records: u64) -> (Registry, Counter) {
    let registry = Registry::builder().exemplars(Exemplars::one_in(1)).build().unwrap();
    let counter = registry.counter("c_total", "").unwrap();
    (0..records).for_each(|_| counter.add_with_exemplar(1, [("n", 0)]));
    (registry, counter)
}

#[test]
fn the_exemplars_of_a_snapshot_are_of_records_that_it_counts() {
    check_within(2, "the exemplars of a snapshot are of records that it counts", 8_800, || {
        let (registry, counter) = counter(1);
        let writer = spawn(&counter, |counter| counter.add_with_exemplar(1, [("n", 1)]));
        let reader = spawn(&registry, |registry| {
            let snapshot = registry.snapshot();
            let series = snapshot.series("c_total", &[]).unwrap();
            let label = series.exemplars().next().map(|(_, exemplar)| exemplar.labels().eq([("n", "1")]));
            let count = snapshot.counter("c_total", &[]).unwrap();
            assert!(label != Some(true) || count == 2, "the exemplar is of a record that is not counted");
        });
        let _writer = writer.join().unwrap();
        let _reader = reader.join().unwrap();
        assert_eq!(counter.value(), 2);
    });
}

#[test]
fn the_places_of_a_series_are_made_once() {
    check_within(2, "the places of a series are made once", 11_500, || {
        let (registry, counter) = counter(0);
        let writers =
            [1, 2].map(|n| spawn(&counter, move |counter| counter.add_with_exemplar(1, [("n", n)])));
        let _writers = writers.map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 2);
        assert_eq!(registry.snapshot().series("c_total", &[]).unwrap().exemplars().len(), 1);
    });
}

#[test]
fn a_series_that_begins_again_and_a_record_beside_it_leave_a_whole_exemplar_or_none() {
    check("a series that begins again beside a record leaves a whole exemplar or none", 9_500, || {
        let registry = Registry::builder().exemplars(Exemplars::one_in(1)).build().unwrap();
        let family: tachometer::Family<(), Counter> = registry.declare("c_total", "").register().unwrap();
        let counter = family[()].clone();
        counter.add_with_exemplar(1, [("n", 1)]);
        let writer = spawn(&counter, |counter| counter.add_with_exemplar(2, [("n", 2)]));
        let clears = thread::spawn(move || {
            family.clear();
            family
        });
        let _writer = writer.join().unwrap();
        let _family = clears.join().unwrap();
        let snapshot = registry.snapshot();
        let series = snapshot.series("c_total", &[]).unwrap();
        let found = series.exemplars().next().map(|(_, exemplar)| exemplar.clone());
        assert!(
            found.is_none_or(|found| found.value() == 2.0 && found.labels().eq([("n", "2")])),
            "it is torn"
        );
    });
}

/// Two words that a writer stores in turn and a reader loads in turn, with nothing to tell that they belong together.
#[test]
#[should_panic(expected = "is torn")]
fn control_words_without_a_state_are_seen_torn() {
    use loom::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    control("words without a state", || {
        let words = Arc::new([const { 0 }; 2].map(|_: u8| AtomicU64::new(1)));
        let writer = spawn(&words, |words| words.iter().for_each(|word| word.store(2, Ordering::Release)));
        let [value, label] = [0, 1].map(|at| words[at].load(Ordering::Acquire));
        let _writer = writer.join().unwrap();
        assert_eq!(value, label, "the exemplar is torn");
    });
}
