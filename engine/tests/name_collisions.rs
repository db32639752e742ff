//! Names that become one, by a policy or in one of the formats, are errors of the registration that comes second.
#![forbid(unsafe_code)]

use tachometer::{
    Counter, DynamicFamily, Family, FamilyBuilder, Gauge, Histogram, MetricKind, NO_LABELS, NamePolicy,
    Number, RegisterError, RegisterErrorReason as Reason, Registry, StateSet,
};

fn registry(policy: NamePolicy) -> Registry {
    Registry::builder().self_metrics(false).name_policy(policy).build().unwrap()
}

/// Registers a metric of some kind.
type Register = fn(&Registry) -> Result<(), RegisterError>;

/// Asserts that the two cannot be registered together, in either order, but by themselves.
#[track_caller]
fn assert_clash(policy: NamePolicy, pair: [(&str, Register); 2]) {
    for [(first, register_first), (second, register_second)] in [pair, [pair[1], pair[0]]] {
        let registry = registry(policy);
        register_first(&registry).unwrap();
        let error = register_second(&registry).unwrap_err();
        let label = error.reason().as_str();
        assert!(matches!(label, "sample_name_clash" | "name_collision"), "{second} after {first}: {error}");
        assert_eq!(registry.snapshot().families().len(), 1, "{second} after {first}");
        assert!(registry.unregister(first));
        assert!(register_second(&registry).is_ok(), "{second} without {first}");
    }
}

#[test]
fn names_that_openmetrics_alone_sees_as_one_do_not_clash_in_either_order() {
    let gauge: (_, Register) = ("foo", |registry| registry.gauge("foo", "").map(drop));
    let created: (_, Register) = ("foo_created", |registry| registry.gauge("foo_created", "").map(drop));
    let counter: (_, Register) = ("foo_total", |registry| registry.counter("foo_total", "").map(drop));
    let untotalled: (_, Register) = ("foo", |registry| registry.counter("foo", "").map(drop));
    let histogram: (_, Register) = ("foo", |registry| registry.histogram("foo", "").map(drop));
    let info: (_, Register) = ("foo", |registry| registry.info("foo", "", [("version", "1")]));
    let full_info: (_, Register) = ("foo_info", |registry| registry.info("foo_info", "", [("version", "1")]));
    let info_gauge: (_, Register) = ("foo_info", |registry| registry.gauge("foo_info", "").map(drop));
    let asked: (_, Register) = ("foo", |registry| registry.gauge_fn("foo", "", || 1.0));
    for pair in [
        [gauge, counter],
        [asked, counter],
        [untotalled, counter],
        [histogram, counter],
        [info, counter],
        [created, counter],
        [created, histogram],
        [gauge, full_info],
        [info, info_gauge],
        [full_info, counter],
    ] {
        assert_clash(NamePolicy::AS_IS, pair);
    }
}

#[test]
fn names_that_are_not_one_in_any_format_do_not_clash() {
    let registry = registry(NamePolicy::AS_IS);
    drop(registry.gauge("foo_created", "").unwrap());
    drop(registry.counter("foo", "Of unknown type in OpenMetrics.").unwrap());
    drop(registry.gauge("bar_total", "").unwrap());
    drop(registry.gauge("bar", "").unwrap());
    drop(registry.gauge("_total_total", "").unwrap());
}

#[test]
fn the_message_names_both_names_and_what_they_become() {
    let registry = registry(NamePolicy::WITHOUT_UNITS);
    drop(registry.counter("jobs.done", "Jobs.").unwrap());
    let error = registry.counter("jobs-done", "Jobs.").unwrap_err();
    assert_eq!(
        error.to_string(),
        "metric `jobs_done_total`: `jobs.done`, which is registered, and `jobs-done` both become `jobs_done_total`; \
         rename one, or give its family another name policy"
    );
    let collision = Reason::NameCollision {
        registered: "jobs.done".into(),
        requested: "jobs-done".into(),
        name: "jobs_done_total".into(),
    };
    assert_eq!((error.metric(), error.reason()), ("jobs_done_total", &collision));
    let error = registry.gauge("jobs", "").and_then(|_| registry.gauge("jobs.done", "")).unwrap_err();
    assert!(
        error.to_string().contains("the name `jobs_done` belongs to the family `jobs_done_total`"),
        "{error}"
    );
}

#[test]
fn names_that_a_policy_makes_one_collide_whatever_their_kinds() {
    let dotted: (_, Register) = ("a.b", |registry| registry.gauge("a.b", "").map(drop));
    let legal: (_, Register) = ("a_b", |registry| registry.gauge("a_b", "").map(drop));
    let histogram: (_, Register) = ("a-b", |registry| registry.histogram("a-b", "").map(drop));
    let bucket: (_, Register) = ("a.b.sum", |registry| registry.gauge("a.b.sum", "").map(drop));
    for policy in [NamePolicy::WITHOUT_UNITS, NamePolicy::PROMETHEUS_3, NamePolicy::UTF8] {
        assert_clash(policy, [dotted, legal]);
        assert_clash(policy, [dotted, histogram]);
        assert_clash(policy, [legal, histogram]);
        assert_clash(policy, [histogram, bucket]);
    }
    let counter: (_, Register) = ("a.b.total", |registry| registry.counter("a.b.total", "").map(drop));
    assert_clash(NamePolicy::UTF8, [dotted, counter]);
    let three_as_one = ["花", "火", "_"];
    let registry = registry(NamePolicy::UTF8);
    drop(registry.gauge(three_as_one[0], "").unwrap());
    for other in &three_as_one[1..] {
        let collision =
            Reason::NameCollision { registered: "花".into(), requested: (*other).into(), name: "_".into() };
        assert_eq!(registry.gauge(other, "").unwrap_err().reason(), &collision);
    }
}

#[test]
fn one_name_in_two_units_collides_unless_the_units_are_in_the_names() {
    let declare = |policy, unit| {
        move |registry: &Registry| {
            registry.declare("x", "").name_policy(policy).unit(unit).register::<Gauge>()
        }
    };
    let never = NamePolicy::WITHOUT_UNITS;
    let registry = Registry::new();
    declare(never, "s")(&registry).unwrap().set(1.0);
    let error = declare(never, "ms")(&registry).unwrap_err();
    let collision = Reason::NameCollision {
        registered: "x in seconds".into(),
        requested: "x in milliseconds".into(),
        name: "x".into(),
    };
    assert_eq!(error.reason(), &collision);
    assert_eq!(declare(never, "s")(&registry).unwrap().value(), 1.0, "the same again is the same");
    assert_eq!(declare(never, "seconds")(&registry).unwrap().value(), 1.0, "by another symbol too");
    let ends = NamePolicy::OTEL_PYTHON;
    drop(declare(ends, "s")(&registry).unwrap());
    drop(declare(ends, "ms")(&registry).unwrap());
    let names: Vec<_> = registry.snapshot().families().map(|family| family.name().to_owned()).collect();
    assert!(["x", "x_milliseconds", "x_seconds"].iter().all(|name| names.iter().any(|there| there == name)));
}

#[test]
fn the_same_name_again_is_the_same_family_also_by_a_child_and_another_policy() {
    let registry = registry(NamePolicy::WITHOUT_UNITS);
    registry.counter("kafka.bus_published", "Published.").unwrap().inc();
    registry.counter("kafka.bus_published", "Published.").unwrap().inc();
    let child = registry.child("kafka.bus", [] as [(&str, &str); 0]).unwrap();
    child.counter("published", "Published.").unwrap().inc();
    assert_eq!(registry.snapshot().counter("kafka_bus_published_total", &[]), Some(3));
    registry.counter("sent_total", "Sent.").unwrap().inc();
    let as_is = registry.with_name_policy(NamePolicy::AS_IS);
    as_is.counter("sent_total", "Sent.").unwrap().inc();
    assert_eq!(registry.snapshot().counter("sent_total", &[]), Some(2));
}

#[test]
fn labels_that_become_one_are_refused() {
    for policy in [NamePolicy::WITHOUT_UNITS, NamePolicy::UTF8] {
        let builder = || Registry::builder().name_policy(policy).label("service.name", "shop");
        let registry = builder().build().unwrap();
        let collision = |one: &str, other: &str, name: &str| Reason::LabelCollision {
            labels: [one.into(), other.into()],
            name: name.into(),
        };
        let error = registry.counter_family("calls", "", ["error.type", "error_type"]).unwrap_err();
        assert_eq!(error.reason(), &collision("error.type", "error_type", "error_type"));
        let message =
            "the labels `error.type` and `error_type` both become `error_type`; rename one, or leave one out";
        assert!(error.to_string().ends_with(message), "{error}");
        let error = registry.counter_family("calls", "", ["service-name"]).unwrap_err();
        assert_eq!(error.reason(), &collision("service.name", "service-name", "service_name"));
        let twice = registry.counter_family("calls", "", ["error.type", "error.type"]).unwrap_err();
        assert_eq!(twice.reason(), &Reason::DuplicateLabel("error.type".into()));
        let error = builder().label("service_name", "x").build().unwrap_err();
        assert_eq!(error.reason(), &collision("service.name", "service_name", "service_name"));
        let error = registry.child("", [("service_name", "x")]).unwrap_err();
        assert_eq!(error.reason(), &collision("service.name", "service_name", "service_name"));
        let typed = registry.declare("calls", "").labels(["a.b", "a-b"]);
        let typed = typed.register::<Family<(bool, bool), Counter>>().unwrap_err();
        assert_eq!(typed.reason(), &collision("a.b", "a-b", "a_b"));
        let colon = registry.counter_family("calls", "", ["a:b", "a_b"]).unwrap_err();
        assert_eq!(colon.reason(), &collision("a:b", "a_b", "a_b"));
    }
}

#[test]
fn a_label_that_the_exposition_adds_is_reserved_however_it_is_spelled() {
    let registry = registry(NamePolicy::UTF8);
    let le = registry.histogram_family("size", "", ["le"]).unwrap_err();
    assert_eq!(le.reason(), &Reason::ReservedLabel("le".into()));
    let door = registry.child("", [("door_state", "front")]).unwrap();
    let state = door.declare("door.state", "").register::<StateSet<bool>>().unwrap_err();
    assert_eq!(state.reason(), &Reason::ReservedLabel("door_state".into()));
    let window = registry.child("", [("window.state", "front")]).unwrap();
    let state = window.declare("window_state", "").register::<StateSet<bool>>().unwrap_err();
    assert_eq!(state.reason(), &Reason::ReservedLabel("window.state".into()));
    let name = registry.gauge_family("size", "", ["__name__"]).unwrap_err();
    assert_eq!(name.reason(), &Reason::ReservedLabel("__name__".into()));
}

#[test]
fn a_metric_is_unregistered_by_the_name_it_was_declared_with_or_the_exposed_one() {
    let registry = registry(NamePolicy::OTEL_PYTHON);
    let declare = |unit| registry.declare("queue.wait", "").unit(unit).register::<Histogram>().map(drop);
    for name in ["queue.wait", "queue_wait_seconds"] {
        declare("s").unwrap();
        assert!(registry.unregister(name), "{name}");
        assert!(!registry.unregister(name), "{name}");
    }
    let child = registry.child("disk.io", [("disk", "a")]).unwrap();
    for name in ["done", "done_total"] {
        drop(child.counter("done", "").unwrap());
        assert!(child.unregister(name), "{name}");
        assert!(!child.unregister(name), "{name}");
    }
    declare("s").unwrap();
    declare("ms").unwrap();
    assert!(registry.unregister("queue.wait"), "in both units");
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn a_collector_family_that_openmetrics_alone_sees_as_another_is_left_out() {
    let registry = registry(NamePolicy::AS_IS);
    drop(registry.counter("jobs_total", "").unwrap());
    drop(registry.gauge("runs", "").unwrap());
    registry
        .collector("others", |out| {
            let families = [
                ("jobs", MetricKind::Gauge),
                ("runs_total", MetricKind::Counter),
                ("tasks", MetricKind::Gauge),
                ("tasks_total", MetricKind::Counter),
            ];
            for (name, kind) in families {
                out.family(FamilyBuilder::new(name, kind).number(NO_LABELS, Number::U64(1)));
            }
        })
        .unwrap();
    let snapshot = registry.snapshot();
    let names: Vec<_> = snapshot.families().map(|family| family.name()).collect();
    assert_eq!(names, ["jobs_total", "runs", "tasks"]);
    assert_eq!(registry.callback_errors(), 3);
}

#[test]
fn look_ups_take_a_label_by_the_name_it_was_declared_with_or_the_exposed_one() {
    let registry = registry(NamePolicy::WITHOUT_UNITS);
    let errors: DynamicFamily<Counter> = registry.counter_family("errors", "", ["error.type"]).unwrap();
    errors.with([("error.type", "Timeout")]).unwrap().inc();
    errors.with([("error_type", "Timeout")]).unwrap().inc();
    assert_eq!(registry.snapshot().counter("errors_total", &[("error_type", "Timeout")]), Some(2));
    let unknown = errors.with([("error-type", "Timeout")]).unwrap_err();
    assert_eq!(unknown.reason(), &Reason::UnknownLabel("error-type".into()));
    let missing = errors.with(NO_LABELS).unwrap_err();
    assert_eq!(missing.reason(), &Reason::MissingLabel("error.type".into()));
}
