//! The server: a thread with a runtime of its own, so that it neither needs nor disturbs a runtime of the program.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::accept::Acceptor;
use super::error::ServeError;
use super::limits::Limits;
use super::listener::Listener;
#[cfg(unix)]
use super::listener::unix::SocketFile;

/// Where a program listens that has no reason to listen elsewhere: loopback, on the port that OpenTelemetry's
/// Prometheus exporters use. Nothing outside the machine can reach it.
pub const DEFAULT_ADDR: &str = "127.0.0.1:9464";

/// What is left to threads for their end however late it is.
const LAST_MOMENT: Duration = Duration::from_millis(50);

/// A running scrape endpoint. Made by [`Exporter::serve`](crate::Exporter::serve) and
/// [`ServerBuilder::serve`](crate::ServerBuilder::serve).
///
/// Dropping it, or calling [`shutdown`](Server::shutdown), stops the endpoint. A program that serves until it ends
/// keeps it in a variable of `main`.
#[derive(Debug)]
#[must_use = "dropping the server stops it"]
pub struct Server {
    pub(super) addr: SocketAddr,
    pub(super) running: Running,
}

impl Server {
    /// The address that is listened on, with the real port where port 0 was asked for.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops the endpoint and waits until its threads have ended.
    ///
    /// No further connection is accepted, idle ones are closed, and answers that are under way get two seconds to be
    /// finished, or what [`shutdown_timeout`](crate::ServerBuilder::shutdown_timeout) says. A callback of the program
    /// that takes longer is left to its thread. Blocks the calling thread meanwhile. Dropping the server does the same.
    pub fn shutdown(self) {
        drop(self.running);
    }
}

/// A running scrape endpoint at a Unix socket. Made by
/// [`ServerBuilder::serve_unix`](crate::ServerBuilder::serve_unix).
///
/// Dropping it, or calling [`shutdown`](UnixServer::shutdown), stops the endpoint and removes the socket's file.
#[cfg(unix)]
#[derive(Debug)]
#[must_use = "dropping the server stops it"]
pub struct UnixServer {
    // Dropped in this order: the file is gone before the server is.
    pub(super) file: SocketFile,
    pub(super) _running: Running,
}

#[cfg(unix)]
impl UnixServer {
    /// The path of the socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Stops the endpoint like [`Server::shutdown`].
    pub fn shutdown(self) {
        drop(self);
    }
}

/// The thread of a server. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Running {
    stop: Option<watch::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Starts to serve. Once this has returned, connections are accepted.
    ///
    /// `listen` is called in the runtime, on the thread that will run and drop both: a program that starts the endpoint
    /// from inside its own runtime could do neither.
    pub(super) fn start<L: Listener>(
        listen: impl FnOnce() -> io::Result<L> + Send + 'static,
        acceptor: Acceptor,
        limits: Limits,
        renders: usize,
    ) -> Result<Running, ServeError> {
        let (stop, stopped) = watch::channel(());
        let (report, started) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("tachometer-http".to_owned())
            .spawn(move || match prepare(listen, renders) {
                Ok((runtime, listener)) => {
                    let _ = report.send(Ok(()));
                    run(runtime, listener, acceptor, stopped, limits.shutdown_timeout);
                }
                Err(error) => {
                    let _ = report.send(Err(error));
                }
            })
            .map_err(ServeError::start)?;
        let running = Running { stop: Some(stop), thread: Some(thread) };
        // A failed start drops `running`, which joins the thread: none is left behind.
        match started.recv() {
            Ok(Ok(())) => Ok(running),
            Ok(Err(error)) => Err(ServeError::start(error)),
            Err(_) => Err(ServeError::start(io::Error::other("its thread ended at once"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn prepare<L>(listen: impl FnOnce() -> io::Result<L>, renders: usize) -> io::Result<(Runtime, L)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(renders)
        // A scrape must not fail because no thread can be started just then: the first one stays.
        .thread_keep_alive(Duration::MAX)
        .thread_name("tachometer-render")
        .build()?;
    let first = runtime.spawn_blocking(|| ());
    runtime.block_on(first).map_err(io::Error::other)?;
    let in_runtime = runtime.enter();
    let listener = listen()?;
    drop(in_runtime);
    Ok((runtime, listener))
}

/// Serves until the sender of `stop` is dropped, and drains.
fn run(
    runtime: Runtime,
    listener: impl Listener,
    acceptor: Acceptor,
    stop: watch::Receiver<()>,
    timeout: Duration,
) {
    let mut stopped = stop.clone();
    let ended = runtime.block_on(async {
        let serving = tokio::spawn(acceptor.run(listener, stop));
        let _ = stopped.changed().await;
        let stopped_at = Instant::now();
        let _ = serving.await;
        stopped_at
    });
    // Ends the render threads too, unless a callback of the program still holds one. Those that are idle need a moment.
    runtime.shutdown_timeout(timeout.saturating_sub(ended.elapsed()).max(LAST_MOMENT));
}
