//! The ways in which an exporter is served.

use std::fmt;
use std::net::ToSocketAddrs;

use super::builder::ServerBuilder;
use super::error::ServeError;
use super::server::Server;
use super::service::MetricsService;
use crate::exporter::Exporter;

impl Exporter {
    /// Serves the metrics at `http://addr/metrics`, from a thread of its own.
    ///
    /// Port 0 takes any free port; [`Server::addr`] tells which. [`DEFAULT_ADDR`](crate::DEFAULT_ADDR) is on loopback,
    /// where nothing outside the machine can reach it; `0.0.0.0:9464` listens on every address of the machine. Options
    /// and Unix sockets are at [`server`](Exporter::server), what is answered at [`MetricsService`].
    ///
    /// # Errors
    ///
    /// When `addr` is no address, cannot be listened on (another program has the port), or no thread can be started.
    /// Nothing is left running then.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let registry = tachometer::Registry::new();
    /// registry.gauge("queue_size", "Records waiting.")?.set(7.0);
    /// let server = tachometer_prometheus::Exporter::new(&registry).serve("127.0.0.1:0")?;
    ///
    /// let mut client = std::net::TcpStream::connect(server.addr())?;
    /// client.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    /// let mut answer = String::new();
    /// client.read_to_string(&mut answer)?;
    /// assert!(answer.contains("\nqueue_size 7\n"));
    ///
    /// server.shutdown();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn serve(&self, addr: impl ToSocketAddrs + fmt::Debug) -> Result<Server, ServeError> {
        self.server().serve(addr)
    }

    /// Begins a server with options, or one at a Unix socket. See [`ServerBuilder`].
    pub fn server(&self) -> ServerBuilder {
        ServerBuilder::new(self.service())
    }

    /// What answers scrapes, for a server of the program: a `tower::Service` and a `hyper::service::Service`.
    ///
    /// ```
    /// use hyper::server::conn::http1;
    /// use hyper_util::rt::TokioIo;
    ///
    /// async fn answer(client: tokio::net::TcpStream, exporter: tachometer_prometheus::Exporter) -> hyper::Result<()> {
    ///     http1::Builder::new().serve_connection(TokioIo::new(client), exporter.service()).await
    /// }
    /// # let _ = answer;
    /// ```
    ///
    /// If the first registry has its [self-metrics](tachometer::RegistryBuilder::self_metrics) on, it gets those of the
    /// scrapes too. They show the scrapes before the one that they are in:
    ///
    /// | family | type | what it says |
    /// |---|---|---|
    /// | `tachometer_scrape_duration_seconds{format}` | histogram | from the request to the answer's first byte |
    /// | `tachometer_scrape_bytes_total{format}` | counter | bytes of the answers' bodies, as they are sent |
    /// | `tachometer_scrapes_refused_total{reason}` | counter | clients that were sent away |
    /// | `tachometer_scrape_errors_total{reason}` | counter | what went wrong |
    ///
    /// The formats are `text`, `openmetrics` and `json`. The reasons to send a client away are `connections`,
    /// `scrapes`, `network` and `request`, the errors `accept`, `render`, `header_timeout`, `write_timeout` and
    /// `slow_reader`; each is at 0 from the start.
    ///
    /// # The snapshot as JSON
    ///
    /// `/snapshot.json` shows what the registries hold, for people and scripts. Its shape does not follow any other
    /// format:
    ///
    /// ```text
    /// {"registries": [[family, ..], ..]}       a list of families for each registry of the exporter
    /// family    {"name": "..", "kind": "counter", "help": "..", "unit": null, "series": [series, ..]}
    /// series    {"labels": {"stream": "a"}, "value": 7}                             counter, gauge, unknown
    ///           {"labels": {}, "buckets": [[0.1, 3], ["+Inf", 4]], "sum": 0.7, "count": 4}    histogram, cumulative
    ///           {"labels": {}, "quantiles": [[0.5, 0.1]], "sum": 0.7, "count": 4}             summary
    ///           {"labels": {}, "states": {"on": true, "off": false}}                          state set
    ///           {"labels": {"version": "1.2"}}                                                info
    /// ```
    ///
    /// Series built by hand may have `timestamp_ms`. What JSON or its readers cannot hold is a string: `"NaN"`,
    /// `"+Inf"`, `"-Inf"`, and integers beyond 2⁵³.
    #[must_use]
    pub fn service(&self) -> MetricsService {
        MetricsService::new(self)
    }

    /// The routes `/metrics`, `/snapshot.json` and `/health` for axum. Needs the feature `axum`.
    ///
    /// The page at `/` is left to the program. A single route is `Router::new().route_service("/metrics",
    /// exporter.service())`.
    ///
    /// ```
    /// let exporter = tachometer_prometheus::Exporter::new(&tachometer::Registry::new());
    /// let app: axum::Router = axum::Router::new().nest("/internal", exporter.router()); // /internal/metrics
    /// # let _ = app;
    /// ```
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        let service = self.service();
        ["/metrics", "/snapshot.json", "/health"]
            .into_iter()
            .fold(axum::Router::new(), |router, path| router.route_service(path, service.clone()))
    }
}
