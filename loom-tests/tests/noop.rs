//! A disabled registry beside an enabled one: what is recorded in it touches nothing that threads share.
#![cfg(tachometer_loom)]

use std::time::Duration;

use loom::thread;
use tachometer::{
    Buckets, Counter, DynamicFamily, Family, FloatCounter, Gauge, Histogram, Operation, Outcome, Registry,
    SignalCounter, StateSet, UpDownCounter, shards_made,
};
use tachometer_loom_tests::{check, control, spawn};

/// A handle of every kind.
#[derive(Clone)]
struct Handles {
    counter: Counter,
    float: FloatCounter,
    up_down: UpDownCounter,
    gauge: Gauge,
    histogram: Histogram,
    signal: SignalCounter,
    states: StateSet<bool>,
    dense: Family<bool, Counter>,
    dynamic: DynamicFamily<Counter>,
    operation: Operation,
}

impl Handles {
    fn register(registry: &Registry) -> Self {
        let counter = registry.counter("events_total", "").unwrap();
        let histogram = registry.histogram_with("size_bytes", "", Buckets::explicit([1.0])).unwrap();
        Self {
            operation: Operation::new().latency(&histogram).records(&counter),
            counter,
            histogram,
            float: registry.float_counter("cost_total", "").unwrap(),
            up_down: registry.up_down_counter("active", "").unwrap(),
            gauge: registry.gauge("depth", "").unwrap(),
            signal: registry.signal_counter("hangups_total", "").unwrap(),
            states: registry.declare("up", "").register().unwrap(),
            dense: registry.declare("sent_total", "").label("retried").register().unwrap(),
            dynamic: registry.counter_family("errors_total", "", ["error_type"]).unwrap(),
        }
    }

    fn record(&self) {
        self.counter.inc();
        self.float.add(1.0);
        self.up_down.inc();
        self.gauge.add(1.0);
        self.histogram.observe(0.5);
        self.signal.inc();
        self.states.enable(true);
        self.dense[true].inc();
        self.dynamic.with([("error_type", "timeout")]).unwrap().inc();
        let mut guard = self.operation.start();
        guard.took(Duration::from_secs(1));
        guard.end(Outcome::Ok);
    }
}

/// Records on two threads at once, with handles to the same metrics, and says how many shards that has made.
fn record_twice(registry: &Registry) -> usize {
    let handles = Handles::register(registry);
    let threads = [(); 2].map(|()| spawn(&handles, Handles::record));
    let _handles = threads.map(|thread| thread.join().unwrap());
    shards_made()
}

#[test]
fn what_is_recorded_in_a_disabled_registry_makes_no_shard() {
    check("what is recorded in a disabled registry makes no shard", 6, || {
        let registry = Registry::disabled();
        assert_eq!(record_twice(&registry), 0, "a record has made a shard");
        assert_eq!(registry.snapshot().families().len(), 0);
    });
}

/// The enabled registry has what it would have without the other, and its threads' shards are all that is made.
#[test]
fn an_enabled_registry_knows_nothing_of_a_disabled_one() {
    check("an enabled registry knows nothing of a disabled one", 7_300, || {
        let (enabled, disabled) = (Registry::new(), Registry::disabled());
        let counts = enabled.counter("events_total", "").unwrap();
        let ignores = Handles::register(&disabled);
        let recorder = {
            let (counts, ignores) = (counts.clone(), ignores.clone());
            thread::spawn(move || {
                ignores.record();
                counts.inc();
                ignores.record();
                (counts, ignores)
            })
        };
        let idler = {
            let ignores = ignores.clone();
            thread::spawn(move || {
                ignores.record();
                ignores
            })
        };
        let reader = {
            let (enabled, disabled) = (enabled.clone(), disabled.clone());
            thread::spawn(move || {
                let [first, second] =
                    [(); 2].map(|()| enabled.snapshot().counter("events_total", &[]).unwrap());
                assert!(first <= second && second <= 1, "{first}, then {second} events of 1");
                assert_eq!(disabled.snapshot().families().len(), 0);
                (enabled, disabled)
            })
        };
        let _handles = (recorder.join().unwrap(), idler.join().unwrap(), reader.join().unwrap());
        assert_eq!(counts.value(), 1, "an event was lost or counted twice");
        assert_eq!((ignores.counter.value(), ignores.histogram.value().count), (0, 0));
        assert_eq!(shards_made(), 1, "a disabled registry's record has made a shard");
    });
}

/// The same records in a registry that is enabled.
#[test]
#[should_panic(expected = "a record has made a shard")]
fn control_a_record_that_is_not_ignored_is_seen() {
    control("a record that is not ignored", || {
        assert_eq!(record_twice(&Registry::new()), 0, "a record has made a shard");
    });
}
