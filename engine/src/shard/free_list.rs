//! The list of shards that nobody owns: a Treiber stack whose head is one 64-bit word.
//!
//! The head holds the index of the first free shard in 16 bits and, in the other 48, a tag that every push increments.
//! A pop reads `next` of the first shard before it swaps the head; without the tag, another thread could meanwhile
//! pop that shard, pop a second one and push the first back, and the swap would succeed with a `next` that now has an
//! owner (the ABA problem). A tag on the pushes is enough: whatever makes `next` stale ends in a push.
//!
//! Orderings, each with a model that fails without it (`loom-tests/tests/adoption.rs` and `free_list.rs`):
//!
//! - push swaps with Release: the next owner sees every cell this owner wrote, and `next`;
//! - pop loads the head with Acquire, the other half. The swap itself needs no more than Relaxed on success: the
//!   load that it confirms has already acquired what the push released.

use super::{Arena, Shard};
use crate::sync::{AtomicU64, Ordering};

/// The index of no shard.
const NIL: u64 = 0xffff;
const _: () = assert!(super::arena::MAX_SHARDS as u64 <= NIL);
const INDEX_BITS: u32 = 16;

/// The head of the stack; the links are in the shards.
#[derive(Debug)]
pub(crate) struct FreeList(AtomicU64);

impl FreeList {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(NIL))
    }

    /// Puts a shard on the list. Lock-free.
    pub(super) fn push(&self, shard: &Shard) {
        // Relaxed: the value only goes into the swap, which fails if it is stale.
        let mut head = self.0.load(Ordering::Relaxed);
        loop {
            // Relaxed: published by the swap.
            shard.next_free.store((head & NIL) as u32, Ordering::Relaxed);
            let tag = (head >> INDEX_BITS).wrapping_add(1);
            let new = tag << INDEX_BITS | u64::from(shard.index());
            match self.0.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Takes a shard off the list, which makes the caller its owner. Lock-free.
    pub(super) fn pop<'a>(&self, arena: &'a Arena) -> Option<&'a Shard> {
        let mut head = self.0.load(Ordering::Acquire);
        loop {
            let shard = arena.shard((head & NIL) as u16)?;
            // Relaxed: written before the push that the load of the head acquired. Stale if the shard was popped
            // since, and then the swap fails.
            let next = u64::from(shard.next_free.load(Ordering::Relaxed));
            let new = head >> INDEX_BITS << INDEX_BITS | next;
            match self.0.compare_exchange_weak(head, new, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return Some(shard),
                Err(seen) => head = seen,
            }
        }
    }
}

#[cfg(all(test, not(any(tachometer_loom, tachometer_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_last_shard_comes_first_and_each_push_has_a_tag_of_its_own() {
        let arena = Arena::new();
        let shards: Vec<&Shard> = (0..3).map(|_| arena.acquire().unwrap()).collect();
        let list = FreeList::new();
        let head = || {
            let head = list.0.load(Ordering::Relaxed);
            (head >> INDEX_BITS, head & NIL)
        };
        let popped = || list.pop(&arena).map(Shard::index);
        for round in 0..100 {
            assert_eq!((head(), popped()), ((3 * round, NIL), None));
            for (number, shard) in (0..).zip(&shards) {
                list.push(shard);
                assert_eq!(head(), (3 * round + number + 1, number));
            }
            assert_eq!([popped(), popped(), popped()], [2, 1, 0].map(Some));
        }
    }
}
