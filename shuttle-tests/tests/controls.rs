//! Scenarios with a fault in them, which the ledger must refuse.
#![cfg(tachometer_shuttle)]

use shuttle::thread;
use tachometer::{
    Buckets, Counter, Registry,
    model::{Cells, Shard},
};
use tachometer_shuttle_tests::{BOUNDS, Fate, HoldId, Kind, Ledger, Shown, Stage, control, snapshot};

/// A counter in the ledger, to be recorded in by threads of the control's own.
fn counter(stage: &Stage) -> (HoldId, Counter) {
    let hold = stage.ledger.expect(stage.ledger.account("events", "", &Kind::Sum));
    let counter = stage.ledger.register(hold, || stage.registry.counter("events", ""));
    (hold, counter.unwrap())
}

#[test]
fn two_owners_of_one_shard_are_refused() {
    let refused = control(100, || {
        let stage = Stage::new(0);
        let (hold, counter) = counter(&stage);
        let shard = Shard::acquire().unwrap();
        let role = move |ledger: &Ledger, _: &Registry| {
            shard.wear();
            (0..4).for_each(|_| ledger.record(hold, |amount| counter.add(amount.whole())));
        };
        vec![stage.play(2, role).end()]
    });
    assert!(refused.contains("must be"), "{refused}");
}

/// Another thread's cells are zeroed where a restart keeps what they hold as the baseline.
#[test]
fn a_restart_that_zeroes_cells_is_refused() {
    let refused = control(100, || {
        let stage = Stage::new(0);
        let (hold, counter) = counter(&stage);
        let writer = counter.clone();
        let stage = stage.play(2, move |ledger, _| {
            (0..4).for_each(|_| ledger.record(hold, |amount| writer.add(amount.whole())));
        });
        // Something has been recorded by then, and the writers go on.
        while counter.value() == 0 {}
        let zero = || Cells::of_counter(&counter).into_iter().for_each(|cells| cells.zero(0));
        stage.ledger.remove(Fate::Restarted, "events", None, zero);
        vec![stage.end()]
    });
    assert!(refused.contains("must be"), "{refused}");
}

/// The count of a bucket and its sum are loaded one after the other and by nothing else.
#[test]
fn a_histogram_that_is_read_without_its_protocol_is_refused() {
    let refused = control(100, || {
        let stage = Stage::new(0);
        let account = stage.ledger.account("sizes", "", &Kind::Distribution(BOUNDS.to_vec()));
        let hold = stage.ledger.expect(account);
        let histogram = stage.ledger.register(hold, || {
            stage.registry.histogram_with("sizes", "", Buckets::explicit(BOUNDS)).unwrap()
        });
        let (ledger, observed) = (stage.ledger.clone(), histogram.clone());
        let writer = thread::spawn(move || {
            (0..8).for_each(|_| ledger.record(hold, |amount| observed.observe(amount.float())));
        });
        for _ in 0..8 {
            stage.ledger.read(|| {
                let (mut counts, mut sum) = (vec![0; BOUNDS.len() + 1], 0.0);
                for cells in Cells::of_histogram(&histogram) {
                    for (bucket, count) in counts.iter_mut().enumerate() {
                        *count += cells.load(2 + 2 * bucket) / 2;
                        sum += f64::from_bits(cells.load(3 + 2 * bucket));
                    }
                }
                vec![("sizes".to_owned(), String::new(), Shown::Buckets { counts, sum })]
            });
        }
        writer.join().unwrap();
        vec![stage.end()]
    });
    assert!(refused.contains("do not belong to the sum"), "{refused}");
}

/// A reader that keeps a snapshot and shows it as a new one.
#[test]
fn a_snapshot_that_is_shown_again_is_refused() {
    let refused = control(100, || {
        let stage = Stage::new(0);
        let (hold, counter) = counter(&stage);
        let stage = stage.play(2, move |ledger, _| {
            (0..4).for_each(|_| ledger.record(hold, |amount| counter.add(amount.whole())));
        });
        let kept = stage.registry.snapshot().counter("events", &[]).unwrap();
        snapshot(&stage.ledger, &stage.registry);
        let shown = Shown::Number(kept as f64);
        stage.ledger.read(|| vec![("events".to_owned(), String::new(), shown)]);
        vec![stage.end()]
    });
    assert!(refused.contains("must be") || refused.contains("went back"), "{refused}");
}
