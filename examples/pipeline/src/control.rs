//! How threads are told to pause and to stop, and how they tell that something went wrong.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Error, Result, anyhow};
use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::sync::{lock, wait};

/// The user's wish to end the program: Ctrl-C or a termination signal.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    requested: Arc<AtomicBool>,
    signal: Receiver<()>,
}

impl Stop {
    /// Installs the handler; a second signal ends the process at once, with exit code 130.
    pub(crate) fn on_signals() -> Result<Self> {
        let requested = Arc::new(AtomicBool::new(false));
        let (sender, signal) = bounded(1);
        let flag = Arc::clone(&requested);
        let handler = move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            let _already_full = sender.try_send(());
        };
        ctrlc::set_handler(handler).context("cannot handle Ctrl-C")?;
        Ok(Self { requested, signal })
    }

    /// For a pipeline that no user watches.
    pub(crate) fn never() -> Self {
        Self { requested: Arc::default(), signal: bounded(0).1 }
    }

    /// Whether the user wants to end.
    pub(crate) fn requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Waits for `time`, or until the user wants to end.
    pub(crate) fn wait(&self, time: Duration) {
        if !self.requested() {
            let _timeout = self.signal.recv_timeout(time);
        }
    }

    /// Waits until the user wants to end.
    pub(crate) fn wait_for_ever(&self) {
        while !self.requested() && self.signal.try_recv() != Err(TryRecvError::Disconnected) {
            let _timeout = self.signal.recv_timeout(Duration::from_secs(60));
        }
    }
}

/// What the threads of one pipeline tell each other.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    gate: Mutex<Gate>,
    opened: Condvar,
    /// Anything but full speed ahead; the slow lane is `gate`.
    interrupted: AtomicBool,
    failed: AtomicBool,
    failure: Mutex<Option<Error>>,
    /// Records that producers have batched, and those that consumers have processed: when they are equal and the
    /// producers stand at the gate, nothing is under way.
    produced: AtomicU64,
    consumed: AtomicU64,
}

#[derive(Debug, Default)]
struct Gate {
    paused: bool,
    stopping: bool,
    standing: usize,
}

impl Flow {
    /// Whether a producer should come to the gate.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// For a producer that holds nothing back: stands at the gate while it is closed. `false` means to end.
    pub(crate) fn pass(&self) -> bool {
        let mut gate = lock(&self.gate);
        gate.standing += 1;
        while gate.paused && !gate.stopping && !self.failed() {
            gate = wait(&self.opened, gate, Duration::from_secs(1));
        }
        gate.standing -= 1;
        !gate.stopping && !self.failed()
    }

    /// Asks the producers to come to the gate, and waits until all `producers` stand there and what they put is
    /// consumed. Gives up when the pipeline fails.
    pub(crate) fn pause(&self, producers: usize) {
        self.set(|gate| gate.paused = true);
        while !self.failed() && (lock(&self.gate).standing < producers || self.under_way() > 0) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Opens the gate.
    pub(crate) fn resume(&self) {
        self.set(|gate| gate.paused = false);
    }

    /// Asks the producers to end.
    pub(crate) fn stop(&self) {
        self.set(|gate| gate.stopping = true);
    }

    fn set(&self, change: impl FnOnce(&mut Gate)) {
        let mut gate = lock(&self.gate);
        change(&mut gate);
        self.interrupted.store(gate.paused || gate.stopping || self.failed(), Ordering::Relaxed);
        self.opened.notify_all();
    }

    /// Ends the pipeline with an error; the first one is kept.
    pub(crate) fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.failed.store(true, Ordering::Release);
        self.set(|_| {});
    }

    /// Fails the pipeline should the thread that holds the result panic: whoever waits for that thread would wait for
    /// ever.
    pub(crate) fn fail_on_panic(&self, thread: &'static str) -> impl Drop {
        FailOnPanic { flow: self, thread }
    }

    /// Whether the pipeline has failed.
    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// The error that ended it.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    /// Producers have batched `records` more.
    pub(crate) fn add_produced(&self, records: u64) {
        self.produced.fetch_add(records, Ordering::Release);
    }

    /// Consumers have processed `records` more.
    pub(crate) fn add_consumed(&self, records: u64) {
        self.consumed.fetch_add(records, Ordering::Release);
    }

    /// Records consumed so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Acquire)
    }

    fn under_way(&self) -> u64 {
        // In this order: what was consumed was produced before.
        let consumed = self.consumed();
        self.produced.load(Ordering::Acquire) - consumed
    }
}

struct FailOnPanic<'a> {
    flow: &'a Flow,
    thread: &'static str,
}

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.flow.fail(anyhow!("the {} thread panicked", self.thread));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_waits_for_what_is_under_way_and_a_stop_opens_the_gate() {
        let flow = Flow::default();
        flow.add_produced(3);
        thread::scope(|scope| {
            let producer = scope.spawn(|| (flow.pass(), flow.consumed()));
            scope.spawn(|| {
                flow.pause(0);
                assert_eq!(flow.consumed(), 3);
                flow.stop();
            });
            flow.add_consumed(3);
            producer.join().unwrap();
        });
        assert!(flow.interrupted() && !flow.pass());
    }

    #[test]
    fn a_panic_is_a_failure_and_the_end_of_a_thread_is_none() {
        let flow = Flow::default();
        drop(flow.fail_on_panic("quiet"));
        assert!(!flow.failed());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _watch = flow.fail_on_panic("careless");
            std::panic::resume_unwind(Box::new("without a message on standard error"));
        }));
        assert!(panicked.is_err());
        assert_eq!(flow.take_failure().unwrap().to_string(), "the careless thread panicked");
    }

    #[test]
    fn the_first_failure_is_kept_and_ends_every_wait() {
        let flow = Flow::default();
        flow.add_produced(1);
        flow.fail(anyhow!("first"));
        flow.fail(anyhow!("second"));
        flow.pause(7);
        assert!(!flow.pass());
        assert_eq!(flow.take_failure().unwrap().to_string(), "first");
    }
}
