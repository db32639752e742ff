//! A thread that observes one value, and what a signal handler observes on it in the same histogram.
//!
//! Each of the two buckets has one value, so the sum that belongs to the counts is known.
#![allow(dead_code, reason = "each test uses some")]

use std::{
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tachometer::{
    Buckets, DropReason, Histogram, IntegerHistogram, Registry, Resolution, Snapshot, dropped_records,
};

/// What the thread observes; the handler observes it too.
pub(crate) const SAME: f64 = 1.0;
/// What the handler observes besides, in the other bucket. It is so much greater that what is wrong in one bucket
/// cannot make up for what is wrong in the other.
pub(crate) const OTHER: f64 = 67_108_864.0;

/// The records that were dropped are counted for the process, so one thread at a time is interrupted.
static ALONE: Mutex<()> = Mutex::new(());
/// Observations that handlers have begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static OBSERVE: Cell<Option<Observe>> = const { Cell::new(None) };
}

/// For handlers: observes both values, on a thread that wants it.
pub(crate) fn observe_in_handler() {
    if let Some(observe) = OBSERVE.get() {
        BEGUN.fetch_add(2, Ordering::Relaxed);
        observe(SAME);
        observe(OTHER);
    }
}

/// Calls `work` on this thread, whose handlers observe meanwhile.
pub(crate) fn with_handlers_that_observe<R>(observe: Observe, work: impl FnOnce() -> R) -> R {
    OBSERVE.set(Some(observe));
    let result = work();
    OBSERVE.set(None);
    result
}

/// Observes until `done`, flat out. Returns how often.
pub(crate) fn observe_until(done: &AtomicBool, observe: Observe) -> u64 {
    // Before a handler needs the page: it must not take memory, because the thread may be doing so.
    observe(SAME);
    with_handlers_that_observe(observe, || {
        let mut turns = 1;
        while !done.load(Ordering::Relaxed) {
            observe(SAME);
            turns += 1;
        }
        turns
    })
}

/// An `observe` of a handle, kept for ever, because handlers know no lifetimes.
pub(crate) type Observe = &'static dyn Fn(f64);

/// Makes an `observe`, on the thread that is to be interrupted.
pub(crate) type Maker = Box<dyn FnOnce() -> Observe + Send>;

/// A histogram of each kind in the registry, by its name.
pub(crate) fn every_kind(registry: &Registry) -> [(&'static str, Maker); 3] {
    let buckets = || Buckets::explicit([SAME, OTHER]);
    let float: Histogram = registry.histogram_with("float", "", buckets()).unwrap();
    let local = registry.histogram_with("local", "", buckets()).unwrap();
    let integer: IntegerHistogram =
        registry.integer_histogram("integer", "", buckets(), Resolution::Units).unwrap();
    [
        ("float", Box::new(move || keep(move |value| float.observe(value)))),
        ("integer", Box::new(move || keep(move |value| integer.observe(value as u64)))),
        (
            "local",
            Box::new(move || {
                let local = local.local();
                keep(move |value| local.observe(value))
            }),
        ),
    ]
}

/// An `observe` that handlers may call, kept for ever.
pub(crate) fn keep(observe: impl Fn(f64) + 'static) -> Observe {
    // Where they are, lest a sanitizer take them for leaks.
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let observe = Box::leak(Box::new(observe));
    KEPT.lock().unwrap_or_else(|error| error.into_inner()).push(std::ptr::from_ref(observe).addr());
    observe
}

/// What was counted before a thread is interrupted, and the right to be the only one.
pub(crate) struct Account {
    _alone: std::sync::MutexGuard<'static, ()>,
    begun: u64,
    dropped: u64,
}

impl Account {
    pub(crate) fn open() -> Self {
        let alone = ALONE.lock().unwrap_or_else(|error| error.into_inner());
        Self {
            _alone: alone,
            begun: BEGUN.load(Ordering::Relaxed),
            dropped: dropped_records(DropReason::Reentry),
        }
    }

    /// Observations that handlers have begun since.
    pub(crate) fn begun(&self) -> u64 {
        BEGUN.load(Ordering::Relaxed) - self.begun
    }

    /// Records that were dropped since, as they came from inside another one.
    pub(crate) fn dropped(&self) -> u64 {
        dropped_records(DropReason::Reentry) - self.dropped
    }

    /// Asserts that each of the thread's own `turns` and of the handlers' observations was recorded or dropped, and that
    /// both happened.
    pub(crate) fn assert_balanced(&self, registry: &Registry, name: &str, turns: u64) {
        let [same, other] = whole_counts(&registry.snapshot(), name);
        let (begun, dropped) = (self.begun(), self.dropped());
        println!("{name}: {turns} turns, {begun} in handlers, {dropped} of them dropped");
        assert_eq!(same + other, turns + begun - dropped, "{name}");
        assert!(same >= turns && other <= begun / 2, "{name}: {same} and {other}");
        assert!((1..begun).contains(&dropped), "{name}: {dropped} of {begun} were dropped");
    }
}

/// The counts of the two buckets, after it was asserted that the sum is theirs.
pub(crate) fn whole_counts(snapshot: &Snapshot, name: &str) -> [u64; 2] {
    let histogram = snapshot.histogram(name, &[]).unwrap();
    let &[same, other, beyond] = histogram.counts() else { panic!("{name} has two bounds") };
    let sum = same as f64 * SAME + other as f64 * OTHER;
    assert_eq!((histogram.count(), histogram.sum(), beyond), (same + other, sum, 0), "{name}");
    [same, other]
}

/// Takes snapshots until `done`: each is whole, and none goes back. Returns how many.
pub(crate) fn watch(registry: &Registry, name: &str, done: &AtomicBool) -> u64 {
    let (mut earlier, mut snapshots) = ([0; 2], 0);
    while !done.load(Ordering::Relaxed) {
        let now = whole_counts(&registry.snapshot(), name);
        assert!(earlier[0] <= now[0] && earlier[1] <= now[1], "{name}: {earlier:?}, then {now:?}");
        (earlier, snapshots) = (now, snapshots + 1);
    }
    snapshots
}
