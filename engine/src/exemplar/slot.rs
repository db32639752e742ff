//! The place of one exemplar: written by whoever comes, without waiting, and read whole.
//!
//! A sequence lock with many writers. The state is even when nobody writes; a writer makes it odd by a
//! compare-and-swap, stores its words, and makes it even again. Who finds it odd, or loses the swap, gives its exemplar
//! up. A reader loads the state, the words, and the state again, and takes the words if it is the same and even; after
//! a few tries it goes without, because a writer may have been stopped half-way.
//!
//! # Orderings
//!
//! Each is needed: with any of them weakened or left out, a model in `loom-tests/tests/exemplars.rs` fails.
//!
//! - The writer's swap is Acquire, against the Release of the writer before: its words come behind that one's.
//! - The writer's fence, against the reader's: who sees one of the words also sees the odd state when it loads the
//!   state again.
//! - The last store is Release, against the reader's Acquire load: who sees the state sees the words, and the record
//!   that the exemplar belongs to, which comes before them.

use super::{
    Exemplar, ExemplarProblem as Problem,
    text::{LabelText, MAX_BYTES},
};
use crate::{
    clock,
    sync::{AtomicU64, Once, Ordering, fence, limit},
};

/// Bytes in a word.
const WORD: usize = size_of::<u64>();

/// The words in front of the labels: the value, the time, and how many bytes of labels there are.
const FIXED: usize = 3;

/// Words of labels that lie in the slot itself: as many as a trace id and a span id take under these names, as
/// hexadecimal digits.
const NEAR: usize = limit!(9, loom: 1, shuttle: 1);

/// Words of labels that may lie apart, where they are longer.
const FAR: usize = limit!(MAX_BYTES / WORD - NEAR, loom: 2, shuttle: 2);

/// The length of the labels in a slot that was cleared.
const CLEARED: u64 = u64::MAX;

/// How often a reader tries. A writer is done after some nanoseconds, unless it was stopped.
const TRIES: usize = limit!(8, loom: 1, shuttle: 2);

/// The place of one exemplar.
#[derive(Debug)]
pub(crate) struct Slot {
    /// 0 as long as nothing was written, odd while somebody writes.
    state: AtomicU64,
    /// The round in which it was last sampled.
    round: AtomicU64,
    near: [AtomicU64; FIXED + NEAR],
    /// Made when the first exemplar comes that needs it.
    far: Once<Box<[AtomicU64]>>,
}

impl Slot {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU64::new(0),
            round: AtomicU64::new(0),
            near: std::array::from_fn(|_| AtomicU64::new(0)),
            far: Once::new(),
        }
    }

    /// Whether it was not yet sampled in this round.
    #[inline]
    pub(super) fn is_due(&self, round: u64) -> bool {
        // Relaxed, here and below: who sees an old number samples once more.
        self.round.load(Ordering::Relaxed) != round
    }

    /// Notes that it was sampled in this round.
    pub(super) fn sampled(&self, round: u64) {
        self.round.store(round, Ordering::Relaxed);
    }

    /// Puts an exemplar here that was recorded `time` milliseconds after the Unix epoch, unless another thread is at
    /// it.
    pub(crate) fn write(&self, labels: &LabelText, value: f64, time: u64) -> Result<(), Problem> {
        let labels = labels.bytes();
        let fixed = [value.to_bits(), time, labels.len() as u64];
        self.write_words(fixed.into_iter().chain(labels.chunks(WORD).map(word)), labels.len().div_ceil(WORD))
    }

    /// Takes the exemplar away, unless a thread is just putting one here, and samples the next record.
    pub(super) fn clear(&self) {
        self.sampled(0);
        let _ = self.write_words([0, 0, CLEARED].into_iter(), 0);
    }

    /// Writes these words, of which so many are labels.
    fn write_words(&self, words: impl Iterator<Item = u64>, labels: usize) -> Result<(), Problem> {
        let before = self.state.load(Ordering::Relaxed);
        let entered = before & 1 == 0
            && self.state.compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if !entered {
            return Err(Problem::Busy);
        }
        if labels > NEAR && self.far.get().is_none() && !self.make_far() {
            // Nothing was written: it holds what it held. Relaxed, and no store: who finds this state is ordered behind
            // the writer before all the same.
            self.state.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::Memory);
        }
        fence(Ordering::Release);
        self.words().zip(words).for_each(|(place, word)| place.store(word, Ordering::Relaxed));
        self.state.store(before + 2, Ordering::Release);
        Ok(())
    }

    /// Takes memory for long labels, if there is some. One writer at a time comes here.
    fn make_far(&self) -> bool {
        let mut words = Vec::new();
        if words.try_reserve_exact(FAR).is_err() {
            return false;
        }
        words.resize_with(FAR, || AtomicU64::new(0));
        self.far.set(words.into()).is_ok()
    }

    /// The exemplar, if there is one and nobody is about to put another in its place.
    pub(crate) fn read(&self) -> Option<Exemplar> {
        for _ in 0..TRIES {
            let before = self.state.load(Ordering::Acquire);
            if before == 0 {
                return None;
            }
            if before & 1 == 1 {
                std::hint::spin_loop();
                continue;
            }
            let words = self.load();
            fence(Ordering::Acquire);
            if self.state.load(Ordering::Relaxed) == before {
                return words.exemplar();
            }
        }
        None
    }

    /// Loads the words, which may be of several exemplars.
    fn load(&self) -> Words {
        let mut places = self.words().map(|place| place.load(Ordering::Relaxed));
        let mut next = || places.next().unwrap_or_default();
        let (value, time, len) = (next(), next(), next());
        // Of several exemplars, this may be more than there are words.
        let count = (len as usize).div_ceil(WORD);
        let labels = if len <= MAX_BYTES as u64 {
            places.take(count).flat_map(u64::to_le_bytes).collect()
        } else {
            Vec::new()
        };
        Words { value, time, len, labels }
    }

    fn words(&self) -> impl Iterator<Item = &AtomicU64> {
        self.near.iter().chain(self.far.get().into_iter().flatten())
    }

    /// What it takes of memory apart.
    pub(super) fn far_bytes(&self) -> usize {
        self.far.get().map_or(0, |far| size_of_val(&**far))
    }
}

/// What was loaded from a slot.
struct Words {
    value: u64,
    time: u64,
    len: u64,
    labels: Vec<u8>,
}

impl Words {
    fn exemplar(mut self) -> Option<Exemplar> {
        if self.len == CLEARED {
            return None;
        }
        self.labels.truncate(self.len as usize);
        let time = Some(clock::since_epoch(self.time));
        Some(Exemplar { labels: self.labels.into(), value: f64::from_bits(self.value), time })
    }
}

/// Up to eight bytes in a word.
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}
