//! Starting and stopping leaves nothing behind. Alone in its process, so that no other test's threads are counted.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use tachometer::Registry;
use tachometer_prometheus::Exporter;

/// The threads and the open files of this process.
fn held() -> std::io::Result<(usize, usize)> {
    Ok((fs::read_dir("/proc/self/task")?.count(), fs::read_dir("/proc/self/fd")?.count()))
}

#[test]
fn starting_and_stopping_leaves_no_thread_and_no_file() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = Exporter::new(&Registry::new());
    let before = held()?;
    for cycle in 0..100 {
        let server = exporter.serve("127.0.0.1:0")?;
        // A start that fails leaves nothing either.
        assert!(exporter.serve(server.addr()).is_err());
        if cycle % 2 == 0 {
            let mut client = TcpStream::connect(server.addr())?;
            client.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            client.read_to_string(&mut answer)?;
            assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");
            server.shutdown();
        } else {
            drop(server);
        }
    }
    assert_eq!(held()?, before);
    Ok(())
}
