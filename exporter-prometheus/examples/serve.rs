//! Counts seconds and serves the count, until it is interrupted: `cargo run -p tachometer-prometheus --example serve`, with
//! an address to listen on if it is not to be the default one.

use std::time::Duration;
use std::{env, thread};

use tachometer::Registry;
use tachometer_prometheus::{DEFAULT_ADDR, Exporter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    let seconds = registry.counter("example_seconds_total", "Seconds since the example was started.")?;
    let addr = env::args().nth(1).unwrap_or_else(|| DEFAULT_ADDR.to_string());
    let server = Exporter::new(&registry).serve(&*addr)?;
    println!("metrics at http://{}/metrics", server.addr());
    loop {
        thread::sleep(Duration::from_secs(1));
        seconds.inc();
    }
}
