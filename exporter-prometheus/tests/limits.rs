//! How many may come, and who.

mod common;

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tachometer_prometheus::Exporter;

use common::{Answer, Gate, Outcome, ask, connect, exporter, plain, request, rest, talk, until};

#[test]
fn connections_beyond_the_limit_are_told_so_and_closed_and_others_stay() -> Outcome {
    let server = exporter()?.server().max_connections(3).serve("127.0.0.1:0")?;
    let mut open: Vec<TcpStream> = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(server.addr())?;
        // Answered, so that it is known to be among the three.
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let mut seen = [0; 64];
        assert!(std::io::Read::read(&mut stream, &mut seen)? > 0);
        open.push(stream);
    }
    for _ in 0..20 {
        // It does not ask to close the connection.
        let answer = talk(server.addr(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")?;
        assert_eq!(answer.status, "HTTP/1.1 503 Service Unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.header("connection"), Some("close"));
    }
    // The three are as they were, and when one of them goes there is room.
    for stream in &mut open {
        stream.write_all(request("GET", "/health", "").as_bytes())?;
        assert!(String::from_utf8_lossy(&rest(stream)?).ends_with("\r\n\r\nok\n"));
    }
    until(|| ask(server.addr(), "GET", "/metrics").is_ok_and(|answer| answer.status == "HTTP/1.1 200 OK"));
    Ok(())
}

#[test]
fn scrapes_of_the_same_share_one_collection_and_others_are_limited() -> Outcome {
    let registry = plain();
    let gate = Gate::register(&registry)?;
    let server = Exporter::new(&registry).server().max_scrapes(2).serve("127.0.0.1:0")?;
    let scrape = |path: &str, headers: &str| -> std::io::Result<TcpStream> {
        let mut stream = connect(server.addr())?;
        stream.write_all(request("GET", path, headers).as_bytes())?;
        Ok(stream)
    };
    // A hundred of one kind: one collection.
    let mut same = (0..100).map(|_| scrape("/metrics", "")).collect::<Result<Vec<_>, _>>()?;
    gate.await_scrape()?;
    // A second kind: it waits for the callback, which one collection at a time asks.
    let mut other = scrape("/metrics", "Accept: application/openmetrics-text\r\n")?;
    let begin = Instant::now();
    let third = loop {
        assert!(begin.elapsed() < Duration::from_secs(30), "a third scrape is never refused");
        let answer = talk(server.addr(), request("GET", "/snapshot.json", ""))?;
        if answer.status.contains("503") {
            break answer;
        }
    };
    assert_eq!((third.header("retry-after"), third.header("connection")), (Some("1"), Some("close")));
    // What needs no collection is answered.
    assert_eq!(ask(server.addr(), "GET", "/health")?.status, "HTTP/1.1 200 OK");
    // More than enough, for the callback may be asked for each collection.
    (0..3).try_for_each(|_| gate.release())?;
    let bodies: Vec<String> = same
        .iter_mut()
        .map(|stream| Ok::<_, Box<dyn std::error::Error>>(Answer::parse(&rest(stream)?)?.body))
        .collect::<Result<_, _>>()?;
    assert!(bodies.iter().all(|body| body.ends_with("\nslow 1\n")), "{bodies:?}");
    assert!(Answer::parse(&rest(&mut other)?)?.body.ends_with("\nslow 1\n# EOF\n"));
    Ok(())
}

#[test]
fn only_allowed_networks_are_served() -> Outcome {
    let exporter = exporter()?;
    let server = exporter.server().allow("10.0.0.0/8")?.serve("127.0.0.1:0")?;
    let answer = talk(server.addr(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")?;
    assert_eq!(answer.status, "HTTP/1.1 403 Forbidden");
    assert_eq!(answer.header("connection"), Some("close"));
    let server = exporter.server().allow("10.0.0.0/8")?.allow("127.0.0.1")?.serve("127.0.0.1:0")?;
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.status, "HTTP/1.1 200 OK");
    let error = exporter.server().allow("localhost").expect_err("no network");
    assert!(error.to_string().contains("\"localhost\" is not a network; give one such as"), "{error}");
    Ok(())
}

#[test]
fn an_ipv4_network_is_allowed_at_a_socket_for_both_versions_too() -> Outcome {
    let Ok(server) = exporter()?.server().allow("127.0.0.0/8")?.serve("[::]:0") else {
        // A machine without IPv6.
        return Ok(());
    };
    let addr = (std::net::Ipv4Addr::LOCALHOST, server.addr().port()).into();
    assert_eq!(ask(addr, "GET", "/metrics")?.status, "HTTP/1.1 200 OK");
    Ok(())
}

#[test]
fn options_that_nothing_can_be_served_with_are_errors_at_the_start() -> Outcome {
    let options = || exporter().map(|exporter| exporter.server());
    let cases = [
        ("max_connections", options()?.max_connections(0)),
        ("header_timeout", options()?.header_timeout(Duration::ZERO)),
        ("write_timeout", options()?.write_timeout(Duration::ZERO)),
        ("max_headers", options()?.max_headers(0)),
        ("max_header_bytes", options()?.max_header_bytes(0)),
        ("max_uri_bytes", options()?.max_uri_bytes(0)),
    ];
    for (name, options) in cases {
        let message = options.serve("127.0.0.1:0").expect_err("nothing could be served").to_string();
        assert!(
            message.contains(&format!("`{name}` is zero")) && message.contains("give at least 1"),
            "{message}"
        );
    }
    Ok(())
}

#[test]
fn options_as_great_as_can_be_are_no_limits() -> Outcome {
    let options =
        exporter()?.server().max_connections(usize::MAX).max_scrapes(usize::MAX).max_held_bytes(usize::MAX);
    let options =
        options.header_timeout(Duration::MAX).write_timeout(Duration::MAX).shutdown_timeout(Duration::MAX);
    let options = options.max_headers(usize::MAX).max_header_bytes(usize::MAX).max_uri_bytes(usize::MAX);
    let server = options.max_body_bytes(usize::MAX).serve("127.0.0.1:0")?;
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.status, "HTTP/1.1 200 OK");
    server.shutdown();
    Ok(())
}
