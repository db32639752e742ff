//! The service: what a request is answered with, for any server and any runtime.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::body::Bytes;
use hyper::{Method, Request, Response};

use super::answer::AnswerBody;
use super::collections::{Collections, MAX_SCRAPES, Unavailable, Wanted};
use super::routes::{self, Scrape};
use super::scrape_metrics::{Failure, Refusal, ScrapeMetrics};
use super::shelf::MAX_HELD_BYTES;
use super::snapshot_json;
use crate::exporter::Exporter;

/// Answers scrapes inside a server of the program: a `tower::Service` and a `hyper::service::Service`. Made by
/// [`Exporter::service`].
///
/// It answers GET and HEAD at these paths, 404 elsewhere, and 405 with `Allow` to other methods. A prefix of the path
/// is for the framework to take away, as axum's `nest` does.
///
/// | path | answer |
/// |---|---|
/// | `/metrics` | the exposition, in the format and coding that the client asks for |
/// | `/metrics?name[]=http_&name[]=queue_` | only families whose names begin so |
/// | `/snapshot.json` | the snapshots as JSON, whose shape is said at [`Exporter::service`] |
/// | `/health` | `ok`, without a snapshot |
/// | `/` | a page that leads there |
///
/// Clones share everything. Scrapes of the same that come while one is under way share its collection and its body;
/// four different ones may be under way, and further ones are answered 503 with `Retry-After`. A collection runs on a
/// thread for blocking work of the tokio runtime that polls it, or on a thread of its own in another executor. A scrape
/// that panics is answered 500.
///
/// Limits of connections, headers and slow clients are those of the server that it is mounted in; only what slow
/// clients hold in memory is bounded here, by [`max_held_bytes`](Self::max_held_bytes).
#[derive(Clone)]
pub struct MetricsService {
    exporter: Exporter,
    max_scrapes: usize,
    max_held_bytes: usize,
    shared: Arc<Shared>,
}

struct Shared {
    collections: Arc<Collections>,
    metrics: Option<ScrapeMetrics>,
}

impl MetricsService {
    pub(crate) fn new(exporter: &Exporter) -> MetricsService {
        MetricsService::with(exporter, MAX_SCRAPES, MAX_HELD_BYTES)
    }

    fn with(exporter: &Exporter, max_scrapes: usize, max_held_bytes: usize) -> MetricsService {
        let metrics = exporter.first_registry().and_then(ScrapeMetrics::register);
        let rendering = exporter.clone();
        let render = Box::new(move |wanted: &Wanted| render(&rendering, wanted));
        let collections = Collections::new(render, max_scrapes.max(1), max_held_bytes, metrics.clone());
        let shared = Arc::new(Shared { collections: Arc::new(collections), metrics });
        MetricsService { exporter: exporter.clone(), max_scrapes, max_held_bytes, shared }
    }

    /// Different scrapes at a time; 4 unless told otherwise, and never less than 1. Further ones are answered 503.
    #[must_use]
    pub fn max_scrapes(self, scrapes: usize) -> MetricsService {
        MetricsService::with(&self.exporter, scrapes, self.max_held_bytes)
    }

    /// What bodies may hold that slow clients have not read when the next scrape begins; 16 MiB unless told otherwise.
    /// As much as the newest body takes is always allowed. Beyond it the connections with the oldest are closed.
    #[must_use]
    pub fn max_held_bytes(self, bytes: usize) -> MetricsService {
        MetricsService::with(&self.exporter, self.max_scrapes, bytes)
    }

    pub(crate) fn scrapes(&self) -> usize {
        self.max_scrapes.max(1)
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.shared.metrics.iter().for_each(|metrics| metrics.refused(refusal));
    }

    pub(crate) fn failed(&self, failure: Failure) {
        self.shared.metrics.iter().for_each(|metrics| metrics.failed(failure, 1));
    }

    /// The answer to a request, of which the body is not read.
    pub(crate) async fn answer<B>(self, request: Request<B>) -> Response<AnswerBody> {
        let scrape = match routes::route(&request) {
            Ok(scrape) => scrape,
            Err(answer) => return *answer,
        };
        let sends_body = *request.method() != Method::HEAD;
        // Not held while the answer is awaited: it may be anything.
        drop(request);
        self.scrape(scrape, sends_body).await
    }

    async fn scrape(&self, Scrape { wanted, kind }: Scrape, sends_body: bool) -> Response<AnswerBody> {
        let begin = Instant::now();
        match self.shared.collections.get(wanted).await {
            Ok(rendered) => {
                if let Some(metrics) = &self.shared.metrics {
                    let bytes = if sends_body { rendered.bytes() } else { 0 };
                    metrics.answered(kind, begin.elapsed(), bytes);
                }
                kind.answer(AnswerBody::shared(&rendered))
            }
            Err(Unavailable::Busy) => {
                self.refused(Refusal::Scrapes);
                tracing::debug!(target: "tachometer_prometheus", "a scrape is refused: too many at a time");
                routes::busy()
            }
            Err(Unavailable::Failed) => {
                self.failed(Failure::Render);
                routes::failed()
            }
        }
    }
}

/// Renders what is wanted, on a thread that may block.
fn render(exporter: &Exporter, wanted: &Wanted) -> Vec<Bytes> {
    match wanted {
        Wanted::Exposition { format, coding, prefixes } if prefixes.is_empty() => {
            exporter.render_as(*format).frames(*coding)
        }
        Wanted::Exposition { format, coding, prefixes } => {
            let is_wanted = |name: &str| prefixes.iter().any(|prefix| name.starts_with(&**prefix));
            exporter.render_families(*format, is_wanted).frames(*coding)
        }
        Wanted::Snapshot => snapshot_json::chunks(&exporter.snapshots()),
    }
}

/// The future of an answer.
type Answering = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

impl<B: Send + 'static> tower_service::Service<Request<B>> for MetricsService {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

impl<B: Send + 'static> hyper::service::Service<Request<B>> for MetricsService {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<B>) -> Answering {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

impl fmt::Debug for MetricsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService")
            .field("exporter", &self.exporter)
            .field("max_scrapes", &self.max_scrapes)
            .field("max_held_bytes", &self.max_held_bytes)
            .finish()
    }
}
