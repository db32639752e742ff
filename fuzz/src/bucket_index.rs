//! Any value in any buckets: it is counted where a search from the first bound on says, and nowhere else.
//!
//! The input is bits: a byte with the number of bounds, then floats, the bounds first.

use tachometer::{Buckets, Registry};

/// # Panics
///
/// When a value is counted in a bucket that is not its own.
pub fn run(bits: &[u8]) {
    let Some((count, floats)) = bits.split_first() else { return };
    let (floats, _) = floats.as_chunks::<8>();
    let mut floats = floats.iter().map(|bytes| f64::from_bits(u64::from_le_bytes(*bytes)));
    let mut bounds: Vec<f64> =
        floats.by_ref().take(usize::from(*count)).filter(|bound| bound.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    // In this order -0 comes before 0, which it is equal to.
    bounds.dedup_by(|a, b| a == b);
    let Ok(buckets) = Buckets::explicit(bounds.iter().copied()) else {
        assert!(bounds.is_empty() || bounds.len() > tachometer::MAX_BOUNDS, "{bounds:?} are refused");
        return;
    };
    let registry =
        Registry::builder().self_metrics(false).build().expect("nothing is wrong with the options");
    let histogram = registry.histogram_with("size", "", buckets).expect("the first of its name");

    let mut counts = vec![0; bounds.len() + 1];
    let mut neighbours = bounds.clone();
    neighbours.extend(bounds.iter().flat_map(|bound| [bound.next_down(), bound.next_up()]));
    for value in floats.chain(neighbours) {
        histogram.observe(value);
        if value.is_finite() {
            let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
            counts[bucket] += 1;
        }
    }
    let snapshot = registry.snapshot();
    let seen = snapshot.histogram("size", &[]).expect("it is registered");
    assert_eq!(seen.counts(), counts, "in {bounds:?}");
}
