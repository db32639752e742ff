//! The peers, as fast as they allow: handles kept, no look-up. One file a peer, with a counter and a histogram.

pub mod measured;
pub mod metrics;
pub mod opentelemetry;
pub mod prometheus;
pub mod prometheus_client;

use crate::{HANDLES, Handles, Side, VALUES, values};

/// A side that observes the values in histograms, through clones of these handles.
fn observing<H: Clone + Send + Sync + 'static>(
    name: &'static str,
    handles: Handles,
    histograms: [H; HANDLES],
    observe: impl Fn(&H, f64) + Copy + Send + Sync + 'static,
) -> Side {
    let values = values();
    super::shared(name, handles, histograms, move |histogram, i| observe(histogram, values[i % VALUES]))
}
