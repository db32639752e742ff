//! What the default registry says of the process: shards, leases, and what was dropped.
//!
//! A program of its own, with one test: the numbers are the process's.
#![forbid(unsafe_code)]

use std::{cell::RefCell, thread};

use tachometer::{
    Counter, DropReason, RegisterErrorReason as Reason, Registry, Snapshot, default_registry, shards_made,
};

/// Records three times when it is dropped.
struct Recorder(Counter);

impl Drop for Recorder {
    fn drop(&mut self) {
        (0..3).for_each(|_| self.0.inc());
    }
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

fn dropped(snapshot: &Snapshot, reason: DropReason) -> Option<u64> {
    snapshot.counter("tachometer_dropped_records_total", &[("reason", reason.as_str())])
}

fn leased(snapshot: &Snapshot) -> Option<u64> {
    snapshot.counter("tachometer_leased_records_total", &[])
}

#[test]
fn the_default_registry_tells_of_the_process() {
    let before = default_registry().snapshot();
    assert_eq!(DropReason::ALL.map(|reason| dropped(&before, reason)), [Some(0); 7]);
    assert_eq!(leased(&before), Some(0));

    // In any registry.
    let registry = Registry::new();
    let counter = registry.counter("events_total", "Events.").unwrap();
    let histogram = registry.histogram("size", "Sizes.").unwrap();
    let float = registry.float_counter("seconds_total", "Seconds.").unwrap();
    histogram.observe(f64::NAN);
    float.add(-1.0);
    float.add(-2.0);
    let record_late = || {
        // Touched before the shard, and so destroyed after it was given back.
        RECORDER.with(|recorder| *recorder.borrow_mut() = Some(Recorder(counter.clone())));
        counter.inc();
    };
    thread::scope(|scope| scope.spawn(record_late).join().unwrap());
    assert_eq!(counter.value(), 4);

    let after = default_registry().snapshot();
    assert_eq!(dropped(&after, DropReason::NotFinite), Some(1));
    assert_eq!(dropped(&after, DropReason::Negative), Some(2));
    assert_eq!(leased(&after), Some(3));
    let shards = after.gauge("tachometer_shards", &[]).unwrap();
    assert!(shards >= 1.0 && shards == shards_made() as f64);
    let memory = registry.memory();
    assert_eq!(after.gauge("tachometer_shard_bytes", &[]), Some(memory.shard_bytes as f64));
    assert_eq!(after.family("tachometer_shard_bytes").unwrap().unit(), Some("bytes"));
    assert_eq!(memory.shards as f64, shards);
    assert!(memory.shard_bytes > 4_096 * memory.shards);

    // Its own are there too, under the name `default`; and nowhere else are those of the process.
    assert_eq!(after.gauge("tachometer_series", &[("registry", "default")]), Some(0.0));
    assert_eq!(after.families().len(), 3 + 5);
    assert_eq!(registry.snapshot().families().len(), 3 + 3);

    let error = default_registry().gauge("tachometer_shards", "Mine.").unwrap_err();
    assert!(matches!(error.reason(), Reason::SampleNameClash { .. }), "{error}");
    assert!(Registry::builder().install().is_err());
    let errors = default_registry().snapshot();
    for reason in ["sample_name_clash", "default_exists"] {
        let labels = [("reason", reason), ("registry", "default")];
        assert_eq!(errors.counter("tachometer_registration_errors_total", &labels), Some(1), "{reason}");
    }
}
