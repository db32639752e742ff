//! What a registry says of itself: how many series it has, and what has failed.
#![forbid(unsafe_code)]

use tachometer::{
    Buckets, Counter, Declaration, Family, Gauge, Instrument, MetricKind, NO_LABELS, RegisterError,
    RegisterErrorReason as Reason, Registry, Snapshot, StateSet,
};

const SERIES: &str = "tachometer_series";
const ERRORS: &str = "tachometer_registration_errors_total";
const CALLBACK_ERRORS: &str = "tachometer_callback_errors_total";

/// The reasons that were counted, each with its number, sorted.
fn errors(registry: &Registry) -> Vec<(String, u64)> {
    let snapshot = registry.snapshot();
    let reasons = Reason::LABELS.iter().map(|reason| {
        let count = snapshot.counter(ERRORS, &[("reason", reason)]);
        // Those of snapshots built by hand, registries that were not built and metrics by name are no registration's.
        let elsewhere = [
            "duplicate_family",
            "duplicate_series",
            "wrong_value",
            "no_callback_timeout",
            "too_many_names",
            "name_too_long",
            "reentry",
        ];
        assert_eq!(count.is_none(), elsewhere.contains(reason), "{reason} is there from the start");
        ((*reason).to_owned(), count.unwrap_or(0))
    });
    let mut counted: Vec<_> = reasons.filter(|(_, count)| *count > 0).collect();
    counted.sort();
    counted
}

/// That `result` is an error, and the only one that `registry` has counted since the last of these calls.
#[track_caller]
fn assert_counted<T>(registry: &Registry, before: &mut Vec<(String, u64)>, result: Result<T, RegisterError>) {
    let Err(error) = result else { panic!("no error") };
    let label = error.reason().as_str();
    match before.iter_mut().find(|(reason, _)| reason == label) {
        Some((_, count)) => *count += 1,
        None => before.push((label.to_owned(), 1)),
    }
    before.sort();
    assert_eq!(errors(registry), *before, "{error}");
}

fn series(snapshot: &Snapshot) -> f64 {
    snapshot.gauge(SERIES, &[]).unwrap()
}

#[test]
fn series_are_counted_as_the_snapshot_has_them_and_without_self_metrics() {
    let registry = Registry::new();
    assert_eq!(series(&registry.snapshot()), 0.0);
    let _ = registry.histogram_with("size", "Sizes.", Buckets::explicit([1.0, 2.0])).unwrap();
    registry.info("build", "Of the program.", [("version", "1")]).unwrap();
    let family = registry.counter_family("events_total", "Events.", ["l"]).unwrap();
    let _: Gauge = registry.declare("level", "Level.").absent_until_set().register().unwrap();
    assert_eq!(series(&registry.snapshot()), 3.0);
    let _: Family<bool, Counter> =
        registry.declare("hits_total", "Hits.").label("cached").register().unwrap();
    for value in ["a", "b", "c"] {
        let _ = family.with([("l", value)]).unwrap();
    }
    let before = registry.snapshot();
    assert_eq!(series(&before), 8.0);
    assert!(family.remove([("l", "a")]) && registry.unregister("size"));
    assert_eq!((series(&registry.snapshot()), series(&before)), (6.0, 8.0));
}

#[test]
fn the_series_beyond_the_limit_is_one() {
    let registry = Registry::builder().max_series_per_family(3).build().unwrap();
    let family = registry.counter_family("events_total", "Events.", ["l"]).unwrap();
    (0..100).for_each(|n| family.with([("l", &*n.to_string())]).unwrap().inc());
    assert_eq!(series(&registry.snapshot()), 4.0);
    assert_eq!(errors(&registry), [], "what is beyond the limit is no error");
}

#[test]
fn every_error_that_leaves_a_registration_is_counted_once() {
    let registry = Registry::builder().max_families(4).build().unwrap();
    let counted = &mut Vec::new();
    assert_counted(&registry, counted, registry.counter("a-b", ""));
    assert_counted(&registry, counted, registry.counter("", ""));
    let _ = registry.counter("a_total", "").unwrap();
    assert_counted(&registry, counted, registry.gauge("a_total", ""));
    assert_counted(&registry, counted, registry.gauge_fn("a_total", "", || 0.0));
    assert_counted(&registry, counted, registry.counter_fn("é", "", || 0));
    assert_counted(&registry, counted, registry.counter_family("b_total", "", ["l", "l"]));
    assert_counted(&registry, counted, registry.info("c", "", [("__l", "v")]));
    assert_counted(&registry, counted, registry.info("c", "", [("l", "v"), ("l", "w")]));
    assert_counted(&registry, counted, registry.histogram_with("size", "", Buckets::explicit([])));
    assert_counted(&registry, counted, registry.declare("wait", "").unit("seconds").register::<Gauge>());
    assert_counted(&registry, counted, registry.declare("x_total", "").register::<Family<bool, Counter>>());
    assert_counted(&registry, counted, registry.declare("on", "").label("a").register::<StateSet<bool>>());
    assert_counted(&registry, counted, registry.declare("a_total", "").register::<StateSet<bool>>());
    assert_counted(&registry, counted, registry.child("a-b", NO_LABELS));
    assert_counted(&registry, counted, registry.child("a", [("l", "1"), ("l", "2")]));
    let child = registry.child("child", [("part", "one")]).unwrap();
    assert_counted(&registry, counted, child.counter("a-b", ""));
    let _others = ["b_total", "c_total", "d_total"].map(|name| registry.counter(name, "").unwrap());
    assert_counted(&registry, counted, registry.counter("e_total", ""));
}

#[test]
fn look_ups_that_fail_are_counted_too() {
    let registry = Registry::new();
    let too_long = &*"x".repeat(tachometer::labels::MAX_LABEL_VALUE_BYTES + 1);
    let family = registry.counter_family("a_total", "", ["l"]).unwrap();
    let typed: Family<String, Counter> = registry.declare("b_total", "").label("l").register().unwrap();
    let counted = &mut Vec::new();
    assert_counted(&registry, counted, family.with(NO_LABELS));
    assert_counted(&registry, counted, family.with([("l", "v"), ("m", "w")]));
    assert_counted(&registry, counted, family.with([("l", too_long)]));
    assert_counted(&registry, counted, typed.with(too_long));
    assert_counted(&registry, counted, typed.series(&too_long.to_owned()));
    // Removing what cannot be there is no error.
    assert!(!family.remove([("m", "w")]) && !typed.remove_with(too_long));
    registry.unregister("a_total");
    assert_counted(&registry, counted, family.with(NO_LABELS));
}

#[test]
fn an_instrument_made_of_another_counts_its_error_once() {
    struct Wrapped(#[expect(dead_code, reason = "nothing is recorded")] Counter);
    impl Instrument for Wrapped {
        fn register(declaration: Declaration<'_>) -> Result<Self, RegisterError> {
            declaration.register().map(Self)
        }
    }
    let registry = Registry::new();
    assert_counted(&registry, &mut Vec::new(), registry.declare("a-b", "").register::<Wrapped>());
}

#[test]
fn callback_errors_are_in_the_snapshot_in_which_they_happened() {
    let registry = Registry::new();
    registry.gauge_fn("level", "", || 1.0).unwrap();
    assert_eq!(registry.snapshot().counter(CALLBACK_ERRORS, &[]), Some(0));
    registry.gauge_fn("broken", "", || panic!("on purpose")).unwrap();
    for errors in 1..4 {
        assert_eq!(registry.snapshot().counter(CALLBACK_ERRORS, &[]), Some(errors));
        assert_eq!(registry.callback_errors(), errors);
    }
}

#[test]
fn their_names_are_taken_unless_they_are_off() {
    let on = Registry::new();
    let off = Registry::builder().self_metrics(false).build().unwrap();
    for name in [SERIES, ERRORS, CALLBACK_ERRORS] {
        let error = on.counter(name, "").unwrap_err();
        let clash = Reason::SampleNameClash { sample: name.into(), family: name.into() };
        assert_eq!((error.metric(), error.reason()), (name, &clash));
        assert!(!on.unregister(name));
        assert!(off.counter(name, "").is_ok());
    }
    let in_namespace = Registry::builder().namespace("tachometer").build().unwrap();
    assert!(in_namespace.gauge("series", "").is_err());
    assert_eq!(off.snapshot().families().len(), 3);
    // Those of the process are in the default registry alone.
    assert!(on.gauge("tachometer_shards", "").is_ok());
}

#[test]
fn they_carry_the_constant_labels_and_the_prefix() {
    let labels = |registry: &Registry, name: &str| {
        let snapshot = registry.snapshot();
        let series = snapshot.family(name).unwrap().series().next().unwrap();
        series.labels().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    let builder = || Registry::builder().namespace("shop").subsystem("cart");
    let registry = builder().label("env", "prod").build().unwrap();
    assert_eq!(labels(&registry, SERIES), ["env=prod", "registry=shop_cart"]);
    assert_eq!(labels(&registry, ERRORS), ["env=prod", "reason=buckets", "registry=shop_cart"]);
    assert_eq!(
        labels(&registry.child("part", [("l", "v")]).unwrap(), SERIES),
        ["env=prod", "registry=shop_cart"]
    );
    // Labels of the program's own that have these names.
    let registry = builder().label("registry", "mine").label("reason", "none").build().unwrap();
    assert_eq!(labels(&registry, SERIES), ["reason=none", "registry=mine"]);
    assert_eq!(labels(&registry, ERRORS), ["reason=buckets", "registry=mine"]);
    assert_eq!(labels(&Registry::new(), SERIES), [] as [&str; 0]);
}

#[test]
fn they_say_what_they_are_and_stay_in_the_schema() {
    let registry = Registry::new();
    let before = registry.snapshot();
    let described: Vec<_> = before.families().map(|family| (family.name(), family.kind())).collect();
    let counter = MetricKind::Counter;
    assert_eq!(described, [(CALLBACK_ERRORS, counter), (ERRORS, counter), (SERIES, MetricKind::Gauge)]);
    assert!(before.families().all(|family| family.help().is_some_and(|help| help.ends_with('.'))));
    assert!(registry.counter("a-b", "").is_err());
    let after = registry.snapshot();
    assert_eq!(after.schema_id(), before.schema_id());
    assert_eq!(after.since(&before).counter(ERRORS, &[("reason", "illegal_metric_name")]), Some(1));
    assert_eq!(Registry::disabled().snapshot().families().len(), 0);
    let disabled = Registry::builder().enabled(false).self_metrics(true).build().unwrap();
    assert_eq!(disabled.snapshot().families().len(), 0);
}

#[test]
fn what_an_exporter_says_of_itself_has_the_labels_of_the_self_metrics_and_no_prefix()
-> Result<(), RegisterError> {
    let pushes = |registry: &Registry| -> Result<bool, RegisterError> {
        let Some(own) = registry.self_metrics() else { return Ok(false) };
        own.counter("exporter_pushes_total", "Pushes.")?.inc();
        Ok(true)
    };
    let shop = Registry::builder().namespace("shop").label("env", "prod").build()?;
    assert!(pushes(&shop)?);
    // A child is the same registry, and so is a second exporter's.
    assert!(pushes(&shop.child("cart", [("user", "7")])?)?);
    let labels = [("env", "prod"), ("registry", "shop")];
    assert_eq!(shop.snapshot().counter("exporter_pushes_total", &labels), Some(2));

    let plain = Registry::new();
    assert!(pushes(&plain)?);
    assert_eq!(plain.snapshot().counter("exporter_pushes_total", &[]), Some(1));
    // A constant label takes the place of ours.
    let named = Registry::builder().namespace("shop").label("registry", "mine").build()?;
    assert!(pushes(&named)?);
    assert_eq!(named.snapshot().counter("exporter_pushes_total", &[("registry", "mine")]), Some(1));

    let off = Registry::builder().self_metrics(false).build()?;
    assert!(!pushes(&off)? && !pushes(&Registry::disabled())?);
    assert_eq!(off.snapshot().families().len(), 0);
    Ok(())
}
