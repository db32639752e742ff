//! What the endpoint says of itself.

mod common;

use std::io::Write;

use tachometer::{Registry, Snapshot};
use tachometer_prometheus::Exporter;

use common::{Large, Outcome, ask, connect, plain, request, rest, talk, until};

/// The value of a counter of the endpoint, in a registry with prefix `shop`.
fn count(snapshot: &Snapshot, name: &str, label: (&str, &str)) -> Option<u64> {
    snapshot.counter(name, &[label, ("registry", "shop")])
}

#[test]
fn each_scrape_is_counted_in_the_next_by_format() -> Outcome {
    let registry = Registry::builder().namespace("shop").build()?;
    registry.gauge("queue_size", "Records waiting.")?.set(7.0);
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    let first = ask(server.addr(), "GET", "/metrics")?;
    assert!(
        first.body.contains("\ntachometer_scrape_bytes_total{format=\"text\",registry=\"shop\"} 0\n"),
        "{}",
        first.body
    );
    let second = ask(server.addr(), "GET", "/metrics")?;
    let bytes = format!(
        "\ntachometer_scrape_bytes_total{{format=\"text\",registry=\"shop\"}} {}\n",
        first.bytes.len()
    );
    assert!(second.body.contains(&bytes), "{}", second.body);
    assert!(
        second
            .body
            .contains("\ntachometer_scrape_duration_seconds_count{format=\"text\",registry=\"shop\"} 1\n")
    );

    let zipped = talk(
        server.addr(),
        request("GET", "/metrics", "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n"),
    )?;
    let json = ask(server.addr(), "GET", "/snapshot.json")?;
    let snapshot = registry.snapshot();
    let sent = |format| count(&snapshot, "tachometer_scrape_bytes_total", ("format", format));
    assert_eq!(sent("text"), Some((first.bytes.len() + second.bytes.len()) as u64));
    assert_eq!(sent("openmetrics"), Some(zipped.bytes.len() as u64), "as it is sent");
    assert_eq!(sent("json"), Some(json.bytes.len() as u64));
    let seconds =
        snapshot.histogram("tachometer_scrape_duration_seconds", &[("format", "text"), ("registry", "shop")]);
    assert_eq!(seconds.map(|seconds| seconds.count()), Some(2));
    // Of HEAD no bytes are sent.
    ask(server.addr(), "HEAD", "/snapshot.json")?;
    let sent = count(&registry.snapshot(), "tachometer_scrape_bytes_total", ("format", "json"));
    assert_eq!(sent, Some(json.bytes.len() as u64));
    // What is no scrape is not counted.
    ask(server.addr(), "GET", "/health")?;
    ask(server.addr(), "GET", "/nope")?;
    assert_eq!(
        count(&registry.snapshot(), "tachometer_scrapes_refused_total", ("reason", "request")),
        Some(0)
    );
    Ok(())
}

#[test]
fn refusals_and_errors_are_counted_by_reason() -> Outcome {
    let large = Large::new(10 << 20)?;
    let registry = Registry::builder().namespace("shop").build()?;
    let exporter = Exporter::new(&registry).and(&large.registry)?;
    let timeout = std::time::Duration::from_millis(300);
    let options = exporter.server().header_timeout(timeout).write_timeout(timeout);
    let server = options.clone().serve("127.0.0.1:0")?;
    let refused =
        |reason| count(&registry.snapshot(), "tachometer_scrapes_refused_total", ("reason", reason));
    let failed = |reason| count(&registry.snapshot(), "tachometer_scrape_errors_total", ("reason", reason));

    talk(server.addr(), "GET /metrics HTTP/1.1\r\n\r\n")?;
    assert_eq!(refused("request"), Some(1));
    // hyper cannot read this one.
    talk(server.addr(), "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n")?;
    until(|| refused("request") == Some(2));
    let elsewhere = options.clone().allow("192.0.2.1")?.serve("127.0.0.1:0")?;
    ask(elsewhere.addr(), "GET", "/metrics")?;
    assert_eq!(refused("network"), Some(1));
    let mut slow = connect(server.addr())?;
    slow.write_all(b"GET")?;
    rest(&mut slow)?;
    // An idle connection is no error.
    rest(&mut connect(server.addr())?)?;
    until(|| failed("header_timeout") == Some(1));
    let mut slow = connect(server.addr())?;
    slow.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    until(|| failed("write_timeout") == Some(1));
    let one = options.max_connections(1).header_timeout(timeout * 100).serve("127.0.0.1:0")?;
    let mut first = connect(one.addr())?;
    first.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")?;
    std::io::Read::read_exact(&mut first, &mut [0])?;
    ask(one.addr(), "GET", "/metrics")?;
    assert_eq!(refused("connections"), Some(1));
    assert_eq!((failed("header_timeout"), failed("accept"), failed("render")), (Some(1), Some(0), Some(0)));
    Ok(())
}

#[test]
fn without_self_metrics_the_endpoint_adds_none() -> Outcome {
    let registry = plain();
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, "");
    assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, "");
    Ok(())
}
