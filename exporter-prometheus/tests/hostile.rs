//! Requests and clients that should not be.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::{Answer, EXPOSITION, Outcome, ask, connect, exporter, request, rest, server, talk};

/// The statuses of all answers that come back for these bytes, until the server closes the connection.
fn statuses(addr: SocketAddr, bytes: &[u8]) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut stream = connect(addr)?;
    let _ = stream.write_all(bytes);
    let text = String::from_utf8_lossy(&rest(&mut stream)?).into_owned();
    Ok(text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect())
}

#[test]
fn malformed_requests_get_one_400_and_the_connection_is_closed() -> Outcome {
    let server = server()?;
    let head = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
    let heads = [
        "GET /metrics HTTP/1.1\r\n".to_owned(),
        format!("{head}Host: y\r\n"),
        format!("{head}Host: x\r\n"),
        "GET /metrics HTTP/1.1\r\nHost : x\r\n".to_owned(),
        "GET /metrics HTTP/1.1\r\nHost: x\rX-Y: z\r\n".to_owned(),
        format!("{head}X: a\r\n folded\r\n"),
        format!("{head}X: a\0b\r\n"),
        format!("{head}: no name\r\n"),
        format!("{head}no colon\r\n"),
        format!("{head}Content-Length: 5\r\nContent-Length: 6\r\n"),
        format!("{head}Content-Length: +5\r\n"),
        format!("{head}Content-Length: 5, 6\r\n"),
        format!("{head}Content-Length: -1\r\n"),
        format!("{head}Content-Length: 99999999999999999999\r\n"),
        format!("{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n"),
        format!("{head}Transfer-Encoding: xchunked\r\n"),
        format!("{head}Transfer-Encoding: chunked, identity\r\n"),
        format!("{head}Transfer-Encoding: identity\r\n"),
        format!("{head}Transfer-Encoding:\x0bchunked\r\n"),
        "GET /metrics HTTP/9.9\r\nHost: x\r\n".to_owned(),
        "GET  /metrics HTTP/1.1\r\nHost: x\r\n".to_owned(),
        "GE T /metrics HTTP/1.1\r\nHost: x\r\n".to_owned(),
    ];
    // A second request follows, which a client could have hidden in the first.
    let hidden = "\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in &heads {
        assert_eq!(statuses(server.addr(), format!("{head}{hidden}").as_bytes())?, ["400"], "{head:?}");
    }
    // They have hurt nobody.
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, EXPOSITION);
    Ok(())
}

#[test]
fn an_http_2_preface_and_noise_are_closed_without_a_second_answer() -> Outcome {
    let server = server()?;
    let noise: [&[u8]; 4] = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0",
        b"\xff\xfe\r\n\r\n",
    ];
    for bytes in noise {
        let statuses = statuses(server.addr(), bytes)?;
        assert!(
            statuses.len() <= 1 && statuses.iter().all(|status| status == "400"),
            "{bytes:?}: {statuses:?}"
        );
    }
    Ok(())
}

#[test]
fn headers_and_uris_that_are_too_long_are_told_so() -> Outcome {
    let server = server()?;
    let status = |request: String| talk(server.addr(), request).map(|answer| answer.status);
    let headers = |count: usize| (0..count).map(|n| format!("X{n}: y\r\n")).collect::<String>();
    let long = |name: &str, bytes: usize| format!("{name}: {}\r\n", "a".repeat(bytes));
    let too_large = "HTTP/1.1 431 Request Header Fields Too Large";
    // Host and Connection are two more.
    assert_eq!(status(request("GET", "/metrics", &headers(98)))?, "HTTP/1.1 200 OK");
    assert_eq!(status(request("GET", "/metrics", &headers(99)))?, too_large);
    assert_eq!(status(request("GET", "/metrics", &headers(10_000)))?, too_large);
    assert_eq!(status(request("GET", "/metrics", &long("X", 16_000)))?, "HTTP/1.1 200 OK");
    for bytes in [16_384, 70_000, 1 << 20] {
        assert_eq!(status(request("GET", "/metrics", &long("X", bytes)))?, too_large);
    }
    let path = |bytes: usize| format!("/metrics?{}", "a".repeat(bytes - 9));
    assert_eq!(status(request("GET", &path(8_192), ""))?, "HTTP/1.1 200 OK");
    for bytes in [8_193, 20_000, 65_536, 70_000] {
        assert_eq!(status(request("GET", &path(bytes), ""))?, "HTTP/1.1 414 URI Too Long");
    }
    Ok(())
}

#[test]
fn the_limits_of_a_request_are_options() -> Outcome {
    let options =
        exporter()?.server().max_headers(3).max_header_bytes(100).max_uri_bytes(20).max_body_bytes(10);
    let server = options.serve("127.0.0.1:0")?;
    let status = |path: &str, headers: &str, body: &str| -> Result<String, Box<dyn std::error::Error>> {
        let answer = talk(server.addr(), request("GET", path, headers) + body)?;
        Ok(answer.status[9..12].to_owned())
    };
    assert_eq!(status("/metrics", "A: b\r\n", "")?, "200");
    assert_eq!(status("/metrics", "A: b\r\nC: d\r\n", "")?, "431");
    assert_eq!(status("/metrics", &format!("A: {}\r\n", "b".repeat(60)), "")?, "431");
    assert_eq!(status("/metrics?1234567890_", "", "")?, "200");
    assert_eq!(status("/metrics?1234567890__", "", "")?, "414");
    assert_eq!(status("/metrics", "Content-Length: 10\r\n", "0123456789")?, "200");
    assert_eq!(status("/metrics", "Content-Length: 11\r\n", "0123456789a")?, "413");
    Ok(())
}

#[test]
fn a_body_is_read_and_forgotten_so_that_the_next_request_is_the_next_request() -> Outcome {
    let server = server()?;
    let body = "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n";
    let first = format!("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let last = request("GET", "/metrics", "");
    assert_eq!(statuses(server.addr(), format!("{first}{first}{last}").as_bytes())?, ["200", "200", "200"]);

    // One that is too long is not read: nothing after it is a request.
    let long =
        format!("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    assert_eq!(statuses(server.addr(), format!("{long}{last}").as_bytes())?, ["413"]);
    Ok(())
}

#[test]
fn a_client_that_is_slow_with_its_header_or_body_is_disconnected_however_it_trickles() -> Outcome {
    let timeout = Duration::from_secs(1);
    let server = exporter()?.server().header_timeout(timeout).serve("127.0.0.1:0")?;
    let begin = Instant::now();
    let beginnings = [
        "",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nX",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
    ];
    let mut streams = Vec::new();
    for n in 0..201 {
        let mut stream = connect(server.addr())?;
        stream.write_all(beginnings[n % 3].as_bytes())?;
        stream.set_nonblocking(true)?;
        streams.push(stream);
    }
    let mut scrapes = Vec::new();
    while !streams.is_empty() {
        assert!(begin.elapsed() < timeout * 30, "{} are still connected", streams.len());
        streams.retain_mut(|stream| {
            // A byte now and then does not help: the deadline is that of the whole.
            let _ = stream.write(b"a");
            match stream.read(&mut [0]) {
                Ok(length) => assert_eq!(length, 0, "nothing is answered"),
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
            false
        });
        let scrape = Instant::now();
        assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, EXPOSITION);
        scrapes.push(scrape.elapsed());
        std::thread::sleep(timeout / 50);
    }
    assert!(begin.elapsed() >= timeout, "somebody was disconnected too early");
    scrapes.sort();
    // `ci/endpoint.sh` has the 99th percentile.
    assert!(scrapes[scrapes.len() / 2] < Duration::from_millis(250), "{scrapes:?}");
    Ok(())
}

#[test]
fn a_client_that_keeps_its_connection_may_pause_between_requests_but_not_for_ever() -> Outcome {
    let timeout = Duration::from_millis(1_500);
    let server = exporter()?.server().header_timeout(timeout).serve("127.0.0.1:0")?;
    let mut stream = connect(server.addr())?;
    // Longer in all than the deadline, which begins anew with each answer.
    let begin = Instant::now();
    while begin.elapsed() < timeout * 2 {
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\nok\n") {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece)?;
            assert!(length > 0, "closed after {:?}", begin.elapsed());
            seen.extend_from_slice(&piece[..length]);
        }
        std::thread::sleep(timeout / 20);
    }
    assert_eq!(rest(&mut stream)?, b"");
    Ok(())
}

#[test]
fn requests_that_come_at_once_are_answered_in_their_order() -> Outcome {
    let server = server()?;
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let bytes = one("/health") + &one("/metrics") + &one("/nope") + &request("GET", "/health", "");
    assert_eq!(statuses(server.addr(), bytes.as_bytes())?, ["200", "200", "404", "200"]);
    let mut stream = connect(server.addr())?;
    stream.write_all(request("HEAD", "/metrics", "").as_bytes())?;
    assert!(Answer::parse(&rest(&mut stream)?)?.bytes.is_empty());
    Ok(())
}
