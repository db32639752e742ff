//! The limits of a server.

use std::time::Duration;

/// What a server allows its clients. [`ServerBuilder`](super::ServerBuilder) says what each means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_connections: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) max_headers: usize,
    pub(crate) max_header_bytes: usize,
    pub(crate) max_uri_bytes: usize,
    pub(crate) max_body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 1_024,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(2),
            max_headers: 100,
            max_header_bytes: 16 << 10,
            max_uri_bytes: 8 << 10,
            max_body_bytes: 64 << 10,
        }
    }
}
