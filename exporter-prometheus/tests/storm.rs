//! A thousand scrapers at once. Alone in its process, whose memory and threads are counted.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use tachometer::Registry;
use tachometer_prometheus::Exporter;

use common::{Answer, Outcome, connect, held, request, resident, rest};

const SCRAPERS: usize = 1_000;
const ROUNDS: usize = 2;

#[test]
fn a_thousand_scrapers_at_once_get_whole_answers_or_503_and_cost_little_memory_and_few_threads() -> Outcome {
    let registry = Registry::builder().self_metrics(false).max_series_per_family(20_000).build()?;
    let family = registry.counter_family("requests_total", "Requests.", ["path"])?;
    let counters =
        (0..10_000).map(|n| family.with([("path", &*format!("/{n}"))])).collect::<Result<Vec<_>, _>>()?;
    let exporter = Exporter::new(&registry);
    let _ = exporter.render_body();
    let (threads, _) = held()?;
    let server = exporter.server().max_scrapes(4).serve("127.0.0.1:0")?;
    let before = resident();
    let (mut most, mut most_threads) = (0, 0);
    for _ in 0..ROUNDS {
        counters.iter().for_each(|counter| counter.inc());
        // All connect before one asks.
        let mut streams =
            (0..SCRAPERS).map(|_| connect(server.addr())).collect::<Result<Vec<TcpStream>, _>>()?;
        let readers: usize = 2;
        thread::scope(|scope| {
            let work =
                streams.chunks_mut(SCRAPERS / readers).map(|streams| scope.spawn(|| scrape_all(streams)));
            let work: Vec<_> = work.collect();
            work.into_iter()
                .try_for_each(|reader| reader.join().expect("no panic").map_err(|error| error.to_string()))
        })?;
        most = most.max(resident());
        most_threads = most_threads.max(held()?.0);
    }
    let growth = most.saturating_sub(before) >> 20;
    assert!(growth < 64, "{growth} MiB");
    // One accepts, and four render.
    assert!(most_threads <= threads + 5, "{most_threads} threads, {threads} before");
    Ok(())
}

/// All ask, then all read: each answer is whole and valid, or says that there are too many.
fn scrape_all(streams: &mut [TcpStream]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for stream in &mut *streams {
        stream.write_all(request("GET", "/metrics", "").as_bytes())?;
    }
    let mut seen = Vec::new();
    for stream in streams {
        let answer = Answer::parse(&rest(stream)?).map_err(|error| error.to_string())?;
        match &*answer.status {
            "HTTP/1.1 200 OK" => {
                assert!(answer.is_whole());
                // Those who share a collection have the same bytes.
                if answer.bytes != seen {
                    assert_eq!(answer.body.lines().count(), 10_002);
                    let is_valid = |line: &str| line.starts_with("requests_total{path=\"/");
                    assert!(answer.body.lines().skip(2).all(is_valid));
                    seen = answer.bytes;
                }
            }
            "HTTP/1.1 503 Service Unavailable" => assert_eq!(answer.header("retry-after"), Some("1")),
            other => panic!("{other}"),
        }
        assert_eq!(stream.read(&mut [0])?, 0);
    }
    Ok(())
}
