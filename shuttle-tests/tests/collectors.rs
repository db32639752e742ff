//! Collectors, whose threads remember the series that they have looked up, beside removals.
#![cfg(tachometer_shuttle)]

use std::sync::Arc;

use shuttle::{
    rand::{Rng, thread_rng},
    thread,
};
use tachometer::{
    DynamicFamily, FloatCounter,
    collector::{EngineCollector, MetricId, MetricsCollector},
};
use tachometer_shuttle_tests::{Amount, Fate, Kind, Stage, check};

static COLLECTED: MetricId = MetricId::counter("collected", "", &["key"]);

const KEYS: [&str; 2] = ["a", "b"];

fn drawn_key() -> &'static str {
    KEYS[thread_rng().gen_range(0..KEYS.len())]
}

/// A record that begins after a removal is in the new series, whatever its thread remembers.
#[test]
fn a_thread_that_remembers_a_removed_series_records_in_the_one_that_came_after_it() {
    check(1500, || {
        let stage = Stage::new(0);
        let collector = Arc::new(EngineCollector::new(&stage.registry));
        let writers = [(); 4].map(|()| {
            let (ledger, collector) = (stage.ledger.clone(), Arc::clone(&collector));
            thread::spawn(move || {
                for _ in 0..thread_rng().gen_range(4..9) {
                    let key = drawn_key();
                    // The series is found when it is recorded in, and each time anew as far as anybody can tell.
                    let hold = ledger.expect(ledger.account("collected", &format!("key={key}"), &Kind::Sum));
                    let record = |amount: Amount| {
                        collector.increment(&COLLECTED, amount.float(), &[key]);
                    };
                    ledger.register(hold, || ledger.record(hold, record));
                }
            })
        });
        let stage = stage
            .play(1, |ledger, registry| {
                let family: DynamicFamily<FloatCounter> =
                    registry.declare("collected", "").labels(["key"]).register().unwrap();
                for _ in 0..thread_rng().gen_range(2..5) {
                    let key = drawn_key();
                    let labels = format!("key={key}");
                    ledger
                        .remove(Fate::Removed, "collected", Some(&labels), || family.remove([("key", key)]));
                }
            })
            .read(2);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        drop(collector);
        vec![stage.end()]
    });
}
