//! The endpoint at a Unix socket.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use common::{Answer, EXPOSITION, Outcome, exporter, request, rest};

/// A directory of the test's own, with paths short enough for a socket.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> std::io::Result<Directory> {
        let path = std::env::temp_dir().join(format!("tachometer-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ask(path: &Path) -> Result<Answer, Box<dyn std::error::Error>> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(request("GET", "/metrics", "").as_bytes())?;
    Answer::parse(&rest(&mut stream)?)
}

#[test]
fn a_unix_socket_is_served_and_its_file_removed_at_the_end() -> Outcome {
    let directory = Directory::new("served")?;
    let path = directory.0.join("metrics.sock");
    for _ in 0..3 {
        // A network that no client of TCP would be in: a Unix socket has the rights of its file.
        let server = exporter()?.server().allow("192.0.2.0/24")?.serve_unix(&path)?;
        assert_eq!(server.path(), path);
        assert_eq!(ask(&path)?.body, EXPOSITION);
        server.shutdown();
        assert!(!path.exists());
    }
    drop(exporter()?.server().serve_unix(&path)?);
    assert!(!path.exists());
    Ok(())
}

#[test]
fn a_socket_that_answers_is_never_removed_and_a_dead_one_is_replaced() -> Outcome {
    let directory = Directory::new("alive")?;
    let path = directory.0.join("metrics.sock");
    let first = exporter()?.server().serve_unix(&path)?;
    let error = exporter()?.server().serve_unix(&path).expect_err("another server answers");
    assert!(error.is_address_in_use(), "{error}");
    assert!(error.to_string().contains("stop the program that listens there"), "{error}");
    assert_eq!(ask(&path)?.body, EXPOSITION);
    drop(first);

    // Dropped, a listener leaves its file behind.
    drop(UnixListener::bind(&path)?);
    assert!(path.exists());
    let server = exporter()?.server().serve_unix(&path)?;
    assert_eq!(ask(&path)?.body, EXPOSITION);

    // What another program has put there meanwhile stays.
    fs::remove_file(&path)?;
    let other = UnixListener::bind(&path)?;
    drop(server);
    assert!(path.exists());
    drop(other);
    Ok(())
}

#[test]
fn a_socket_whose_queue_is_full_is_alive() -> Outcome {
    let directory = Directory::new("full")?;
    let path = directory.0.join("metrics.sock");
    let listener = UnixListener::bind(&path)?;
    let connect = || {
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&socket2::SockAddr::unix(&path)?).map(|()| socket)
    };
    let mut waiting = Vec::new();
    while let Ok(socket) = connect() {
        waiting.push(socket);
    }
    let error = exporter()?.server().serve_unix(&path).expect_err("somebody listens");
    assert!(error.is_address_in_use(), "{error}");
    assert!(path.exists());
    drop(listener);
    Ok(())
}

#[test]
fn files_that_are_no_sockets_are_left_alone() -> Outcome {
    let directory = Directory::new("files")?;
    let path = directory.0.join("notes.txt");
    fs::write(&path, "mine")?;
    let error = exporter()?.server().serve_unix(&path).expect_err("a file is there");
    assert!(error.to_string().contains("remove the file if it is no socket"), "{error}");
    assert_eq!(fs::read_to_string(&path)?, "mine");
    assert!(exporter()?.server().serve_unix(&directory.0).is_err());

    // Neither is what a link leads to.
    let link = directory.0.join("link");
    std::os::unix::fs::symlink(&path, &link)?;
    assert!(exporter()?.server().serve_unix(&link).is_err());
    assert!(fs::symlink_metadata(&link).is_ok() && path.exists());

    let missing = directory.0.join("none").join("metrics.sock");
    let error = exporter()?.server().serve_unix(&missing).expect_err("the directory is missing");
    assert!(error.to_string().contains("make the directory"), "{error}");
    let long = directory.0.join("x".repeat(200));
    assert!(exporter()?.server().serve_unix(&long).is_err());
    Ok(())
}
