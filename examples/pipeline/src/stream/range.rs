//! The hash-key space of a stream: partition keys hash to 64 bits, and every open shard owns a range of them.
//!
//! Kinesis uses MD5 and 128 bits; the shape of the thing is the same.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hash of a partition key.
pub(crate) fn hash_key(key: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Hashes from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl HashRange {
    /// Cuts the whole space into `parts` neighbouring ranges of nearly equal size (at least one).
    pub(crate) fn divide(parts: u32) -> Vec<Self> {
        let parts = u128::from(parts.max(1));
        let edge = |part: u128| (part << 64) / parts;
        (0..parts).map(|part| Self { first: edge(part) as u64, last: (edge(part + 1) - 1) as u64 }).collect()
    }

    /// The two halves; `None` for a range of a single hash.
    pub(crate) fn split(self) -> Option<[Self; 2]> {
        let middle = self.first + (self.last - self.first) / 2;
        (self.first < self.last).then_some([
            Self { first: self.first, last: middle },
            Self { first: middle + 1, last: self.last },
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_covers_everything(ranges: &[HashRange]) {
        assert_eq!((ranges[0].first, ranges[ranges.len() - 1].last), (0, u64::MAX));
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].last + 1, pair[1].first, "gap or overlap between {pair:?}");
        }
    }

    #[test]
    fn any_number_of_parts_covers_every_hash_once() {
        for parts in [1, 2, 3, 7, 8, 1000] {
            let ranges = HashRange::divide(parts);
            assert_eq!(ranges.len(), parts as usize);
            assert_covers_everything(&ranges);
        }
    }

    #[test]
    fn splitting_again_and_again_keeps_every_hash_covered_once() {
        let mut ranges = HashRange::divide(3);
        for round in 0..200 {
            let at = round * 7 % ranges.len();
            // The one that is hit again and again ends as a single hash.
            let Some(halves) = ranges[at].split() else { continue };
            ranges.splice(at..=at, halves);
            assert_covers_everything(&ranges);
        }
        assert!(ranges.len() > 60, "{}", ranges.len());
    }

    #[test]
    fn a_single_hash_cannot_be_split() {
        assert_eq!(HashRange { first: 9, last: 9 }.split(), None);
    }
}
