//! A child registry puts a prefix and labels in front, shares its parent's families, and removes its own series only.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use labels::{Method, Sent, Status};
use plain::plain;
use tachometer::{
    Counter, Family, Gauge, LabelValue, Labels, NO_LABELS, RegisterError, RegisterErrorReason as Reason,
    Registry, StateSet,
    labels::{KeyWriter, LabelDescriber, MAX_LABEL_VALUE_BYTES},
};

#[track_caller]
fn assert_error<T>(result: Result<T, RegisterError>, metric: &str, reason: &Reason) {
    match result {
        Ok(_) => panic!("made, where {reason:?} was expected"),
        Err(error) => assert_eq!((error.metric(), error.reason()), (metric, reason), "{error}"),
    }
}

/// Labels of a component, by a struct.
struct Component<'a> {
    stream_name: &'a str,
    retried: bool,
}

impl Labels for Component<'_> {
    type Shape = ();
    type Open<Rest> = <String as Labels>::Open<<bool as Labels>::Open<Rest>>;
    type Closed<Rest> = <String as Labels>::Closed<<bool as Labels>::Closed<Rest>>;

    const COUNT: usize = 2;

    fn describe(labels: &mut LabelDescriber<'_>) {
        labels.label::<&str>("stream_name");
        labels.label::<bool>("retried");
    }

    fn index(&self) -> usize {
        LabelValue::index(&self.retried)
    }

    fn write(&self, key: &mut KeyWriter) {
        key.push(self.stream_name);
        key.push(&self.retried);
    }
}

#[test]
fn prefixes_and_labels_nest() {
    let registry = Registry::builder()
        .self_metrics(false)
        .namespace("shop")
        .subsystem("web")
        .label("env", "prod")
        .build()
        .unwrap();
    let producer = registry.child("producer", [("stream_name", "orders")]).unwrap();
    let batch = producer.child("batch", [("shard", "7")]).unwrap();
    let same = producer.child("", NO_LABELS).unwrap();
    registry.counter("a_total", "").unwrap().add(1);
    producer.counter("a_total", "").unwrap().add(2);
    batch.counter("a_total", "").unwrap().add(3);
    same.counter("a_total", "").unwrap().add(10);
    batch.counter_family("b_total", "", ["kind"]).unwrap().with([("kind", "x")]).unwrap().add(4);
    let typed: Family<Status, Counter> = batch.declare("c_total", "").label("status").register().unwrap();
    typed[Status::Failed].add(5);
    let component = Component { stream_name: "clicks", retried: true };
    registry.child("by_struct", &component).unwrap().gauge("level", "").unwrap().set(6.0);

    let env = ("env", "prod");
    let (orders, shard) = (("stream_name", "orders"), ("shard", "7"));
    for snapshot in [registry.snapshot(), producer.snapshot(), batch.snapshot()] {
        assert_eq!(snapshot.counter("shop_web_a_total", &[env]), Some(1));
        assert_eq!(snapshot.counter("shop_web_producer_a_total", &[env, orders]), Some(12));
        assert_eq!(snapshot.counter("shop_web_producer_batch_a_total", &[env, orders, shard]), Some(3));
        let labels = [env, orders, shard, ("kind", "x")];
        assert_eq!(snapshot.counter("shop_web_producer_batch_b_total", &labels), Some(4));
        let labels = [env, orders, shard, ("status", "failed")];
        assert_eq!(snapshot.counter("shop_web_producer_batch_c_total", &labels), Some(5));
        let labels = [env, ("stream_name", "clicks"), ("retried", "true")];
        assert_eq!(snapshot.gauge("shop_web_by_struct_level", &labels), Some(6.0));
        assert_eq!(snapshot.families().len(), 6);
    }
}

#[test]
fn children_with_the_same_names_share_families_and_differ_by_values() {
    let registry = plain();
    let [orders, clicks, again] =
        ["orders", "clicks", "orders"].map(|stream| registry.child("p", [("stream_name", stream)]).unwrap());
    let sent = |registry: &Registry| -> Family<Status, Counter> {
        registry.declare("sent_total", "").label("status").register().unwrap()
    };
    sent(&orders)[Status::Ok].add(1);
    sent(&clicks)[Status::Ok].add(2);
    sent(&again)[Status::Ok].add(4);
    let link = |registry: &Registry| registry.declare("link", "").register::<StateSet<Method>>().unwrap();
    link(&clicks).set(Method::Write);
    assert!(link(&orders).is_on(Method::Read) && link(&clicks).is_on(Method::Write));
    for child in [&orders, &clicks] {
        child.info("build", "", [("version", "1.2")]).unwrap();
    }
    // The child's label and the family's own are, together, the labels of a family with both.
    let both: Family<Sent<String>, Counter> = registry.declare("p_sent_total", "").register().unwrap();
    both.with("orders").unwrap()[Status::Ok].add(8);
    let snapshot = registry.snapshot();
    let value = |stream| snapshot.counter("p_sent_total", &[("status", "ok"), ("stream_name", stream)]);
    assert_eq!((value("orders"), value("clicks")), (Some(13), Some(2)));
    assert_eq!(snapshot.family("p_sent_total").unwrap().series().count(), 6);
    assert_eq!(snapshot.family("p_build").unwrap().series().count(), 2);
}

#[test]
fn a_child_removes_its_own_series_only() {
    let registry = plain();
    let [orders, clicks, idle] =
        ["orders", "clicks", "idle"].map(|stream| registry.child("p", [("stream_name", stream)]).unwrap());
    let family = |registry: &Registry| registry.counter_family("sent_total", "", ["kind"]).unwrap();
    let kind = [("kind", "a")];
    let seen =
        |stream| registry.snapshot().counter("p_sent_total", &[("kind", "a"), ("stream_name", stream)]);
    let (of_orders, of_clicks) = (family(&orders), family(&clicks));
    of_orders.with(kind).unwrap().add(1);
    of_clicks.with(kind).unwrap().add(2);
    assert!(of_orders.remove(kind) && !of_orders.remove(kind));
    assert_eq!((seen("orders"), seen("clicks")), (None, Some(2)));
    of_orders.with(kind).unwrap().add(4);
    of_orders.clear();
    assert_eq!((seen("orders"), seen("clicks")), (None, Some(2)));
    of_orders.with(kind).unwrap().add(8);
    assert!(!idle.unregister("sent_total"), "it has never registered it");
    assert!(orders.unregister("sent_total") && !orders.unregister("sent_total"));
    assert_eq!((seen("orders"), seen("clicks")), (None, Some(2)));
    assert!(!registry.unregister("sent_total") && registry.unregister("p_sent_total"));
    assert!(registry.snapshot().family("p_sent_total").is_none());
    assert!(!clicks.unregister("sent_total"));
    family(&clicks).with(kind).unwrap().add(16);
    assert_eq!(seen("clicks"), Some(16));
}

#[test]
fn what_a_child_unregisters_stays_for_the_children_that_have_no_series_in_it_yet() {
    let registry = plain();
    let [first, second] = ["a", "b"].map(|name| registry.child("p", [("child", name)]).unwrap());
    let family = |registry: &Registry| -> Family<String, Counter> {
        registry.declare("sent_total", "").label("kind").register().unwrap()
    };
    let (of_first, of_second) = (family(&first), family(&second));
    of_first.with("x").unwrap().inc();
    assert!(first.unregister("sent_total"));
    of_second.with("x").unwrap().add(2);
    let labels = [("child", "b"), ("kind", "x")];
    assert_eq!(registry.snapshot().counter("p_sent_total", &labels), Some(2));
    assert!(second.unregister("sent_total"));
    assert_eq!(registry.snapshot().families().len(), 0, "with the last of them it goes");
    let gauge: Gauge = first.declare("sent_total", "").register().unwrap();
    gauge.set(1.0);
    assert_eq!(registry.snapshot().gauge("p_sent_total", &[("child", "a")]), Some(1.0));
}

#[test]
fn what_a_child_unregisters_is_not_asked_for_any_more() {
    let registry = plain();
    let [first, second] = ["a", "b"].map(|name| registry.child("p", [("child", name)]).unwrap());
    first.gauge_fn("level", "", || 1.0).unwrap();
    second.gauge_fn("level", "", || 2.0).unwrap();
    assert_eq!(registry.snapshot().family("p_level").unwrap().series().count(), 2);
    assert!(first.unregister("level"));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.family("p_level").unwrap().series().count(), 1);
    assert_eq!(snapshot.gauge("p_level", &[("child", "b")]), Some(2.0));
}

#[test]
fn a_family_of_more_children_than_are_remembered_stays_until_the_root_unregisters_it() {
    let registry = Registry::builder().self_metrics(false).max_series_per_family(2).build().unwrap();
    let family = |registry: &Registry| -> Result<Family<String, Counter>, RegisterError> {
        registry.declare("sent_total", "").label("kind").register()
    };
    let children = ["a", "b", "c"].map(|name| registry.child("p", [("child", name)]).unwrap());
    let remembered = &children[..2];
    for child in remembered.iter().chain(remembered) {
        let _ = family(child).unwrap();
    }
    assert!(!children[2].unregister("sent_total"), "it has never registered it");
    let _ = family(&children[2]).unwrap();
    for child in &children {
        assert!(child.unregister("sent_total"));
    }
    assert!(children[0].gauge("sent_total", "").is_err(), "one of many more may still have it");
    assert!(registry.unregister("p_sent_total"));
    assert!(children[0].gauge("sent_total", "").is_ok());
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    let registry =
        Registry::builder().self_metrics(false).namespace("shop").label("env", "prod").build().unwrap();
    let twice = |label: &str| Reason::DuplicateLabel(label.into());
    let child = registry.child("p", [("stream_name", "orders")]).unwrap();
    assert_error(registry.child("p", [("env", "test")]), "", &twice("env"));
    assert_error(registry.child("p", [("a", "1"), ("a", "2")]), "", &twice("a"));
    assert_error(child.child("q", [("stream_name", "clicks")]), "", &twice("stream_name"));
    assert_error(registry.child("1", NO_LABELS), "", &Reason::IllegalPrefix("1".into()));
    assert_error(registry.child("p", [("1", "")]), "", &Reason::IllegalLabelName("1".into()));
    assert_error(registry.child("p", [("__x", "")]), "", &Reason::ReservedLabel("__x".into()));
    let name = "shop_p_sent_total";
    assert_error(child.counter_family("sent_total", "", ["stream_name"]), name, &twice("stream_name"));
    assert_error(child.counter_family("sent_total", "", ["env"]), name, &twice("env"));
    let le = registry.child("p", [("le", "1")]).unwrap();
    assert_error(le.histogram("size", ""), "shop_p_size", &Reason::ReservedLabel("le".into()));

    let _counter = child.counter("sent_total", "").unwrap();
    let other = registry.child("p", [("topic", "orders")]).unwrap();
    let taken = Reason::LabelsConflict(["stream_name".into()].into());
    assert_error(other.counter("sent_total", ""), name, &taken);
    assert_error(registry.counter("p_sent_total", ""), name, &taken);
    let conflict = Reason::TypeConflict { registered: "counter", requested: "gauge" };
    assert_error(
        registry.child("p", [("stream_name", "x")]).unwrap().gauge("sent_total", ""),
        name,
        &conflict,
    );
}

#[test]
fn an_error_names_the_label_whose_value_is_too_long() {
    let registry = plain();
    let child = registry.child("p", [("a", "1"), ("b", "2")]).unwrap();
    let long = "x".repeat(MAX_LABEL_VALUE_BYTES + 1);
    let too_long = |label: &str| Reason::LabelValueTooLong(label.into());
    assert_error(registry.child("p", [("a", "1"), ("b", &long)]), "", &too_long("b"));
    let dynamic = child.counter_family("sent_total", "", ["c", "d"]).unwrap();
    assert_error(dynamic.with([("c", "3"), ("d", &long)]), "p_sent_total", &too_long("d"));
    let typed: Family<(String, Status, String), Counter> =
        child.declare("typed_total", "").labels(["e", "status", "f"]).register().unwrap();
    assert_error(typed.with((&long, "")), "p_typed_total", &too_long("e"));
    assert_error(typed.with(("", &long)), "p_typed_total", &too_long("f"));
    assert_error(child.info("build", "", [("version", &*long)]), "p_build", &too_long("version"));
}

#[test]
fn a_child_of_a_disabled_registry_is_disabled() {
    let child = Registry::disabled().child("p", [("a", "1")]).unwrap();
    let counter = child.counter("sent_total", "").unwrap();
    counter.inc();
    assert!(!child.is_enabled() && counter.value() == 0 && child.snapshot().families().len() == 0);
}

#[test]
fn a_child_removes_nothing_of_one_with_other_label_names() {
    let registry = plain();
    let [a, b] = ["a", "b"].map(|name| registry.child("p", [(name, "1")]).unwrap());
    a.counter("x_total", "").unwrap().add(3);
    a.gauge_fn("q", "", || 1.0).unwrap();
    assert!(!b.unregister("x_total") && !b.unregister("q"));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("p_x_total", &[("a", "1")]), Some(3));
    assert_eq!(snapshot.gauge("p_q", &[("a", "1")]), Some(1.0));
}

#[test]
fn collectors_of_two_children_have_names_of_their_own() {
    let registry = plain();
    let [a, b] = ["1", "2"].map(|value| registry.child("p", [("part", value)]).unwrap());
    for (child, family) in [(&a, "lag_a"), (&b, "lag_b")] {
        let number = move |out: &mut tachometer::Collection| {
            let family = tachometer::FamilyBuilder::new(family, tachometer::MetricKind::Gauge);
            out.family(family.number(NO_LABELS, tachometer::Number::F64(1.0)));
        };
        child.collector("lag", number).unwrap();
    }
    assert!(b.unregister_collector("lag") && !b.unregister_collector("lag"));
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.gauge("lag_a", &[("part", "1")]), Some(1.0));
    assert!(snapshot.family("lag_b").is_none());
}

#[test]
fn callbacks_of_children_share_the_limit_of_their_family() {
    let registry = Registry::builder().self_metrics(false).max_series_per_family(3).build().unwrap();
    for number in 0..5 {
        let child = registry.child("p", [("number", number.to_string())]).unwrap();
        let added = child.gauge_fn("level", "", || 1.0);
        assert_eq!(added.is_ok(), number < 3, "{added:?}");
        if number < 2 {
            let pair = |out: &mut tachometer::Observer<f64, 1>| {
                out.observe(["a"], 1.0);
                out.observe(["b"], 1.0);
            };
            child.gauge_family_fn("pair", "", ["v"], pair).unwrap();
        }
    }
    let snapshot = registry.snapshot();
    let series = |name| snapshot.family(name).unwrap().series().count();
    assert_eq!((series("p_level"), series("p_pair"), registry.callback_errors()), (3, 3, 1));
}
