//! Timing something that takes no time, and recording it.

use std::{hint::black_box, time::Instant};

use super::{histogram, peers, registry, shared};
use crate::{Handles, Side};

const BOUNDS: usize = 11;

/// [`Histogram::start_timer`](tachometer::Histogram::start_timer) and the drop of the guard.
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    engine(handles, true)
}

/// The same on a handle of a disabled registry.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    engine(handles, false)
}

fn engine(handles: Handles, enabled: bool) -> Side {
    let (name, _) = registry(enabled);
    let histograms = histogram::engine_handles(BOUNDS, enabled);
    shared(name, handles, histograms, |histogram, _| drop(histogram.start_timer()))
}

/// Two readings of `quanta`'s clock, the engine's.
#[must_use]
pub fn floor_quanta(handles: Handles) -> Side {
    Side::new(
        "floor: quanta twice",
        handles,
        |_| (),
        |(), _| {
            let started = quanta::Instant::now();
            black_box(started.elapsed());
        },
    )
}

/// Two readings of the standard library's clock.
#[must_use]
pub fn floor_std(handles: Handles) -> Side {
    Side::new(
        "floor: Instant twice",
        handles,
        |_| (),
        |(), _| {
            let started = Instant::now();
            black_box(started.elapsed());
        },
    )
}

/// Two readings of the standard library's clock and `prometheus::Histogram::observe`: what its own timer does.
#[must_use]
pub fn prometheus(handles: Handles) -> Side {
    let histograms = peers::prometheus::histograms(BOUNDS);
    shared("Instant twice, prometheus", handles, histograms, |histogram, _| {
        let started = Instant::now();
        histogram.observe(started.elapsed().as_secs_f64());
    })
}
