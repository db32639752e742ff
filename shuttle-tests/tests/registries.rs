//! Registries that come and go, while handles to their metrics are used on.
#![cfg(tachometer_shuttle)]

use shuttle::thread;
use tachometer_shuttle_tests::{
    Form, Ledger, Stage, check,
    roles::{self, Held},
};

const REGISTRIES_OF_EACH: usize = 3;

/// Makes a registry, gives handles away, and drops it, more than once.
fn owner(first: usize) -> Vec<Ledger> {
    let (mut ledgers, mut heirs) = (Vec::new(), Vec::new());
    for number in first..first + REGISTRIES_OF_EACH {
        let stage = Stage::new(number).play(1, roles::writes).read(1);
        let held = [(); 3]
            .map(|()| Form::drawn())
            .map(|form| roles::registers(&stage.ledger, &stage.registry, form));
        heirs.push(thread::spawn(move || (0..3).for_each(|_| held.iter().for_each(Held::record))));
        ledgers.push(stage.end());
    }
    heirs.into_iter().for_each(|heir| heir.join().unwrap());
    ledgers
}

#[test]
fn handles_record_on_after_their_registry_and_nothing_of_it_is_in_another() {
    check(400, || {
        let owners =
            [0, 1, 2].map(|owner_number| thread::spawn(move || owner(owner_number * REGISTRIES_OF_EACH)));
        owners.into_iter().flat_map(|owner| owner.join().unwrap()).collect()
    });
}
