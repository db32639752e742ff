//! A future with a guard around it.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    HasOutcome, InFlight, OutcomeGuard, Timer, in_flight::Tracked, outcome::ByOutcome, timer::Timed,
};

pin_project! {
    /// Work, and a guard that begins at the first poll and ends with the work.
    ///
    /// An `async` block would do the same, but keep the work twice: as what it captures, and as what it awaits.
    pub(crate) struct Guarded<W, B, G>
    where
        W: Future,
        G: FutureGuard<W::Output>,
    {
        // There until it is dropped.
        #[pin]
        work: Option<W>,
        stage: Stage<B, G>,
    }

    impl<W, B, G> PinnedDrop for Guarded<W, B, G>
    where
        W: Future,
        G: FutureGuard<W::Output>,
    {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

enum Stage<B, G> {
    /// With what makes the guard.
    NotPolled(B),
    UnderWay(G),
    Ended,
}

/// What a future has around it.
pub(crate) trait FutureGuard<T>: Sized {
    /// Polls the work.
    fn poll(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        poll()
    }

    /// Takes note of what the work gave, and hands it back, with what is to end only when the work has been dropped.
    fn finish(self, output: T) -> (T, Option<Self>) {
        (output, Some(self))
    }

    /// Drops the work.
    fn drop_work(&mut self, drop: impl FnOnce()) {
        drop();
    }
}

impl<W, B, G> Guarded<W, B, G>
where
    W: Future,
    B: FnOnce() -> G,
    G: FutureGuard<W::Output>,
{
    /// Calls `begin` at the first poll.
    pub(crate) fn new(work: W, begin: B) -> Self {
        Self { work: Some(work), stage: Stage::NotPolled(begin) }
    }
}

impl<W, B, G> Guarded<W, B, G>
where
    W: Future,
    G: FutureGuard<W::Output>,
{
    /// Drops the work, and then its guard.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        match mem::replace(this.stage, Stage::Ended) {
            Stage::UnderWay(mut guard) => guard.drop_work(|| this.work.set(None)),
            Stage::NotPolled(_) | Stage::Ended => this.work.set(None),
        }
    }
}

impl<W, B, G> Future for Guarded<W, B, G>
where
    W: Future,
    B: FnOnce() -> G,
    G: FutureGuard<W::Output>,
{
    type Output = W::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<W::Output> {
        let mut turn = Turn { future: self, is_last: true };
        let this = turn.future.as_mut().project();
        let (Some(work), Some(guard)) = (this.work.as_pin_mut(), this.stage.guard()) else {
            panic!("a future was polled after it had ended");
        };
        match guard.poll(|| work.poll(context)) {
            Poll::Pending => {
                turn.is_last = false;
                Poll::Pending
            }
            Poll::Ready(output) => {
                let output = this.stage.finish(output);
                // Here, because the work's destructor may panic, and then drops the output.
                drop(turn);
                Poll::Ready(output)
            }
        }
    }
}

impl<B, G> Stage<B, G> {
    /// The guard, which begins now unless it has.
    fn guard(&mut self) -> Option<&mut G>
    where
        B: FnOnce() -> G,
    {
        if matches!(self, Self::NotPolled(_))
            && let Self::NotPolled(begin) = mem::replace(self, Self::Ended)
        {
            *self = Self::UnderWay(begin());
        }
        if let Self::UnderWay(guard) = self { Some(guard) } else { None }
    }

    /// Tells the guard what the work gave.
    fn finish<T>(&mut self, output: T) -> T
    where
        G: FutureGuard<T>,
    {
        let Self::UnderWay(guard) = mem::replace(self, Self::Ended) else { return output };
        let (output, rest) = guard.finish(output);
        *self = rest.map_or(Self::Ended, Self::UnderWay);
        output
    }
}

/// One poll. The last one, by an output or a panic, ends the future then and there, as it does an `async` block.
struct Turn<'a, W, B, G>
where
    W: Future,
    G: FutureGuard<W::Output>,
{
    future: Pin<&'a mut Guarded<W, B, G>>,
    is_last: bool,
}

impl<W, B, G> Drop for Turn<'_, W, B, G>
where
    W: Future,
    G: FutureGuard<W::Output>,
{
    fn drop(&mut self) {
        if self.is_last {
            self.future.as_mut().end();
        }
    }
}

impl<H: Timed, T> FutureGuard<T> for Timer<H> {}

impl<G: Tracked, T> FutureGuard<T> for InFlight<G> {}

impl<F: ByOutcome, T: HasOutcome> FutureGuard<T> for OutcomeGuard<F> {
    fn poll(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.call(poll)
    }

    fn finish(self, output: T) -> (T, Option<Self>) {
        (OutcomeGuard::finish(self, output), None)
    }
}
