//! A collector of one's own, for a backend that the engine knows nothing of: a DogStatsD agent.
//!
//! - [`Producer`] stands for a library. It declares its metrics as [`MetricId`](tachometer::collector::MetricId)s,
//!   records through whatever [`MetricsCollector`](tachometer::collector::MetricsCollector) it is given, and depends on
//!   no backend.
//! - [`DogStatsdCollector`] is what an application writes to send them where it wants, by the three methods that have
//!   to be written, over the StatsD client `cadence`.
//!
//! ```sh
//! cargo run -p tachometer-dogstatsd
//! ```
//!
//! makes a socket on loopback, lets a producer work, and prints the datagrams that arrive.

#![forbid(unsafe_code)]

mod collector;
mod levels;
mod producer;
mod text;

pub use collector::DogStatsdCollector;
pub use levels::MAX_LEVELS;
pub use producer::Producer;
