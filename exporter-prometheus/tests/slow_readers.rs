//! Clients that ask for a large body and hardly read it. Alone in its process, whose memory is counted.
#![cfg(target_os = "linux")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tachometer_prometheus::Exporter;

use common::{Large, Outcome, connect, resident};

const BODY: usize = 10 << 20;
const CLIENTS: usize = 64;

/// The everyday length of a deadline that is 30 seconds unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(6);

/// Reads a byte, and says whether the other side has ended the connection. Either of two calls is told so, and once.
fn is_closed(stream: &mut TcpStream) -> bool {
    let read = stream.read(&mut [0]);
    let is_reset = stream.take_error().is_ok_and(|error| error.is_some());
    is_reset || matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
}

/// Looks at the memory all the time, also in the middle of scrapes.
struct Sampler {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Sampler {
    fn start() -> Sampler {
        let ended = Arc::new(AtomicBool::new(false));
        let is_ended = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            let mut most = 0;
            while !is_ended.load(Ordering::Relaxed) {
                most = most.max(resident());
                thread::sleep(Duration::from_millis(1));
            }
            most
        });
        Sampler { ended, thread }
    }

    fn most(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or(usize::MAX)
    }
}

/// Reads to the end without keeping it, and says how many bytes there were and what the last of them are.
fn skim(stream: &mut TcpStream) -> std::io::Result<(usize, String)> {
    let (mut piece, mut end, mut bytes) = (vec![0; 64 << 10], Vec::new(), 0);
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok((bytes, String::from_utf8_lossy(&end).into_owned()));
        }
        bytes += length;
        end.extend_from_slice(&piece[length.saturating_sub(40)..length]);
        end.drain(..end.len().saturating_sub(40));
    }
}

#[test]
fn slow_readers_are_closed_at_the_deadline_hold_two_bodies_at_most_and_delay_nobody() -> Outcome {
    let large = Large::new(BODY)?;
    let exporter = Exporter::new(&large.registry);
    let server = exporter.server().write_timeout(TIMEOUT).serve("127.0.0.1:0")?;
    // What a scrape costs that is read at once is not theirs.
    let scrape = |value: f64| -> Result<Duration, Box<dyn std::error::Error>> {
        large.change(value);
        let mut stream = connect(server.addr())?;
        let begin = Instant::now();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let (bytes, end) = skim(&mut stream)?;
        let took = begin.elapsed();
        assert!(
            bytes > BODY && end.ends_with(&format!("\"}} {value}\n")),
            "{bytes} bytes, the last of them {end}"
        );
        Ok(took)
    };
    scrape(2.0)?;
    let body = exporter.render_body().len();
    let before = resident();

    let memory = Sampler::start();

    let begin = Instant::now();
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let mut stream = connect(server.addr())?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        // So each of the first ones has a body of its own.
        let mut first = [0; 1];
        stream.read_exact(&mut first)?;
        large.change(3.0 + n as f64);
        stream.set_nonblocking(true)?;
        clients.push(stream);
    }
    let (mut scrapes, mut value) = (Vec::new(), 1_000.0);
    while !clients.is_empty() {
        assert!(begin.elapsed() < TIMEOUT * 5, "somebody is still connected");
        clients.retain_mut(|client| !is_closed(client));
        value += 1.0;
        scrapes.push(scrape(value)?);
        thread::sleep(Duration::from_millis(20));
    }
    scrapes.sort();
    // Of a program without optimizations, on a machine that may do something else: `ci/endpoint.sh` has the 99th percentile.
    let median = scrapes[scrapes.len() / 2];
    let (growth, allowed) = (memory.most().saturating_sub(before), 2 * body + CLIENTS * (64 << 10));
    println!(
        "{} scrapes, median {median:?}; memory grew by {} KiB of {}",
        scrapes.len(),
        growth >> 10,
        allowed >> 10
    );
    assert!(growth < allowed, "{growth} of {allowed}");
    assert!(median < Duration::from_millis(250), "{scrapes:?}");
    Ok(())
}
