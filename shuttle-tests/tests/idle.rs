//! Series that a registry forgets when nobody needs them any more.
#![cfg(tachometer_shuttle)]

use std::time::Duration;

use tachometer::Registry;
use tachometer_shuttle_tests::{Form, Stage, check, roles};

#[test]
fn what_idle_series_held_is_in_a_snapshot_before_they_go_and_they_begin_again_at_zero() {
    check(1500, || {
        let form = Form::drawn();
        let registry = Registry::builder().self_metrics(false).idle_timeout(Duration::ZERO).build().unwrap();
        let stage = Stage::with(0, registry);
        stage.ledger.forgets_idle_series();
        vec![stage.play(4, roles::looks_up(form)).read(3).end()]
    });
}
