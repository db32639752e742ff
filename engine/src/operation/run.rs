//! Operations that call their work, and so know how it ends.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use super::{Operation, OperationGuard, Progress, guard::UnderOperation};
use crate::{
    CountError,
    future::guarded::{FutureGuard, Guarded},
};

impl<F> Operation<F> {
    /// Calls `work` as one operation, and hands its result back. A `?` in it is an error, and a panic a panic.
    #[inline]
    pub fn run<T, E>(&self, work: impl FnOnce(&mut Progress) -> Result<T, E>) -> Result<T, E>
    where
        F: CountError<E>,
    {
        let mut guard = self.start();
        let result = guard.call(work);
        guard.finish(result)
    }

    /// The same for an `async` closure, from the first poll on: an error, a panic in a poll, and what is dropped before
    /// it has finished, as cancelled. It may move between threads.
    ///
    /// ```
    /// use tachometer::Operation;
    ///
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
    /// #             return output;
    /// #         }
    /// #     }
    /// # }
    /// # async fn fetch() -> Result<Vec<u8>, std::io::Error> { Ok(vec![0; 512]) }
    /// let registry = tachometer::Registry::new();
    /// let bytes = registry.counter("fetched_bytes_total", "Bytes fetched.")?;
    /// let fetched = Operation::new().bytes(&bytes);
    ///
    /// let page = block_on(fetched.run_async(async |progress| {
    ///     let page = fetch().await?;
    ///     progress.add_bytes(page.len() as u64);
    ///     Ok::<_, std::io::Error>(page)
    /// }));
    /// assert_eq!((page.unwrap().len(), bytes.value()), (512, 512));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub async fn run_async<T, E>(&self, work: impl AsyncFnOnce(&mut Progress) -> Result<T, E>) -> Result<T, E>
    where
        F: CountError<E>,
    {
        let mut guard = self.start();
        let result = {
            let (progress, calls) = guard.progress_and_work();
            let mut work = pin!(work(progress));
            poll_fn(|context| calls.call(|| work.as_mut().poll(context))).await
        };
        guard.finish(result)
    }

    /// Records a future as one operation, from its first poll on.
    pub(crate) fn run_future<T, E, W>(self, work: W) -> impl Future<Output = Result<T, E>> + use<T, E, W, F>
    where
        W: Future<Output = Result<T, E>>,
        F: CountError<E>,
    {
        Guarded::new(work, move || {
            let stopwatch = self.parts.handles.begin();
            OperationGuard::new(self, stopwatch)
        })
    }
}

impl<O, T, E> FutureGuard<Result<T, E>> for OperationGuard<O>
where
    O: UnderOperation,
    O::Errors: CountError<E>,
{
    fn poll(&mut self, poll: impl FnOnce() -> Poll<Result<T, E>>) -> Poll<Result<T, E>> {
        self.call(|_| poll())
    }

    fn finish(self, output: Result<T, E>) -> (Result<T, E>, Option<Self>) {
        (OperationGuard::finish(self, output), None)
    }
}
