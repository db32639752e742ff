//! Starting and stopping leaves nothing behind. Alone in its process, so that no other test's threads are counted; what
//! is here is therefore one test.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tachometer_prometheus::Exporter;

use common::{
    Answer, EXPOSITION, Gate, Large, Outcome, ask, await_same, connect, exporter, held, plain, rest, serving,
};

/// How long shutdown may take beyond its deadline.
const MARGIN: Duration = Duration::from_millis(100);

#[test]
fn starting_and_stopping_leaves_no_thread_and_no_file_whatever_is_under_way() -> Outcome {
    a_hundred_cycles()?;
    scrapes_that_end_in_time_are_whole()?;
    within_the_margin(scrapes_that_do_not_end_are_given_up_at_the_deadline)?;
    within_the_margin(readers_that_do_not_read_are_given_up_at_the_deadline)
}

/// Whether a shutdown is as long beyond its deadline as is allowed. Of three, because the machine may do something else
/// just then.
fn within_the_margin(late: fn() -> Result<Duration, Box<dyn std::error::Error>>) -> Outcome {
    let mut times = Vec::new();
    while !times.iter().any(|late| *late <= MARGIN) {
        assert!(times.len() < 3, "{times:?} beyond the deadline");
        times.push(late()?);
    }
    Ok(())
}

fn a_hundred_cycles() -> Outcome {
    let exporter = exporter()?;
    let before = held()?;
    for cycle in 0..100 {
        let server = exporter.serve("127.0.0.1:0")?;
        // A start that fails leaves nothing either.
        assert!(exporter.serve(server.addr()).expect_err("the port is taken").is_address_in_use());
        assert!(exporter.serve("nonsense").is_err());
        if cycle % 2 == 0 {
            assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, EXPOSITION);
            let _idle = TcpStream::connect(server.addr())?;
            server.shutdown();
        } else {
            drop(server);
        }
        await_same(&before, held)?;
    }
    Ok(())
}

/// Scrapes of several kinds, all of which wait for a callback.
fn scrapes(addr: std::net::SocketAddr) -> std::io::Result<Vec<TcpStream>> {
    let kinds = ["", "Accept: application/openmetrics-text\r\n", "Accept-Encoding: gzip\r\n"];
    let scrape = |n: usize| {
        let mut stream = connect(addr)?;
        let headers = kinds[n % kinds.len()];
        stream.write_all(format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes())?;
        Ok(stream)
    };
    let scrapes = (0..50).map(scrape).collect();
    // Connections are accepted in their order, and read before a later one is: so all fifty are under way.
    assert!(ask(addr, "GET", "/health").is_ok());
    scrapes
}

fn scrapes_that_end_in_time_are_whole() -> Outcome {
    let registry = plain();
    let gate = Gate::register(&registry)?;
    let exporter = Exporter::new(&registry);
    let before = serving()?;

    let deadline = Duration::from_secs(20);
    let server = exporter.server().shutdown_timeout(deadline).serve("127.0.0.1:0")?;
    let mut streams = scrapes(server.addr())?;
    gate.await_scrape()?;
    let stop = Instant::now();
    let stopping = std::thread::spawn(move || server.shutdown());
    // No further connection is accepted from some time on; those under way go on.
    while TcpStream::connect(streams[0].peer_addr()?).is_ok() {
        std::thread::yield_now();
    }
    (0..10).try_for_each(|_| gate.release())?;
    for stream in &mut streams {
        let answer = Answer::parse(&rest(stream)?)?;
        assert!(answer.is_whole() && answer.status.contains("200"), "{answer:?}");
    }
    stopping.join().expect("no panic");
    assert!(stop.elapsed() < deadline);
    drop(streams);
    await_same(&before, serving)
}

fn scrapes_that_do_not_end_are_given_up_at_the_deadline() -> Result<Duration, Box<dyn std::error::Error>> {
    let registry = plain();
    let gate = Gate::register(&registry)?;
    let exporter = Exporter::new(&registry);
    let before = serving()?;

    let deadline = Duration::from_millis(700);
    let server = exporter.server().shutdown_timeout(deadline).serve("127.0.0.1:0")?;
    let mut streams = scrapes(server.addr())?;
    gate.await_scrape()?;
    let stop = Instant::now();
    server.shutdown();
    let took = stop.elapsed();
    assert!(took >= deadline, "{took:?}");
    for stream in &mut streams {
        assert_eq!(rest(stream).unwrap_or_default(), b"");
    }
    drop(streams);
    // The callback holds the threads that wait for it, and nothing else does.
    (0..10).try_for_each(|_| gate.release())?;
    await_same(&before, serving)?;
    Ok(took.saturating_sub(deadline))
}

fn readers_that_do_not_read_are_given_up_at_the_deadline() -> Result<Duration, Box<dyn std::error::Error>> {
    let exporter = Exporter::new(&Large::new(10 << 20)?.registry);
    let before = serving()?;
    let deadline = Duration::from_millis(500);
    let server = exporter.server().shutdown_timeout(deadline).serve("127.0.0.1:0")?;
    let mut streams = scrapes(server.addr())?;
    for stream in streams.iter_mut().step_by(10) {
        stream.read_exact(&mut [0])?;
    }
    let stop = Instant::now();
    drop(server);
    let took = stop.elapsed();
    drop(streams);
    await_same(&before, serving)?;
    Ok(took.saturating_sub(deadline))
}
