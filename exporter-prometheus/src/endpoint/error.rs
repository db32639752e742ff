//! Why the scrape endpoint could not be started.

use std::error::Error;
use std::fmt;
use std::io;

/// Why [`Exporter::serve`](crate::Exporter::serve) failed. The message names the address and says what to change.
#[derive(Debug)]
pub struct ServeError {
    kind: Kind,
    source: io::Error,
}

#[derive(Debug)]
enum Kind {
    Address(String),
    Listen(String),
    Socket(String),
    Option(&'static str),
    Start,
}

impl ServeError {
    /// `addr` cannot be understood as an address.
    pub(super) fn address(addr: String, source: io::Error) -> ServeError {
        ServeError { kind: Kind::Address(addr), source }
    }

    /// The system refuses to listen on `addr`.
    pub(super) fn listen(addr: String, source: io::Error) -> ServeError {
        ServeError { kind: Kind::Listen(addr), source }
    }

    /// The system refuses to listen at a Unix socket with this path.
    #[cfg(unix)]
    pub(super) fn socket(path: String, source: io::Error) -> ServeError {
        ServeError { kind: Kind::Socket(path), source }
    }

    /// An option of the server has a value that cannot work.
    pub(super) fn option(name: &'static str) -> ServeError {
        ServeError { kind: Kind::Option(name), source: io::ErrorKind::InvalidInput.into() }
    }

    /// The thread of the endpoint, or its runtime, cannot be made.
    pub(super) fn start(source: io::Error) -> ServeError {
        ServeError { kind: Kind::Start, source }
    }

    /// Whether another socket already listens on the address or at the path.
    #[must_use]
    pub fn is_address_in_use(&self) -> bool {
        matches!(self.kind, Kind::Listen(_) | Kind::Socket(_))
            && self.source.kind() == io::ErrorKind::AddrInUse
    }

    /// Whether the address could not be understood or resolved.
    #[must_use]
    pub fn is_bad_address(&self) -> bool {
        matches!(self.kind, Kind::Address(_))
    }

    fn advice(&self) -> &'static str {
        match (&self.kind, self.source.kind()) {
            (Kind::Address(_), _) => "give an IP address or host name with a port, such as 127.0.0.1:9464",
            (Kind::Listen(_), io::ErrorKind::AddrInUse) => {
                "stop the program that listens there, or give another port (0 takes any free one)"
            }
            (Kind::Listen(_), io::ErrorKind::PermissionDenied) => "give a port above 1023",
            (Kind::Listen(_), io::ErrorKind::AddrNotAvailable) => {
                "give an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
            }
            (Kind::Listen(_), _) => "give another address",
            (Kind::Socket(_), io::ErrorKind::AddrInUse) => {
                "stop the program that listens there, remove the file if it is no socket, or give another path"
            }
            (Kind::Socket(_), io::ErrorKind::PermissionDenied) => {
                "give a path in a directory that can be written to"
            }
            (Kind::Socket(_), io::ErrorKind::NotFound) => "make the directory, or give another path",
            (Kind::Socket(_), _) => "give another path",
            (Kind::Option(_), _) => "give at least 1, and a duration above zero",
            (Kind::Start, _) => "raise the process's limits of threads and open files",
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Address(addr) => write!(f, "{addr} is not an address to listen on")?,
            Kind::Listen(addr) => write!(f, "cannot listen on {addr}")?,
            Kind::Socket(path) => write!(f, "cannot listen at {path}")?,
            Kind::Option(name) => write!(f, "`{name}` is zero")?,
            Kind::Start => write!(f, "cannot start the scrape endpoint")?,
        }
        write!(f, ": {}; {}", self.source, self.advice())
    }
}

// The cause is a part of the message, and therefore not a `source` as well.
impl Error for ServeError {}
