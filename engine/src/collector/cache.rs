//! A cache that a thread has for itself, from keys of bytes to what was looked up by them.
//!
//! It has a fixed number of places, so what it holds is bounded, and it compares keys and not addresses: the buffer of a
//! label's value may hold another value next time. What has left the place that the key stands for in the owner's eyes
//! (a series that was removed) the cache cannot know; values say themselves whether they are still good.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Places that a key has to choose from, and how many such sets there are.
const WAYS: usize = 4;
const SETS: usize = 64;

/// Bytes of the longest key that is cached.
const MAX_KEY_BYTES: usize = 192;

/// A key that is written piece by piece, on the stack.
pub(crate) struct CacheKey {
    bytes: [u8; MAX_KEY_BYTES],
    /// Of all that was pushed, whether it found room or not.
    len: usize,
}

/// The cache. Takes no memory until something is put into it.
pub(crate) struct Cache<V> {
    /// The hash of the key in each place, side by side, so that a set is one cache line and most misses stay here.
    hashes: Vec<u64>,
    places: Vec<Option<(Box<[u8]>, V)>>,
    /// Whose turn it is to go, in any set.
    turn: usize,
}

impl CacheKey {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; MAX_KEY_BYTES], len: 0 }
    }

    /// Adds a number.
    #[inline]
    pub(crate) fn push_number(&mut self, number: u64) {
        self.push(&number.to_ne_bytes());
    }

    /// Adds a text, and behind it a byte that no text contains: two texts in a row are not like one.
    #[inline]
    pub(crate) fn push_text(&mut self, text: &str) {
        self.push(text.as_bytes());
        self.push(&[0xff]);
    }

    #[inline]
    fn push(&mut self, part: &[u8]) {
        let end = self.len + part.len();
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(part);
        }
        self.len = end;
    }

    /// The key; `None` if it is too long to be cached.
    #[inline]
    fn written(&self) -> Option<&[u8]> {
        self.bytes.get(..self.len)
    }
}

impl<V> Cache<V> {
    pub(crate) const fn new() -> Self {
        Self { hashes: Vec::new(), places: Vec::new(), turn: 0 }
    }

    /// What was put under the key, unless something else has taken its place.
    #[inline]
    pub(crate) fn get(&self, key: &CacheKey) -> Option<&V> {
        let key = key.written()?;
        let hash = hash(key);
        let first = first_place(hash);
        let set = self.hashes.get(first..first + WAYS)?;
        for (way, _) in set.iter().enumerate().filter(|(_, there)| **there == hash) {
            if let Some((there, value)) = &self.places[first + way]
                && **there == *key
            {
                return Some(value);
            }
        }
        None
    }

    /// Puts a value under the key, and returns what it took the place of: to be dropped when the cache is not borrowed.
    pub(crate) fn put(&mut self, key: &CacheKey, value: V) -> Option<V> {
        let Some(key) = key.written() else { return Some(value) };
        if self.places.is_empty() {
            self.hashes.resize(SETS * WAYS, 0);
            self.places.resize_with(SETS * WAYS, || None);
        }
        let hash = hash(key);
        let first = first_place(hash);
        let set = &self.places[first..first + WAYS];
        let is_same =
            |place: &Option<(Box<[u8]>, V)>| place.as_ref().is_some_and(|(there, _)| **there == *key);
        let same = set.iter().position(is_same);
        let way = same.or_else(|| set.iter().position(Option::is_none)).unwrap_or_else(|| {
            self.turn = self.turn.wrapping_add(1);
            self.turn % WAYS
        });
        self.hashes[first + way] = hash;
        self.places[first + way].replace((key.into(), value)).map(|(_, before)| before)
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(key);
    hasher.finish()
}

/// The first place of the set that a hash belongs to.
fn first_place(hash: u64) -> usize {
    hash as usize % SETS * WAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(texts: &[&str]) -> CacheKey {
        let mut key = CacheKey::new();
        texts.iter().for_each(|text| key.push_text(text));
        key
    }

    #[test]
    fn a_value_is_found_under_its_key_alone() {
        let mut cache = Cache::new();
        assert_eq!(cache.get(&key(&["a"])), None);
        assert_eq!(cache.put(&key(&["ab", "c"]), 1), None);
        assert_eq!(cache.put(&key(&["a", "bc"]), 2), None);
        assert_eq!((cache.get(&key(&["ab", "c"])), cache.get(&key(&["a", "bc"]))), (Some(&1), Some(&2)));
        assert_eq!(cache.get(&key(&["abc"])), None);
        assert_eq!(cache.put(&key(&["ab", "c"]), 3), Some(1));
        assert_eq!(cache.get(&key(&["ab", "c"])), Some(&3));
    }

    #[test]
    fn a_key_is_cached_whole_or_not_at_all() {
        let longest = "x".repeat(MAX_KEY_BYTES - 1);
        let mut cache = Cache::new();
        assert_eq!(cache.put(&key(&[&longest]), 1), None);
        assert_eq!(cache.get(&key(&[&longest])), Some(&1));
        for too_long in [&[&*longest, ""][..], &[&format!("{longest}x")]] {
            assert_eq!(cache.put(&key(too_long), 2), Some(2));
            assert_eq!(cache.get(&key(too_long)), None);
        }
        assert_eq!(cache.get(&key(&[&longest])), Some(&1));
    }

    #[test]
    fn it_holds_no_more_than_it_has_places_for_and_what_it_finds_is_right() {
        let mut cache = Cache::new();
        for number in 0..10_000_u64 {
            let mut key = CacheKey::new();
            key.push_number(number);
            cache.put(&key, number);
            assert_eq!(cache.get(&key), Some(&number));
        }
        let found = (0..10_000_u64).filter(|number| {
            let mut key = CacheKey::new();
            key.push_number(*number);
            let found = cache.get(&key);
            assert!(found.is_none_or(|found| found == number));
            found.is_some()
        });
        assert_eq!(found.count(), SETS * WAYS);
    }
}
