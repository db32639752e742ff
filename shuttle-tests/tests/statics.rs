//! Static metrics, whose records before the registration wait for it.
//!
//! A scenario's statics are values that its threads share.
#![cfg(tachometer_shuttle)]

use std::sync::Arc;

use shuttle::{
    rand::{Rng, thread_rng},
    thread,
};
use tachometer::{
    StaticCounter, StaticFloatCounter, StaticGauge, StaticHistogram, StaticMetric, StaticSignalCounter,
    StaticUpDownCounter,
};
use tachometer_shuttle_tests::{Amount, BOUNDS, Form, HoldId, Stage, check};

struct Declared {
    hold: HoldId,
    metric: Box<dyn Both>,
}

/// What is done with a static.
trait Both: StaticMetric {
    fn record(&self, amount: Amount);
}

impl Both for StaticCounter {
    fn record(&self, amount: Amount) {
        self.add(amount.whole());
    }
}

impl Both for StaticFloatCounter {
    fn record(&self, amount: Amount) {
        self.add(amount.float());
    }
}

impl Both for StaticUpDownCounter {
    fn record(&self, amount: Amount) {
        self.add(amount.signed());
    }
}

impl Both for StaticGauge {
    fn record(&self, amount: Amount) {
        self.set(amount.float());
    }
}

impl Both for StaticHistogram {
    fn record(&self, amount: Amount) {
        self.observe(amount.float());
    }
}

impl Both for StaticSignalCounter {
    fn record(&self, amount: Amount) {
        self.add(amount.whole());
    }
}

fn declare(stage: &Stage) -> Vec<Declared> {
    let declared = |form: Form, name, metric| {
        let hold = stage.ledger.expect(stage.ledger.account(name, "", &form.kind()));
        Declared { hold, metric }
    };
    vec![
        declared(Form::Counted, "counted", Box::new(StaticCounter::new("counted", "")) as Box<dyn Both>),
        declared(Form::Summed, "summed", Box::new(StaticFloatCounter::new("summed", ""))),
        declared(Form::Balanced, "balanced", Box::new(StaticUpDownCounter::new("balanced", ""))),
        declared(Form::Set, "set", Box::new(StaticGauge::new("set", ""))),
        declared(Form::Observed, "observed", Box::new(StaticHistogram::new("observed", "", &BOUNDS))),
        declared(Form::Signalled, "signalled", Box::new(StaticSignalCounter::new("signalled", ""))),
    ]
}

#[test]
fn what_statics_record_before_beside_and_after_their_registration_is_counted_once() {
    check(2000, || {
        let stage = Stage::new(0);
        let declared = Arc::new(declare(&stage));
        let (ledger, registry) = (stage.ledger.clone(), stage.registry.clone());
        let writers = [(); 4].map(|()| {
            let (ledger, declared) = (ledger.clone(), Arc::clone(&declared));
            thread::spawn(move || {
                for _ in 0..thread_rng().gen_range(6..13) {
                    let Declared { hold, metric } = &declared[thread_rng().gen_range(0..declared.len())];
                    ledger.record(*hold, |amount| metric.record(amount));
                }
            })
        });
        let stage = stage.read(2);
        for Declared { hold, metric } in &*declared {
            ledger.register(*hold, || metric.register_in(&registry));
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        vec![stage.end()]
    });
}
