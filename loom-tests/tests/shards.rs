//! The shards' changes of owner: thread exit and adoption, leases, and the list between them.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use tachometer::{
    Counter, Registry,
    model::{self, Shard},
    shards_made,
};
use tachometer_loom_tests::{check, control};

/// A counter, and some shards with its page, that the caller owns.
fn counter_and<const SHARDS: usize>() -> (Counter, [Shard; SHARDS]) {
    registered_in(&Registry::new())
}

fn registered_in<const SHARDS: usize>(registry: &Registry) -> (Counter, [Shard; SHARDS]) {
    let counter = registry.counter("events_total", "").unwrap();
    let shards = [(); SHARDS].map(|()| {
        let shard = Shard::acquire().unwrap();
        shard.wear();
        counter.add(0);
        shard
    });
    (counter, shards)
}

/// Records once in a shard that the calling thread owns.
fn record_in(shard: Shard, counter: &Counter) {
    shard.wear();
    counter.inc();
}

/// Takes a shard, records in it, and gives it back.
fn adopt_record_release(counter: &Counter) {
    let shard = Shard::acquire().unwrap();
    record_in(shard, counter);
    shard.release();
}

/// Records as a thread does whose thread-locals are gone.
fn lease(counter: &Counter) {
    model::end_thread();
    counter.inc();
}

/// Checks that the free list and `owned` hold every shard once. Call it when all threads have ended.
fn every_shard_is_there_once(owned: &[Shard]) {
    let free = std::iter::from_fn(|| Some(Shard::adopt()?.index()));
    let shards = no_shard_twice(owned.iter().map(|shard| shard.index()).chain(free));
    assert_eq!(shards.len(), shards_made(), "a shard was lost, there are {shards:?}");
}

fn no_shard_twice(shards: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut seen = Vec::new();
    for shard in shards {
        assert!(!seen.contains(&shard), "shard {shard} has two owners or is free and owned");
        seen.push(shard);
    }
    seen
}

/// Runs `work` on a thread with a handle of its own, which comes back: loom would explore the order of the drops.
fn spawn(counter: &Counter, work: impl FnOnce(&Counter) + 'static) -> thread::JoinHandle<Counter> {
    let counter = counter.clone();
    thread::spawn(move || {
        work(&counter);
        counter
    })
}

#[test]
fn adoption_between_two_snapshots_neither_loses_nor_repeats() {
    check("adoption between two snapshots neither loses nor repeats", 15_000, || {
        let registry = Registry::new();
        let (counter, [kept, free]) = registered_in(&registry);
        free.release();
        let exits = spawn(&counter, move |counter| {
            record_in(kept, counter);
            kept.release();
        });
        let adopts = spawn(&counter, adopt_record_release);
        let reader = thread::spawn(move || {
            let [first, second] = [(); 2].map(|()| registry.snapshot().counter("events_total", &[]).unwrap());
            assert!(first <= second, "the counter went back from {first} to {second}");
            assert!(second <= 2, "{second} events of 2");
            registry
        });
        let _handles = [exits, adopts].map(|thread| thread.join().unwrap());
        let _registry = reader.join().unwrap();
        assert_eq!(counter.value(), 2, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

/// The same from the thread-locals: the second thread adopts what the end of the first returned, or makes a shard.
#[test]
fn threads_that_end_return_their_shards() {
    check("threads that end return their shards", 14_000, || {
        let (counter, []) = counter_and();
        let threads = [(); 2].map(|()| {
            spawn(&counter, |counter| {
                counter.inc();
                model::end_thread();
                counter.inc();
            })
        });
        let _handles = threads.map(|thread| thread.join().unwrap());
        assert_eq!(counter.value(), 4, "an event was lost or counted twice");
        every_shard_is_there_once(&[]);
    });
}

#[test]
fn two_leases_an_exit_and_an_adoption_keep_every_shard_single() {
    check("two leases, an exit and an adoption keep every shard single", 150_000, || {
        let (counter, [kept, free, other]) = counter_and();
        free.release();
        other.release();
        let leases = [(); 2].map(|()| spawn(&counter, lease));
        let exits = spawn(&counter, move |counter| {
            record_in(kept, counter);
            kept.release();
        });
        let adopted = Shard::acquire().unwrap();
        record_in(adopted, &counter);
        let _leases = leases.map(|thread| thread.join().unwrap());
        let _exits = exits.join().unwrap();
        assert_eq!(counter.value(), 4, "an event was lost or counted twice");
        every_shard_is_there_once(&[adopted]);
    });
}

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

/// A shard that changes hands past the list, by a flag that orders nothing.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_shard_handed_over_without_release_and_acquire_is_seen() {
    control("a shard handed over without release and acquire", || {
        let (counter, [shard]) = counter_and();
        let handed_over = Arc::new(AtomicU64::new(0));
        let exits = {
            let handed_over = Arc::clone(&handed_over);
            spawn(&counter, move |counter| {
                record_in(shard, counter);
                handed_over.store(1, Ordering::Relaxed);
            })
        };
        let adopts = spawn(&counter, move |counter| {
            if handed_over.load(Ordering::Relaxed) == 1 {
                record_in(shard, counter);
            }
        });
        let _handles = [exits, adopts].map(|thread| thread.join().unwrap());
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
