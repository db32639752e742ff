//! What `/metrics` and `/snapshot.json` contain, as the client asks.

mod common;

use std::io::Read;

use flate2::read::GzDecoder;
use tachometer::{Buckets, Registry};
use tachometer_prometheus::{Exporter, encode};

use common::{Answer, Large, Outcome, ask, plain, request, talk};

fn inflate(answer: &Answer) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    GzDecoder::new(&*answer.bytes).read_to_end(&mut text).map(|_| text)
}

#[test]
fn gzip_inflates_to_the_plain_bytes_and_both_say_what_they_vary_by() -> Outcome {
    // Several chunks.
    let large = Large::new(300_000)?;
    let server = Exporter::new(&large.registry).serve("127.0.0.1:0")?;
    for value in [1.0, 2.0] {
        large.change(value);
        let plain = ask(server.addr(), "GET", "/metrics")?;
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            (None, Some("Accept, Accept-Encoding"))
        );
        assert!(plain.is_whole() && plain.bytes.len() > 300_000);
        for accept in ["gzip", "GZIP", "br, gzip;q=0.2", "*"] {
            let headers = format!("Accept-Encoding: {accept}\r\n");
            let zipped = talk(server.addr(), request("GET", "/metrics", &headers))?;
            assert_eq!(zipped.header("content-encoding"), Some("gzip"), "{accept}");
            assert_eq!(zipped.header("vary"), Some("Accept, Accept-Encoding"));
            assert_eq!(zipped.header("content-type"), plain.header("content-type"));
            assert!(zipped.is_whole() && zipped.bytes.len() < plain.bytes.len() / 10);
            assert!(inflate(&zipped)? == plain.bytes);
            let head = talk(server.addr(), request("HEAD", "/metrics", &headers))?;
            let all = |answer: &Answer| {
                answer
                    .headers
                    .lines()
                    .filter(|line| !line.starts_with("date"))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!((all(&head), head.bytes.len()), (all(&zipped), 0));
        }
        for accept in ["gzip;q=0", "identity;q=0", "br", "identity, gzip;q=0.5", ""] {
            let answer =
                talk(server.addr(), request("GET", "/metrics", &format!("Accept-Encoding: {accept}\r\n")))?;
            assert_eq!(answer.header("content-encoding"), None, "{accept}");
            assert!(answer.bytes == plain.bytes);
        }
    }
    Ok(())
}

#[test]
fn the_format_is_the_one_that_the_client_prefers() -> Outcome {
    let server = common::server()?;
    let get = |headers: &str| talk(server.addr(), request("GET", "/metrics", headers));
    let prometheus =
        "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n";
    let answer = get(prometheus)?;
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(
        answer.body.ends_with("queue_size 7.0\n# EOF\n") || answer.body.ends_with("queue_size 7\n# EOF\n")
    );
    assert_eq!(get("Accept: image/png\r\n")?.body, common::EXPOSITION, "nobody is turned away");
    // A header in two lines is one list.
    let answer = get("Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n")?;
    assert!(answer.body.ends_with("# EOF\n"));
    Ok(())
}

#[test]
fn families_can_be_chosen_by_the_beginnings_of_their_names() -> Outcome {
    let registry = plain();
    for name in ["http_requests", "http_errors", "queue_size", "zeal"] {
        registry.gauge(name, "Help.")?.set(1.0);
    }
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    let names = |query: &str| -> Result<String, Box<dyn std::error::Error>> {
        let body = ask(server.addr(), "GET", &format!("/metrics{query}"))?.body;
        let names: Vec<&str> = body.lines().filter_map(|line| line.strip_suffix(" 1")).collect();
        Ok(names.join(" "))
    };
    assert_eq!(names("")?, "http_errors http_requests queue_size zeal");
    assert_eq!(names("?name[]=http_")?, "http_errors http_requests");
    assert_eq!(names("?name[]=http_r&name[]=zeal")?, "http_requests zeal");
    assert_eq!(names("?name%5B%5D=%68ttp_e&other=x")?, "http_errors");
    assert_eq!(names("?name[]=nope")?, "");
    assert_eq!(names("?name[]=")?, "http_errors http_requests queue_size zeal");
    assert_eq!(names("?name=zeal")?, "http_errors http_requests queue_size zeal");
    assert_eq!(names("")?, "http_errors http_requests queue_size zeal");
    Ok(())
}

#[test]
fn health_is_ok_without_a_snapshot() -> Outcome {
    let registry = plain();
    registry.gauge_fn("never", "Not asked.", || panic!("a snapshot was taken"))?;
    let server = Exporter::new(&registry).serve("127.0.0.1:0")?;
    let answer = ask(server.addr(), "GET", "/health")?;
    assert_eq!((&*answer.status, &*answer.body), ("HTTP/1.1 200 OK", "ok\n"));
    assert_eq!(registry.callback_errors(), 0);
    Ok(())
}

#[test]
fn the_snapshot_as_json_has_everything_and_keeps_numbers_that_json_does_not_have() -> Outcome {
    let registry = Registry::builder().namespace("shop").label("env", "a\"b").self_metrics(false).build()?;
    let total = registry.counter("orders_total", "Orders.")?;
    total.add(u64::MAX);
    registry.gauge("load", "Load.")?.set(f64::NAN);
    registry.gauge("limit", "Limit.")?.set(f64::INFINITY);
    registry.up_down_counter("depth", "Depth.")?.add(-3);
    let delay = registry.histogram_with("delay_seconds", "Delay.", Buckets::explicit([0.5, 1.0]))?;
    [0.25, 0.75, 9.0].iter().for_each(|value| delay.observe(*value));
    registry.info("build", "Build.", [("version", "1.2")])?;
    let server = Exporter::new(&registry).and(&plain())?.serve("127.0.0.1:0")?;

    let answer = ask(server.addr(), "GET", "/snapshot.json")?;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.is_whole());
    let json: serde_json::Value = serde_json::from_str(&answer.body)?;
    let expected: serde_json::Value = serde_json::from_str(
        r#"{"registries": [[
            {"name": "shop_build", "kind": "info", "help": "Build.", "unit": null,
             "series": [{"labels": {"env": "a\"b", "version": "1.2"}}]},
            {"name": "shop_delay_seconds", "kind": "histogram", "help": "Delay.", "unit": null,
             "series": [{"labels": {"env": "a\"b"}, "buckets": [[0.5, 1], [1.0, 2], ["+Inf", 3]],
                         "sum": 10.0, "count": 3}]},
            {"name": "shop_depth", "kind": "gauge", "help": "Depth.", "unit": null,
             "series": [{"labels": {"env": "a\"b"}, "value": -3}]},
            {"name": "shop_limit", "kind": "gauge", "help": "Limit.", "unit": null,
             "series": [{"labels": {"env": "a\"b"}, "value": "+Inf"}]},
            {"name": "shop_load", "kind": "gauge", "help": "Load.", "unit": null,
             "series": [{"labels": {"env": "a\"b"}, "value": "NaN"}]},
            {"name": "shop_orders_total", "kind": "counter", "help": "Orders.", "unit": null,
             "series": [{"labels": {"env": "a\"b"}, "value": "18446744073709551615"}]}
        ], []]}"#,
    )?;
    assert_eq!(json, expected, "{}", answer.body);
    // The exposition is another matter.
    assert!(
        encode(&registry.snapshot()).contains("shop_orders_total{env=\"a\\\"b\"} 18446744073709551615\n")
    );
    Ok(())
}
