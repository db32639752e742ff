//! What records with exemplars take from the allocator: something for the first of a series, and nothing after it.
//!
//! A program without the test harness, whose threads would allocate at times of their own.

#[path = "common/counting.rs"]
mod counting;

use counting::{bytes_taken, calls};
use tachometer::{Buckets, Counter, Exemplars, Histogram, Registry, TraceContext};

/// A place of an exemplar, and what is taken for labels that do not fit in it.
const PLACE: usize = 136;
const APART: usize = 512 - 72;

fn main() {
    let registry = || {
        let hook = || Some(TraceContext::new(1, 2));
        Registry::builder().exemplars(Exemplars::one_in(1).from(hook)).build().unwrap()
    };
    first_and_next(&registry());
    plain_records_take_nothing(&registry());
    println!("test a_record_with_an_exemplar_allocates_for_the_first_of_its_series_alone ... ok");
}

fn first_and_next(registry: &Registry) {
    let counter = registry.counter("a_total", "A.").unwrap();
    let histogram = registry.histogram_with("h", "H.", Buckets::explicit([1.0, 2.0])).unwrap();
    // Their page, and what the thread-locals of this thread take.
    counter.inc();
    histogram.observe(0.5);

    assert_eq!(bytes_taken(|| counter.inc_traced()), PLACE);
    assert_eq!(bytes_taken(|| histogram.observe_traced(0.5)), 3 * PLACE);
    let long = "x".repeat(100);
    let labels = || [("long", long.as_str())];
    assert_eq!(bytes_taken(|| counter.add_with_exemplar(1, labels())), APART);
    assert_eq!(bytes_taken(|| histogram.observe_with_exemplar(0.5, labels())), APART);

    let again = || {
        for n in 0..1_000 {
            counter.inc_traced();
            counter.add_with_exemplar(1, labels());
            counter.add_with_exemplar(1, [("a label", n)]);
            histogram.observe_traced(f64::from(n % 4));
            histogram.observe_with_exemplar(f64::from(n), [("n", n)]);
            histogram.start_timer().stop();
        }
    };
    assert_eq!(calls(again), 0);
    // Those that were warm-ups are three each.
    assert_eq!((counter.value(), histogram.value().count), (3_003, 3_003));
}

fn plain_records_take_nothing(registry: &Registry) {
    let counter = registry.counter("a_total", "A.").unwrap();
    let histogram = registry.histogram("h", "H.").unwrap();
    let record = |counter: &Counter, histogram: &Histogram| {
        counter.inc();
        histogram.observe(0.5);
    };
    record(&counter, &histogram);
    assert_eq!(calls(|| (0..1_000).for_each(|_| record(&counter, &histogram))), 0);
}
