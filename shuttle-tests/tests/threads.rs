//! Threads that come and go while they record: shards are adopted, leased and kept.
#![cfg(tachometer_shuttle)]

use tachometer::{model::Shard, shards_made};
use tachometer_shuttle_tests::{Ledger, Stage, check, roles};

/// Ends the stage. A shard that is lost then would be lost for the process, and one that is free twice would have two
/// owners next.
fn end(stage: Stage) -> Vec<Ledger> {
    let ledger = stage.end();
    let mut free = Vec::new();
    while let Some(shard) = Shard::adopt() {
        assert!(!free.contains(&shard.index()), "shard {} is free twice", shard.index());
        free.push(shard.index());
    }
    assert_eq!(free.len(), shards_made(), "a shard was lost, there are {free:?}");
    vec![ledger]
}

#[test]
fn threads_that_start_record_and_end_lose_nothing_also_in_destructors_of_thread_locals() {
    check(1500, || end(Stage::new(0).play(4, roles::starts_threads).read(2)));
}

/// More at a time than may keep a shard: the others lease one for each record.
#[test]
fn more_threads_than_may_keep_a_shard_lose_nothing() {
    check(800, || end(Stage::new(0).play(9, roles::ends).read(2)));
}

/// The list of free shards is taken from and put back to by all of them at once.
#[test]
fn threads_that_lease_a_shard_for_each_record_lose_nothing() {
    check(1500, || end(Stage::new(0).play(5, roles::leases).read(1)));
}
