//! The endpoint, as a client on a raw socket sees it.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::time::Duration;

use tachometer::RegisterError;
use tachometer_prometheus::Exporter;

use common::{EXPOSITION, Gate, Outcome, ask, connect, plain, server};

#[test]
fn get_gives_the_exposition() -> Outcome {
    let server = server()?;
    let answer = ask(server.addr(), "GET", "/metrics")?;
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some(EXPOSITION.len().to_string().as_str()));
    assert_eq!(answer.body, EXPOSITION);
    // A query does not change the path.
    assert_eq!(ask(server.addr(), "GET", "/metrics?debug=1")?.body, EXPOSITION);
    Ok(())
}

#[test]
fn head_gives_the_same_head_without_a_body() -> Outcome {
    let server = server()?;
    for path in ["/metrics", "/"] {
        let (get, head) = (ask(server.addr(), "GET", path)?, ask(server.addr(), "HEAD", path)?);
        assert_eq!(head.status, "HTTP/1.1 200 OK");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), get.header("content-length"));
        assert!(get.header("content-length").is_some());
        assert_eq!(head.body, "");
    }
    Ok(())
}

#[test]
fn the_index_leads_to_the_metrics() -> Outcome {
    let server = server()?;
    let answer = ask(server.addr(), "GET", "/")?;
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.body.contains("<a href=\"/metrics\">"));
    Ok(())
}

#[test]
fn other_paths_and_methods_are_refused() -> Outcome {
    let server = server()?;
    for path in ["/nope", "/metrics/", "/metricsx", "//metrics"] {
        for method in ["GET", "POST"] {
            assert_eq!(ask(server.addr(), method, path)?.status, "HTTP/1.1 404 Not Found", "{path}");
        }
    }
    for path in ["/", "/metrics"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            let answer = ask(server.addr(), method, path)?;
            assert_eq!(answer.status, "HTTP/1.1 405 Method Not Allowed", "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
    Ok(())
}

#[test]
fn a_connection_serves_several_requests() -> Outcome {
    let server = server()?;
    let mut stream = connect(server.addr())?;
    let mut seen = Vec::new();
    for _ in 0..3 {
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")?;
        seen.clear();
        while !seen.ends_with(EXPOSITION.as_bytes()) {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece)?;
            assert!(length > 0, "closed after {:?}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&piece[..length]);
        }
    }
    Ok(())
}

#[test]
fn a_taken_port_is_an_error_at_start() -> Outcome {
    let first = server()?;
    assert_ne!(first.addr().port(), 0);
    let error = Exporter::new(&plain()).serve(first.addr()).expect_err("the port is taken");
    assert!(error.is_address_in_use() && !error.is_bad_address());
    let message = error.to_string();
    assert!(
        message.contains(&first.addr().to_string()) && message.contains("give another port"),
        "{message}"
    );

    // Once the first one is down, its port is free at once.
    let addr = first.addr();
    first.shutdown();
    Exporter::new(&plain()).serve(addr)?.shutdown();
    Ok(())
}

#[test]
fn a_bad_address_is_an_error_at_start() {
    let exporter = Exporter::new(&plain());
    for addr in ["", "9464", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:99999", "not a host:1"] {
        let error = exporter.serve(addr).expect_err("not an address");
        assert!(error.is_bad_address() && !error.is_address_in_use(), "{error}");
        assert!(error.to_string().starts_with(&format!("{addr:?} is not an address")), "{error}");
        assert!(error.to_string().ends_with("such as 127.0.0.1:9464"), "{error}");
    }
    // 192.0.2.0/24 is for documents; no machine has an address from it.
    let error = exporter.serve("192.0.2.1:0").expect_err("not an address of this machine");
    assert!(!error.is_bad_address() && !error.is_address_in_use(), "{error}");
    assert!(error.to_string().contains("give an address of this machine"), "{error}");
}

#[test]
fn slow_clients_and_slow_callbacks_hold_nobody_up() -> Outcome {
    let registry = plain();
    let gate = Gate::register(&registry)?;
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    let addr = server.addr();

    // One client that says nothing, one that stops within its header, and a scrape that hangs in its callback.
    let _silent = connect(addr)?;
    let mut slow = connect(addr)?;
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHos")?;
    let mut scrape = connect(addr)?;
    scrape.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    gate.await_scrape()?;

    assert_eq!(ask(addr, "GET", "/")?.status, "HTTP/1.1 200 OK");
    gate.release()?;
    let mut answer = String::new();
    scrape.read_to_string(&mut answer)?;
    assert!(answer.ends_with("\nslow 1\n"), "{answer}");
    Ok(())
}

#[test]
fn shutdown_closes_idle_connections_and_finishes_answers() -> Outcome {
    let registry = plain();
    let (entered, has_entered) = mpsc::sync_channel(1);
    let entered = std::sync::Mutex::new(entered);
    registry.gauge_fn("slow", "Takes a while.", move || {
        let _ = entered.lock().expect("no panic here").send(());
        std::thread::sleep(Duration::from_millis(200));
        1.0
    })?;
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    let addr = server.addr();
    let mut idle = connect(addr)?;
    let mut scrape = connect(addr)?;
    scrape.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")?;
    has_entered.recv()?;

    server.shutdown();
    let (mut answer, mut nothing) = (String::new(), String::new());
    scrape.read_to_string(&mut answer)?;
    assert!(answer.ends_with("\nslow 1\n"), "{answer}");
    assert_eq!(idle.read_to_string(&mut nothing).unwrap_or(0), 0);
    assert!(TcpStream::connect(addr).is_err());
    Ok(())
}

#[test]
fn what_is_registered_while_it_serves_is_served() -> Outcome {
    let registry = plain();
    let server = Exporter::new(&registry).serve("localhost:0")?;
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, "");
    let register = || -> Result<(), RegisterError> {
        registry.counter("late_total", "Late.")?.add(u64::MAX);
        Ok(())
    };
    register()?;
    assert!(ask(server.addr(), "GET", "/metrics")?.body.ends_with("\nlate_total 18446744073709551615\n"));
    Ok(())
}

#[test]
fn a_callback_that_panics_a_thousand_times_costs_its_own_series_and_every_answer_is_200() -> Outcome {
    let registry = plain();
    for number in 0_u8..10 {
        let callback = move || {
            if number == 4 {
                // A panic without a message.
                resume_unwind(Box::new("on purpose"));
            }
            f64::from(number)
        };
        registry.gauge_fn(&format!("level_{number}"), "Level.", callback)?;
    }
    let expected: String = (0..10)
        .filter(|number| *number != 4)
        .map(|number| {
            format!("# HELP level_{number} Level.\n# TYPE level_{number} gauge\nlevel_{number} {number}\n")
        })
        .collect();
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    for scrape in 1..=1_000 {
        let answer = ask(server.addr(), "GET", "/metrics")?;
        assert_eq!((&*answer.status, &*answer.body), ("HTTP/1.1 200 OK", &*expected));
        assert_eq!(registry.callback_errors(), scrape);
    }
    Ok(())
}
