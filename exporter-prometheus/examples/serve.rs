//! Counts seconds and serves the count, until it is interrupted: `cargo run -p tachometer-prometheus --example serve`.

use std::thread;
use std::time::Duration;

use tachometer::Registry;
use tachometer_prometheus::{DEFAULT_ADDR, Exporter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    let seconds = registry.counter("example_seconds_total", "Seconds since the example was started.")?;
    let server = Exporter::new(&registry).serve(DEFAULT_ADDR)?;
    println!("metrics at http://{}/metrics", server.addr());
    loop {
        thread::sleep(Duration::from_secs(1));
        seconds.inc();
    }
}
