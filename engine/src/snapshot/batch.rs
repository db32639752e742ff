//! The callbacks of one snapshot, on their way through the hands of workers.
//!
//! Workers take one callback after the other, call it, and put its answer down. The snapshot waits until all have
//! answered, and looks at the batch itself when that takes long:
//!
//! - When a call has been running for [`HANDOVER`], another worker is to take the callbacks behind it. So the others
//!   answer at once, and several that are slow are slow at the same time.
//! - When a call has been running for the timeout, it is given up: it counts as *late*. Its worker ends when the call
//!   returns, and its answer is thrown away. While a callback has a late call, no snapshot calls it.
//!
//! So a snapshot takes no longer than the timeout, a handover for each slow callback, and what the others take
//! together. Late calls are all that keeps threads, and a callback has one at most, or one for each of several
//! snapshots that were taken at the same time.

use std::{
    mem,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{
    callback::{Answer, Callback, Callbacks},
    workers::Pool,
};
use crate::sync::{Condvar, Instant, Mutex, MutexGuard, Ordering, lock};

/// How long a call may take before another worker goes on with the callbacks behind it. Far longer than reading a
/// queue's length or a file of `/proc` takes, and short beside the timeout.
const HANDOVER: Duration = Duration::from_millis(10);

/// The callbacks of one snapshot.
pub(super) struct Batch {
    pub(super) depth: u32,
    progress: Mutex<Progress>,
    done: Condvar,
}

struct Progress {
    /// Empty once the snapshot is no longer interested.
    callbacks: Callbacks,
    answers: Vec<Option<Answer>>,
    /// The callback to be taken next.
    next: usize,
    /// The calls that are waited for.
    running: Vec<Call>,
    /// Workers that were asked to help, less those that have left or are in a late call.
    workers: usize,
    /// When a call last began or ended, or a worker was asked to help.
    moved: Instant,
}

struct Call {
    number: usize,
    since: Instant,
}

/// What a worker does with a batch.
impl Batch {
    /// Asks callbacks until none is left. False if a call was late: the worker is no longer counted with.
    pub(super) fn work(&self) -> bool {
        while let Some((number, callback)) = self.take() {
            let answer = callback.ask();
            if !self.put(number, answer, &callback) {
                return false;
            }
            // The snapshot has the callback too and waits for this worker, so this drop is not the callback's end.
            drop(callback);
        }
        true
    }

    /// The next callback, passing over those with a late call.
    fn take(&self) -> Option<(usize, Arc<Callback>)> {
        let mut progress = lock(&self.progress);
        while let Some(callback) = progress.callbacks.get(progress.next) {
            let callback = Arc::clone(callback);
            let number = progress.next;
            progress.next += 1;
            if !callback.is_late() {
                progress.moved = Instant::now();
                let since = progress.moved;
                progress.running.push(Call { number, since });
                return Some((number, callback));
            }
        }
        None
    }

    /// Puts an answer down; false if the call has been given up.
    fn put(&self, number: usize, answer: Option<Answer>, callback: &Callback) -> bool {
        let mut progress = lock(&self.progress);
        let Some(at) = progress.running.iter().position(|call| call.number == number) else {
            callback.has_returned();
            return false;
        };
        progress.running.swap_remove(at);
        progress.answers[number] = answer;
        progress.moved = Instant::now();
        true
    }

    pub(super) fn leave(&self) {
        let mut progress = lock(&self.progress);
        // Zero already if the snapshot has waited in vain for this worker to begin.
        progress.workers = progress.workers.saturating_sub(1);
        if progress.workers == 0 {
            self.done.notify_one();
        }
    }
}

/// What a snapshot does with its batch.
impl Batch {
    pub(super) fn new(callbacks: Callbacks, depth: u32) -> Self {
        let answers = callbacks.iter().map(|_| None).collect();
        let (next, running, workers, moved) = (0, Vec::new(), 0, Instant::now());
        let progress = Progress { callbacks, answers, next, running, workers, moved };
        Self { depth, progress: Mutex::new(progress), done: Condvar::new() }
    }

    /// Waits until every callback has answered or was given up.
    pub(super) fn wait(
        self: &Arc<Self>,
        pool: &Arc<Pool>,
        timeout: Duration,
        answers: &mut Vec<Option<Answer>>,
    ) {
        let mut progress = lock(&self.progress);
        while !progress.is_over(timeout) {
            if progress.needs_help() {
                progress = self.get_help(pool, progress);
                continue;
            }
            let pause = progress.pause(timeout);
            let (guard, _) = self.done.wait_timeout(progress, pause).unwrap_or_else(PoisonError::into_inner);
            progress = guard;
        }
        mem::swap(answers, &mut progress.answers);
        // Taken from the batch, which the worker of a late call keeps, and dropped by the snapshot.
        let callbacks = mem::take(&mut progress.callbacks);
        drop(progress);
        drop(callbacks);
    }

    fn get_help<'a>(
        self: &'a Arc<Self>,
        pool: &Arc<Pool>,
        mut progress: MutexGuard<'a, Progress>,
    ) -> MutexGuard<'a, Progress> {
        progress.workers += 1;
        progress.moved = Instant::now();
        drop(progress);
        let helped = pool.help(self);
        let mut progress = lock(&self.progress);
        if !helped {
            progress.workers -= 1;
            if progress.workers == 0 {
                progress.stop();
            }
        }
        progress
    }
}

impl Progress {
    /// Gives up the calls that have taken too long, and says whether nothing is left to wait for.
    fn is_over(&mut self, timeout: Duration) -> bool {
        let Self { callbacks, running, workers, .. } = self;
        running.retain(|call| {
            let in_time = call.since.elapsed() < timeout;
            if !in_time {
                callbacks[call.number].overstays();
                *workers -= 1;
            }
            in_time
        });
        // A worker that was asked to help and never began: no such case is known, but it must not be waited for.
        if self.workers > 0 && self.running.is_empty() && self.moved.elapsed() >= timeout {
            self.stop();
        }
        self.next >= self.callbacks.len() && self.workers == 0
    }

    /// Whether all who are here are busy and should not be waited for.
    fn needs_help(&self) -> bool {
        let busy = self.workers == 0 || self.moved.elapsed() >= HANDOVER;
        self.next < self.callbacks.len() && self.running.len() == self.workers && busy
    }

    /// How long to wait before looking again.
    fn pause(&self, timeout: Duration) -> Duration {
        let oldest = self.running.iter().map(|call| call.since).min().unwrap_or(self.moved);
        let pause = timeout.saturating_sub(oldest.elapsed());
        if self.next == self.callbacks.len() {
            return pause;
        }
        // Nobody says when a call begins: who was asked to help may be in one by then, or may not have begun yet.
        let handover = HANDOVER.saturating_sub(self.moved.elapsed());
        pause.min(if handover.is_zero() { HANDOVER } else { handover })
    }

    /// Leaves the rest out.
    fn stop(&mut self) {
        self.next = self.callbacks.len();
        self.workers = 0;
    }
}

/// The late calls are counted under the lock of the batch of each, so a call is given up or has returned, never both.
/// Relaxed: whoever reads an old number calls a callback that has just got stuck, or passes over one that has just
/// returned. For snapshots that follow each other the locks of the batches order it.
impl Callback {
    fn is_late(&self) -> bool {
        self.late_calls() > 0
    }

    pub(crate) fn late_calls(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    fn overstays(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn has_returned(&self) {
        self.late.fetch_sub(1, Ordering::Relaxed);
    }
}
