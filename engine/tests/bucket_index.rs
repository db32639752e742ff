//! A value's bucket is the one that a linear scan finds, for ten million random bit patterns.
#![forbid(unsafe_code)]

use std::thread;

use tachometer::{Buckets, DropReason, Histogram, Registry, dropped_records};

const PATTERNS: usize = 10_000_000;
/// Values observed between two comparisons: few, so that two wrong buckets cannot make up for each other.
const BATCH: usize = 32;

/// Marsaglia's xorshift64: the same patterns in every run.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// The oracle. A plain loop, because the tests run without optimization as well.
fn scan(bounds: &[f64], value: f64) -> usize {
    let mut bucket = 0;
    while bucket < bounds.len() && bounds[bucket] < value {
        bucket += 1;
    }
    bucket
}

/// Layouts with a table and without one, and where their neighbouring bounds lie apart or are almost equal.
fn layouts() -> Vec<Buckets> {
    let explicit = |bounds: &[f64]| Buckets::explicit(bounds.iter().copied());
    [
        Ok(Buckets::seconds()),
        explicit(&[1.0]),
        explicit(&[-10.0, -1.0, -0.0, 1.0, 1e300]),
        explicit(&[5e-324, 1e-310, f64::MIN_POSITIVE, 1.0, 1.0_f64.next_up(), f64::MAX]),
        Buckets::exponential(0.001, 2.0, 14),
        Buckets::log_linear(1.0, 8.0, 4),
        Buckets::exponential(1e-4, 1.2, 64),
        Buckets::linear(0.0, 1.0, 254),
    ]
    .map(|layout| layout.unwrap())
    .to_vec()
}

/// A pattern that is not all over the place: its sign and exponent are those of one of the bounds, or next to them.
fn near(bounds: &[f64], random: &mut Xorshift) -> u64 {
    let bound = bounds[random.next() as usize % bounds.len()].to_bits();
    let step = (random.next() % 3) << 52;
    bound.wrapping_add(step).wrapping_sub(1 << 52) >> 52 << 52 | random.next() >> 12
}

/// A bound, or a neighbour of one: where it matters on which side a comparison takes in its bound.
fn at_a_bound(bounds: &[f64], random: &mut Xorshift) -> u64 {
    let bound = bounds[random.next() as usize % bounds.len()].to_bits();
    bound.wrapping_add(random.next() % 3).wrapping_sub(1)
}

/// Observes batches of what `pattern` gives and compares the counts with the oracle's after each. Returns how many
/// patterns were not finite.
fn compare(
    buckets: &Buckets,
    patterns: usize,
    random: &mut Xorshift,
    pattern: impl Fn(&[f64], &mut Xorshift) -> u64,
) -> u64 {
    let histogram = Registry::new().histogram_with("value", "Values.", buckets).unwrap();
    let bounds = buckets.bounds();
    let mut expected = vec![0; bounds.len() + 1];
    let mut not_finite = 0;
    for _ in 0..patterns / BATCH {
        let seed = random.0;
        for _ in 0..BATCH {
            let value = f64::from_bits(pattern(bounds, random));
            histogram.observe(value);
            let bucket = value.is_finite().then(|| scan(bounds, value));
            assert!(buckets.index_of(value) == bucket, "{value:e} is in bucket {bucket:?} of {bounds:?}");
            match bucket {
                Some(bucket) => expected[bucket] += 1,
                None => not_finite += 1,
            }
        }
        assert!(
            counts(&histogram) == expected,
            "the {BATCH} patterns after {seed:#x} differ with {bounds:?}"
        );
    }
    not_finite
}

fn counts(histogram: &Histogram) -> Vec<u64> {
    histogram.value().counts
}

#[test]
fn ten_million_random_bit_patterns_fall_where_a_linear_scan_says() {
    let layouts = layouts();
    let each = PATTERNS.div_ceil(layouts.len()).next_multiple_of(BATCH);
    println!("{} layouts, {each} patterns each", layouts.len());
    let before = dropped_records(DropReason::NotFinite);
    let not_finite: u64 = thread::scope(|scope| {
        let checks: Vec<_> = layouts
            .iter()
            .zip(1_u64..)
            .map(|(layout, seed)| {
                scope.spawn(move || {
                    let random = &mut Xorshift(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    compare(layout, each, random, |_, random| random.next())
                        + compare(layout, each / 16, random, near)
                        + compare(layout, each / 64, random, at_a_bound)
                })
            })
            .collect();
        checks.into_iter().map(|check| check.join().unwrap()).sum()
    });
    assert!(not_finite > 0);
    assert_eq!(dropped_records(DropReason::NotFinite) - before, not_finite);
}
