//! A typed family: which series there are, which one a look-up finds, and what is an error.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use std::{borrow::Cow, fmt};

use labels::{Method, Request, Sent, Status, Stray};
use plain::plain;
use tachometer::{
    Buckets, Counter, DynamicFamily, Family, Gauge, Histogram, Instrument, RegisterErrorReason as Reason,
    Registry, Snapshot, Value,
    labels::{LabelValue, Open},
};

/// The counters of a family in a snapshot: their labels as `name=value,..`, and their values.
fn counters(snapshot: &Snapshot, name: &str) -> Vec<(String, u64)> {
    let series = snapshot.family(name).unwrap().series();
    let counter = |series: tachometer::SeriesView<'_>| {
        let labels: Vec<_> = series.labels().map(|(name, value)| format!("{name}={value}")).collect();
        let Value::Number(tachometer::Number::U64(value)) = series.value() else { panic!("{series:?}") };
        (labels.join(","), value)
    };
    series.map(counter).collect()
}

fn declared<I: Instrument>(registry: &Registry, labels: &[&'static str]) -> I {
    registry.declare("sent_total", "Sent.").labels(labels.iter().copied()).register().unwrap()
}

#[test]
fn every_combination_of_closed_labels_is_there_at_zero_from_the_start() {
    let registry = plain();
    let _family: Family<Request, Counter> = declared(&registry, &[]);
    let expected = [
        "method=read,status=failed",
        "method=read,status=ok",
        "method=read,status=throttled",
        "method=write,status=failed",
        "method=write,status=ok",
        "method=write,status=throttled",
    ];
    assert_eq!(
        counters(&registry.snapshot(), "sent_total"),
        expected.map(|labels| (labels.to_owned(), 0)).to_vec()
    );
}

#[test]
fn each_combination_is_a_series_of_its_own_however_it_is_reached() {
    let registry = plain();
    let family: Family<Request, Counter> = declared(&registry, &[]);
    for (number, method) in (0..).zip(Method::ALL) {
        for (digit, status) in (1..).zip(Status::ALL) {
            let labels = Request { method: *method, status: *status };
            let kept = family[labels].clone();
            let amount = 10_u64.pow(number) * digit;
            family[labels].add(amount);
            family.get(labels).add(amount);
            kept.add(amount);
            family.series(&labels).unwrap().add(amount);
            assert_eq!(kept.value(), 4 * amount);
            let text = [("method", ["read", "write"][*method as usize]), ("status", status_text(*status))];
            assert_eq!(registry.snapshot().counter("sent_total", &text), Some(4 * amount));
        }
    }
    let total: u64 = counters(&registry.snapshot(), "sent_total").iter().map(|(_, value)| value).sum();
    assert_eq!(total, 4 * (1 + 2 + 3 + 10 + 20 + 30));
}

fn status_text(status: Status) -> &'static str {
    Status::value_at(status.index())
}

#[test]
fn tuples_bools_and_options_are_closed_labels_too() {
    let registry = plain();
    type Labels = (Option<Method>, bool, Status);
    let family: Family<Labels, Counter> = declared(&registry, &["method", "retried", "status"]);
    family[(None, true, Status::Failed)].add(1);
    family[(Some(Method::Read), false, Status::Ok)].add(2);
    family[(Some(Method::Write), true, Status::Throttled)].add(3);
    let snapshot = registry.snapshot();
    let value = |method, retried, status| {
        let labels = [("method", method), ("retried", retried), ("status", status)];
        snapshot.counter("sent_total", &labels)
    };
    assert_eq!(value("", "true", "failed"), Some(1));
    assert_eq!(value("read", "false", "ok"), Some(2));
    assert_eq!(value("write", "true", "throttled"), Some(3));
    assert_eq!(counters(&snapshot, "sent_total").len(), 3 * 2 * 3);
    assert_eq!(counters(&snapshot, "sent_total").iter().map(|(_, value)| value).sum::<u64>(), 6);
    let retried: Family<bool, Counter> =
        registry.declare("retried_total", "Retried.").label("retried").register().unwrap();
    retried[true].inc();
    let both = [("retried=false".to_owned(), 0), ("retried=true".to_owned(), 1)];
    assert_eq!(counters(&registry.snapshot(), "retried_total"), both);
}

#[test]
fn a_value_has_its_index_behind_a_reference_and_in_an_option() {
    fn index<V: LabelValue>(value: V) -> usize {
        value.index()
    }
    assert_eq!([index::<&bool>(&false), index::<&bool>(&true)], [0, 1]);
    assert_eq!([index(None::<bool>), index(Some(false)), index(Some(true))], [0, 1, 2]);
    // All open values have one.
    assert_eq!([index("x"), index(None::<&str>), index(Some("x"))], [0; 3]);
    assert_eq!([<&str>::value_at(0), <Option<&str>>::value_at(0)], [""; 2]);
}

#[test]
fn the_open_label_is_resolved_once_and_the_closed_one_chosen_each_time() {
    let registry = plain();
    let family: Family<Sent<String>, Counter> = declared(&registry, &[]);
    assert_eq!(counters(&registry.snapshot(), "sent_total"), []);
    let orders: Family<Status, Counter> = family.with("orders").unwrap();
    family.with("clicks").unwrap()[Status::Ok].add(7);
    orders[Status::Throttled].inc();
    family.series(&Sent { stream_name: "orders", status: Status::Throttled }).unwrap().add(10);
    family.with(String::from("orders")).unwrap().get(Status::Throttled).add(100);
    let expected = [
        ("status=failed,stream_name=clicks", 0),
        ("status=failed,stream_name=orders", 0),
        ("status=ok,stream_name=clicks", 7),
        ("status=ok,stream_name=orders", 0),
        ("status=throttled,stream_name=clicks", 0),
        ("status=throttled,stream_name=orders", 111),
    ];
    let expected = expected.map(|(labels, value)| (labels.to_owned(), value));
    assert_eq!(counters(&registry.snapshot(), "sent_total"), expected);
}

#[test]
fn a_family_of_open_labels_gives_handles() {
    let registry = plain();
    let one: Family<String, Counter> =
        registry.declare("one_total", "One.").label("stream").register().unwrap();
    let two: Family<(String, u32), Histogram> = registry
        .declare("two", "Two.")
        .labels(["topic", "partition"])
        .buckets(Buckets::explicit([1.0, 2.0]))
        .register()
        .unwrap();
    let level: Family<Option<u8>, Gauge> =
        registry.declare("level", "Level.").label("disk").register().unwrap();
    let orders: Counter = one.with("orders").unwrap();
    orders.inc();
    two.with(("clicks", 3_u32)).unwrap().observe(1.5);
    two.series(&(String::from("clicks"), 3)).unwrap().observe(1.5);
    level.with(None::<u8>).unwrap().set(1.0);
    level.with(Some(7_u8)).unwrap().set(2.0);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("one_total", &[("stream", "orders")]), Some(1));
    let clicks = snapshot.histogram("two", &[("partition", "3"), ("topic", "clicks")]).unwrap();
    assert_eq!((clicks.counts(), clicks.sum()), (&[0, 2, 0][..], 3.0));
    assert_eq!(snapshot.gauge("level", &[("disk", "")]), Some(1.0));
    assert_eq!(snapshot.gauge("level", &[("disk", "7")]), Some(2.0));
}

#[test]
fn whatever_writes_the_same_value_finds_the_same_series() {
    let registry = plain();
    let family: Family<String, Counter> = declared(&registry, &["shard"]);
    let (number, text) = (17_u64, String::from("17"));
    family.with("17").unwrap().inc();
    family.with(&text).unwrap().inc();
    family.with(text.clone()).unwrap().inc();
    family.with(Cow::Borrowed("17")).unwrap().inc();
    family.with(number).unwrap().inc();
    family.with(17_i8).unwrap().inc();
    family.with(format_args!("{number}")).unwrap().inc();
    family.with(format_args!("{}{}", 1, '7')).unwrap().inc();
    family.series(&"17").unwrap().inc();
    assert_eq!(counters(&registry.snapshot(), "sent_total"), [("shard=17".to_owned(), 9)]);
    let extremes: Family<i128, Counter> =
        registry.declare("extremes_total", "Extremes.").label("number").register().unwrap();
    [i128::MIN, -1, 0, i128::MAX].iter().for_each(|number| extremes.with(*number).unwrap().inc());
    let seen = registry.snapshot();
    let numbers: Vec<i128> = counters(&seen, "extremes_total")
        .iter()
        .map(|(label, _)| label.strip_prefix("number=").unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 4);
    assert!([i128::MIN, -1, 0, i128::MAX].iter().all(|number| numbers.contains(number)), "{numbers:?}");
}

#[test]
fn values_that_run_together_are_told_apart() {
    let registry = plain();
    let family: Family<(String, String), Counter> = declared(&registry, &["a", "b"]);
    let pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("a\0", "bc"), ("a", "\0bc")];
    for (number, pair) in (1..).zip(pairs) {
        family.with(pair).unwrap().add(number);
    }
    let snapshot = registry.snapshot();
    for (number, (a, b)) in (1..).zip(pairs) {
        assert_eq!(snapshot.counter("sent_total", &[("a", a), ("b", b)]), Some(number));
    }
}

#[test]
fn a_family_that_is_registered_twice_is_one() {
    let registry = plain();
    let [first, second]: [Family<Request, Counter>; 2] = [(); 2].map(|()| declared(&registry, &[]));
    let labels = Request { method: Method::Write, status: Status::Ok };
    first[labels].add(1);
    second[labels].add(2);
    // A tuple of the same labels is the same family.
    let third: Family<(Method, Status), Counter> = declared(&registry, &["method", "status"]);
    third[(Method::Write, Status::Ok)].add(4);
    assert_eq!(first[labels].value(), 7);
    assert_eq!(registry.snapshot().families().len(), 1);

    let typed: Family<String, Counter> =
        registry.declare("open_total", "Open.").label("l").register().unwrap();
    let dynamic: DynamicFamily<Counter> = registry.counter_family("open_total", "Open.", ["l"]).unwrap();
    typed.with("v").unwrap().add(1);
    dynamic.with([("l", "v")]).unwrap().add(2);
    assert_eq!(registry.snapshot().counter("open_total", &[("l", "v")]), Some(3));
}

#[test]
fn the_index_of_an_open_value_means_nothing() {
    struct Seventh;
    impl LabelValue for Seventh {
        type Domain = Open;

        fn index(&self) -> usize {
            7
        }

        fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
            to.write_str("x")
        }
    }
    let registry = plain();
    let family: Family<Seventh, Counter> = declared(&registry, &["a"]);
    family.with(Seventh).unwrap().inc();
    family.series(&Seventh).unwrap().inc();
    assert_eq!(counters(&registry.snapshot(), "sent_total"), [("a=x".to_owned(), 2)]);
    let mixed: Family<(Seventh, bool), Counter> =
        registry.declare("mixed_total", "Mixed.").labels(["a", "b"]).register().unwrap();
    mixed.series(&(Seventh, true)).unwrap().inc();
    let expected = [("a=x,b=false".to_owned(), 0), ("a=x,b=true".to_owned(), 1)];
    assert_eq!(counters(&registry.snapshot(), "mixed_total"), expected);
}

#[test]
fn a_closed_label_may_have_one_value() {
    #[derive(Clone, Copy, tachometer::LabelValue)]
    enum Only {
        One,
    }
    let registry = plain();
    let family: Family<Only, Counter> = declared(&registry, &["a"]);
    assert_eq!(counters(&registry.snapshot(), "sent_total"), [("a=one".to_owned(), 0)]);
    family[Only::One].inc();
    assert!(family.remove(&Only::One));
    family[Only::One].add(2);
    assert_eq!(counters(&registry.snapshot(), "sent_total"), [("a=one".to_owned(), 2)]);
    let mixed: Family<(String, Only), Counter> =
        registry.declare("mixed_total", "Mixed.").labels(["s", "a"]).register().unwrap();
    mixed.with("x").unwrap()[Only::One].inc();
    mixed.series(&("x", Only::One)).unwrap().inc();
    assert_eq!(counters(&registry.snapshot(), "mixed_total"), [("a=one,s=x".to_owned(), 2)]);
}

#[test]
fn an_index_that_no_value_has_records_nowhere() {
    let registry = plain();
    let single: Family<Stray, Counter> = declared(&registry, &["stray"]);
    let pair: Family<(Stray, Stray), Counter> =
        registry.declare("pair_total", "Pair.").labels(["a", "b"]).register().unwrap();
    let maybe: Family<(Option<Stray>, bool), Counter> =
        registry.declare("maybe_total", "Maybe.").labels(["a", "b"]).register().unwrap();
    let mixed: Family<(String, Stray), Counter> =
        registry.declare("mixed_total", "Mixed.").labels(["a", "b"]).register().unwrap();
    for index in [3, 4, 5, 8, 9, 1 << 16, 1 << 32, (1 << 32) + 1, usize::MAX / 3, usize::MAX - 1, usize::MAX]
    {
        let stray = Stray(index);
        single[stray].inc();
        single.series(&stray).unwrap().inc();
        for fine in 0..3 {
            pair[(Stray(fine), stray)].inc();
            pair[(stray, Stray(fine))].inc();
        }
        pair[(stray, stray)].inc();
        pair.series(&(stray, stray)).unwrap().inc();
        maybe[(Some(stray), true)].inc();
        mixed.with("a").unwrap()[stray].inc();
        mixed.series(&("a", stray)).unwrap().inc();
        assert!(!pair.remove(&(Stray(0), stray)) && !single.remove(&stray) && !mixed.remove(&("a", stray)));
    }
    let snapshot = registry.snapshot();
    for name in ["sent_total", "pair_total", "maybe_total", "mixed_total"] {
        let recorded: Vec<_> =
            counters(&snapshot, name).into_iter().filter(|(_, value)| *value > 0).collect();
        assert_eq!(recorded, [], "{name}");
    }
}

/// Registers a family as `F`, where one is registered already.
#[track_caller]
fn assert_conflict<F: Instrument>(registry: &Registry, labels: &[&'static str], reason: &Reason) {
    match registry.declare("sent_total", "Sent.").labels(labels.iter().copied()).register::<F>() {
        Ok(_) => panic!("registered, where {reason:?} was expected"),
        Err(error) => assert_eq!((error.metric(), error.reason()), ("sent_total", reason), "{error}"),
    }
}

#[test]
fn each_conflict_is_an_error_of_its_own() {
    let registry = plain();
    let family: Family<Sent<String>, Counter> = declared(&registry, &[]);
    let taken: Box<[Box<str>]> = ["stream_name", "status = ok | throttled | failed"].map(Box::from).into();
    let labels = &Reason::LabelsConflict(taken);
    assert_conflict::<Counter>(&registry, &[], labels);
    assert_conflict::<Family<Request, Counter>>(&registry, &[], labels);
    assert_conflict::<Family<(Status, String), Counter>>(&registry, &["status", "stream_name"], labels);
    assert_conflict::<Family<(String, Method), Counter>>(&registry, &["stream_name", "status"], labels);
    assert_conflict::<Family<(String, Status), Counter>>(&registry, &["stream_name", "state"], labels);
    assert_conflict::<DynamicFamily<Counter>>(&registry, &["stream_name", "status"], labels);
    let of_type = |requested| Reason::TypeConflict { registered: "counter", requested };
    assert_conflict::<Family<Sent<String>, Gauge>>(&registry, &[], &of_type("gauge"));
    assert_conflict::<Family<Sent<String>, Histogram>>(&registry, &[], &of_type("histogram"));
    assert_conflict::<Family<Sent<String>, Counter>>(&registry, &["x"], &Reason::UnknownLabel("x".into()));
    assert_conflict::<Family<(String, Status), Counter>>(&registry, &["stream_name"], &Reason::UnnamedLabel);
    assert_conflict::<Family<(String, Status), Counter>>(
        &registry,
        &["status", "status"],
        &Reason::DuplicateLabel("status".into()),
    );
    let sent = |help| registry.declare("sent_total", help);
    let error = sent("Other.").register::<Family<Sent<String>, Counter>>().unwrap_err();
    assert_eq!(error.reason(), &Reason::HelpConflict("Sent.".into()));
    let error =
        sent("Sent.").buckets(Buckets::seconds()).register::<Family<Sent<String>, Counter>>().unwrap_err();
    assert_eq!(error.reason(), &Reason::UnsuitableOption { option: "buckets", kind: "counter" });
    let error = sent("Sent.").unit("sent").register::<Family<Sent<String>, Counter>>().unwrap_err();
    assert_eq!(error.reason(), &Reason::OptionsConflict);
    family.with("orders").unwrap()[Status::Ok].inc();
    assert_eq!(counters(&registry.snapshot(), "sent_total").len(), 3, "the family works on");
}
