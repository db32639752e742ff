//! Another collector in the place of the default one, for a while: on a thread, or in a future.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    rc::Rc,
    sync::Arc,
    task::Poll,
};

use super::MetricsCollector;
use crate::{
    future::guarded::{FutureGuard, Guarded},
    sync::per_thread,
};

per_thread! {
    /// What is scoped on this thread, outermost first, each with a number of its own.
    static SCOPES: RefCell<Vec<(u64, Arc<dyn MetricsCollector>)>> = RefCell::new(Vec::new());
    /// Whether there is any. What a call looks at first; it has no destructor and costs no check.
    static IS_SCOPED: Cell<bool> = Cell::new(false);
}

/// Puts a collector in the place of the default one, on this thread, until the guard is dropped. For tests: those that
/// run at the same time, each on its thread, do not meet.
///
/// Scopes nest, and the innermost that is left counts, whichever ends first. Threads that are started within one do not
/// have it, and a future may be polled by another thread: for futures there is
/// [`with_collector`](crate::FutureExt::with_collector). While there is a scope, a call through the default counts a
/// reference and is a few nanoseconds dearer.
///
/// ```
/// use std::sync::Arc;
///
/// use tachometer::collector::{InMemoryCollector, MetricId, scoped_collector, with_default};
///
/// static RECORDS_SENT: MetricId = MetricId::counter("records_sent_total", "Records sent.", &["stream_name"]);
///
/// fn send(stream: &str) {
///     with_default(|collector| collector.increment(&RECORDS_SENT, 1.0, &[stream]));
/// }
///
/// let memory = Arc::new(InMemoryCollector::new());
/// let scope = scoped_collector(memory.clone());
/// send("orders");
/// drop(scope);
/// send("orders");
/// assert_eq!(memory.counters()["records_sent_total{stream_name=orders}"], 1.0);
/// ```
#[must_use = "the scope ends when the guard is dropped"]
pub fn scoped_collector(collector: Arc<dyn MetricsCollector>) -> ScopedCollector {
    // Nothing where the thread's locals are gone: a destructor that runs then finds the default.
    let number = SCOPES.try_with(|scopes| {
        let mut scopes = scopes.borrow_mut();
        let number = scopes.last().map_or(0, |(last, _)| last + 1);
        scopes.push((number, collector));
        number
    });
    let _ = IS_SCOPED.try_with(|is_scoped| is_scoped.set(true));
    ScopedCollector { number: number.ok(), stays: PhantomData }
}

/// Ends the scope of a collector when it is dropped. Made by [`scoped_collector`].
#[derive(Debug)]
pub struct ScopedCollector {
    number: Option<u64>,
    /// On the thread that has the scope.
    stays: PhantomData<Rc<()>>,
}

impl Drop for ScopedCollector {
    fn drop(&mut self) {
        let ended = SCOPES.try_with(|scopes| {
            let mut scopes = scopes.borrow_mut();
            let at = scopes.iter().position(|(number, _)| Some(*number) == self.number);
            let ended = at.map(|at| scopes.remove(at));
            let _ = IS_SCOPED.try_with(|is_scoped| is_scoped.set(!scopes.is_empty()));
            ended
        });
        // Here, because a collector's destructor may record.
        drop(ended);
    }
}

/// The collector of the innermost scope of this thread.
#[inline]
pub(super) fn innermost() -> Option<Arc<dyn MetricsCollector>> {
    let is_scoped = IS_SCOPED.try_with(Cell::get).unwrap_or(false);
    // Borrowed while a scope begins or ends, when the allocator may record: then it finds the default.
    let last = || SCOPES.try_with(|scopes| Some(Arc::clone(&scopes.try_borrow().ok()?.last()?.1)));
    if is_scoped { last().ok().flatten() } else { None }
}

/// The future, with the collector scoped while it is polled and while it is dropped.
pub(crate) fn in_scope<F: Future>(
    future: F,
    collector: Arc<dyn MetricsCollector>,
) -> impl Future<Output = F::Output> + use<F> {
    Guarded::new(future, move || InScopes(collector))
}

/// Scopes its collector for each thing that a future does.
struct InScopes(Arc<dyn MetricsCollector>);

impl<T> FutureGuard<T> for InScopes {
    fn poll(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let _scope = scoped_collector(Arc::clone(&self.0));
        poll()
    }

    /// A future that is cancelled ends what it has under way here: timers record, and gauges are lowered.
    fn drop_work(&mut self, drop: impl FnOnce()) {
        let _scope = scoped_collector(Arc::clone(&self.0));
        drop();
    }
}
