//! Operations, which record all their parts in one pass.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Stage, check, roles};

#[test]
fn the_end_of_an_operation_is_counted_once_in_each_of_its_parts() {
    check(1000, || vec![Stage::new(0).play(4, roles::operates).play(1, roles::starts_threads).read(2).end()]);
}
