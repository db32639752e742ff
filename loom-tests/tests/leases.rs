//! Leases: a thread without a shard takes one from the free list for a single record.
#![cfg(tachometer_loom)]

use tachometer::{
    Counter,
    model::{self, Shard},
};
use tachometer_loom_tests::{
    check, control,
    shards::{counter_and, every_shard_is_there_once, record_in},
    spawn,
};

/// Records as a thread does whose thread-locals are gone.
fn lease(counter: &Counter) {
    model::end_thread();
    counter.inc();
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

/// Leases of a shard that stays on the list meanwhile.
#[test]
#[should_panic(expected = "Causality violation")]
fn control_a_lease_that_leaves_the_shard_on_the_list_is_seen() {
    control("a lease that leaves the shard on the list", || {
        let (counter, [free]) = counter_and();
        free.release();
        let leases = [(); 2].map(|()| {
            spawn(&counter, |counter| {
                let shard = Shard::adopt().unwrap();
                shard.release();
                record_in(shard, counter);
            })
        });
        let _handles = leases.map(|thread| thread.join().unwrap());
    });
}
