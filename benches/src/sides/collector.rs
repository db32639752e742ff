//! Adding 1 to a counter of three labels through a collector that a library was given.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use tachometer::{
    FloatCounter, Registry,
    collector::{
        BoundCollector, EngineCollector, MetricId, MetricsCollector, NoOpCollector, set_default_collector,
        with_default,
    },
};

use super::{family::install_recorder, streams};
use crate::{Handles, Side};

static SENT: MetricId =
    MetricId::counter("records_sent_total", "Records sent.", &["stream_name", "shard_id", "status"]);

const SHARD: &str = "shardId-000000000000";
const STATUS: &str = "ok";

/// Through `&dyn MetricsCollector`, where the thread remembers the series.
#[must_use]
pub fn tachometer(handles: Handles) -> Side {
    through("tachometer", handles, Arc::new(EngineCollector::new(&Registry::new())))
}

/// The same where it may not, because idle series are to go: two look-ups.
#[must_use]
pub fn looked_up(handles: Handles) -> Side {
    let registry = Registry::builder().idle_timeout(Duration::from_secs(3_600)).build().expect("legal");
    through("tachometer, looked up", handles, Arc::new(EngineCollector::new(&registry)))
}

/// The same through the collector that does nothing.
#[must_use]
pub fn noop(handles: Handles) -> Side {
    through("NoOp", handles, Arc::new(NoOpCollector))
}

fn through(name: &'static str, handles: Handles, collector: Arc<dyn MetricsCollector>) -> Side {
    let streams = streams();
    let handle = move |i: usize| (Arc::clone(&collector), streams[i].clone());
    Side::new(name, handles, handle, |(collector, stream), _| {
        collector.increment(&SENT, 1.0, &[stream, SHARD, STATUS]);
    })
}

/// Through the process's default, which is one that records in a registry.
#[must_use]
pub fn default(handles: Handles) -> Side {
    static DEFAULT: LazyLock<()> = LazyLock::new(|| {
        set_default_collector(Arc::new(EngineCollector::new(&Registry::new())));
    });
    LazyLock::force(&DEFAULT);
    let streams = streams();
    Side::new(
        "tachometer, default",
        handles,
        move |i| streams[i].clone(),
        |stream, _| {
            with_default(|collector| collector.increment(&SENT, 1.0, &[stream, SHARD, STATUS]));
        },
    )
}

/// Through one with the name of the stream filled in.
#[must_use]
pub fn bound(handles: Handles) -> Side {
    let collector: Arc<dyn MetricsCollector> = Arc::new(EngineCollector::new(&Registry::new()));
    let streams = streams();
    let handle = move |i: usize| BoundCollector::new(Arc::clone(&collector), [("stream_name", &*streams[i])]);
    Side::new("tachometer, bound", handles, handle, |bound, _| bound.increment(&SENT, 1.0, &[SHARD, STATUS]))
}

/// The handle that a program keeps which knows that it uses this engine.
#[must_use]
pub fn kept(handles: Handles) -> Side {
    let labels = SENT.label_names().iter().copied();
    let family = Registry::new().float_counter_family(SENT.name(), SENT.help(), labels).expect("legal");
    let streams = streams();
    let handle = move |i: usize| -> FloatCounter {
        let labels = [("stream_name", &*streams[i]), ("shard_id", SHARD), ("status", STATUS)];
        family.with(labels).expect("cells")
    };
    Side::new("tachometer, handle kept", handles, handle, |counter, _| counter.add(1.0))
}

/// The macro `metrics::counter!` with the recorder of metrics-exporter-prometheus for the process, and the name of the
/// stream as a text that the caller owns, which the macro wants for itself.
///
/// # Panics
///
/// When the process has another recorder already.
#[must_use]
pub fn metrics(handles: Handles) -> Side {
    install_recorder();
    let streams = streams();
    Side::new(
        "metrics",
        handles,
        move |i| streams[i].clone(),
        |stream, _| {
            let stream = stream.clone();
            metrics::counter!("records_sent_total", "stream_name" => stream, "shard_id" => SHARD, "status" => STATUS)
                .increment(1);
        },
    )
}

/// The same with a name of the stream that is known when the program is compiled, and not copied.
///
/// # Panics
///
/// When the process has another recorder already.
#[must_use]
pub fn metrics_static(handles: Handles) -> Side {
    install_recorder();
    let streams = streams();
    // As many as a rotation has, once each.
    let handle = move |i: usize| -> &'static str { streams[i].clone().leak() };
    Side::new("metrics, static values", handles, handle, |stream, _| {
        metrics::counter!("records_sent_total", "stream_name" => *stream, "shard_id" => SHARD, "status" => STATUS)
            .increment(1);
    })
}
