//! Series and metrics that are removed, begun again and registered again, against records and snapshots.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Form, Stage, check, roles};

#[test]
fn what_is_recorded_in_removed_series_is_seen_before_or_never_and_they_begin_again_at_zero() {
    check(1500, || {
        let form = Form::drawn();
        vec![Stage::new(0).play(4, roles::looks_up(form)).play(2, roles::removes(form)).read(2).end()]
    });
}

#[test]
fn each_record_beside_a_restart_is_on_one_side_of_it() {
    check(1500, || {
        let form = Form::drawn();
        vec![Stage::new(0).play(4, roles::chooses(form)).play(2, roles::restarts(form)).read(2).end()]
    });
}

#[test]
fn metrics_that_are_unregistered_and_registered_again_begin_at_zero() {
    check(1500, || vec![Stage::new(0).play(4, roles::comes_and_goes).read(2).end()]);
}
