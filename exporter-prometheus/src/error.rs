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
    Start,
}

impl ServeError {
    /// `addr` cannot be understood as an address.
    pub(crate) fn address(addr: String, source: io::Error) -> ServeError {
        ServeError { kind: Kind::Address(addr), source }
    }

    /// The system refuses to listen on `addr`.
    pub(crate) fn listen(addr: String, source: io::Error) -> ServeError {
        ServeError { kind: Kind::Listen(addr), source }
    }

    /// The thread of the endpoint, or its runtime, cannot be made.
    pub(crate) fn start(source: io::Error) -> ServeError {
        ServeError { kind: Kind::Start, source }
    }

    /// Whether another socket already listens on the address.
    #[must_use]
    pub fn is_address_in_use(&self) -> bool {
        matches!(self.kind, Kind::Listen(_)) && self.source.kind() == io::ErrorKind::AddrInUse
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
            (Kind::Start, _) => "raise the process's limits of threads and open files",
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Address(addr) => write!(f, "{addr} is not an address to listen on")?,
            Kind::Listen(addr) => write!(f, "cannot listen on {addr}")?,
            Kind::Start => write!(f, "cannot start the scrape endpoint")?,
        }
        write!(f, ": {}; {}", self.source, self.advice())
    }
}

// The cause is a part of the message, and therefore not a `source` as well.
impl Error for ServeError {}
