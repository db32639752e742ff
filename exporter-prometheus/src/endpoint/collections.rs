//! Collections: at most so many at a time, and one for all who want the same meanwhile.
//!
//! Who comes while a collection of the same is under way waits for it and shares its body. So a storm of scrapers costs
//! one collection after another, and no more memory than one scraper. Collections run on threads of their own: a large
//! registry takes milliseconds, and a callback of the program may take any time.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use hyper::body::Bytes;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::answer::Rendered;
use super::scrape_metrics::{Failure, ScrapeMetrics};
use super::shelf::Shelf;
use crate::coding::Coding;
use crate::format::Format;

/// Collections at a time, unless told otherwise.
pub(crate) const MAX_SCRAPES: usize = 4;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    /// Families with these beginnings of names; all if there are none.
    Exposition { format: Format, coding: Coding, prefixes: Vec<String> },
    /// The snapshots as JSON.
    Snapshot,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unavailable {
    /// There are as many other collections as are allowed.
    Busy,
    /// A panic, or the end of the runtime.
    Failed,
}

type Outcome = Result<Arc<Rendered>, Unavailable>;

/// Makes the chunks of a body. May block, and may panic.
pub(crate) type Render = Box<dyn Fn(&Wanted) -> Vec<Bytes> + Send + Sync>;

pub(crate) struct Collections {
    render: Render,
    max: usize,
    shelf: Shelf,
    metrics: Option<ScrapeMetrics>,
    under_way: Mutex<HashMap<Wanted, watch::Receiver<Option<Outcome>>>>,
}

impl Collections {
    pub(crate) fn new(render: Render, max: usize, held: usize, metrics: Option<ScrapeMetrics>) -> Self {
        Collections { render, max, shelf: Shelf::new(held), metrics, under_way: Mutex::default() }
    }

    /// What is wanted, from the collection that is under way or from a new one.
    pub(crate) async fn get(self: &Arc<Self>, wanted: Wanted) -> Outcome {
        let mut outcome = self.join(wanted)?;
        let outcome = outcome.wait_for(Option::is_some).await.map_err(|_| Unavailable::Failed)?;
        outcome.clone().unwrap_or(Err(Unavailable::Failed))
    }

    fn join(self: &Arc<Self>, wanted: Wanted) -> Result<watch::Receiver<Option<Outcome>>, Unavailable> {
        let mut under_way = self.under_way();
        if let Some(outcome) = under_way.get(&wanted) {
            return Ok(outcome.clone());
        }
        if under_way.len() >= self.max {
            return Err(Unavailable::Busy);
        }
        let (sender, receiver) = watch::channel(None);
        under_way.insert(wanted.clone(), receiver.clone());
        drop(under_way);
        let ending = Ending { of: Arc::clone(self), wanted, sender };
        let collection = Collection { ending: ending.clone(), outcome: Err(Unavailable::Failed) };
        if !off_this_thread(move || collection.run()) {
            tracing::error!(target: "tachometer_prometheus", "no thread for a scrape can be started");
            // The job may lie in a queue for ever, and nobody must wait for it.
            ending.tell(Err(Unavailable::Failed));
        }
        Ok(receiver)
    }

    fn render(&self, wanted: &Wanted) -> Arc<Rendered> {
        let cut = self.shelf.make_room();
        if cut > 0 {
            tracing::info!(target: "tachometer_prometheus", clients = cut, "clients read too slowly and are cut off");
            self.metrics.iter().for_each(|metrics| metrics.failed(Failure::SlowReader, cut as u64));
        }
        let rendered = Arc::new(Rendered::new((self.render)(wanted)));
        self.shelf.put(&rendered);
        rendered
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Wanted, watch::Receiver<Option<Outcome>>>> {
        // No panic can come between the changes of the map.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Collections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collections").field("max", &self.max).finish_non_exhaustive()
    }
}

/// A collection that is under way. Dropped unfinished, it tells those who wait that it failed.
struct Collection {
    ending: Ending,
    outcome: Outcome,
}

impl Collection {
    fn run(mut self) {
        let Ending { of, wanted, .. } = &self.ending;
        // What a panic leaves behind is not used again: the exporter gives up the image that it was changing.
        self.outcome = catch_unwind(AssertUnwindSafe(|| of.render(wanted))).map_err(|_| {
            tracing::error!(target: "tachometer_prometheus", "a scrape panicked; its clients are told with status 500");
            Unavailable::Failed
        });
    }
}

impl Drop for Collection {
    fn drop(&mut self) {
        self.ending.tell(std::mem::replace(&mut self.outcome, Err(Unavailable::Failed)));
    }
}

/// Whom to tell what became of a collection.
#[derive(Clone)]
struct Ending {
    of: Arc<Collections>,
    wanted: Wanted,
    sender: watch::Sender<Option<Outcome>>,
}

impl Ending {
    fn tell(&self, outcome: Outcome) {
        let mut under_way = self.of.under_way();
        // Who comes from here on gets a collection that begins after the request. One that was given up before, and has
        // run all the same, has a successor under its name.
        let is_own = |receiver: &watch::Receiver<_>| receiver.same_channel(&self.sender.subscribe());
        if under_way.get(&self.wanted).is_some_and(is_own) {
            under_way.remove(&self.wanted);
        }
        drop(under_way);
        self.sender.send_replace(Some(outcome));
    }
}

/// Runs what may block: on a thread that the runtime keeps for this, or on a new one where there is no tokio runtime.
/// False if there is no thread for it, or may be none.
fn off_this_thread(job: impl FnOnce() + Send + 'static) -> bool {
    let Ok(runtime) = Handle::try_current() else {
        return thread::Builder::new().name("tachometer-render".to_owned()).spawn(job).is_ok();
    };
    // It panics if it has no thread and cannot start one, and keeps the job for one that it may have later.
    catch_unwind(AssertUnwindSafe(|| drop(runtime.spawn_blocking(job)))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Collection, Collections, Ending, Unavailable, Wanted};
    use hyper::body::Bytes;
    // An executor that is not tokio.
    use pollster::block_on;
    use std::future::Future;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, mpsc};
    use std::task::{Context, Waker};
    use tokio::sync::watch;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().expect("threads can be started")
    }

    #[test]
    fn a_render_that_panics_costs_its_own_answers_only_in_any_executor() {
        let calls = AtomicUsize::new(0);
        let render = move |_: &Wanted| {
            assert!(calls.fetch_add(1, Ordering::Relaxed) % 2 == 1, "every other call fails");
            vec![Bytes::from_static(b"up 1\n")]
        };
        let collections = Arc::new(Collections::new(Box::new(render), 1, 0, None));
        let runtime = runtime();
        for _ in 0..3 {
            assert_eq!(block_on(collections.get(Wanted::Snapshot)).err(), Some(Unavailable::Failed));
            assert_eq!(block_on(collections.get(Wanted::Snapshot)).map(|body| body.bytes()).ok(), Some(5));
            assert_eq!(runtime.block_on(collections.get(Wanted::Snapshot)).err(), Some(Unavailable::Failed));
            assert_eq!(
                runtime.block_on(collections.get(Wanted::Snapshot)).map(|body| body.bytes()).ok(),
                Some(5)
            );
        }
    }

    #[test]
    fn who_comes_while_a_collection_is_under_way_shares_it_and_who_comes_later_gets_a_new_one() {
        let (release, released) = mpsc::channel::<()>();
        let (calls, released) = (AtomicUsize::new(0), Mutex::new(released));
        let render = move |_: &Wanted| {
            let _ = released.lock().map(|released| released.recv());
            vec![vec![b'x'; calls.fetch_add(1, Ordering::Relaxed) + 1].into()]
        };
        let collections = Arc::new(Collections::new(Box::new(render), 1, 0, None));
        let mut context = Context::from_waker(Waker::noop());
        let mut first: Vec<_> = (0..100).map(|_| Box::pin(collections.get(Wanted::Snapshot))).collect();
        assert!(first.iter_mut().all(|each| each.as_mut().poll(&mut context).is_pending()));
        assert!(release.send(()).is_ok());
        let bytes: Vec<_> = first.into_iter().map(|each| block_on(each).map(|body| body.bytes())).collect();
        assert_eq!(bytes, [Ok(1); 100]);
        assert!(release.send(()).is_ok());
        assert_eq!(block_on(collections.get(Wanted::Snapshot)).map(|body| body.bytes()), Ok(2));
    }

    #[test]
    fn a_collection_that_never_ran_tells_those_who_wait() {
        let render = |_: &Wanted| vec![Bytes::new()];
        let collections = Arc::new(Collections::new(Box::new(render), 1, 0, None));
        let runtime = runtime();
        // The runtime ends: it takes no further work.
        let handle = runtime.handle().clone();
        runtime.shutdown_background();
        let entered = handle.enter();
        assert_eq!(block_on(collections.get(Wanted::Snapshot)).err(), Some(Unavailable::Failed));
        drop(entered);
        assert!(block_on(collections.get(Wanted::Snapshot)).is_ok());
    }

    #[test]
    fn a_collection_that_is_given_up_keeps_nobody_waiting_and_does_not_end_its_successor() {
        let render = |_: &Wanted| vec![Bytes::from_static(b"up 1\n")];
        let collections = Arc::new(Collections::new(Box::new(render), 1, 0, None));
        let begin = || {
            let (sender, receiver) = watch::channel(None);
            collections.under_way().insert(Wanted::Snapshot, receiver);
            Ending { of: Arc::clone(&collections), wanted: Wanted::Snapshot, sender }
        };
        let given_up = begin();
        // A job that lies in a queue, of which nobody knows when it will run.
        let queued = Collection { ending: given_up.clone(), outcome: Err(Unavailable::Failed) };
        let mut waiting = Box::pin(collections.get(Wanted::Snapshot));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        given_up.tell(Err(Unavailable::Failed));
        assert_eq!(block_on(waiting).map(|body| body.bytes()), Err(Unavailable::Failed));

        let successor = begin();
        queued.run();
        assert_eq!(collections.under_way().len(), 1);
        successor.tell(Err(Unavailable::Failed));
        assert_eq!(block_on(collections.get(Wanted::Snapshot)).map(|body| body.bytes()), Ok(5));
    }
}
