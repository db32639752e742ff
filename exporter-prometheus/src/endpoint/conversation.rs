//! Where a connection is in its conversation, and until when that may last.
//!
//! ```text
//!            request header read        answer made          last byte handed to hyper    all taken by the system
//!  awaiting ────────────────────▶ busy ─────────────▶ answering ─────────────▶ handed over ────────────▶ awaiting
//!  header_timeout               drain: header_timeout  write_timeout, of the whole answer
//!                               collect: none, it has its own
//! ```
//!
//! Each deadline is that of the whole phase: a byte now and then does not move it. The changes come from the service,
//! from the body of the answer and from the socket, all of them polled by the connection's task, which looks at the
//! deadline after each poll.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::Limits;

#[derive(Debug)]
pub(crate) struct Conversation {
    limits: Limits,
    state: Mutex<State>,
    /// A newer scrape needs the memory of the body that is being sent.
    cut: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    phase: Phase,
    deadline: Option<Instant>,
    /// What the client still sends is read for a while before the connection is closed.
    refused: bool,
    /// Something has been read since the last answer.
    heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Awaiting,
    Busy,
    Answering,
    HandedOver,
}

impl Conversation {
    pub(super) fn new(limits: Limits) -> Conversation {
        let deadline = after(limits.header_timeout);
        let state = State { phase: Phase::Awaiting, deadline, refused: false, heard: false };
        Conversation { limits, state: Mutex::new(state), cut: Notify::new() }
    }

    /// Something of a request was read.
    pub(super) fn heard(&self) {
        self.lock().heard = true;
    }

    /// The body of a request is read.
    pub(super) fn draining(&self) {
        self.enter(Phase::Busy, after(self.limits.header_timeout));
    }

    /// An answer is made.
    pub(super) fn busy(&self) {
        self.enter(Phase::Busy, None);
    }

    /// The answer is there and is being sent.
    pub(super) fn answering(&self, refused: bool) {
        self.enter(Phase::Answering, after(self.limits.write_timeout));
        self.lock().refused |= refused;
    }

    /// hyper has got the whole answer.
    pub(super) fn handed_over(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Answering {
            state.phase = Phase::HandedOver;
        }
    }

    /// All that hyper has got so far was taken by the system.
    pub(super) fn flushed(&self) {
        let mut state = self.lock();
        if state.phase == Phase::HandedOver {
            let deadline = after(self.limits.header_timeout);
            *state = State { phase: Phase::Awaiting, deadline, heard: false, ..*state };
        }
    }

    /// Ends the connection, from any thread.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(super) async fn is_cut(&self) {
        self.cut.notified().await;
    }

    /// Whether an answer has begun that the system has not taken to its end.
    pub(super) fn is_answering(&self) -> bool {
        matches!(self.lock().phase, Phase::Answering | Phase::HandedOver)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lock().deadline
    }

    pub(super) fn was_refused(&self) -> bool {
        self.lock().refused
    }

    pub(super) fn has_heard(&self) -> bool {
        self.lock().heard
    }

    fn enter(&self, phase: Phase, deadline: Option<Instant>) {
        let mut state = self.lock();
        state.phase = phase;
        state.deadline = deadline;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // It is never half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time that is so far ahead; none if there is no such time.
fn after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
