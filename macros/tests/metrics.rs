//! `#[derive(Metrics)]`: what a struct registers, and under which names.
#![forbid(unsafe_code)]

use tachometer::{
    Buckets, Counter, DynamicFamily, Family, FloatCounter, Gauge, Histogram, Instrument, LabelValue, Labels,
    Metric, MetricKind, Metrics, RegisterError, RegisterErrorReason as Reason, Registry, SignalCounter,
    Snapshot, StateSet, UpDownCounter,
};

/// A registry without self-metrics: with what a test puts in and nothing else.
fn plain() -> Registry {
    Registry::builder().self_metrics(false).build().unwrap()
}

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Clone, Labels)]
struct Stream {
    stream_name: String,
}

impl Stream {
    fn new(name: &str) -> Self {
        Self { stream_name: name.into() }
    }
}

#[derive(Metrics)]
#[metrics(prefix = "producer", common = Stream)]
struct ProducerMetrics {
    /// Records sent.
    #[metric(label = "status")]
    records_sent_total: Family<Status, Counter>,
    /// Time to flush records.
    #[metric(buckets = Buckets::exponential(0.001, 2.0, 14), unit = "seconds")]
    flush_duration_seconds: Histogram,
    /// Current queue size.
    #[metric(name = "queue_length", absent_until_set)]
    queue_size: Gauge,
    #[metrics(nested)]
    retries: RetryMetrics,
}

#[derive(Metrics)]
#[metrics(prefix = "retry")]
struct RetryMetrics {
    /// Retries, by status and whether they were the last.
    #[metric(labels("status", "last"), unit = "retries")]
    retries_total: Family<(Status, bool), Counter>,
}

/// The same by hand.
struct ByHand {
    records_sent_total: Family<Status, Counter>,
    flush_duration_seconds: Histogram,
    queue_size: Gauge,
    retries_total: Family<(Status, bool), Counter>,
}

impl Metrics for ByHand {
    type Common = Stream;

    fn register(registry: &Registry, common: Stream) -> Result<Self, RegisterError> {
        let registry = registry.child("producer", &common)?;
        let retry = registry.child("retry", &())?;
        Ok(Self {
            records_sent_total: registry
                .declare("records_sent_total", "Records sent.")
                .label("status")
                .register()?,
            flush_duration_seconds: registry
                .declare("flush_duration_seconds", "Time to flush records.")
                .unit("seconds")
                .buckets(Buckets::exponential(0.001, 2.0, 14))
                .register()?,
            queue_size: registry
                .declare("queue_length", "Current queue size.")
                .absent_until_set()
                .register()?,
            retries_total: retry
                .declare("retries_total", "Retries, by status and whether they were the last.")
                .unit("retries")
                .labels(["status", "last"])
                .register()?,
        })
    }
}

fn registry() -> Registry {
    Registry::builder().self_metrics(false).namespace("shop").label("env", "prod").build().unwrap()
}

#[test]
fn without_the_derive_the_snapshot_is_the_same() {
    let (derived, by_hand) = (registry(), registry());
    for stream in ["orders", "clicks"] {
        let metrics: ProducerMetrics = derived.register(Stream::new(stream)).unwrap();
        let same: ByHand = by_hand.register(Stream::new(stream)).unwrap();
        assert_eq!(derived.snapshot(), by_hand.snapshot());
        metrics.records_sent_total[Status::Ok].add(500);
        same.records_sent_total[Status::Ok].add(500);
        metrics.flush_duration_seconds.observe(0.5);
        same.flush_duration_seconds.observe(0.5);
        metrics.queue_size.set(3.0);
        same.queue_size.set(3.0);
        metrics.retries.retries_total[(Status::Failed, true)].inc();
        same.retries_total[(Status::Failed, true)].inc();
        assert_eq!(derived.snapshot(), by_hand.snapshot());
    }
    let labels = [("env", "prod"), ("stream_name", "orders"), ("status", "failed"), ("last", "true")];
    assert_eq!(derived.snapshot().counter("shop_producer_retry_retries_total", &labels), Some(1));
}

#[test]
fn instances_with_different_common_labels_share_a_registry() {
    let registry = plain();
    let orders = registry.register::<ProducerMetrics>(Stream::new("orders")).unwrap();
    let clicks = registry.register::<ProducerMetrics>(Stream::new("clicks")).unwrap();
    let orders_again = registry.register::<ProducerMetrics>(Stream::new("orders")).unwrap();
    orders.records_sent_total[Status::Ok].add(1);
    clicks.records_sent_total[Status::Ok].add(2);
    orders_again.records_sent_total[Status::Ok].add(4);
    let snapshot = registry.snapshot();
    let sent = |stream| {
        snapshot.counter("producer_records_sent_total", &[("status", "ok"), ("stream_name", stream)])
    };
    assert_eq!((sent("orders"), sent("clicks")), (Some(5), Some(2)));
    assert_eq!(snapshot.families().len(), 4, "one of each name, however many instances");
}

#[test]
fn the_first_paragraph_of_the_doc_comment_is_the_help_text() {
    #[derive(Metrics)]
    struct Documented {
        /// Records sent,
        ///  retries included.
        ///
        /// Raised by the sender, once a record is acknowledged.
        lines_total: Counter,
        /** Records in a
         * block comment.
         *
         * More of it.
         */
        block_total: Counter,
        #[doc = "Records of an attribute."]
        attribute_total: Counter,
        /// For those who read the code.
        #[metric(help = "For those who read the dashboard.")]
        given_total: Counter,
        #[metric(help = "")]
        empty_total: Counter,
    }
    let registry = plain();
    let metrics: Documented = registry.register(()).unwrap();
    metrics.lines_total.inc();
    let snapshot = registry.snapshot();
    let help = |name| snapshot.family(name).unwrap().help();
    assert_eq!(help("lines_total"), Some("Records sent, retries included."));
    assert_eq!(help("block_total"), Some("Records in a block comment."));
    assert_eq!(help("attribute_total"), Some("Records of an attribute."));
    assert_eq!(help("given_total"), Some("For those who read the dashboard."));
    assert_eq!(help("empty_total"), Some(""));
    for there in [metrics.block_total, metrics.attribute_total, metrics.given_total, metrics.empty_total] {
        there.inc();
    }
}

#[derive(Labels)]
struct Sent<S = String> {
    stream: S,
    status: Status,
}

/// A handle of the program's own.
struct Ratio(Gauge);

impl Instrument for Ratio {
    fn register(declaration: tachometer::Declaration<'_>) -> Result<Self, RegisterError> {
        declaration.register().map(Self)
    }
}

#[derive(Metrics)]
struct EveryKind {
    /// A counter.
    counter: Counter,
    /// A float counter.
    float_counter: FloatCounter,
    /// An up-down counter.
    up_down_counter: UpDownCounter,
    /// A gauge.
    gauge: Gauge,
    /// A histogram.
    histogram: Histogram,
    /// A signal counter.
    signal_counter: SignalCounter,
    /// A state set.
    state_set: StateSet<Status>,
    /// A family of a struct.
    family: Family<Sent, Counter>,
    /// A family of an open label.
    #[metric(label = "stream")]
    open_family: Family<String, Gauge>,
    /// A family whose labels have names only.
    #[metric(labels("stream", "status"))]
    dynamic: DynamicFamily<Histogram>,
    /// A family without labels.
    plain_dynamic: DynamicFamily<Counter>,
    /// A handle of the program's own.
    #[metric(absent_until_set)]
    ratio: Ratio,
    /// A raw name.
    r#type: Gauge,
}

fn every_kind(registry: &Registry) -> EveryKind {
    let metrics: EveryKind = registry.register(()).unwrap();
    metrics.counter.inc();
    metrics.float_counter.add(0.5);
    metrics.up_down_counter.add(-1);
    metrics.gauge.set(2.0);
    metrics.histogram.observe(0.2);
    metrics.signal_counter.inc();
    metrics.state_set.set(Status::Failed);
    metrics.family.with("orders").unwrap()[Status::Ok].inc();
    metrics.open_family.with("orders").unwrap().set(3.0);
    metrics.dynamic.with([("stream", "orders"), ("status", "ok")]).unwrap().observe(1.0);
    metrics.plain_dynamic.with([]).unwrap().inc();
    metrics.ratio.0.set(0.25);
    metrics.r#type.set(1.0);
    metrics
}

#[test]
fn the_type_of_a_field_is_the_kind_of_its_metric() {
    use MetricKind::{Counter, Gauge, Histogram, StateSet};
    let registry = plain();
    let metrics = every_kind(&registry);
    let snapshot = registry.snapshot();
    let kinds: Vec<_> = snapshot.families().map(|family| (family.name(), family.kind())).collect();
    let expected = [
        ("counter", Counter),
        ("dynamic", Histogram),
        ("family", Counter),
        ("float_counter", Counter),
        ("gauge", Gauge),
        ("histogram", Histogram),
        ("open_family", Gauge),
        ("plain_dynamic", Counter),
        ("ratio", Gauge),
        ("signal_counter", Counter),
        ("state_set", StateSet),
        ("type", Gauge),
        ("up_down_counter", Gauge),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(snapshot.counter("family", &[("stream", "orders"), ("status", "ok")]), Some(1));
    assert_eq!(snapshot.gauge("open_family", &[("stream", "orders")]), Some(3.0));
    assert_eq!(snapshot.gauge("ratio", &[]), Some(0.25));
    assert!(metrics.state_set.is_on(Status::Failed));
}

#[test]
fn a_disabled_registry_registers_nothing_and_its_structs_work() {
    let registry = Registry::disabled();
    every_kind(&registry);
    registry.register::<ProducerMetrics>(Stream::new("orders")).unwrap().records_sent_total[Status::Ok].inc();
    assert_eq!(registry.snapshot(), Snapshot::builder().build().unwrap());
}

#[test]
fn a_struct_may_have_parameters() {
    #[derive(Labels)]
    struct Place<S> {
        zone: S,
        edge: bool,
    }
    #[derive(Metrics)]
    #[metrics(prefix = "cache", common = Place<S>)]
    struct Cache<S, L: Labels, H: Metric, const LEN: usize, N>
    where
        S: Clone,
    {
        /// Hits.
        #[metric(label = "level")]
        hits: Family<L, H>,
        /// By stream.
        #[metric(labels("a", "b"))]
        by_stream: Family<(S, bool), Counter>,
        #[metrics(nested)]
        nested: N,
    }
    let registry = plain();
    let common = Place { zone: String::from("eu"), edge: true };
    let cache: Cache<String, bool, Gauge, 3, RetryMetrics> = registry.register(common).unwrap();
    cache.hits[true].set(1.0);
    cache.by_stream.with("x").unwrap()[false].inc();
    cache.nested.retries_total[(Status::Ok, false)].inc();
    let snapshot = registry.snapshot();
    let common = [("zone", "eu"), ("edge", "true")];
    assert_eq!(snapshot.gauge("cache_hits", &[common[0], common[1], ("level", "true")]), Some(1.0));
    let by_stream = [common[0], common[1], ("a", "x"), ("b", "false")];
    assert_eq!(snapshot.counter("cache_by_stream", &by_stream), Some(1));
}

#[test]
fn the_first_error_of_a_registration_is_returned() {
    #[derive(Debug, Metrics)]
    #[metrics(common = Stream)]
    struct Broken {
        /// Fine.
        #[expect(dead_code, reason = "it is registered, and that is all")]
        fine_total: Counter,
        /// No bounds.
        #[metric(buckets = Buckets::explicit([]))]
        #[expect(dead_code, reason = "it is not registered")]
        broken_seconds: Histogram,
    }
    let registry = plain();
    let error = registry.register::<Broken>(Stream::new("orders")).unwrap_err();
    assert_eq!(error.metric(), "broken_seconds");
    let names: Vec<_> = registry.snapshot().families().map(|family| family.name().to_owned()).collect();
    assert_eq!(names, ["fine_total"], "what came before stays");

    let taken = Registry::builder().self_metrics(false).label("stream_name", "all").build().unwrap();
    let error = taken.register::<Broken>(Stream::new("orders")).unwrap_err();
    assert_eq!(error.reason(), &Reason::DuplicateLabel("stream_name".into()));
}

#[test]
fn an_expression_for_buckets_sees_the_program_and_nothing_of_the_derive() {
    const BOUNDS: [f64; 2] = [1.0, 2.0];
    fn registry(common: [f64; 2]) -> Buckets {
        Buckets::explicit(common).unwrap()
    }
    #[derive(Metrics)]
    struct Sizes {
        /// Sizes.
        #[metric(buckets = registry(BOUNDS))]
        sizes: Histogram,
        /// Sizes of a closure.
        #[metric(buckets = { let width = 2.0; Buckets::explicit([1, 2].map(|step| f64::from(step) * width)) })]
        closure: Histogram,
    }
    let there = plain();
    let sizes: Sizes = there.register(()).unwrap();
    sizes.sizes.observe(1.5);
    sizes.closure.observe(1.5);
    let snapshot = there.snapshot();
    assert_eq!(snapshot.histogram("sizes", &[]).unwrap().bounds(), BOUNDS);
    assert_eq!(snapshot.histogram("closure", &[]).unwrap().bounds(), [2.0, 4.0]);
}
