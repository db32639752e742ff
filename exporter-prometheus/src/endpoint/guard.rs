//! What stands between a connection of the server and the service.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::answer::AnswerBody;
use super::conversation::Conversation;
use super::limits::Limits;
use super::request::{BODY_BROKEN, BODY_TOO_LONG, Fault, fault};
use super::routes;
use super::scrape_metrics::Refusal;
use super::service::MetricsService;

/// What a client is to be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Welcome {
    /// What it asks for.
    Served,
    /// That there are too many connections.
    Busy,
    /// That its network is not allowed.
    Forbidden,
}

/// The service of one connection.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) service: MetricsService,
    pub(super) conversation: Arc<Conversation>,
    pub(super) limits: Limits,
    pub(super) welcome: Welcome,
}

impl hyper::service::Service<Request<Incoming>> for Guard {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let guard = self.clone();
        Box::pin(async move {
            let conversation = Arc::clone(&guard.conversation);
            let mut answer = guard.answer(request).await;
            let is_last = closes_connection(answer.status());
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            conversation.answering(is_last);
            answer.body_mut().attach(&conversation);
            Ok(answer)
        })
    }
}

impl Guard {
    async fn answer(self, request: Request<Incoming>) -> Response<AnswerBody> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, ());
        let fault = match fault(&request, &self.limits) {
            None => self.drain(body).await,
            fault => fault,
        };
        if let Some((status, why)) = fault {
            self.service.refused(Refusal::Request);
            tracing::debug!(target: "tachometer_prometheus", %status, "a request is refused: {}", why.trim_end());
            return routes::refuse(status, why);
        }
        self.conversation.busy();
        match self.welcome {
            Welcome::Served => self.service.answer(request).await,
            Welcome::Busy => routes::busy(),
            Welcome::Forbidden => routes::refuse(StatusCode::FORBIDDEN, "this network is not allowed\n"),
        }
    }

    /// Reads the body to its end and forgets it, so that what follows it is the next request.
    async fn drain(&self, body: Incoming) -> Option<Fault> {
        if body.is_end_stream() {
            return None;
        }
        self.conversation.draining();
        let mut body = Limited::new(body, self.limits.max_body_bytes);
        loop {
            match body.frame().await? {
                Ok(_) => {}
                Err(error) if error.is::<http_body_util::LengthLimitError>() => return Some(BODY_TOO_LONG),
                Err(_) => return Some(BODY_BROKEN),
            }
        }
    }
}

/// Whether the client has done something that it should not do again on this connection.
fn closes_connection(status: StatusCode) -> bool {
    let is_about_the_path = matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
    status.is_client_error() && !is_about_the_path || status == StatusCode::SERVICE_UNAVAILABLE
}
