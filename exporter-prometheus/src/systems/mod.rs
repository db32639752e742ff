//! Metrics clients of other languages, and how their users say the same with this one.
//!
//! The documents of these clients (a Kinesis client's, in two versions, a data loader's, a web service's and a Kafka
//! event bus') show what their users write. Here is each piece of it in Rust, with what comes out; every example runs
//! as a test. Two ways lead through all of them:
//!
//! - *Handles*, for a program that knows that it uses this engine: typed, checked by the compiler, a nanosecond a
//!   record. What the documents do with names and dictionaries is done with these here, unless the name is the point.
//! - *Collectors*, for a library that leaves it to the application where its metrics go, and
//!   [`named`](tachometer::named), for metrics that are known by name only.
//!
//! | | |
//! |---|---|
//! | [`kinesis_client`] | collectors, a process-wide default, metrics by stream and shard, tests |
//! | [`data_loader`] | operations, configuration, text for a handler of one's own |
//! | [`web_service`] | metrics by name, attributes, middleware, caches, connections |
//! | [`event_bus`] | counters, histograms and observed gauges with attributes, as in OpenTelemetry |

#[doc = include_str!("kinesis_client.md")]
pub mod kinesis_client {}

#[doc = include_str!("data_loader.md")]
pub mod data_loader {}

#[doc = include_str!("web_service.md")]
pub mod web_service {}

#[doc = include_str!("event_bus.md")]
pub mod event_bus {}
