//! The list of shards that nobody owns: what one thread pops no other thread has.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use tachometer::model::Shard;
use tachometer_loom_tests::{
    check, control,
    shards::{counter_and, every_shard_is_there_once, no_shard_twice, record_in},
};

/// Between a pop's load and its swap another thread pops that shard and a second one, and pushes the first back: the
/// swap must fail, or the second shard has two owners.
#[test]
fn a_pop_never_hands_out_an_owned_shard() {
    check("a pop never hands out an owned shard", 100, || {
        let (counter, shards) = counter_and::<3>();
        shards.into_iter().for_each(Shard::release);
        let pops = {
            let counter = counter.clone();
            thread::spawn(move || {
                let shard = Shard::adopt().unwrap();
                record_in(shard, &counter);
                (shard, counter)
            })
        };
        let back = Shard::adopt().unwrap();
        let kept = Shard::adopt().unwrap();
        record_in(kept, &counter);
        back.release();
        let (popped, _handle) = pops.join().unwrap();
        assert_eq!(counter.value(), 2, "an event was lost or counted twice");
        every_shard_is_there_once(&[kept, popped]);
    });
}

/// The free list without its tag.
struct Untagged {
    head: AtomicU64,
    next: [AtomicU64; 3],
}

impl Untagged {
    const NIL: u64 = 3;

    fn push(&self, shard: u16) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            self.next[usize::from(shard)].store(head, Ordering::Relaxed);
            match self.head.compare_exchange(head, shard.into(), Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    fn pop(&self) -> Option<u16> {
        let mut head = self.head.load(Ordering::Acquire);
        while head != Self::NIL {
            let next = self.next[head as usize].load(Ordering::Relaxed);
            match self.head.compare_exchange(head, next, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(head as u16),
                Err(seen) => head = seen,
            }
        }
        None
    }
}

/// The model of the pop above, over a list that lacks the tag and nothing else.
#[test]
#[should_panic(expected = "has two owners or is free and owned")]
fn control_a_list_without_a_tag_is_seen() {
    control("a list without a tag", || {
        let (counter, shards) = counter_and::<3>();
        let list = Arc::new(Untagged {
            head: AtomicU64::new(Untagged::NIL),
            next: std::array::from_fn(|_| AtomicU64::new(Untagged::NIL)),
        });
        shards.iter().for_each(|shard| list.push(shard.index()));
        let pops = {
            let (list, counter) = (Arc::clone(&list), counter.clone());
            thread::spawn(move || {
                let popped = list.pop().unwrap();
                record_in(shards[usize::from(popped)], &counter);
                (popped, counter)
            })
        };
        let back = list.pop().unwrap();
        let kept = list.pop().unwrap();
        record_in(shards[usize::from(kept)], &counter);
        list.push(back);
        let (popped, _handle) = pops.join().unwrap();
        no_shard_twice([kept, popped].into_iter().chain(std::iter::from_fn(|| list.pop())));
    });
}
