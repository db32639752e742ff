//! One connection, from its beginning to its end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::conversation::Conversation;
use super::guard::{Guard, Welcome};
use super::limits::Limits;
use super::scrape_metrics::{Failure, Refusal};
use super::service::MetricsService;
use super::socket::{Socket, Watched};

/// A header and a URI that are too long are read up to here, so that each is told what is wrong. hyper itself knows a
/// URI that is too long from 64 KiB on.
const READ_AHEAD: usize = 80 << 10;

/// hyper makes room for as many as are allowed.
const MOST_HEADERS: usize = 10_000;

/// How long, and how much, is read of a client that was refused before it had said all.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: u64 = 4 << 20;

/// Why a connection ends.
enum End {
    /// Client or server had enough.
    Closed,
    /// hyper cannot read the request, and has said so.
    Refused(hyper::Error),
    /// The client is gone.
    Broken,
    /// The time of the phase has passed.
    TimedOut,
    /// A newer scrape needs the memory of the body that is being sent.
    Cut,
}

/// Answers the requests of one connection until it is closed by either side, by a deadline, or by shutdown.
pub(super) async fn converse<S: Socket>(
    socket: S,
    service: MetricsService,
    limits: Limits,
    welcome: Welcome,
    mut stop: watch::Receiver<()>,
) {
    let conversation = Arc::new(Conversation::new(limits));
    let watched = Watched { socket, conversation: Arc::clone(&conversation) };
    let guard = Guard { service: service.clone(), conversation: Arc::clone(&conversation), limits, welcome };
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(limits.max_headers.min(MOST_HEADERS))
        .max_buf_size(READ_AHEAD.max(limits.max_header_bytes.saturating_add(limits.max_uri_bytes)))
        .serve_connection(TokioIo::new(watched), guard);
    let mut stopped = false;
    let end = {
        // The sender never sends: that it is dropped is the signal.
        let mut stop = pin!(stop.changed());
        let mut cut = pin!(conversation.is_cut());
        let mut timer = pin!(sleep_until(Instant::now()));
        poll_fn(|cx| {
            if !stopped && stop.as_mut().poll(cx).is_ready() {
                stopped = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            if let Poll::Ready(result) = connection.poll_without_shutdown(cx) {
                return Poll::Ready(match result {
                    Ok(()) => End::Closed,
                    Err(error) if error.is_parse() => End::Refused(error),
                    Err(_) => End::Broken,
                });
            }
            if cut.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Cut);
            }
            poll_deadline(&conversation, timer.as_mut(), cx).map(|()| End::TimedOut)
        })
        .await
    };
    let socket = connection.into_parts().io.into_inner().socket;
    if let End::Refused(error) = &end {
        service.refused(Refusal::Request);
        tracing::debug!(target: "tachometer_prometheus", %error, "a request is refused");
    }
    match end {
        End::Closed if !conversation.was_refused() => {}
        // In the middle of an answer: the client is gone, or its body was taken away.
        End::Broken if conversation.is_answering() => socket.make_end_sudden(),
        End::Cut => socket.make_end_sudden(),
        End::Closed | End::Refused(_) | End::Broken if stopped => {}
        End::Closed | End::Refused(_) | End::Broken => linger(socket).await,
        End::TimedOut => time_out(&socket, &service, &conversation),
    }
}

/// Ready when the deadline of the conversation has passed; it may have changed at every poll.
fn poll_deadline(
    conversation: &Conversation,
    mut timer: std::pin::Pin<&mut Sleep>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let Some(deadline) = conversation.deadline() else { return Poll::Pending };
    if timer.deadline() != deadline {
        timer.as_mut().reset(deadline);
    }
    timer.poll(cx)
}

fn time_out(socket: &impl Socket, service: &MetricsService, conversation: &Conversation) {
    if conversation.is_answering() {
        socket.make_end_sudden();
        service.failed(Failure::WriteTimeout);
        tracing::info!(target: "tachometer_prometheus", "a client read too slowly and is cut off");
    } else if conversation.has_heard() {
        service.failed(Failure::HeaderTimeout);
        tracing::debug!(target: "tachometer_prometheus", "a client sent its request too slowly");
    }
    // Otherwise the connection was idle, and nothing is wrong with that.
}

/// Lets the client read why it was refused: the system throws an answer away when the connection is closed while
/// something arrives that nobody reads.
async fn linger(mut socket: impl Socket) {
    if socket.shutdown().await.is_ok() {
        let mut rest = socket.take(LINGER_BYTES);
        let mut nothing = [0; 4096];
        let _ = timeout(LINGER, async { while rest.read(&mut nothing).await.is_ok_and(|read| read > 0) {} })
            .await;
    }
}
