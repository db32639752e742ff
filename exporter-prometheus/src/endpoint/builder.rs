//! The options of a server.

use std::fmt;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use socket2::SockRef;

use super::accept::Acceptor;
use super::error::ServeError;
use super::limits::Limits;
use super::networks::{NetworkError, Networks};
use super::server::{Running, Server};
use super::service::MetricsService;

/// Sets the options of a [`Server`]. Made by [`Exporter::server`](crate::Exporter::server).
///
/// ```
/// use std::time::Duration;
///
/// let exporter = tachometer_prometheus::Exporter::new(&tachometer::Registry::new());
/// let options = exporter.server().max_connections(64).write_timeout(Duration::from_secs(5));
/// let server = options.allow("127.0.0.0/8")?.allow("10.0.0.0/8")?.serve("127.0.0.1:0")?;
/// assert_ne!(server.addr().port(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ServerBuilder {
    service: MetricsService,
    limits: Limits,
    networks: Networks,
}

impl ServerBuilder {
    pub(super) fn new(service: MetricsService) -> ServerBuilder {
        ServerBuilder { service, limits: Limits::default(), networks: Networks::default() }
    }

    /// Connections at a time; 1,024 unless told otherwise. Further ones are accepted, answered 503 with `Retry-After`,
    /// and closed. Mind the process's limit of open files.
    pub fn max_connections(mut self, connections: usize) -> ServerBuilder {
        self.limits.max_connections = connections;
        self
    }

    /// Different scrapes at a time; 4 unless told otherwise. See [`MetricsService::max_scrapes`].
    pub fn max_scrapes(mut self, scrapes: usize) -> ServerBuilder {
        self.service = self.service.max_scrapes(scrapes);
        self
    }

    /// What bodies may hold that slow clients have not read; 16 MiB unless told otherwise. See
    /// [`MetricsService::max_held_bytes`].
    pub fn max_held_bytes(mut self, bytes: usize) -> ServerBuilder {
        self.service = self.service.max_held_bytes(bytes);
        self
    }

    /// How long a client may take for a whole request header, how long for a body, and how long a connection may be
    /// idle; 10 seconds unless told otherwise. Then the connection is closed.
    pub fn header_timeout(mut self, timeout: Duration) -> ServerBuilder {
        self.limits.header_timeout = timeout;
        self
    }

    /// How long a client may take to read a whole answer; 30 seconds unless told otherwise. Then the connection is
    /// closed.
    pub fn write_timeout(mut self, timeout: Duration) -> ServerBuilder {
        self.limits.write_timeout = timeout;
        self
    }

    /// How long shutdown waits for answers that are under way; 2 seconds unless told otherwise.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> ServerBuilder {
        // What is longer is for ever, and no clock goes so far.
        self.limits.shutdown_timeout = timeout.min(A_YEAR);
        self
    }

    /// Header lines of a request; 100 unless told otherwise, and 10,000 at most. More are answered 431.
    pub fn max_headers(mut self, headers: usize) -> ServerBuilder {
        self.limits.max_headers = headers;
        self
    }

    /// Bytes of all header lines of a request; 16 KiB unless told otherwise. More are answered 431.
    pub fn max_header_bytes(mut self, bytes: usize) -> ServerBuilder {
        self.limits.max_header_bytes = bytes;
        self
    }

    /// Bytes of the URI of a request; 8 KiB unless told otherwise. More are answered 414.
    pub fn max_uri_bytes(mut self, bytes: usize) -> ServerBuilder {
        self.limits.max_uri_bytes = bytes;
        self
    }

    /// Bytes of a request body, which is read and forgotten; 64 KiB unless told otherwise. More are answered 413.
    pub fn max_body_bytes(mut self, bytes: usize) -> ServerBuilder {
        self.limits.max_body_bytes = bytes;
        self
    }

    /// Allows a network to scrape, such as `10.0.0.0/8` or `fd00::/8`, or one address. Once a network is allowed, all
    /// others are answered 403. Without any, all that can reach the address may scrape. A Unix socket has the rights of
    /// its file instead.
    ///
    /// # Errors
    ///
    /// When `network` is neither a network nor an address.
    pub fn allow(mut self, network: &str) -> Result<ServerBuilder, NetworkError> {
        self.networks.allow(network)?;
        Ok(self)
    }

    /// Serves at `http://addr/metrics`, from a thread of its own, as [`Exporter::serve`](crate::Exporter::serve) does.
    ///
    /// # Errors
    ///
    /// As there, and when a limit is zero that must not be.
    pub fn serve(self, addr: impl ToSocketAddrs + fmt::Debug) -> Result<Server, ServeError> {
        self.check()?;
        let (listener, addr) = bind(&addr)?;
        let running = self.start(move || {
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        })?;
        Ok(Server { addr, running })
    }

    /// Serves at a Unix socket, from a thread of its own. The file is removed when the server ends.
    ///
    /// A socket that a program has left behind is replaced. One that answers is never touched, and neither is any other
    /// file.
    ///
    /// # Errors
    ///
    /// When something is at `path` that is not a dead socket, its directory is missing or cannot be written to, a limit
    /// is zero that must not be, or no thread can be started. Nothing is left running then.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let path = std::env::temp_dir().join(format!("tachometer-{}.sock", std::process::id()));
    /// let exporter = tachometer_prometheus::Exporter::new(&tachometer::Registry::new());
    /// let server = exporter.server().serve_unix(&path)?;
    ///
    /// let mut client = std::os::unix::net::UnixStream::connect(server.path())?;
    /// client.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    /// let mut answer = String::new();
    /// client.read_to_string(&mut answer)?;
    /// assert!(answer.ends_with("\r\n\r\nok\n"));
    ///
    /// server.shutdown();
    /// assert!(!path.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(unix)]
    pub fn serve_unix(self, path: impl AsRef<Path>) -> Result<super::server::UnixServer, ServeError> {
        self.check()?;
        let path = path.as_ref();
        let (listener, file) = super::listener::unix::bind(path)
            .map_err(|error| ServeError::socket(path.display().to_string(), error))?;
        listen_longer(&listener);
        let running = self.start(move || {
            listener.set_nonblocking(true)?;
            tokio::net::UnixListener::from_std(listener)
        })?;
        Ok(super::server::UnixServer { file, _running: running })
    }

    fn start<L: super::listener::Listener>(
        self,
        listen: impl FnOnce() -> std::io::Result<L> + Send + 'static,
    ) -> Result<Running, ServeError> {
        let renders = self.service.scrapes();
        Running::start(listen, Acceptor::new(self.service, self.limits, self.networks), self.limits, renders)
    }

    /// The first option that nothing could be served with.
    fn check(&self) -> Result<(), ServeError> {
        let limits = &self.limits;
        let zero = [
            ("max_connections", limits.max_connections == 0),
            ("header_timeout", limits.header_timeout.is_zero()),
            ("write_timeout", limits.write_timeout.is_zero()),
            ("max_headers", limits.max_headers == 0),
            ("max_header_bytes", limits.max_header_bytes == 0),
            ("max_uri_bytes", limits.max_uri_bytes == 0),
        ];
        zero.into_iter()
            .find(|(_, is_zero)| *is_zero)
            .map_or(Ok(()), |(name, _)| Err(ServeError::option(name)))
    }
}

/// Binds on the caller's thread, so that a bad or taken address is an error of `serve` itself.
fn bind<A>(addr: &A) -> Result<(TcpListener, SocketAddr), ServeError>
where
    A: ToSocketAddrs + fmt::Debug,
{
    let shown = || format!("{addr:?}");
    let resolved: Vec<_> =
        addr.to_socket_addrs().map_err(|error| ServeError::address(shown(), error))?.collect();
    let listener = TcpListener::bind(&*resolved).map_err(|error| ServeError::listen(shown(), error))?;
    listen_longer(&listener);
    let bound = listener.local_addr().map_err(|error| ServeError::listen(shown(), error))?;
    Ok((listener, bound))
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Connections that wait to be accepted. What comes beyond waits a second or more before it tries again.
const BACKLOG: i32 = 1_024;

/// The standard library lets 128 wait, which a storm fills while the server is busy once.
fn listen_longer<'a>(listener: impl Into<SockRef<'a>>) {
    // A shorter queue is no reason not to serve.
    let _ = listener.into().listen(BACKLOG);
}
