//! How a model is run. The models are in `tests/`, one file per protocol; `ci/loom.sh` runs them all.
//!
//! Without `--cfg tachometer_loom` this crate is empty.
//!
//! # Writing a model
//!
//! - Spawn writers first and readers last. Loom lets a load return every value that is not ordered away, so a reader
//!   that runs behind the writers meets all of their states; in front of them it may meet one.
//! - Return handles from the threads that use them. Loom explores the order in which threads drop an `Arc`.
//! - Loom runs five threads, the main one among them, and `join` returns before destructors of thread-locals have run.
//! - A model that fails prints its assertion and may then abort, when loom unwinds a thread that holds handles.
#![cfg(tachometer_loom)]

pub mod shards;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use loom::thread::{self, JoinHandle};

/// Preemptions of threads that loom explores in one execution, unless `LOOM_MAX_PREEMPTIONS` says otherwise. With one
/// more, every model explores one more, also those that usually explore fewer.
pub const PREEMPTIONS: usize = 3;

/// Explores every execution of `model` within the bound and prints their number, which must be at least `minimum`.
///
/// The minimum guards the model itself: loom explores next to nothing, and passes, when a model stops its threads from
/// meeting. It was measured at [`PREEMPTIONS`] and is not asserted below that, nor where `TACHOMETER_LOOM_MINIMUM` is
/// `off`: in an engine with a fault, fewer executions are no sign that the fault was found.
///
/// # Panics
///
/// When an execution does, or when there are fewer than `minimum`.
pub fn check(name: &str, minimum: usize, model: impl Fn() + Send + Sync + 'static) {
    check_within(PREEMPTIONS, name, minimum, model);
}

/// The same for a model that takes minutes at the usual bound: it explores `preemptions` where others explore
/// [`PREEMPTIONS`], and its minimum was measured there.
///
/// # Panics
///
/// Like [`check`].
pub fn check_within(
    preemptions: usize,
    name: &str,
    minimum: usize,
    model: impl Fn() + Send + Sync + 'static,
) {
    // A model that is held to fewer goes further too when more are asked for.
    let bound = bound().min(preemptions) + bound().saturating_sub(PREEMPTIONS);
    let (executions, outcome) = explore(bound, model);
    if let Err(panic) = outcome {
        println!("{name}: failed in execution {executions}");
        resume_unwind(panic);
    }
    println!("{name}: {executions} executions");
    assert!(
        executions >= minimum || bound < preemptions || !asserts_minimum(),
        "{name}: {executions} executions, at least {minimum} expected: the model no longer sees its threads meet"
    );
}

/// Checks a model that tells which of two ways it went, such as whether a new metric took the slot of an old one. Each
/// must happen, but below `preemptions` it may be out of reach.
///
/// # Panics
///
/// Like [`check_within`], and when it went one way only.
pub fn check_both_ways(
    preemptions: usize,
    name: &str,
    minimum: usize,
    model: impl Fn() -> bool + Send + Sync + 'static,
) {
    let seen = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = Arc::clone(&seen);
    check_within(preemptions, name, minimum, move || {
        counted[usize::from(model())].fetch_add(1, Ordering::Relaxed);
    });
    let [no, yes] = [0, 1].map(|way: usize| seen[way].load(Ordering::Relaxed));
    let both = no > 0 && yes > 0;
    assert!(both || bound() < preemptions, "{name}: it happened in {yes} executions and not in {no}");
}

/// Runs a model with a fault in it, for tests that must panic: it shows that loom sees this kind of fault.
///
/// # Panics
///
/// When an execution does, as it should.
pub fn control(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let (executions, outcome) = explore(bound(), model);
    if let Err(panic) = outcome {
        println!("{name}: fault found in execution {executions}");
        resume_unwind(panic);
    }
    println!("{name}: fault NOT found in {executions} executions");
}

/// Runs `work` on a thread with a handle of its own, which comes back: loom would explore the order of the drops.
pub fn spawn<H: Clone + 'static>(handle: &H, work: impl FnOnce(&H) + 'static) -> JoinHandle<H> {
    let handle = handle.clone();
    thread::spawn(move || {
        work(&handle);
        handle
    })
}

/// Runs the model and counts its executions; an `Err` holds the panic that ended them.
fn explore(bound: usize, model: impl Fn() + Send + Sync + 'static) -> (usize, std::thread::Result<()>) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.max_branches = 100_000;
    // At these loom would end a model without a word, as if it had been explored.
    builder.max_duration = None;
    builder.max_permutations = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        builder.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            model();
        });
    }));
    (executions.load(Ordering::Relaxed), outcome)
}

fn bound() -> usize {
    let given = std::env::var("LOOM_MAX_PREEMPTIONS").ok();
    given.map_or(PREEMPTIONS, |bound| bound.parse().expect("LOOM_MAX_PREEMPTIONS must be a number"))
}

fn asserts_minimum() -> bool {
    std::env::var("TACHOMETER_LOOM_MINIMUM").as_deref() != Ok("off")
}
