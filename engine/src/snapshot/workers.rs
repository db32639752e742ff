//! Worker threads that ask callbacks.
//!
//! ```text
//! snapshot ── batch ──► worker   takes the next callback, calls it, puts its answer down, takes the next ...
//!     │                   │
//!     └──── waits ◄───────┘      told when nothing is left; else looks itself: after a handover time, after a timeout
//! ```
//!
//! A snapshot hands its callbacks to one worker as a batch and waits until all have answered. When that takes longer,
//! it has another worker help, and in the end gives up what does not return: [`Batch`] has the rules.
//!
//! A worker whose batch is done waits for the next one, of this snapshot or another. It says that it is idle before
//! the snapshot hears that the batch is done, so that a program that takes one snapshot after the other has one worker.
//! The workers end with the registry; one that is in a call, when that returns.
//!
//! After `fork` the child has no workers, and perhaps a lock of theirs that nobody will release. So they know the
//! process that they were started in, and in another one a new pool is made.
//!
//! No lock of this file or of a batch is held while a callback runs, is dropped, or is waited for.

use std::{
    collections::VecDeque,
    process,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{
    batch::Batch,
    callback::{Answer, Callbacks},
    nested::{MAX_NESTED, at_depth, next_depth},
};
use crate::sync::{Condvar, Mutex, lock, thread};

/// Most workers that wait for work: as many as one snapshot needs whose callbacks take snapshots.
const MAX_IDLE: usize = MAX_NESTED as usize;

/// Asks the callbacks of a registry. Has no threads until there are callbacks to ask.
pub(crate) struct Runner {
    timeout: Duration,
    /// Locked to find the pool, by snapshots alone.
    pool: Mutex<Option<Arc<Pool>>>,
}

/// The workers of a registry.
pub(super) struct Pool {
    /// The process in which they were started.
    process: u32,
    state: Mutex<PoolState>,
    has_work: Condvar,
}

#[derive(Default)]
struct PoolState {
    queue: VecDeque<Arc<Batch>>,
    /// Workers that wait, or are about to.
    idle: usize,
    closed: bool,
}

impl Runner {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, pool: Mutex::new(None) }
    }

    /// The answer of each callback; `None` if it panicked, did not return in time, was late already, lies too deep, or
    /// if no thread could be started.
    pub(crate) fn run(&self, callbacks: &Callbacks) -> Vec<Option<Answer>> {
        let mut answers: Vec<Option<Answer>> = callbacks.iter().map(|_| None).collect();
        if let Some(depth) = next_depth()
            && !callbacks.is_empty()
        {
            let batch = Arc::new(Batch::new(Callbacks::clone(callbacks), depth));
            // Half as long for a snapshot that a callback takes: when something in that one is stuck, the callback
            // still returns before it is given up itself.
            let timeout = self.timeout / (1 << (depth - 1));
            batch.wait(&self.pool(), timeout, &mut answers);
        }
        answers
    }

    fn pool(&self) -> Arc<Pool> {
        let mut pool = lock(&self.pool);
        match &*pool {
            Some(pool) if pool.is_of_this_process() => Arc::clone(pool),
            _ => Arc::clone(pool.insert(Arc::new(Pool::new()))),
        }
    }

    /// For a control: wakes the workers before there is anything to be woken for.
    #[cfg(any(tachometer_loom, tachometer_shuttle))]
    pub(crate) fn close_too_late(&self) {
        if let Some(pool) = lock(&self.pool).take() {
            pool.has_work.notify_all();
            lock(&pool.state).closed = true;
        }
    }
}

/// Lets the workers end. None is waited for, because this may be the thread of one.
impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.get_mut().unwrap_or_else(PoisonError::into_inner)
            && pool.is_of_this_process()
        {
            lock(&pool.state).closed = true;
            pool.has_work.notify_all();
        }
    }
}

impl Pool {
    fn new() -> Self {
        let state = Mutex::new(PoolState::default());
        Self { process: process::id(), state, has_work: Condvar::new() }
    }

    fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// Has an idle worker or a new one work on the batch; false if there is none to be had.
    pub(super) fn help(self: &Arc<Self>, batch: &Arc<Batch>) -> bool {
        {
            let mut state = lock(&self.state);
            if state.queue.len() < state.idle {
                state.queue.push_back(Arc::clone(batch));
                self.has_work.notify_one();
                return true;
            }
        }
        let (pool, batch) = (Arc::clone(self), Arc::clone(batch));
        let thread = thread::Builder::new().name("tachometer-callbacks".into());
        thread.spawn(move || pool.work(batch)).is_ok()
    }

    /// What a worker does.
    fn work(&self, mut batch: Arc<Batch>) {
        while at_depth(batch.depth, || batch.work()) {
            match self.rest(batch) {
                Some(next) => batch = next,
                None => return,
            }
        }
    }

    /// Leaves a batch and waits for the next; `None` when the worker should end.
    fn rest(&self, batch: Arc<Batch>) -> Option<Arc<Batch>> {
        let stays = {
            let mut state = lock(&self.state);
            let stays = state.idle < MAX_IDLE;
            state.idle += usize::from(stays);
            stays
        };
        batch.leave();
        drop(batch);
        if !stays {
            return None;
        }
        let mut state = lock(&self.state);
        loop {
            if let Some(batch) = state.queue.pop_front() {
                state.idle -= 1;
                return Some(batch);
            }
            if state.closed {
                return None;
            }
            state = self.has_work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
