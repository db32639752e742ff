//! The same records in the `prometheus` crate.

use std::{
    array,
    time::{Duration, Instant},
};

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts};

use super::{super::shared, BOUNDS, BYTES, DURATIONS, RECORDS, Time, durations};
use crate::{HANDLES, Handles, Side, bounds};

/// Through kept handles, with the standard library's clock.
#[must_use]
pub fn prometheus(handles: Handles, time: Time) -> Side {
    let all: [PrometheusLoads; HANDLES] = array::from_fn(|_| PrometheusLoads::new());
    let durations = durations();
    match time {
        Time::Clock => shared("prometheus", handles, all, |loads, _| {
            loads.active.inc();
            let started = Instant::now();
            loads.record(started.elapsed());
        }),
        Time::Callers => shared("prometheus", handles, all, move |loads, i| {
            loads.active.inc();
            loads.record(durations[i % DURATIONS]);
        }),
    }
}

#[derive(Clone)]
struct PrometheusLoads {
    latency: Histogram,
    records: IntCounter,
    bytes: IntCounter,
    active: IntGauge,
    ok: IntCounter,
}

impl PrometheusLoads {
    fn new() -> Self {
        let legal = "the names are legal";
        let options = HistogramOpts::new("load_duration_seconds", "Time to load.").buckets(bounds(BOUNDS));
        let outcomes = IntCounterVec::new(Opts::new("loads_total", "Loads."), &["outcome"]).expect(legal);
        Self {
            latency: Histogram::with_opts(options).expect(legal),
            records: IntCounter::new("records_total", "Records.").expect(legal),
            bytes: IntCounter::new("bytes_total", "Bytes.").expect(legal),
            active: IntGauge::new("active_loads", "Under way.").expect(legal),
            ok: outcomes.with_label_values(&["ok"]),
        }
    }

    fn record(&self, elapsed: Duration) {
        self.latency.observe(elapsed.as_secs_f64());
        self.records.inc_by(RECORDS);
        self.bytes.inc_by(BYTES);
        self.ok.inc();
        self.active.dec();
    }
}
