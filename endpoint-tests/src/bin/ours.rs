//! The endpoint of this workspace.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use tachometer::{Counter, Registry};
use tachometer_endpoint_tests::{Size, run};
use tachometer_prometheus::Exporter;

fn main() -> Result<()> {
    let size = Size::from_arguments()?;
    let registry = Registry::builder().max_series_per_family(size.series).self_metrics(false).build()?;
    let family = registry.counter_family("requests_total", "Requests.", ["path"])?;
    let series = size.labels().map(|label| family.with([("path", &*label)]));
    let counters = series.collect::<Result<Vec<Counter>, _>>()?;
    let recorded = counters.clone();
    // Every value differs from scrape to scrape.
    thread::spawn(move || {
        loop {
            counters.iter().for_each(|counter| counter.inc());
            thread::sleep(Duration::from_millis(10));
        }
    });
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    run(server.addr(), move |number| recorded[number].inc())
}
