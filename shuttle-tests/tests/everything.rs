//! All roles at once.
#![cfg(tachometer_shuttle)]

use tachometer_shuttle_tests::{Form, Stage, check, roles};

#[test]
fn writers_churn_registration_removal_and_snapshots_at_once_account_for_every_record() {
    check(1000, || {
        let (open, closed) = (Form::drawn(), Form::drawn());
        let stage = Stage::new(0)
            .play(2, roles::writes)
            .play(1, roles::starts_threads)
            .play(1, roles::operates)
            .play(2, roles::looks_up(open))
            .play(1, roles::removes(open))
            .play(2, roles::chooses(closed))
            .play(1, roles::restarts(closed))
            .play(2, roles::comes_and_goes)
            .read(2);
        vec![stage.end()]
    });
}
