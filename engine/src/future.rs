//! Timing and tracking futures.

use std::future::Future;

use crate::{Histogram, InFlight, in_flight::Tracked};

/// Adds [`timed`](Self::timed) and [`tracked`](Self::tracked) to every future.
///
/// ```
/// use tachometer::FutureExt;
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
/// let registry = tachometer::Registry::new();
/// let latency = registry.histogram("request_duration_seconds", "Time to serve a request.")?;
/// let active = registry.up_down_counter("active_requests", "Requests under way.")?;
///
/// let answer = block_on(async { 6 * 7 }.timed(&latency).tracked(&active));
/// assert_eq!((answer, latency.value().count, active.value()), (42, 1, 0));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
pub trait FutureExt: Future + Sized {
    /// Records the seconds from the first poll to the end: when the future has finished, or is dropped before that, or
    /// panics. A future that is never polled records nothing. It may move between threads.
    fn timed(self, histogram: &Histogram) -> impl Future<Output = Self::Output> + use<Self> {
        let histogram = histogram.clone();
        async move {
            let _timer = histogram.start_timer();
            self.await
        }
    }

    /// Counts the future as under way from the first poll to the end, in an [`UpDownCounter`](crate::UpDownCounter) or
    /// a [`Gauge`](crate::Gauge).
    fn tracked<G: Tracked + Clone>(self, gauge: &G) -> impl Future<Output = Self::Output> + use<Self, G> {
        let gauge = gauge.clone();
        async move {
            let _under_way = InFlight::enter(gauge);
            self.await
        }
    }
}

impl<F: Future> FutureExt for F {}
