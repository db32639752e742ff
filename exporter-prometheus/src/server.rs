//! The scrape endpoint: one thread that accepts connections and speaks HTTP/1.1 through hyper.
//!
//! The thread runs a current-thread tokio runtime, so the endpoint neither needs nor disturbs a runtime of the
//! program. What a request is answered with stands in [`routes`](crate::routes); this file is about starting,
//! accepting, and stopping.
//!
//! * Connections are tasks of their own: a slow or idle client holds nobody up, and a panic ends its connection only.
//! * A client that has not sent a whole request header within [`HEADER_TIMEOUT`] is disconnected.
//! * When the system refuses to accept (out of file descriptors, out of memory), the loop waits before it tries
//!   again, longer each time up to a second, instead of spinning.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::error::ServeError;
use crate::routes::{Render, answer};

/// Where a program listens that has no reason to listen elsewhere: loopback, on the port that OpenTelemetry's
/// Prometheus exporters use. Nothing outside the machine can reach it.
pub const DEFAULT_ADDR: &str = "127.0.0.1:9464";

/// How long a client may take to send a request header, and how long a connection may stay idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long shutdown waits for answers that are under way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How many scrapes may be rendered at once. Further ones wait their turn: more threads would only make every one of
/// them slower.
const MAX_RENDERS: usize = 2;

/// The waits between two failed attempts to accept.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// A running scrape endpoint. Made by [`Exporter::serve`](crate::Exporter::serve).
///
/// Dropping it, or calling [`shutdown`](Server::shutdown), stops the endpoint. A program that serves until it ends
/// keeps it in a variable of `main`.
#[derive(Debug)]
#[must_use = "dropping the server stops it"]
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Binds `addr` and starts to serve. Once this has returned, connections are accepted.
    pub(crate) fn start<A>(addr: A, render: Render) -> Result<Server, ServeError>
    where
        A: ToSocketAddrs + fmt::Debug,
    {
        let (listener, bound) = bind(&addr)?;
        let (stop, stopped) = oneshot::channel();
        let (report, started) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("tachometer-http".to_owned())
            .spawn(move || match prepare(listener) {
                Ok((runtime, listener)) => {
                    let _ = report.send(Ok(()));
                    run(runtime, listener, render, stopped);
                }
                Err(error) => {
                    let _ = report.send(Err(error));
                }
            })
            .map_err(ServeError::start)?;
        let server = Server { addr: bound, stop: Some(stop), thread: Some(thread) };
        // A failed start drops `server`, which joins the thread: none is left behind.
        match started.recv() {
            Ok(Ok(())) => Ok(server),
            Ok(Err(error)) => Err(ServeError::start(error)),
            Err(_) => Err(ServeError::start(io::Error::other("its thread ended at once"))),
        }
    }

    /// The address that is listened on, with the real port where port 0 was asked for.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops the endpoint and waits until its thread has ended.
    ///
    /// No further connection is accepted, idle ones are closed, and answers that are under way get two seconds to be
    /// finished, and a callback that holds a render up two more. Blocks the calling thread meanwhile. Dropping the
    /// server does the same.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
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
    let bound = listener.local_addr().map_err(|error| ServeError::listen(shown(), error))?;
    Ok((listener, bound))
}

/// Makes the runtime, on the thread that will run and drop it: a program that starts the endpoint from inside its
/// own runtime could do neither.
fn prepare(listener: TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(MAX_RENDERS)
        .thread_name("tachometer-render")
        .build()?;
    let in_runtime = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    drop(in_runtime);
    Ok((runtime, listener))
}

/// Serves until the sender of `stopped` is dropped, then drains.
fn run(
    runtime: Runtime,
    listener: tokio::net::TcpListener,
    render: Render,
    mut stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let connections = GracefulShutdown::new();
        {
            let mut accepting = pin!(accept(listener, &connections, render));
            poll_fn(|cx| match Pin::new(&mut stopped).poll(cx) {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => accepting.as_mut().poll(cx),
            })
            .await;
        }
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, connections.shutdown()).await;
    });
    // Ends the render threads too, unless a callback of the program still holds one.
    runtime.shutdown_timeout(DRAIN_TIMEOUT);
}

/// Accepts connections for ever, each as a task of its own.
async fn accept(listener: tokio::net::TcpListener, open: &GracefulShutdown, render: Render) {
    let mut backoff = FIRST_BACKOFF;
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                backoff = FIRST_BACKOFF;
                tokio::spawn(converse(stream, open.watcher(), Render::clone(&render)));
            }
            // The client has left again before it was accepted; the next one may be well.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                tokio::time::sleep(backoff).await;
                backoff = LONGEST_BACKOFF.min(backoff * 2);
            }
        }
    }
}

/// Answers the requests of one connection until it is closed, by either side or by shutdown.
async fn converse(stream: TcpStream, open: Watcher, render: Render) {
    // The answer is written in as few pieces as possible; waiting to fill a packet would only delay its end.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Render::clone(&render)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is a client that broke the protocol, was too slow, or hung up. It has been answered where that
    // was possible, and there is nobody else to tell.
    let _ = open.watch(connection).await;
}

#[cfg(test)]
mod tests {
    use super::{Render, Server};
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn scrape(addr: SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_render_that_panics_costs_its_own_answer_only() -> Result<(), Box<dyn std::error::Error>> {
        let calls = AtomicUsize::new(0);
        let render: Render = Arc::new(move || {
            assert!(calls.fetch_add(1, Ordering::Relaxed) % 2 == 1, "every other call fails");
            "up 1\n".to_owned().into()
        });
        let server = Server::start("127.0.0.1:0", render)?;
        for _ in 0..3 {
            assert!(scrape(server.addr())?.starts_with("HTTP/1.0 500 "));
            assert!(scrape(server.addr())?.ends_with("\r\n\r\nup 1\n"));
        }
        Ok(())
    }
}
