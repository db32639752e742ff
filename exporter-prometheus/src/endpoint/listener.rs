//! What the server listens on.

use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

use super::socket::Socket;

/// A listener in a runtime.
pub(super) trait Listener: Send + Sync + 'static {
    /// What it accepts.
    type Socket: Socket;

    /// The next connection, with the client's address if it has one.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Socket, Option<IpAddr>)>>;
}

impl Listener for TcpListener {
    type Socket = TcpStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, Option<IpAddr>)>> {
        self.poll_accept(cx).map_ok(|(stream, peer)| {
            // The answer is written in as few pieces as possible; waiting to fill a packet would only delay its end.
            let _ = stream.set_nodelay(true);
            (stream, Some(peer.ip()))
        })
    }
}

#[cfg(unix)]
pub(super) mod unix {
    use std::fs;
    use std::io;
    use std::net::IpAddr;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    use std::os::unix::net::UnixListener as Std;
    use std::path::{Path, PathBuf};
    use std::task::{Context, Poll};

    use socket2::{Domain, SockAddr, Type};
    use tokio::net::{UnixListener, UnixStream};

    use super::Listener;

    impl Listener for UnixListener {
        type Socket = UnixStream;

        fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, Option<IpAddr>)>> {
            self.poll_accept(cx).map_ok(|(stream, _)| (stream, None))
        }
    }

    /// The file of a socket, which is removed when this is dropped.
    #[derive(Debug)]
    pub(in super::super) struct SocketFile {
        path: PathBuf,
        /// Device and number: another program may have put a socket of its own there since.
        identity: (u64, u64),
    }

    impl SocketFile {
        pub(in super::super) fn path(&self) -> &Path {
            &self.path
        }
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Listens at `path`. A socket that answers there is left alone; one that a program has left behind is removed.
    pub(in super::super) fn bind(path: &Path) -> io::Result<(Std, SocketFile)> {
        if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            match connect(path) {
                // Its queue may be full: who waits there is alive.
                Ok(()) => return Err(io::ErrorKind::AddrInUse.into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::AddrInUse.into());
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // It may be alive, and another user's.
                Err(error) => return Err(error),
            }
        }
        // Anything else that is there is an error of `bind`.
        let listener = Std::bind(path)?;
        let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
        Ok((listener, file))
    }

    /// Connects without waiting for a place in the queue.
    fn connect(path: &Path) -> io::Result<()> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        let found = fs::symlink_metadata(path)?;
        Ok((found.dev(), found.ino()))
    }
}
