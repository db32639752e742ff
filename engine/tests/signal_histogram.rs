//! A signal handler may observe in the histogram that its thread is half-way through: each observation is recorded whole,
//! or dropped and counted.
//!
//! Another thread sends the signals flat out, each when the one before was handled.
#![cfg(unix)]

mod common;
#[path = "common/interrupted.rs"]
mod interrupted;
#[path = "common/signals.rs"]
mod signals;

use std::{
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use common::Finish;
use interrupted::{Account, Maker, every_kind, observe_in_handler, observe_until, watch};
use tachometer::Registry;

/// Signals are sent to each thread for so long,
const AT_LEAST: Duration = Duration::from_secs(1);
/// and until so many have met it, however seldom it runs beside the sender.
const SIGNALS: u64 = 300;
/// A thread that hangs, or is never met half-way, fails the test after this.
const DEADLINE: Duration = Duration::from_secs(120);

static HANDLED: AtomicU64 = AtomicU64::new(0);

extern "C" fn handle(_signal: libc::c_int) {
    observe_in_handler();
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Sends signals to the thread, each when the one before was handled, until enough came and one at least met it half-way.
fn interrupt(target: libc::pthread_t, account: &Account) {
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < AT_LEAST || account.begun() < 2 * SIGNALS || account.dropped() == 0 {
        let handled = HANDLED.load(Ordering::Relaxed);
        // SAFETY: the thread lives until this has returned.
        let result = unsafe { libc::pthread_kill(target, libc::SIGUSR1) };
        assert_eq!(result, 0);
        sent += 1;
        while HANDLED.load(Ordering::Relaxed) == handled {
            thread::yield_now();
            assert!(begin.elapsed() < DEADLINE, "only {sent} signals were handled");
        }
    }
}

fn assert_exact(registry: &Registry, name: &str, make: Maker) {
    let account = Account::open();
    let done = AtomicBool::new(false);
    let (is, target) = mpsc::channel();
    let (turns, snapshots) = thread::scope(|scope| {
        let (finish, done) = (Finish(&done), &done);
        let reader = scope.spawn(|| watch(registry, name, done));
        let interrupted = scope.spawn(move || {
            let observe = make();
            // SAFETY: it has no preconditions.
            is.send(unsafe { libc::pthread_self() }).unwrap();
            observe_until(done, observe)
        });
        interrupt(target.recv().unwrap(), &account);
        drop(finish);
        (interrupted.join().unwrap(), reader.join().unwrap())
    });
    account.assert_balanced(registry, name, turns);
    assert!(snapshots > 10, "only {snapshots} snapshots were taken meanwhile");
}

#[test]
fn an_observation_in_a_handler_is_whole_or_counted_as_dropped() {
    signals::install(libc::SIGUSR1, handle);
    let registry = Registry::new();
    for (name, make) in every_kind(&registry) {
        assert_exact(&registry, name, make);
    }
}
