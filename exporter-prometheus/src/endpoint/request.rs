//! What a request must be like before it is looked at.
//!
//! hyper refuses what it cannot read: header lines that are malformed, lengths that differ, a carriage return in a
//! value. What is left to its users is here.

use hyper::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use hyper::{Request, StatusCode, Version};

use super::limits::Limits;

/// Why a request is refused.
pub(super) type Fault = (StatusCode, &'static str);

pub(super) const BODY_TOO_LONG: Fault = (StatusCode::PAYLOAD_TOO_LARGE, "send no body, or a short one\n");
pub(super) const BODY_BROKEN: Fault = (StatusCode::BAD_REQUEST, "the body of the request cannot be read\n");

/// The first fault of a request's head.
pub(super) fn fault<B>(request: &Request<B>, limits: &Limits) -> Option<Fault> {
    let (uri, headers) = (request.uri(), request.headers());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    if authority + uri.path_and_query().map_or(0, |path| path.as_str().len()) > limits.max_uri_bytes {
        return Some((StatusCode::URI_TOO_LONG, "send a shorter URI\n"));
    }
    // With the colon, the space and the end of each line.
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
    if bytes > limits.max_header_bytes || headers.len() > limits.max_headers {
        return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "send fewer and shorter headers\n"));
    }
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Some((StatusCode::BAD_REQUEST, "exactly one Host header is needed\n"));
    }
    // hyper hides a length beside it, by which a proxy in front might have gone. Nobody scrapes with such a body.
    if headers.contains_key(TRANSFER_ENCODING) {
        return Some((StatusCode::BAD_REQUEST, "send no Transfer-Encoding\n"));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.filter(|length| *length > limits.max_body_bytes as u64).map(|_| BODY_TOO_LONG)
}
