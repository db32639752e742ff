//! Exposes [`tachometer`] metrics to Prometheus: renders snapshots in the text format 0.0.4 and in OpenMetrics 1.0, and
//! serves them over HTTP.
//!
//! ```
//! use tachometer::Registry;
//! use tachometer_prometheus::Exporter;
//!
//! let registry = Registry::builder().namespace("shop").build()?;
//! let sent = registry.counter_family("records_sent_total", "Records sent.", ["stream_name"])?;
//! let orders = sent.with([("stream_name", "orders")])?;
//! orders.add(500);
//!
//! let exporter = Exporter::new(&registry);
//! let lines = [
//!     "# HELP shop_records_sent_total Records sent.",
//!     "# TYPE shop_records_sent_total counter",
//!     "shop_records_sent_total{stream_name=\"orders\"} 500",
//! ];
//! assert!(exporter.render().contains(&lines.join("\n")));
//!
//! let server = exporter.serve("127.0.0.1:0")?; // DEFAULT_ADDR is 127.0.0.1:9464
//! println!("metrics at http://{}/metrics", server.addr());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Three ways to render
//!
//! * [`encode()`] makes the text of one snapshot, [`encode_as`] in any [`Format`]. They keep nothing.
//! * [`encode_to`] writes the same text piece by piece, for files and sockets.
//! * [`Exporter::render`] takes the snapshots itself, of one registry or [several](Exporter::and), and keeps the text.
//!   While only values change, the next render prints those of them that have, into the text that is kept.
//!   [`Exporter::render_body`] shares that text with the caller instead of copying it, and [`Exporter::serve`] answers
//!   scrapes with it.
//!
//! All three share one walk over the snapshot. It hands every sample to a sink as a value, and as a closure that
//! writes the text before the value. Streaming calls the closure; an image of the last text ignores it, and has the
//! text already. So there is one copy of the format's rules, and a scrape is finding out what has changed and printing
//! integers.
//!
//! # What is exposed
//!
//! One malformed or repeated line makes Prometheus drop a whole scrape. A registry cannot produce one, but a snapshot
//! built by hand can hold anything, and two registries can clash. So names are settled before a line is written:
//!
//! * A name that is not of letters, digits and `_` is spelled as the client asks ([`Escaping`]): by default each other
//!   character becomes `_`. Where two labels of a series become one, their values are joined by `;`.
//! * Families that then have the same name become one block, if kind, help text and unit are the same. Otherwise the
//!   later one is left out: one that was escaped after one that was not, then by registry, then by name.
//! * A family is left out if its sample names meet those of another, such as a gauge `x_sum` beside a histogram `x`.
//! * A series, a quantile or a state that is there twice is exposed once, the first one.
//! * A series is left out that has a label that begins with `__`, which is reserved, or one that the format adds itself:
//!   `le` in a histogram, `quantile` in a summary, and in a state set the family's name. So is a state set without
//!   states. [`clashes`] lists what is left out.
//! * A family without series has no lines, also if the callbacks of all of them failed.
//!
//! # Formats
//!
//! A series has one name in all formats, so that dashboards and alerts do not break with a setting of Prometheus. The
//! lines around it differ:
//!
//! | | text 0.0.4 | OpenMetrics 1.0 |
//! |---|---|---|
//! | counter `sent_total` | `# TYPE sent_total counter` | `# TYPE sent counter` |
//! | counter `sent`, or one beside a family `sent` or `sent_created` | `counter` | `unknown`, as a counter there has `_total` |
//! | info `build` | a gauge `build_info` that is 1 | `# TYPE build info`, `build_info 1` |
//! | state set | a gauge with a series for each state | `stateset`, or a gauge if its name has a colon |
//! | of unknown type | `untyped` | `unknown` |
//! | unit | not there | `# UNIT`, if the name ends in it |
//! | bounds and quantiles | `le="1"` | `le="1.0"` |
//! | timestamps | milliseconds; none before 1970, which Prometheus cannot read there | seconds; none of an info |
//! | a counter that is NaN or negative | as it is | left out |
//! | a histogram with negative bounds, or a sum that is NaN or negative | as it is | without sum and count |
//! | a summary with a sum that is NaN or negative, or quantiles that are negative or not from 0 to 1 | as it is | without those |
//! | an [exemplar](tachometer::Exemplars) of a counter or a bucket | not there | `sent_total 17 # {trace_id="4bf9"} 3.0 1.6000000005e+09` |
//! | when a series [began](tachometer::RegistryBuilder::created) | not there | `sent_created 1599999000.5` |
//! | the end | | `# EOF` |
//!
//! `le="1"` and `le="1.0"` are two series to Prometheus 2, and one to Prometheus 3. A server that has always been asked
//! in one of the formats stays with it, because it always asks for the same.
//!
//! Integers are printed digit for digit, whatever their size. Floats are printed with the fewest digits that read back
//! as the same float: `1`, `0.1`, `1e+16`, `+Inf`, `-Inf`, `NaN`. One that is too large to be told from its neighbours has
//! a point or an exponent, so that it is not taken for an exact integer.
//!
//! # The endpoint
//!
//! The metrics are served in any of these ways, with the same answers (see [`MetricsService`]):
//!
//! * [`Exporter::serve`] starts a thread of its own. [`Exporter::server`] does so with options, or at a Unix socket.
//! * [`Exporter::service`] is a `tower::Service` and a `hyper::service::Service` for a server of the program.
//! * `Exporter::router` is that for axum, with the feature `axum`.
//! * [`Exporter::render_as`] and [`Body::frames`] are there for everything else.
//!
//! The server of the first way is made for clients that are broken or hostile. Its limits are options of
//! [`ServerBuilder`], with the defaults in brackets:
//!
//! * a deadline for a whole request header, and for an idle connection (10 s); one for a whole answer (30 s);
//! * lengths of headers (16 KiB, 100 lines), of the URI (8 KiB), of a request's body, which is read and forgotten
//!   (64 KiB): 431, 414, 413;
//! * connections (1,024) and different scrapes at a time (4); what is beyond is answered 503 with `Retry-After`;
//! * networks that are allowed (all that reach the address, which is on loopback unless told otherwise): 403;
//! * what slow clients keep in memory (one image, or 16 MiB);
//! * exactly one `Host`, no `Transfer-Encoding`, and all that hyper refuses: 400.
//!
//! Scrapes of the same that come while one is under way share it. A callback that panics or blocks costs its own
//! series, and a render that panics its own answer. When the system refuses to accept connections, the server waits
//! before it tries again, longer each time up to a second. Dropping the [`Server`] stops it all.
//!
//! What goes wrong is told by events of `tracing` with the target `tachometer_prometheus`, and by the
//! [self-metrics](Exporter::service) of the scrapes.

#![forbid(unsafe_code)]

mod body;
mod chunk;
mod clash;
mod coding;
mod encode;
mod endpoint;
mod escape;
mod exemplar;
mod exporter;
mod format;
mod gzip;
mod heading;
mod image;
mod kept;
mod labels;
mod line;
mod names;
mod number;
mod patch;
mod permitted;
mod plan;
mod splice;
#[cfg(any(doc, doctest))]
pub mod systems;
mod text;

#[cfg(test)]
mod tests;

/// The example of the README, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub use crate::body::Body;
pub use crate::clash::{Clash, ClashError, clashes};
pub use crate::coding::Coding;
pub use crate::encode::{encode, encode_as, encode_to};
#[cfg(unix)]
pub use crate::endpoint::UnixServer;
pub use crate::endpoint::{
    AnswerBody, CONTENT_TYPE_TEXT, DEFAULT_ADDR, MetricsService, NetworkError, ServeError, Server,
    ServerBuilder,
};
pub use crate::exporter::Exporter;
pub use crate::format::{Escaping, Format};
