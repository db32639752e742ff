//! A handler may observe after any instruction of its thread's first record, in which the thread takes a shard and maps
//! a page: it does not take another shard in the midst of that.
//!
//! One test alone, because the shards that it counts are the process's. It holds for a thread that takes memory nowhere
//! else: a handler that must take some may come while the thread is in the allocator.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "common/interrupted.rs"]
mod interrupted;
#[path = "common/signals.rs"]
mod signals;
#[path = "common/steps.rs"]
mod steps;

use std::thread;

use interrupted::{Account, SAME, every_kind, with_handlers_that_observe};
use steps::at_step;
use tachometer::{Registry, shards_made};

/// After so many instructions in a row at which the handler's observations are dropped the thread is well at work.
const BUSY: u64 = 50;

#[test]
fn an_observation_after_any_instruction_of_a_threads_first_record_leaves_the_thread_one_shard() {
    let registry = Registry::new();
    let account = Account::open();
    let (mut number, mut busy) = (0, 0);
    while busy < BUSY {
        number += 1;
        let [(_, make), ..] = every_kind(&registry);
        let dropped = account.dropped();
        let first_record = move || {
            let observe = make();
            assert!(with_handlers_that_observe(observe, || at_step(number, || observe(SAME))));
        };
        // The threads follow one another, and so one shard does for all of them.
        thread::spawn(first_record).join().unwrap();
        assert_eq!(
            shards_made(),
            1,
            "after instruction {number} the thread took a shard beside the handler's"
        );
        busy = if account.dropped() == dropped { 0 } else { busy + 1 };
    }
    assert!(number > BUSY, "the thread was busy from the start");
    account.assert_balanced(&registry, "float", number);
}
