//! Names that there cannot be.
use tachometer::{counted, timed, track_errors, tracked};

#[timed("request-duration")]
fn illegal_metric_name() {}

#[counted("")]
fn empty_metric_name() {}

#[tracked("active_requests", endpoint = "/a", method = "GET", endpoint = "/b")]
fn label_twice() {}

#[timed("request_duration", le = "1", quantile = "0.5", __name__ = "x")]
fn reserved_labels() {}

#[counted("requests", größe = "1")]
fn illegal_label_name() {}

#[track_errors("error count", function = "a", function = "b")]
fn all_at_once() -> Result<(), String> {
    Ok(())
}

fn main() {}
