//! `#[derive(Labels)]`: which labels a struct has, and how a family of them is looked up.
#![forbid(unsafe_code)]

use std::borrow::Cow;

use tachometer::{
    Counter, Family, LabelValue, Labels, RegisterError, RegisterErrorReason as Reason, Registry, Snapshot,
    labels::{Domain, KeyWriter, LabelDescriber},
};

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Read,
    Write,
    Scan,
}

#[derive(Labels)]
struct Sent<S = String> {
    stream: S,
    status: Status,
}

fn family<L: Labels>(registry: &Registry) -> Family<L, Counter> {
    registry.declare("events_total", "Events.").register().unwrap()
}

#[track_caller]
fn assert_counted(snapshot: &Snapshot, labels: &[(&str, &str)], count: u64) {
    assert_eq!(snapshot.counter("events_total", labels), Some(count), "{labels:?} in {snapshot:?}");
}

#[test]
fn fields_become_labels_of_their_names_unless_they_are_skipped() {
    #[derive(Labels)]
    struct Request {
        r#type: Kind,
        #[label(name = "outcome")]
        status: Status,
        #[label(skip)]
        bytes: usize,
        retried: bool,
        zone: Option<Status>,
    }
    let registry = Registry::new();
    let requests = family::<Request>(&registry);
    let request = Request { r#type: Kind::Write, status: Status::Ok, bytes: 5, retried: true, zone: None };
    requests.series(&request).unwrap().add(request.bytes as u64);
    requests[request].inc();
    let snapshot = registry.snapshot();
    let labels = [("type", "write"), ("outcome", "ok"), ("retried", "true"), ("zone", "")];
    assert_counted(&snapshot, &labels, 6);
    assert_eq!(snapshot.family("events_total").unwrap().series().count(), 3 * 2 * 2 * 3);
}

#[test]
fn every_combination_has_an_index_of_its_own() {
    #[derive(Labels)]
    struct All {
        kind: Kind,
        status: Status,
        retried: bool,
    }
    let mut indices = Vec::new();
    for kind in [Kind::Read, Kind::Write, Kind::Scan] {
        for status in [Status::Ok, Status::Failed] {
            for retried in [false, true] {
                indices.push(Labels::index(&All { kind, status, retried }));
            }
        }
    }
    assert!(indices.into_iter().eq(0..All::COUNT), "the last label first in value");
}

#[test]
fn open_labels_are_looked_up_with_borrowed_strings() {
    let registry = Registry::new();
    let sent = family::<Sent>(&registry);
    let stream = String::from("orders");
    sent.series(&Sent { stream: stream.clone(), status: Status::Ok }).unwrap().add(1);
    sent.series(&Sent { stream: stream.as_str(), status: Status::Ok }).unwrap().add(2);
    sent.series(&Sent { stream: Cow::Borrowed("orders"), status: Status::Ok }).unwrap().add(4);
    sent.series(&Sent { stream: format_args!("{}ers", "ord"), status: Status::Ok }).unwrap().add(8);
    sent.with(stream.as_str()).unwrap()[Status::Ok].add(16);
    assert_counted(&registry.snapshot(), &[("stream", "orders"), ("status", "ok")], 31);
    assert!(sent.remove(&Sent { stream: "orders", status: Status::Ok }));
    assert!(sent.remove_with("orders"));
    assert_eq!(registry.snapshot().family("events_total").unwrap().series().count(), 0);
}

#[test]
fn a_struct_may_borrow_for_any_time() {
    #[derive(Labels)]
    struct Sent<'a, 'b: 'a> {
        stream: &'a str,
        topic: &'b str,
        status: Status,
    }
    let registry = Registry::new();
    let sent: Family<Sent<'static, 'static>, Counter> = family(&registry);
    let (stream, topic) = (String::from("orders"), String::from("eu"));
    sent.series(&Sent { stream: &stream, topic: &topic, status: Status::Failed }).unwrap().inc();
    sent.with((&stream, &topic)).unwrap()[Status::Failed].inc();
    assert_counted(&registry.snapshot(), &[("stream", "orders"), ("topic", "eu"), ("status", "failed")], 2);
}

#[test]
fn nested_structs_are_flattened_in_their_place() {
    #[derive(Labels)]
    struct Place {
        zone: bool,
        host: u16,
    }
    #[derive(Labels)]
    struct Origin<N> {
        #[label(flatten)]
        place: Place,
        #[label(flatten)]
        more: N,
    }
    #[derive(Labels)]
    struct Nothing;
    #[derive(Labels)]
    struct Event<N> {
        kind: Kind,
        #[label(flatten)]
        origin: Origin<N>,
        status: Status,
        #[label(flatten)]
        nothing: Nothing,
    }
    let event = |kind| Event {
        kind,
        origin: Origin {
            place: Place { zone: true, host: 7 },
            more: Sent { stream: "orders", status: Status::Ok },
        },
        status: Status::Failed,
        nothing: Nothing,
    };
    let registry = Registry::new();
    let twice =
        registry.declare("twice_total", "Twice.").register::<Family<Event<Sent>, Counter>>().unwrap_err();
    assert_eq!(twice.reason(), &Reason::DuplicateLabel("status".into()), "found when it is registered");

    #[derive(Labels)]
    struct Stream<S = String> {
        stream: S,
    }
    let event = Event {
        kind: Kind::Scan,
        origin: Origin { place: event(Kind::Scan).origin.place, more: Stream { stream: "orders" } },
        status: Status::Failed,
        nothing: Nothing,
    };
    let events = family::<Event<Stream>>(&registry);
    events.series(&event).unwrap().inc();
    let chosen: Family<(Kind, bool, Status), Counter> = events.with((7, "orders")).unwrap();
    chosen[(Kind::Scan, true, Status::Failed)].inc();
    let labels =
        [("kind", "scan"), ("zone", "true"), ("host", "7"), ("stream", "orders"), ("status", "failed")];
    assert_counted(&registry.snapshot(), &labels, 2);
}

#[test]
fn a_struct_may_have_parameters_bounds_and_other_fields() {
    #[derive(Labels)]
    struct Wide<'a, A, B: Clone, const LEN: usize>
    where
        A: Copy,
    {
        a: A,
        b: Option<B>,
        c: &'a A,
        #[label(skip)]
        _skipped: [Vec<B>; LEN],
    }
    let registry = Registry::new();
    let wide: Family<Wide<'static, bool, String, 0>, Counter> = family(&registry);
    let labels = Wide { a: true, b: Some("x"), c: &false, _skipped: [vec![], vec![]] };
    wide.series(&labels).unwrap().inc();
    assert_counted(&registry.snapshot(), &[("a", "true"), ("b", "x"), ("c", "false")], 1);
}

#[test]
fn structs_without_labels_make_families_of_one_series() {
    #[derive(Labels)]
    struct Unit;
    #[derive(Labels)]
    struct Empty {}
    #[derive(Labels)]
    struct Skipped {
        #[label(skip)]
        _note: &'static str,
    }
    let registry = Registry::new();
    family::<Unit>(&registry)[Unit].inc();
    family::<Empty>(&registry)[Empty {}].inc();
    family::<Skipped>(&registry)[Skipped { _note: "" }].inc();
    assert_counted(&registry.snapshot(), &[], 3);
}

#[test]
fn more_open_labels_than_a_tuple_has_are_looked_up_as_a_struct() {
    #[derive(Labels)]
    struct Seven {
        a: u8,
        b: u16,
        c: u32,
        d: i64,
        e: char,
        f: String,
        g: Cow<'static, str>,
    }
    let registry = Registry::new();
    let labels = Seven { a: 1, b: 2, c: 3, d: -4, e: '5', f: "6".into(), g: "7".into() };
    family::<Seven>(&registry).series(&labels).unwrap().inc();
    let labels = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "-4"), ("e", "5"), ("f", "6"), ("g", "7")];
    assert_counted(&registry.snapshot(), &labels, 1);
}

/// What the derive writes for `Sent`, by hand.
struct ByHand<S> {
    stream: S,
    status: Status,
}

enum ByHandShape {}

impl<S: LabelValue> Labels for ByHand<S> {
    type Shape = ByHandShape;
    type Open<Rest> = <S as Labels>::Open<<Status as Labels>::Open<Rest>>;
    type Closed<Rest> = <S as Labels>::Closed<<Status as Labels>::Closed<Rest>>;
    const COUNT: usize = <S as Labels>::COUNT * <Status as Labels>::COUNT;

    fn describe(labels: &mut LabelDescriber<'_>) {
        labels.label::<S>("stream");
        labels.label::<Status>("status");
    }

    fn index(&self) -> usize {
        Labels::index(&self.stream) * <Status as Labels>::COUNT + Labels::index(&self.status)
    }

    fn write(&self, key: &mut KeyWriter) {
        key.push(&self.stream);
        key.push(&self.status);
    }
}

#[test]
fn without_the_derive_the_snapshot_is_the_same() -> Result<(), RegisterError> {
    let (derived, by_hand) = (Registry::new(), Registry::new());
    for stream in ["orders", "clicks"] {
        family::<Sent>(&derived).series(&Sent { stream, status: Status::Failed })?.inc();
        family::<ByHand<String>>(&by_hand).series(&ByHand { stream, status: Status::Failed })?.inc();
        family::<Sent>(&derived).with(stream)?[Status::Ok].inc();
        family::<ByHand<String>>(&by_hand).with(stream)?[Status::Ok].inc();
    }
    assert_eq!(derived.snapshot(), by_hand.snapshot());
    const { assert!(!<String as LabelValue>::Domain::CLOSED) }
    Ok(())
}
