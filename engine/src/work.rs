//! How work ended that did not say so itself: it panicked, or was given up.

use std::thread;

use crate::Outcome;

/// Where the work of a guard is done, as far as that tells its own panic from others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// In the scope that the guard lives in. If the thread unwinds when the guard is dropped, the work has panicked,
    /// unless the thread was unwinding before: then the guard belongs to a destructor.
    InScope { unwinding: bool },
    /// In calls by the engine: of a closure, or of a future's `poll`. A call that is still under way when the guard is
    /// dropped has panicked; between two calls a future was given up, whatever made its owner do so.
    Called { under_way: bool },
}

impl Work {
    /// Begins in the scope that the guard is made in.
    #[inline]
    pub(crate) fn in_scope() -> Self {
        Self::InScope { unwinding: thread::panicking() }
    }

    /// Does a part of the work.
    #[inline]
    pub(crate) fn call<R>(&mut self, part: impl FnOnce() -> R) -> R {
        *self = Self::Called { under_way: true };
        let result = part();
        *self = Self::Called { under_way: false };
        result
    }

    /// How it ended, when its guard is dropped now.
    #[inline]
    pub(crate) fn outcome(self) -> Outcome {
        let panicked = match self {
            Self::InScope { unwinding } => !unwinding && thread::panicking(),
            Self::Called { under_way } => under_way,
        };
        if panicked { Outcome::Panicked } else { Outcome::Cancelled }
    }
}
