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
//! | an [exemplar](tachometer::Exemplars) of a counter or a bucket | not there | `sent_total 17 # {trace_id="4bf9"} 3 1600000000.123` |
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
//! [`Exporter::serve`] starts one thread. It answers GET and HEAD: `/metrics` with the exposition, `/` with a page that
//! leads there, 404 elsewhere, and 405 with `Allow` for other methods. A client has 10 seconds to send a request
//! header. Rendering happens on threads beside it, two at most, so that neither a large registry nor a slow callback
//! delays other connections. Dropping the [`Server`] stops it all.

#![forbid(unsafe_code)]

mod body;
mod chunk;
mod clash;
mod coding;
mod encode;
mod error;
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
mod routes;
mod server;
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
pub use crate::error::ServeError;
pub use crate::exporter::Exporter;
pub use crate::format::{Escaping, Format};
pub use crate::routes::CONTENT_TYPE_TEXT;
pub use crate::server::{DEFAULT_ADDR, Server};
