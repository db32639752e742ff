//! What arrives at an agent's socket, taken apart: exactly what was recorded.
#![forbid(unsafe_code)]

use std::{
    io,
    net::UdpSocket,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use cadence::{MetricSink, NopMetricSink, StatsdClient, UdpMetricSink};
use tachometer::collector::{MetricId, MetricsCollector};
use tachometer_dogstatsd::{DogStatsdCollector, MAX_LEVELS, Producer};

static EVENTS: MetricId = MetricId::counter("shop:events_total", "Events.", &["type", "place"]);
static LEVEL: MetricId = MetricId::gauge("level", "A level.", &["place"]);
static SIZE: MetricId = MetricId::histogram("size", "Sizes.", &[]);

/// A collector, and the socket to which it sends.
fn collector() -> (Arc<DogStatsdCollector>, Agent) {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sink = UdpMetricSink::from(agent.local_addr().unwrap(), socket).unwrap();
    let client = StatsdClient::from_sink("app", sink);
    (Arc::new(DogStatsdCollector::new(client)), Agent(agent))
}

struct Agent(UdpSocket);

impl Agent {
    /// The next datagrams, this many. Gives up after some seconds.
    fn receive(&self, count: usize) -> Vec<Datagram> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut buffer = [0; 2_048];
        (0..count)
            .map(|received| {
                let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
                self.0.set_read_timeout(Some(left)).unwrap();
                let length = self.0.recv(&mut buffer).unwrap_or_else(|error| {
                    panic!("{received} of {count} datagrams arrived: {error}");
                });
                Datagram::parse(std::str::from_utf8(&buffer[..length]).unwrap())
            })
            .collect()
    }

    /// That nothing is left.
    fn assert_silent(&self) {
        self.0.set_nonblocking(true).unwrap();
        let error = self.0.recv(&mut [0; 2_048]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}

/// `name:value|type|#tag:value,...`
#[derive(Debug, PartialEq)]
struct Datagram {
    name: String,
    value: f64,
    kind: String,
    tags: Vec<(String, String)>,
}

impl Datagram {
    fn parse(text: &str) -> Self {
        let mut parts = text.split('|');
        let (name, value) = parts.next().unwrap().split_once(':').unwrap();
        let kind = parts.next().unwrap().to_owned();
        let tags = parts.next().map_or(Vec::new(), |tags| {
            let tags = tags.strip_prefix('#').unwrap().split(',');
            tags.map(|tag| tag.split_once(':').unwrap())
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        });
        assert_eq!(parts.next(), None, "{text}");
        Self { name: name.into(), value: value.parse().unwrap(), kind, tags }
    }

    fn new(name: &str, value: f64, kind: &str, tags: &[(&str, &str)]) -> Self {
        let tags = tags.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { name: name.into(), value, kind: kind.into(), tags }
    }
}

#[test]
fn a_producer_s_metrics_arrive_with_their_kinds_values_and_tags() {
    let (collector, agent) = collector();
    let mut producer = Producer::new("orders", collector.clone());
    producer.put("hello");
    producer.put("metrics");
    producer.flush();
    assert_eq!(producer.sent(), ["hello", "metrics"]);
    drop(producer);

    let mut datagrams = agent.receive(9);
    let flush = datagrams.remove(7);
    let tags = [("stream_name", "orders")];
    let gauge = |name, value| Datagram::new(name, value, "g", &tags);
    assert_eq!(
        datagrams,
        [
            gauge("app.producers_active", 1.0),
            gauge("app.producer_queue_size", 1.0),
            gauge("app.producer_queue_size", 2.0),
            Datagram::new("app.producer_batch_size", 2.0, "h", &tags),
            Datagram::new("app.producer_records_sent", 2.0, "c", &tags),
            Datagram::new("app.producer_bytes_sent", 12.0, "c", &tags),
            gauge("app.producer_queue_size", 0.0),
            gauge("app.producers_active", 0.0),
        ]
    );
    assert_eq!((&*flush.name, &*flush.kind), ("app.producer_flush_duration_seconds", "h"));
    assert!(flush.value >= 0.0 && flush.value < 10.0, "{flush:?}");
    agent.assert_silent();
    assert_eq!(collector.lost(), 0);
}

#[test]
fn names_and_tags_hold_nothing_that_would_cut_the_datagram() {
    let (collector, agent) = collector();
    collector.increment(&EVENTS, 2.5, &["a|b,c#d\ne", "host:80"]);
    collector.increment(&EVENTS, 1.0, &["", "shop"]);
    collector.increment(&EVENTS, 1e18, &["late"]);
    collector.histogram(&SIZE, 0.001, &[]);
    assert_eq!(
        agent.receive(4),
        [
            Datagram::new("app.shop.events", 2.5, "c", &[("type", "a_b_c_d_e"), ("place", "host:80")]),
            Datagram::new("app.shop.events", 1.0, "c", &[("place", "shop")]),
            Datagram::new("app.shop.events", 1e18, "c", &[("type", "late")]),
            Datagram::new("app.size", 0.001, "h", &[]),
        ]
    );
    agent.assert_silent();
}

#[test]
fn levels_that_threads_change_arrive_in_order_and_the_last_one_is_the_sum() {
    let (collector, agent) = collector();
    collector.gauge(&LEVEL, 10.0, &["bank"]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20).for_each(|_| collector.add_to_gauge(&LEVEL, 0.5, &["bank"])));
        }
    });
    collector.add_to_gauge(&LEVEL, -3.0, &["shop"]);
    let datagrams = agent.receive(82);
    for (step, datagram) in datagrams[..81].iter().enumerate() {
        let level = 10.0 + step as f64 / 2.0;
        assert_eq!(*datagram, Datagram::new("app.level", level, "g", &[("place", "bank")]));
    }
    assert_eq!(datagrams[81], Datagram::new("app.level", -3.0, "g", &[("place", "shop")]));
    agent.assert_silent();
}

#[test]
fn what_is_no_number_is_lost_and_counted() {
    let (collector, agent) = collector();
    collector.increment(&EVENTS, -1.0, &[]);
    collector.increment(&EVENTS, f64::NAN, &[]);
    collector.gauge(&LEVEL, f64::INFINITY, &[]);
    collector.add_to_gauge(&LEVEL, f64::NAN, &[]);
    collector.histogram(&SIZE, f64::NEG_INFINITY, &[]);
    assert_eq!(collector.lost(), 5);
    collector.add_to_gauge(&LEVEL, 1.0, &[]);
    assert_eq!(agent.receive(1), [Datagram::new("app.level", 1.0, "g", &[])]);
    agent.assert_silent();
}

#[test]
fn what_the_sink_refuses_is_lost_and_counted() {
    struct Full;

    impl MetricSink for Full {
        fn emit(&self, _: &str) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    let collector = DogStatsdCollector::new(StatsdClient::from_sink("app", Full));
    collector.increment(&EVENTS, 1.0, &[]);
    collector.gauge(&LEVEL, 1.0, &[]);
    assert_eq!(collector.lost(), 2);
}

#[test]
fn levels_are_kept_for_so_many_series_and_no_more() {
    let collector = DogStatsdCollector::new(StatsdClient::from_sink("app", NopMetricSink));
    for place in 0..MAX_LEVELS + 3 {
        collector.add_to_gauge(&LEVEL, 1.0, &[&place.to_string()]);
    }
    assert_eq!(collector.lost(), 3);
    collector.add_to_gauge(&LEVEL, 1.0, &["0"]);
    assert_eq!(collector.lost(), 3, "those that are kept go on");
}
