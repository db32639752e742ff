//! The endpoint: what a request is answered with, and a server that is hard to hurt.
//!
//! ```text
//!  Server      a thread that accepts connections        server.rs, accept.rs, listener.rs
//!    Guard     refuses requests that should not be      guard.rs, request.rs
//!              deadlines of one connection              connection.rs, conversation.rs, socket.rs
//!  MetricsService   paths and methods; usable alone     service.rs, routes.rs
//!    Collections    one collection for all who ask      collections.rs
//!    Shelf          what slow readers hold              shelf.rs, answer.rs
//! ```
//!
//! Everything below the service works in any runtime, and without one. What needs to see the socket (deadlines, limits
//! of headers and connections) belongs to the server; a program that mounts the service has a server of its own, which
//! has limits of its own.

mod accept;
mod answer;
mod builder;
mod collections;
mod connection;
mod conversation;
mod error;
mod guard;
mod limits;
mod listener;
mod networks;
mod request;
mod routes;
mod scrape_metrics;
mod server;
mod service;
mod serving;
mod shelf;
mod snapshot_json;
mod socket;

pub use answer::AnswerBody;
pub use builder::ServerBuilder;
pub use error::ServeError;
pub use networks::NetworkError;
pub use routes::CONTENT_TYPE_TEXT;
#[cfg(unix)]
pub use server::UnixServer;
pub use server::{DEFAULT_ADDR, Server};
pub use service::MetricsService;
