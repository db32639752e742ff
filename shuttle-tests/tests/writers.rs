//! Writers of every kind of metric beside readers.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Stage, check, roles};

#[test]
fn four_writers_of_every_kind_lose_nothing_and_no_snapshot_shows_half_of_a_record() {
    check(1500, || vec![Stage::new(0).play(4, roles::writes).read(2).end()]);
}
