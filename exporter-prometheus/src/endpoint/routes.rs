//! Paths and methods: which scrape a request asks for, and the short answers.

use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, AsHeaderName, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue,
    RETRY_AFTER, VARY,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::answer::AnswerBody;
use super::collections::Wanted;
use crate::coding::Coding;
use crate::format::Format;

/// The content type of text format 0.0.4, as Prometheus expects it.
pub const CONTENT_TYPE_TEXT: &str = Format::TEXT.content_type();

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

const INDEX: &str = "<!DOCTYPE html>\n<title>Metrics</title>\n<p><a href=\"/metrics\">/metrics</a></p>\n\
                     <p><a href=\"/snapshot.json\">/snapshot.json</a></p>\n<p><a href=\"/health\">/health</a></p>\n";

/// A scrape that a request asks for.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) wanted: Wanted,
    pub(super) kind: Kind,
}

/// What the answer to a scrape is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Exposition(Format, Coding),
    Json,
}

type Answer = Response<AnswerBody>;

/// The scrape, or the answer if none is needed.
pub(super) fn route<B>(request: &Request<B>) -> Result<Scrape, Box<Answer>> {
    let scrape = match request.uri().path() {
        "/metrics" => Some(exposition(request)),
        "/snapshot.json" => Some(Scrape { wanted: Wanted::Snapshot, kind: Kind::Json }),
        "/" | "/health" => None,
        _ => return Err(short(StatusCode::NOT_FOUND, PLAIN, "not found; the metrics are at /metrics\n")),
    };
    // Of a HEAD request the server sends the head of what GET would get, and no body.
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let answer = short(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "use GET or HEAD\n");
        return Err(with(answer, ALLOW, "GET, HEAD"));
    }
    scrape.ok_or_else(|| match request.uri().path() {
        "/" => short(StatusCode::OK, HTML, INDEX),
        _ => short(StatusCode::OK, PLAIN, "ok\n"),
    })
}

/// The answer when there are too many scrapes or connections.
pub(super) fn busy() -> Answer {
    let answer = short(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "too many at a time; try again in a second\n");
    *with(answer, RETRY_AFTER, "1")
}

/// The answer when a scrape has panicked.
pub(super) fn failed() -> Answer {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be rendered\n")
}

pub(super) fn refuse(status: StatusCode, why: &'static str) -> Answer {
    *short(status, PLAIN, why)
}

impl Kind {
    pub(super) fn answer(self, body: AnswerBody) -> Answer {
        let mut answer = Response::new(body);
        let headers = answer.headers_mut();
        let content_type = match self {
            Kind::Exposition(format, coding) => {
                headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
                if let Some(coding) = coding.content_encoding() {
                    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
                }
                format.content_type()
            }
            Kind::Json => JSON,
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        answer
    }
}

fn exposition<B>(request: &Request<B>) -> Scrape {
    let format = Format::negotiate(joined(request.headers(), ACCEPT).as_deref());
    let coding = Coding::negotiate(joined(request.headers(), ACCEPT_ENCODING).as_deref());
    let query = request.uri().query().unwrap_or_default();
    let parameters = form_urlencoded::parse(query.as_bytes());
    let named = parameters.filter(|(name, _)| name == "name[]").map(|(_, prefix)| prefix.into_owned());
    let mut prefixes: Vec<String> = named.collect();
    // The same wish in another order is the same wish.
    prefixes.sort();
    prefixes.dedup();
    Scrape { wanted: Wanted::Exposition { format, coding, prefixes }, kind: Kind::Exposition(format, coding) }
}

/// The value of a header that may be given in several lines.
fn joined(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn short(status: StatusCode, content_type: &'static str, text: &'static str) -> Box<Answer> {
    let mut answer = Response::new(AnswerBody::short(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Box::new(answer)
}

fn with(mut answer: Box<Answer>, name: HeaderName, value: &'static str) -> Box<Answer> {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}
