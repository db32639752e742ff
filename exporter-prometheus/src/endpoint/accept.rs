//! Accepting connections, and sending away those that are too many.

use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

use super::connection::converse;
use super::guard::Welcome;
use super::limits::Limits;
use super::listener::Listener;
use super::networks::Networks;
use super::scrape_metrics::{Failure, Refusal};
use super::service::MetricsService;

/// The waits between two failed attempts to accept.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// Connections beyond the limit that are told so at a time; what comes beyond these is closed at once.
const MAX_TOLD: usize = 256;

/// More than any system has descriptors for.
const MOST_CONNECTIONS: u32 = 1 << 24;

/// How long a client has for its request that is only to be told that it is refused.
const TELL_TIMEOUT: Duration = Duration::from_secs(2);

/// What all connections of a server have in common.
#[derive(Debug)]
pub(super) struct Acceptor {
    service: MetricsService,
    limits: Limits,
    networks: Networks,
    /// A permit for each connection.
    open: Arc<Semaphore>,
    /// A permit for each connection that is told why it is refused.
    told: Arc<Semaphore>,
}

impl Acceptor {
    pub(super) fn new(service: MetricsService, limits: Limits, networks: Networks) -> Acceptor {
        let max_connections = limits.max_connections.min(MOST_CONNECTIONS as usize);
        let limits = Limits { max_connections, ..limits };
        let open = Arc::new(Semaphore::new(max_connections));
        Acceptor { service, limits, networks, open, told: Arc::new(Semaphore::new(MAX_TOLD)) }
    }

    /// Accepts connections, each as a task of its own, until the sender of `stop` is dropped. Then waits for those that
    /// are open, no longer than the limits say.
    pub(super) async fn run<L: Listener>(self, listener: L, stop: watch::Receiver<()>) {
        {
            let mut stopped = stop.clone();
            let mut stopped = pin!(stopped.changed());
            let mut accepting = pin!(self.accept(&listener, &stop));
            poll_fn(|cx| match stopped.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => accepting.as_mut().poll(cx),
            })
            .await;
        }
        drop(listener);
        let all = u32::try_from(self.limits.max_connections).unwrap_or(MOST_CONNECTIONS);
        let _ = tokio::time::timeout(self.limits.shutdown_timeout, self.open.acquire_many(all)).await;
    }

    async fn accept<L: Listener>(&self, listener: &L, stop: &watch::Receiver<()>) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            match poll_fn(|cx| listener.poll_accept(cx)).await {
                Ok((socket, peer)) => {
                    backoff = FIRST_BACKOFF;
                    let Some((welcome, limits, permit)) = self.welcome(peer) else { continue };
                    let conversation = converse(socket, self.service.clone(), limits, welcome, stop.clone());
                    tokio::spawn(async move {
                        conversation.await;
                        drop(permit);
                    });
                }
                // The client has left again before it was accepted; the next one may be well.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // Out of file descriptors or memory. Trying again at once would only take the processor's time.
                Err(error) => {
                    self.service.failed(Failure::Accept);
                    tracing::warn!(target: "tachometer_prometheus", %error, "cannot accept a connection; waiting");
                    sleep(backoff).await;
                    backoff = LONGEST_BACKOFF.min(backoff * 2);
                }
            }
        }
    }

    /// What a client is to be told, in which limits; nothing if there is no room even for that.
    fn welcome(&self, peer: Option<IpAddr>) -> Option<(Welcome, Limits, OwnedSemaphorePermit)> {
        let permit = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_owned().ok();
        let (welcome, refusal) = if !self.networks.allows(peer) {
            (Welcome::Forbidden, Refusal::Network)
        } else if let Some(permit) = permit(&self.open) {
            return Some((Welcome::Served, self.limits, permit));
        } else {
            (Welcome::Busy, Refusal::Connections)
        };
        self.service.refused(refusal);
        tracing::debug!(target: "tachometer_prometheus", ?peer, reason = ?refusal, "a client is refused");
        let header_timeout = self.limits.header_timeout.min(TELL_TIMEOUT);
        let write_timeout = self.limits.write_timeout.min(TELL_TIMEOUT);
        let limits = Limits { header_timeout, write_timeout, ..self.limits };
        permit(&self.told).map(|permit| (welcome, limits, permit))
    }
}
