//! The endpoint of metrics-exporter-prometheus.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use metrics::Counter;
use metrics_exporter_prometheus::PrometheusBuilder;
use tachometer_endpoint_tests::{Size, run};

fn main() -> Result<()> {
    let size = Size::from_arguments()?;
    // It does not say which port it has got.
    let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    PrometheusBuilder::new().with_http_listener(addr).install()?;
    let counters: Vec<Counter> =
        size.labels().map(|label| metrics::counter!("requests_total", "path" => label)).collect();
    let recorded = counters.clone();
    thread::spawn(move || {
        loop {
            counters.iter().for_each(|counter| counter.increment(1));
            thread::sleep(Duration::from_millis(10));
        }
    });
    run(addr, move |number| recorded[number].increment(1))
}
