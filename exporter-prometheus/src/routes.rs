//! What the endpoint answers: `/metrics`, a page at `/` that leads there, and the errors of HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};

use crate::body::Body;

/// Makes the text of one scrape. May block, and may panic.
pub(crate) type Render = Arc<dyn Fn() -> Body + Send + Sync>;

/// The content type of text format 0.0.4, as Prometheus expects it.
pub const CONTENT_TYPE_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

const INDEX: &str = "<!DOCTYPE html>\n<title>Metrics</title>\n<p><a href=\"/metrics\">/metrics</a></p>\n";

type Answer = Response<Full<Bytes>>;

/// Answers one request. For a HEAD request hyper sends the head of what GET would get, and no body.
pub(crate) async fn answer<B>(request: Request<B>, render: Render) -> Result<Answer, Infallible> {
    if !names_one_host(&request) {
        return Ok(refuse(StatusCode::BAD_REQUEST, "exactly one Host header is needed\n"));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    Ok(match request.uri().path() {
        "/" | "/metrics" if !reads => {
            let mut answer = refuse(StatusCode::METHOD_NOT_ALLOWED, "use GET or HEAD\n");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            answer
        }
        "/" => respond(StatusCode::OK, HTML, INDEX),
        "/metrics" => scrape(render).await,
        _ => refuse(StatusCode::NOT_FOUND, "not found; the metrics are at /metrics\n"),
    })
}

/// Renders on a thread for blocking work. A large registry takes milliseconds, and a callback of the program may take
/// any time; on the server's own thread both would delay the timeouts and the answers of every other connection.
async fn scrape(render: Render) -> Answer {
    match tokio::task::spawn_blocking(move || render()).await {
        Ok(body) => respond(StatusCode::OK, CONTENT_TYPE_TEXT, body.to_text()),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be rendered\n"),
    }
}

/// HTTP/1.1 wants exactly one `Host`, which hyper leaves to its users to check.
fn names_one_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}

fn refuse(status: StatusCode, why: &'static str) -> Answer {
    respond(status, PLAIN, why)
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
