//! What the tests of the endpoint share: a client on a raw socket.
#![allow(dead_code, reason = "no test uses everything")]

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use tachometer::{RegisterError, Registry};
use tachometer_prometheus::{Exporter, Server};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A registry that exposes what a test registers and nothing else. Its callbacks may take as long as they like.
pub(crate) fn plain() -> Registry {
    let builder = Registry::builder().self_metrics(false).callback_timeout(Duration::from_secs(60));
    builder.build().expect("nothing can be wrong")
}

/// An exporter with one gauge.
pub(crate) fn exporter() -> Result<Exporter, RegisterError> {
    let registry = plain();
    registry.gauge("queue_size", "Records waiting.")?.set(7.0);
    Ok(Exporter::new(&registry))
}

/// A server of it.
pub(crate) fn server() -> Result<Server, Box<dyn Error>> {
    Ok(exporter()?.serve("127.0.0.1:0")?)
}

pub(crate) const EXPOSITION: &str =
    "# HELP queue_size Records waiting.\n# TYPE queue_size gauge\nqueue_size 7\n";

/// A request that makes the server close the connection after its answer.
pub(crate) fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) headers: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn parse(text: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let end = text.windows(4).position(|end| end == b"\r\n\r\n").ok_or("the answer has no head")?;
        let head = std::str::from_utf8(&text[..end])?;
        let (status, headers) = head.split_once("\r\n").ok_or("the answer has no headers")?;
        let bytes = text[end + 4..].to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: status.to_owned(), headers: headers.to_owned(), bytes, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(header, _)| *header == name).map(|(_, value)| value)
    }

    /// Whether all bytes arrived that the head promised.
    pub(crate) fn is_whole(&self) -> bool {
        self.header("content-length") == Some(&*self.bytes.len().to_string())
    }
}

/// Sends `request` and reads until the server closes the connection.
pub(crate) fn talk(addr: SocketAddr, request: impl AsRef<[u8]>) -> Result<Answer, Box<dyn Error>> {
    let mut stream = connect(addr)?;
    // The server may have seen enough before it has read all.
    let _ = stream.write_all(request.as_ref());
    Answer::parse(&rest(&mut stream)?)
}

/// Asks for `path` in a way that makes the server close the connection after its answer.
pub(crate) fn ask(addr: SocketAddr, method: &str, path: &str) -> Result<Answer, Box<dyn Error>> {
    talk(addr, request(method, path, ""))
}

/// What the server sends until it closes the connection.
pub(crate) fn rest(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).map(|_| text)
}

/// Connects; a server that says nothing for a minute fails the test.
pub(crate) fn connect(addr: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

/// Waits until it holds; half a minute in vain fails the test.
pub(crate) fn until(mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it does not come to hold");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A callback that waits until it is let go.
pub(crate) struct Gate {
    entered: Receiver<()>,
    release: SyncSender<()>,
}

impl Gate {
    /// Registers the callback as gauge `slow`, which is 1.
    pub(crate) fn register(registry: &Registry) -> Result<Gate, RegisterError> {
        let (enter, entered) = mpsc::sync_channel(1_000);
        let (release, released) = mpsc::sync_channel::<()>(1_000);
        let inside = Mutex::new((enter, released));
        registry.gauge_fn("slow", "Waits until it may answer.", move || {
            let Ok(inside) = inside.lock() else { return f64::NAN };
            let _ = inside.0.send(());
            let _ = inside.1.recv();
            1.0
        })?;
        Ok(Gate { entered, release })
    }

    /// Waits until a scrape is in the callback.
    pub(crate) fn await_scrape(&self) -> Result<(), mpsc::RecvTimeoutError> {
        self.entered.recv_timeout(Duration::from_secs(60))
    }

    /// Whether a scrape has entered that nobody has waited for.
    pub(crate) fn has_entered(&self) -> bool {
        self.entered.try_recv().is_ok()
    }

    /// Lets one scrape go on.
    pub(crate) fn release(&self) -> Result<(), mpsc::SendError<()>> {
        self.release.send(())
    }
}

/// Threads and open files of this process.
#[cfg(target_os = "linux")]
pub(crate) fn held() -> std::io::Result<(usize, usize)> {
    Ok((std::fs::read_dir("/proc/self/task")?.count(), std::fs::read_dir("/proc/self/fd")?.count()))
}

/// The endpoint's threads and the open files of this process. Callbacks have threads of their registry's.
#[cfg(target_os = "linux")]
pub(crate) fn serving() -> std::io::Result<(usize, usize)> {
    let mut threads = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        // One that ends meanwhile is none.
        let name = std::fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        threads += usize::from(["tachometer-http\n", "tachometer-rend\n"].contains(&&*name));
    }
    Ok((threads, held()?.1))
}

/// Waits until what is held is what was held before. A thread that was joined is listed until the system has taken it
/// down, some moments later.
#[cfg(target_os = "linux")]
pub(crate) fn await_same<T, F>(before: &T, now: F) -> Outcome
where
    T: PartialEq + std::fmt::Debug,
    F: Fn() -> std::io::Result<T>,
{
    let patience = std::time::Instant::now();
    while now()? != *before {
        assert!(patience.elapsed() < Duration::from_secs(30), "{:?} instead of {before:?}", now()?);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Memory of this process that is not of files, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next());
    kibibytes.and_then(|kibibytes| kibibytes.parse::<usize>().ok()).map_or(0, |kibibytes| kibibytes << 10)
}

/// A registry with a gauge family whose exposition has at least so many bytes, all of whose values `change` changes.
pub(crate) struct Large {
    pub(crate) registry: Registry,
    gauges: Vec<tachometer::Gauge>,
}

impl Large {
    pub(crate) fn new(bytes: usize) -> Result<Large, RegisterError> {
        let registry = Registry::builder().self_metrics(false).max_series_per_family(1 << 20).build()?;
        let family = registry.gauge_family("large", "Large.", ["name"])?;
        let series = |n: usize| family.with([("name", &*format!("{n:0>990}"))]);
        let gauges = (0..bytes.div_ceil(1_000)).map(series).collect::<Result<_, _>>()?;
        let large = Large { registry, gauges };
        large.change(1.0);
        Ok(large)
    }

    pub(crate) fn change(&self, value: f64) {
        self.gauges.iter().for_each(|gauge| gauge.set(value));
    }
}
