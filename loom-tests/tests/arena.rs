//! The arena's growth: threads that make shards at once, the next chunk, and the limit.
#![cfg(tachometer_loom)]

use loom::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tachometer::{
    Counter, DropReason, Registry, dropped_records,
    model::{self, Shard},
    shards_made,
};
use tachometer_loom_tests::{check, control};

/// The most shards that the arena can have in models, in chunks of two.
const MAX_SHARDS: usize = 6;

/// A counter, and the first shards of the arena, which stay owned.
fn counter_after(shards: usize) -> (Counter, Vec<Shard>) {
    let counter = Registry::new().counter("events_total", "").unwrap();
    (counter, (0..shards).map(|_| Shard::acquire().unwrap()).collect())
}

/// Makes a shard and records in it, on a thread of its own.
fn make_and_record(counter: &Counter) -> thread::JoinHandle<(Option<Shard>, Counter)> {
    let counter = counter.clone();
    thread::spawn(move || {
        let made = Shard::acquire();
        if let Some(shard) = made {
            shard.wear();
            counter.inc();
        }
        (made, counter)
    })
}

/// Whoever makes a shard of a chunk makes the next chunk too, unless another thread is at it. The third thread may come
/// before that chunk is there; it then does without, and waits for nobody.
#[test]
fn shards_made_while_the_arena_grows_have_one_owner() {
    check("shards made while the arena grows have one owner", 140_000, || {
        let (counter, _) = counter_after(0);
        let threads = [(); 3].map(|()| make_and_record(&counter));
        let made = threads.map(|thread| thread.join().unwrap().0);
        let mut shards: Vec<u16> = made.iter().flatten().map(|shard| shard.index()).collect();
        shards.sort_unstable();
        assert!(shards.iter().map(|index| usize::from(*index)).eq(0..shards.len()), "{shards:?}");
        assert_eq!(shards.len(), shards_made());
        assert_eq!(
            counter.value(),
            made.iter().flatten().count() as u64,
            "an event was lost or counted twice"
        );
        assert!(Shard::acquire().is_some(), "the next chunk is not there");
    });
}

#[test]
fn at_the_limit_every_event_is_recorded_or_counted_as_dropped() {
    check("at the limit every event is recorded or counted as dropped", 7_500, || {
        let (counter, _owned) = counter_after(MAX_SHARDS - 1);
        let leases = [(); 3].map(|()| {
            let counter = counter.clone();
            thread::spawn(move || {
                model::end_thread();
                counter.inc();
                counter
            })
        });
        let _handles = leases.map(|thread| thread.join().unwrap());
        assert_eq!(counter.value() + dropped_records(DropReason::Shards), 3, "an event vanished");
        assert!(counter.value() >= 1, "a shard was left and nobody took it");
        assert_eq!(shards_made(), MAX_SHARDS);
    });
}

/// Indices claimed by a load and a store: two threads take the same one.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_an_index_with_two_claimants_is_seen() {
    control("an index with two claimants", || {
        let (counter, shards) = counter_after(2);
        let claimed = Arc::new(AtomicUsize::new(0));
        let threads = [(); 2].map(|()| {
            let (counter, shards, claimed) = (counter.clone(), shards.clone(), Arc::clone(&claimed));
            thread::spawn(move || {
                let index = claimed.load(Ordering::Relaxed);
                claimed.store(index + 1, Ordering::Relaxed);
                shards[index].wear();
                counter.inc();
                counter
            })
        });
        let _handles = threads.map(|thread| thread.join().unwrap());
    });
}
