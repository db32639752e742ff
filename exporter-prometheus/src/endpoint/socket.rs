//! Sockets of either kind, and the watch over one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::conversation::Conversation;

/// A connection to a client.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the end of the connection sudden: what the client has not read is thrown away at once.
    ///
    /// Otherwise the system would go on sending what it has taken, megabytes perhaps, for as long as the client likes.
    fn make_end_sudden(&self);
}

impl Socket for TcpStream {
    fn make_end_sudden(&self) {
        let _ = self.set_zero_linger();
    }
}

#[cfg(unix)]
impl Socket for tokio::net::UnixStream {
    /// The system keeps little here, and the reader's side has it already.
    fn make_end_sudden(&self) {}
}

/// A socket that tells its conversation when something was read, and when all was taken that was written.
#[derive(Debug)]
pub(super) struct Watched<S> {
    pub(super) socket: S,
    pub(super) conversation: Arc<Conversation>,
}

impl<S: Socket> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let watched = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut watched.socket).poll_read(cx, into);
        if into.filled().len() > before {
            watched.conversation.heard();
        }
        read
    }
}

impl<S: Socket> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper asks for this only when it has nothing left to write.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let watched = self.get_mut();
        let flushed = Pin::new(&mut watched.socket).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            watched.conversation.flushed();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
