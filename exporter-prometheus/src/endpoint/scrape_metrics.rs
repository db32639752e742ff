//! What the endpoint says of itself, in the first registry of its exporter if that has its self-metrics on.
//!
//! They change with every scrape, so each scrape shows those before it.

use std::time::Duration;

use tachometer::{Buckets, Counter, DynamicFamily, Histogram, RegisterError, Registry};

use super::routes::Kind;
use crate::format::Syntax;

/// Handles to the metrics, all made at the start.
#[derive(Clone, Debug)]
pub(crate) struct ScrapeMetrics {
    formats: Vec<Scraped>,
    refused: Vec<Counter>,
    failed: Vec<Counter>,
}

/// Of the scrapes in one format.
#[derive(Clone, Debug)]
struct Scraped {
    seconds: Histogram,
    bytes: Counter,
}

const FORMATS: [&str; 3] = ["text", "openmetrics", "json"];

/// Why a client is sent away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Connections,
    Scrapes,
    Network,
    Request,
}

const REFUSALS: [(Refusal, &str); 4] = [
    (Refusal::Connections, "connections"),
    (Refusal::Scrapes, "scrapes"),
    (Refusal::Network, "network"),
    (Refusal::Request, "request"),
];

/// What went wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Accept,
    Render,
    HeaderTimeout,
    WriteTimeout,
    SlowReader,
}

const FAILURES: [(Failure, &str); 5] = [
    (Failure::Accept, "accept"),
    (Failure::Render, "render"),
    (Failure::HeaderTimeout, "header_timeout"),
    (Failure::WriteTimeout, "write_timeout"),
    (Failure::SlowReader, "slow_reader"),
];

impl ScrapeMetrics {
    /// Those in this registry; nothing if its self-metrics are off, or a name is taken. Serving does not depend on it.
    pub(crate) fn register(registry: &Registry) -> Option<ScrapeMetrics> {
        let own = registry.self_metrics()?;
        let registered = ScrapeMetrics::in_registry(&own);
        let warn = |error: &RegisterError| {
            tracing::warn!(target: "tachometer_prometheus", %error, "the endpoint has no metrics of its own");
        };
        registered.inspect_err(warn).ok()
    }

    fn in_registry(own: &Registry) -> Result<ScrapeMetrics, RegisterError> {
        let name = "tachometer_scrape_duration_seconds";
        let declared = own.declare(name, "From the request to the answer's first byte, by format.");
        let buckets = Buckets::exponential(0.000_1, 10.0, 6);
        let seconds: DynamicFamily<Histogram> =
            declared.unit("seconds").label("format").buckets(buckets).register()?;
        let declared =
            own.declare("tachometer_scrape_bytes_total", "Bytes of answers to scrapes, by format.");
        let bytes: DynamicFamily<Counter> = declared.label("format").register()?;
        let scraped = |format: &&str| {
            let label = [("format", *format)];
            Ok(Scraped { seconds: seconds.with(label)?, bytes: bytes.with(label)? })
        };
        let refused = own.counter_family(
            "tachometer_scrapes_refused_total",
            "Clients sent away, by reason.",
            ["reason"],
        )?;
        let failed = own.counter_family(
            "tachometer_scrape_errors_total",
            "Failures of the endpoint, by reason.",
            ["reason"],
        )?;
        Ok(ScrapeMetrics {
            formats: FORMATS.iter().map(scraped).collect::<Result<_, RegisterError>>()?,
            refused: REFUSALS
                .iter()
                .map(|(_, reason)| refused.with([("reason", *reason)]))
                .collect::<Result<_, _>>()?,
            failed: FAILURES
                .iter()
                .map(|(_, reason)| failed.with([("reason", *reason)]))
                .collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn answered(&self, kind: Kind, duration: Duration, bytes: u64) {
        let format = match kind {
            Kind::Exposition(format, _) if format.syntax == Syntax::Text => 0,
            Kind::Exposition(..) => 1,
            Kind::Json => 2,
        };
        self.formats[format].seconds.observe(duration.as_secs_f64());
        self.formats[format].bytes.add(bytes);
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refused[refusal as usize].inc();
    }

    pub(crate) fn failed(&self, failure: Failure, times: u64) {
        self.failed[failure as usize].add(times);
    }
}

#[cfg(test)]
mod tests {
    use super::{FAILURES, REFUSALS, ScrapeMetrics};
    use tachometer::Registry;

    #[test]
    fn each_reason_has_the_counter_at_its_number() {
        assert!(REFUSALS.iter().enumerate().all(|(number, (refusal, _))| *refusal as usize == number));
        assert!(FAILURES.iter().enumerate().all(|(number, (failure, _))| *failure as usize == number));
    }

    #[test]
    fn a_registry_without_self_metrics_and_one_with_a_name_taken_have_none()
    -> Result<(), tachometer::RegisterError> {
        let off = Registry::builder().self_metrics(false).build()?;
        assert!(ScrapeMetrics::register(&off).is_none());
        assert!(off.snapshot().families().next().is_none());

        let taken = Registry::new();
        taken.gauge("tachometer_scrape_bytes_total", "Mine.")?.set(1.0);
        assert!(ScrapeMetrics::register(&taken).is_none());
        assert!(ScrapeMetrics::register(&Registry::disabled()).is_none());
        Ok(())
    }
}
