//! Threads that come and go while they record: shards are adopted, leased and kept.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Stage, check, roles};

#[test]
fn threads_that_start_record_and_end_lose_nothing_also_in_destructors_of_thread_locals() {
    check(1500, || vec![Stage::new(0).play(4, roles::starts_threads).read(2).end()]);
}

/// More at a time than may keep a shard: the others lease one for each record.
#[test]
fn more_threads_than_may_keep_a_shard_lose_nothing() {
    check(800, || vec![Stage::new(0).play(9, roles::ends).read(2).end()]);
}
