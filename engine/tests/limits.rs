//! Limits: what goes beyond one is an error or goes where everybody sees it, and nothing is cut off.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use std::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use labels::{Method, Request, Sent, Status};
use plain::plain;
use tachometer::{
    Counter, DEFAULT_MAX_FAMILIES, DEFAULT_MAX_SERIES_PER_FAMILY, DynamicFamily, Family, Gauge, Histogram,
    MAX_LABELS, RegisterError, RegisterErrorReason as Reason, Registry, RegistryBuilder,
    labels::MAX_LABEL_VALUE_BYTES,
};

const OVERFLOW: [(&str, &str); 1] = [("overflow", "true")];

fn limited(series: usize) -> Registry {
    Registry::builder().self_metrics(false).max_series_per_family(series).build().unwrap()
}

#[track_caller]
fn assert_error<T>(result: Result<T, RegisterError>, metric: &str, reason: &Reason, words: &[&str]) {
    let Err(error) = result else { panic!("made, where {reason:?} was expected") };
    assert_eq!((error.metric(), error.reason()), (metric, reason), "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no `{word}` in: {error}");
    }
}

fn open(registry: &Registry) -> Family<u32, Counter> {
    registry.declare("open_total", "").label("n").register().unwrap()
}

/// The series of a family in a snapshot.
fn series(registry: &Registry, name: &str) -> usize {
    registry.snapshot().family(name).unwrap().series().count()
}

#[test]
fn label_sets_beyond_the_limit_share_one_series_and_earlier_handles_keep_theirs() {
    let registry = limited(3);
    let family = open(&registry);
    let first = [0, 1, 2].map(|n: u32| family.with(n).unwrap());
    let beyond = [3, 4].map(|n: u32| family.with(n).unwrap());
    first.iter().for_each(|handle| handle.add(1));
    beyond.iter().for_each(|handle| handle.add(10));
    family.with(2_u32).unwrap().add(100);
    family.with(5_u32).unwrap().add(1_000);
    let snapshot = registry.snapshot();
    let values = ["0", "1", "2", "3"].map(|n| snapshot.counter("open_total", &[("n", n)]));
    assert_eq!(values, [Some(1), Some(1), Some(101), None]);
    assert_eq!(snapshot.counter("open_total", &OVERFLOW), Some(1_020));
    assert_eq!(series(&registry, "open_total"), 4);

    let histograms: Family<u32, Histogram> = registry.declare("size", "").label("n").register().unwrap();
    let gauges: Family<u32, Gauge> = registry.declare("level", "").label("n").register().unwrap();
    for n in 0..10_u32 {
        histograms.with(n).unwrap().observe(2.0);
        gauges.with(n).unwrap().add(2.0);
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.histogram("size", &OVERFLOW).unwrap().count(), 7);
    assert_eq!(snapshot.gauge("level", &OVERFLOW), Some(14.0));
}

#[test]
fn the_series_beyond_the_limit_has_the_constant_labels() {
    let registry = Registry::builder()
        .self_metrics(false)
        .label("env", "prod")
        .max_series_per_family(2)
        .build()
        .unwrap();
    let of_child = |name| {
        let child = registry.child("p", [("child", name)]).unwrap();
        child.counter_family("sent_total", "", ["n"]).unwrap()
    };
    let [a, b] = ["a", "b"].map(of_child);
    for n in ["0", "1", "2"] {
        a.with([("n", n)]).unwrap().inc();
        b.with([("n", n)]).unwrap().inc();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("p_sent_total", &[("env", "prod"), ("overflow", "true")]), Some(4));
    assert_eq!(snapshot.counter("p_sent_total", &[("child", "a"), ("env", "prod"), ("n", "0")]), Some(1));
    // What is shared is not a child's to remove.
    a.clear();
    assert_eq!(
        registry.snapshot().counter("p_sent_total", &[("env", "prod"), ("overflow", "true")]),
        Some(4)
    );
}

#[test]
fn a_group_of_closed_labels_goes_beyond_the_limit_as_a_whole() {
    // Two groups of three, and room for one more series, which is not enough for a group.
    let registry = limited(7);
    let family: Family<Sent<String>, Counter> = registry.declare("sent_total", "").register().unwrap();
    for stream in ["a", "b", "c", "d"] {
        for (amount, status) in [1, 10, 100].into_iter().zip(Status::ALL) {
            family.with(stream).unwrap()[*status].add(amount);
            family.series(&Sent { stream_name: stream, status: *status }).unwrap().add(amount);
        }
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("sent_total", &OVERFLOW), Some(4 * 111));
    assert_eq!(snapshot.counter("sent_total", &[("stream_name", "b"), ("status", "failed")]), Some(200));
    assert_eq!(series(&registry, "sent_total"), 7);
    let beyond = Sent { stream_name: "c", status: Status::Ok };
    assert!(!family.remove(&beyond), "it has no series of its own");
    family.with("c").unwrap().clear();
    assert_eq!(registry.snapshot().counter("sent_total", &OVERFLOW), Some(4 * 111), "nor to begin again");
}

#[test]
fn removal_makes_room() {
    let registry = limited(2);
    let family = open(&registry);
    let kept = [0, 1].map(|n: u32| family.with(n).unwrap());
    family.with(2_u32).unwrap().inc();
    assert!(!family.remove(&2_u32) && family.remove(&0_u32));
    family.with(2_u32).unwrap().add(5);
    family.with(0_u32).unwrap().add(7);
    kept.iter().for_each(|handle| handle.add(1));
    let snapshot = registry.snapshot();
    let values = ["0", "1", "2"].map(|n| snapshot.counter("open_total", &[("n", n)]));
    assert_eq!(values, [None, Some(1), Some(5)]);
    assert_eq!(snapshot.counter("open_total", &OVERFLOW), Some(8));
    for _ in 0..10 {
        family.clear();
        (0..3_u32).for_each(|n| family.with(n).unwrap().inc());
        assert_eq!(series(&registry, "open_total"), 3);
        assert_eq!(registry.snapshot().counter("open_total", &OVERFLOW), Some(1));
    }
    let mixed: Family<(u32, bool), Counter> =
        registry.declare("mixed_total", "").labels(["n", "b"]).register().unwrap();
    mixed.with(0_u32).unwrap()[true].inc();
    assert!(mixed.remove(&(0_u32, true)));
    mixed.with(1_u32).unwrap()[true].inc();
    assert_eq!(registry.snapshot().counter("mixed_total", &OVERFLOW), Some(1), "a restart makes no room");
    assert!(mixed.remove_with(0_u32));
    mixed.with(1_u32).unwrap()[true].inc();
    assert_eq!(registry.snapshot().counter("mixed_total", &[("n", "1"), ("b", "true")]), Some(1));
}

#[test]
fn threads_that_meet_at_the_limit_agree_on_who_is_within() {
    const FAMILIES: u32 = 3_000;
    let registry = limited(1);
    let family = |number: u32| -> Family<u32, Counter> {
        registry.declare(&format!("f{number}_total"), "").label("n").register().unwrap()
    };
    let families: Vec<_> = (0..FAMILIES).map(family).collect();
    let arrived = AtomicU32::new(0);
    let look_up_all = || {
        for (round, family) in (1..).zip(&families) {
            arrived.fetch_add(1, Ordering::Relaxed);
            while arrived.load(Ordering::Relaxed) < 2 * round {
                hint::spin_loop();
            }
            family.with(7_u32).unwrap().inc();
        }
    };
    thread::scope(|scope| [(); 2].map(|()| scope.spawn(look_up_all)).map(|thread| thread.join().unwrap()));
    for family in registry.snapshot().families() {
        let series: Vec<_> = family.series().collect();
        assert!(matches!(&*series, [one] if one.labels().eq([("n", "7")])), "{family:?}");
    }
    assert_eq!(
        families.iter().map(|family| family.with(7_u32).unwrap().value()).sum::<u64>(),
        2 * u64::from(FAMILIES)
    );
}

#[test]
fn overflow_is_a_reserved_label() {
    let reserved = &Reason::ReservedLabel("overflow".into());
    let advice = &["`overflow` is reserved", "choose another"];
    let registry = plain();
    assert_error(registry.counter_family("a_total", "", ["overflow"]), "a_total", reserved, advice);
    let typed = registry.declare("a_total", "").label("overflow").register::<Family<Status, Counter>>();
    assert_error(typed, "a_total", reserved, advice);
    let typed = registry.declare("a_total", "").label("overflow").register::<Family<u8, Counter>>();
    assert_error(typed, "a_total", reserved, advice);
    assert_error(registry.info("build", "", [("overflow", "x")]), "build", reserved, advice);
    assert_error(
        Registry::builder().self_metrics(false).label("overflow", "x").build(),
        "",
        reserved,
        advice,
    );
    assert_error(registry.child("p", [("overflow", "x")]), "", reserved, advice);
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn a_label_value_has_up_to_65_536_bytes() {
    let fits = "ü".repeat(MAX_LABEL_VALUE_BYTES / 2);
    let long = format!("{fits}x");
    let too_long = |label: &str| Reason::LabelValueTooLong(label.into());
    let advice = &["65536", "shorter"];
    let registry = Registry::builder().self_metrics(false).label("env", &*fits).build().unwrap();
    assert_error(
        Registry::builder().self_metrics(false).label("env", &*long).build(),
        "",
        &too_long("env"),
        advice,
    );
    let dynamic = registry.counter_family("a_total", "", ["x", "y"]).unwrap();
    let typed: Family<(String, String), Counter> =
        registry.declare("b_total", "").labels(["x", "y"]).register().unwrap();
    dynamic.with([("x", &*fits), ("y", &*fits)]).unwrap().inc();
    typed.with((&fits, &fits)).unwrap().inc();
    let labels = [("env", &*fits), ("x", &*fits), ("y", &*fits)];
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("a_total", &labels), Some(1));
    assert_eq!(snapshot.counter("b_total", &labels), Some(1));
    assert_error(dynamic.with([("x", ""), ("y", &*long)]), "a_total", &too_long("y"), advice);
    assert_error(typed.with((&*long, &*long)), "b_total", &too_long("x"), advice);
    assert_error(typed.series(&("", &*long)), "b_total", &too_long("y"), advice);
    assert_error(registry.child("p", [("x", &*long)]), "", &too_long("x"), advice);
    assert!(!dynamic.remove([("x", ""), ("y", &*long)]) && !typed.remove(&(&*long, "")));
    assert_eq!(series(&registry, "a_total") + series(&registry, "b_total"), 2);
}

#[test]
fn a_registry_has_so_many_families_and_no_more() {
    let registry = Registry::builder().self_metrics(false).max_families(2).build().unwrap();
    let (a, _b) = (registry.counter("a_total", "").unwrap(), registry.gauge("b", "").unwrap());
    let full = &Reason::TooManyFamilies(2);
    let advice = &["has 2 families", "max_families"];
    assert_error(registry.counter("c_total", ""), "c_total", full, advice);
    assert_error(
        registry.child("p", [("x", "y")]).unwrap().counter("c_total", ""),
        "p_c_total",
        full,
        advice,
    );
    assert_error(registry.gauge_fn("c", "", || 0.0), "c", full, advice);
    registry.counter("a_total", "").unwrap().inc();
    assert_eq!(a.value(), 1, "a family that is there is found");
    assert!(registry.unregister("b"));
    let _c = registry.counter("c_total", "").unwrap();
    assert_error(registry.gauge("b", ""), "b", full, advice);

    let names: Vec<String> = (0..=DEFAULT_MAX_FAMILIES).map(|number| format!("m{number}")).collect();
    let registry = plain();
    let (last, within) = names.split_last().unwrap();
    within.iter().for_each(|name| drop(registry.up_down_counter(name, "").unwrap()));
    assert_error(
        registry.counter(last, ""),
        last,
        &Reason::TooManyFamilies(DEFAULT_MAX_FAMILIES),
        advice_of_default(),
    );
}

fn advice_of_default() -> &'static [&'static str] {
    &["has 10000 families"]
}

#[test]
fn a_family_has_32_labels_and_no_more() {
    let names: Vec<String> = (0..=MAX_LABELS).map(|number| format!("l{number}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let registry = plain();
    let family: DynamicFamily<Counter> =
        registry.counter_family("a_total", "", names[..MAX_LABELS].iter().copied()).unwrap();
    let labels: Vec<(&str, &str)> = names[..MAX_LABELS].iter().map(|name| (*name, *name)).collect();
    family.with(labels.iter().copied()).unwrap().inc();
    assert_eq!(registry.snapshot().counter("a_total", &labels), Some(1));
    let too_many = &Reason::TooManyLabels(MAX_LABELS + 1);
    assert_error(registry.counter_family("b_total", "", names), "b_total", too_many, &["33 labels", "32"]);
    // A child's labels are among them.
    let child = registry.child("p", [("x", "y")]).unwrap();
    let family = child.counter_family("a_total", "", labels.iter().map(|(name, _)| *name));
    assert_error(family, "p_a_total", too_many, &["33 labels"]);
}

#[test]
fn closed_labels_have_no_more_combinations_than_a_family_series() {
    let build = |builder: RegistryBuilder| builder.build().unwrap();
    let register =
        |registry: &Registry| registry.declare("a_total", "").register::<Family<Request, Counter>>();
    let combinations = Method::ALL.len() * Status::ALL.len();
    let error = Reason::TooManyCombinations { combinations, limit: combinations - 1 };
    let advice = &["6 combinations", "5 series", "max_series_per_family"];
    let few = build(Registry::builder().self_metrics(false).max_series_per_family(combinations - 1));
    assert_error(register(&few), "a_total", &error, advice);
    let mixed = few.declare("b_total", "").labels(["n", "m", "s"]);
    assert_error(mixed.register::<Family<(u8, Method, Status), Counter>>(), "b_total", &error, advice);
    assert_eq!(few.snapshot().families().len(), 0);
    let enough = build(Registry::builder().self_metrics(false).max_series_per_family(combinations));
    let family = register(&enough).unwrap();
    family[Request { method: Method::Read, status: Status::Ok }].inc();
    assert_eq!(series(&enough, "a_total"), combinations);
    assert_eq!(DEFAULT_MAX_SERIES_PER_FAMILY, 2_000);
}
