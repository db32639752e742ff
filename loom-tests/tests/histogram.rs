//! A histogram: observations against reads of its pairs, and the writer that never comes back.
#![cfg(tachometer_loom)]

use loom::thread;
use tachometer::{
    Buckets, Histogram, Registry,
    model::{self, Cells, Shard},
};
use tachometer_loom_tests::{check, control};

/// Sums of a bucket by its count, for what [`Writer::observe_all`] observes.
const LOW: [f64; 3] = [0.0, 3.0, 7.0];
const HIGH: [f64; 2] = [0.0, 50.0];

/// The stores of an observation.
const STORES: usize = 6;

/// A histogram of two buckets and the shard that one thread is to record it in, its page mapped already.
#[derive(Clone)]
struct Writer {
    histogram: Histogram,
    shard: Shard,
}

impl Writer {
    fn new() -> (Self, Cells) {
        let registry = Registry::new();
        let histogram = registry.histogram_with("h", "", Buckets::explicit([10.0])).unwrap();
        let same_page = registry.counter("c", "").unwrap();
        let shard = Shard::acquire().unwrap();
        shard.wear();
        same_page.add(0);
        let cells = Cells::of_histogram(&histogram)[0];
        (Self { histogram, shard }, cells)
    }

    /// Observes 3, 50 and 4 on a thread of its own; of the last only the first `stores` stores.
    fn observe_all(self, stores: usize) -> thread::JoinHandle<Self> {
        thread::spawn(move || {
            self.shard.wear();
            self.histogram.observe(3.0);
            self.histogram.observe(50.0);
            model::stop_after(stores);
            self.histogram.observe(4.0);
            self
        })
    }
}

/// Takes one of the two buckets as read, and checks that its sum is that of its observations.
fn whole(bucket: usize, (count, sum): (u64, f64)) -> u64 {
    let expected = if bucket == 0 { LOW[count as usize] } else { HIGH[count as usize] };
    assert_eq!(sum, expected, "bucket {bucket} is torn: {count} observations");
    count
}

fn read(cells: Cells, bucket: usize) -> u64 {
    let (count, sum, tries) = cells.bucket(bucket);
    assert!(tries <= 1 + 2 * 2, "{tries} tries, but no more than two observations could disturb them");
    whole(bucket, (count, sum))
}

/// Reads the lower bucket twice.
fn two_reads(cells: Cells) -> u64 {
    let [first, second] = [(); 2].map(|()| read(cells, 0));
    assert!(first <= second, "the bucket went back from {first} to {second}");
    second
}

#[test]
fn a_bucket_is_read_as_it_stood_between_two_observations() {
    check("a bucket is read as it stood between two observations", 600_000, || {
        let (writer, cells) = Writer::new();
        let writer = writer.observe_all(STORES);
        let reader = thread::spawn(move || {
            two_reads(cells);
            read(cells, 1);
        });
        let _writer = writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!((read(cells, 0), read(cells, 1)), (2, 1));
    });
}

/// The reads return, and show what was before the observation that was cut off.
fn stopped_after(stores: usize, minimum: usize) {
    check(&format!("a writer stopped after {stores} stores blocks no reader"), minimum, move || {
        let (writer, cells) = Writer::new();
        let writer = writer.observe_all(stores);
        let reader = thread::spawn(move || two_reads(cells));
        let _writer = writer.join().unwrap();
        assert!(reader.join().unwrap() <= 1);
        assert_eq!((read(cells, 0), read(cells, 1)), (1, 1));
    });
}

#[test]
fn a_writer_stopped_before_its_first_store_changes_nothing() {
    stopped_after(0, 3_000);
}

#[test]
fn a_writer_stopped_after_it_entered_changes_nothing() {
    stopped_after(1, 3_000);
}

#[test]
fn a_writer_stopped_after_the_undo_cell_changes_nothing() {
    stopped_after(2, 4_500);
}

#[test]
fn a_writer_stopped_after_the_busy_bit_changes_nothing() {
    stopped_after(3, 24_000);
}

#[test]
fn a_writer_stopped_after_the_sum_changes_nothing() {
    stopped_after(4, 43_000);
}

/// Zero observations leave the number as it was, so the protocol must not let them pass as an observation.
#[test]
fn an_observation_of_nothing_cannot_hide_behind_its_number() {
    check("an observation of nothing cannot hide behind its number", 400, || {
        let (writer, cells) = Writer::new();
        let writer = thread::spawn(move || {
            writer.shard.wear();
            writer.histogram.observe(50.0);
            writer.histogram.observe_n(3.0, 0);
            writer.histogram.observe(50.0);
            writer.histogram.observe(3.0);
            writer
        });
        let reader = thread::spawn(move || read(cells, 0));
        let _writer = writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(read(cells, 0), 1);
    });
}

/// The same through the thread-locals, the registry and the snapshot.
#[test]
fn in_a_snapshot_count_and_sum_are_of_the_same_observations() {
    check("in a snapshot count and sum are of the same observations", 10_000, || {
        let registry = Registry::new();
        let histogram = registry.histogram_with("h", "", Buckets::explicit([10.0])).unwrap();
        let writer = {
            let histogram = histogram.clone();
            thread::spawn(move || {
                histogram.observe(3.0);
                histogram.observe(50.0);
                histogram
            })
        };
        let reader = thread::spawn(move || {
            let snapshot = registry.snapshot();
            let seen = snapshot.histogram("h", &[]).unwrap();
            let [low, high] = *seen.counts() else { unreachable!("the histogram has two buckets") };
            assert_eq!(seen.count(), low + high);
            assert_eq!(seen.sum(), 3.0 * low as f64 + 50.0 * high as f64, "{low} and {high} observations");
            registry
        });
        let _handle = writer.join().unwrap();
        let _registry = reader.join().unwrap();
        let value = histogram.value();
        assert_eq!((value.count, value.sum, value.counts), (2, 53.0, vec![1, 1]));
    });
}

/// Runs a faulty reader against the writer.
fn faulty_reader(name: &str, stores: usize, read: impl Fn(Cells) + Copy + Send + Sync + 'static) {
    control(name, move || {
        let (writer, cells) = Writer::new();
        let writer = writer.observe_all(stores);
        let reader = thread::spawn(move || read(cells));
        let _writer = writer.join().unwrap();
        reader.join().unwrap();
    });
}

/// The sum of the lower bucket, from the undo cell when the number is odd.
fn repaired(cells: Cells, number: u64) -> f64 {
    f64::from_bits(cells.load(if number & 1 == 1 { 0 } else { 3 }))
}

#[test]
#[should_panic(expected = "is torn")]
fn control_a_reader_that_does_not_load_the_number_again_is_seen() {
    faulty_reader("a reader that does not load the number again", STORES, |cells| {
        let number = cells.load(2);
        whole(0, (number >> 1, repaired(cells, number)));
    });
}

#[test]
#[should_panic(expected = "is torn")]
fn control_a_reader_that_ignores_the_busy_bit_is_seen() {
    faulty_reader("a reader that ignores the busy bit", 4, |cells| {
        let number = cells.load(2);
        let sum = f64::from_bits(cells.load(3));
        if cells.load(2) == number {
            whole(0, (number >> 1, sum));
        }
    });
}
