//! A cache that a thread has for itself, from keys to what was looked up by them.
//!
//! It has a fixed number of places, so what it holds is bounded. It compares contents and not addresses: a buffer that
//! held one label's value may hold another's next time. Whether what it finds is still good it cannot know; the owner
//! keeps something in the value to tell.
//!
//! A key is not put together to be looked up: its parts are hashed and compared where they lie, which takes half the
//! time.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Places that a key has to choose from, and how many such sets there are.
const WAYS: usize = 4;
const SETS: usize = 64;

/// Bytes of the longest texts that are cached, with one behind each: what a cache holds is bounded.
const MAX_TEXT_BYTES: usize = 256;

/// Ends a text: no text in UTF-8 contains it.
const END: u8 = 0xff;

/// A key: two numbers, and texts in a row. It is hashed and compared where its parts lie, and copied when it is put in.
pub(crate) struct CacheKey<'a> {
    numbers: [u64; 2],
    texts: &'a [&'a str],
    hash: u64,
}

/// The cache. Takes no memory until something is put into it.
pub(crate) struct Cache<V> {
    /// The hash of the key in each place. Those of a set lie side by side, so that a miss as a rule ends here.
    hashes: Vec<u64>,
    places: Vec<Option<Place<V>>>,
    /// Whose turn it is to go, in any set.
    turn: usize,
}

struct Place<V> {
    numbers: [u64; 2],
    /// The texts, each with an end.
    texts: Box<[u8]>,
    value: V,
}

impl<'a> CacheKey<'a> {
    #[inline]
    pub(crate) fn new(numbers: [u64; 2], texts: &'a [&'a str]) -> Self {
        let mut hasher = FixedState::default().build_hasher();
        numbers.iter().for_each(|number| hasher.write_u64(*number));
        texts.iter().for_each(|text| hasher.write(text.as_bytes()));
        Self { numbers, texts, hash: hasher.finish() }
    }

    /// The first place of the set that it belongs to.
    #[inline]
    fn first_place(&self) -> usize {
        self.hash as usize % SETS * WAYS
    }

    #[inline]
    fn is_of<V>(&self, place: &Place<V>) -> bool {
        let mut rest = &*place.texts;
        self.numbers == place.numbers
            && self.texts.iter().all(|text| match rest.split_at_checked(text.len()) {
                Some((there, [END, behind @ ..])) => {
                    rest = behind;
                    there == text.as_bytes()
                }
                _ => false,
            })
            && rest.is_empty()
    }
}

impl<V> Cache<V> {
    pub(crate) const fn new() -> Self {
        Self { hashes: Vec::new(), places: Vec::new(), turn: 0 }
    }

    /// What was put under the key, unless something else has taken its place.
    #[inline]
    pub(crate) fn get(&self, key: &CacheKey<'_>) -> Option<&V> {
        let first = key.first_place();
        let set = self.hashes.get(first..first + WAYS)?;
        for (way, hash) in set.iter().enumerate() {
            if *hash == key.hash
                && let Some(place) = &self.places[first + way]
                && key.is_of(place)
            {
                return Some(&place.value);
            }
        }
        None
    }

    /// Puts a value under the key, and returns what it took the place of: to be dropped when the cache is not borrowed.
    /// A key that is too long comes back itself.
    pub(crate) fn put(&mut self, key: &CacheKey<'_>, value: V) -> Option<V> {
        if key.texts.iter().map(|text| text.len() + 1).sum::<usize>() > MAX_TEXT_BYTES {
            return Some(value);
        }
        if self.places.is_empty() {
            self.hashes.resize(SETS * WAYS, 0);
            self.places.resize_with(SETS * WAYS, || None);
        }
        let first = key.first_place();
        let set = &self.places[first..first + WAYS];
        let same = set.iter().position(|place| place.as_ref().is_some_and(|place| key.is_of(place)));
        let way = same.or_else(|| set.iter().position(Option::is_none)).unwrap_or_else(|| {
            self.turn = self.turn.wrapping_add(1);
            self.turn % WAYS
        });
        let texts = key.texts.iter().flat_map(|text| text.bytes().chain([END])).collect();
        self.hashes[first + way] = key.hash;
        let before = self.places[first + way].replace(Place { numbers: key.numbers, texts, value });
        before.map(|before| before.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(texts: &'a [&'a str]) -> CacheKey<'a> {
        CacheKey::new([1, 2], texts)
    }

    #[test]
    fn a_value_is_found_under_its_key_alone() {
        let mut cache = Cache::new();
        let keys: [&[&str]; 7] =
            [&[], &[""], &["", ""], &["ab", "c"], &["a", "bc"], &["abc"], &["ab", "c", ""]];
        assert!(keys.iter().all(|texts| cache.get(&key(texts)).is_none()));
        for (value, texts) in keys.iter().enumerate() {
            assert_eq!(cache.put(&key(texts), value), None);
        }
        for (value, texts) in keys.iter().enumerate() {
            assert_eq!(cache.get(&key(texts)), Some(&value));
            assert_eq!(cache.get(&CacheKey::new([2, 1], texts)), None);
            assert_eq!(cache.put(&key(texts), value + 100), Some(value));
            assert_eq!(cache.get(&key(texts)), Some(&(value + 100)));
        }
    }

    /// As a hash would have it that two keys share.
    #[test]
    fn keys_with_the_same_hash_are_told_apart() {
        let mut cache = Cache::new();
        let with_hash = |texts| CacheKey { hash: 7, ..key(texts) };
        cache.put(&with_hash(&["a", "b"]), 1);
        for other in [&["a"][..], &["a", "c"], &["a", "b", "c"], &["a", "b", ""], &["ab"], &["a\u{ff}b"], &[]]
        {
            assert_eq!(cache.get(&with_hash(other)), None, "{other:?}");
        }
        cache.put(&with_hash(&["a", "c"]), 2);
        assert_eq!(
            (cache.get(&with_hash(&["a", "b"])), cache.get(&with_hash(&["a", "c"]))),
            (Some(&1), Some(&2))
        );
    }

    #[test]
    fn a_key_is_cached_whole_or_not_at_all() {
        let longest = "x".repeat(MAX_TEXT_BYTES - 1);
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
        for number in 0..10_000 {
            let key = CacheKey::new([number, 0], &[]);
            cache.put(&key, number);
            assert_eq!(cache.get(&key), Some(&number));
        }
        let found = (0..10_000).filter(|number| {
            let found = cache.get(&CacheKey::new([*number, 0], &[]));
            assert!(found.is_none_or(|found| found == number));
            found.is_some()
        });
        assert_eq!(found.count(), SETS * WAYS);
    }
}
