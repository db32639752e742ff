//! What cannot be registered is an error that names the metric and says what to change.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use plain::plain;
use tachometer::{
    Buckets, BucketsError, Counter, DynamicFamily, MAX_BOUNDS, MAX_LABELS, NO_LABELS, RegisterError,
    RegisterErrorReason as Reason, Registry,
};

/// Asserts the reason, the metric, and that the message holds each of `words`.
#[track_caller]
fn assert_error<T>(result: Result<T, RegisterError>, metric: &str, reason: &Reason, words: &[&str]) {
    let Err(error) = result else { panic!("registered, where {reason:?} was expected") };
    let message = error.to_string();
    assert_eq!((error.metric(), error.reason()), (metric, reason), "{message}");
    for word in words.iter().chain((!metric.is_empty()).then_some(&metric)) {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
}

fn family(registry: &Registry, labels: &[&'static str]) -> Result<DynamicFamily<Counter>, RegisterError> {
    registry.counter_family("errors_total", "Errors.", labels.iter().copied())
}

#[test]
fn an_illegal_metric_name_is_refused_by_every_registration() {
    let registry = plain();
    for name in ["bytes-sent", "1st", "a b", "größe", "a\n", "a{b=\"c\"}", "a.b", "\0"] {
        let advice = &["letters, digits, `_` and `:`", "must not begin with a digit"];
        let illegal = &Reason::IllegalMetricName;
        assert_error(registry.counter(name, ""), name, illegal, advice);
        assert_error(registry.float_counter(name, ""), name, illegal, advice);
        assert_error(registry.up_down_counter(name, ""), name, illegal, advice);
        assert_error(registry.gauge(name, ""), name, illegal, advice);
        assert_error(registry.histogram(name, ""), name, illegal, advice);
        assert_error(registry.signal_counter(name, ""), name, illegal, advice);
        assert_error(registry.gauge_fn(name, "", || 0.0), name, illegal, advice);
        assert_error(registry.counter_fn(name, "", || 0), name, illegal, advice);
        assert_error(registry.counter_family(name, "", ["l"]), name, illegal, advice);
        assert_error(registry.float_counter_family(name, "", ["l"]), name, illegal, advice);
        assert_error(registry.up_down_counter_family(name, "", ["l"]), name, illegal, advice);
        assert_error(registry.gauge_family(name, "", ["l"]), name, illegal, advice);
        assert_error(registry.histogram_family(name, "", ["l"]), name, illegal, advice);
    }
    assert_error(registry.counter("", ""), "", &Reason::EmptyName, &["give it one"]);
    assert_eq!(registry.counter("", "").unwrap_err().to_string(), "a metric has no name; give it one");
    assert_eq!(registry.snapshot().families().len(), 0);
    assert!(registry.counter("job:requests_total:rate5m", "Legal.").is_ok());
}

#[test]
fn an_illegal_label_name_is_refused() {
    for label in ["", "a-b", "1st", "a b", "größe", "job:rate", "a\n"] {
        let reason = Reason::IllegalLabelName(label.into());
        let advice = &["only letters, digits and `_`", label];
        assert_error(family(&Registry::new(), &[label]), "errors_total", &reason, advice);
        assert_error(Registry::builder().label(label, "v").build(), "", &reason, advice);
    }
}

#[test]
fn a_reserved_label_is_refused() {
    for label in ["quantile", "__name__", "__x"] {
        let reason = Reason::ReservedLabel(label.into());
        assert_error(family(&Registry::new(), &[label]), "errors_total", &reason, &[label, "choose another"]);
        assert_error(Registry::builder().label(label, "v").build(), "", &reason, &["registry", label]);
    }
    let le = Reason::ReservedLabel("le".into());
    let registry = Registry::new();
    assert_error(registry.histogram_family("size", "", ["le"]), "size", &le, &["`le` is reserved"]);
    assert!(family(&registry, &["le"]).is_ok(), "`le` means something on histograms only");
    let constant = Registry::builder().label("le", "v").build().unwrap();
    assert_error(constant.histogram("size", ""), "size", &le, &["`le` is reserved"]);
}

#[test]
fn a_label_given_twice_is_refused() {
    let twice = |label: &str| Reason::DuplicateLabel(label.into());
    let registry = Registry::builder().label("env", "prod").build().unwrap();
    let advice = &["occurs twice", "leave one out"];
    assert_error(family(&registry, &["a", "b", "a"]), "errors_total", &twice("a"), advice);
    assert_error(family(&registry, &["env"]), "errors_total", &twice("env"), &["constant"]);
    let builder = Registry::builder().label("env", "prod").label("env", "test");
    assert_error(builder.build(), "", &twice("env"), advice);
    let known = family(&registry, &["a"]).unwrap();
    assert_error(known.with([("a", "1"), ("a", "1")]), "errors_total", &twice("a"), advice);
}

#[test]
fn too_many_labels_are_refused() {
    let names: Vec<String> = (0..=MAX_LABELS).map(|i| format!("label_{i}")).collect();
    let registry = Registry::new();
    let all = registry.counter_family("errors_total", "", names.iter().map(String::as_str));
    let reason = Reason::TooManyLabels(MAX_LABELS + 1);
    assert_error(all, "errors_total", &reason, &["33 labels", "at most 32"]);
    let most = registry.counter_family("errors_total", "", names[1..].iter().map(String::as_str)).unwrap();
    assert!(most.with(names[1..].iter().map(|name| (name.as_str(), "v"))).is_ok());
}

#[test]
fn a_look_up_needs_just_the_labels_of_the_family() {
    let known = family(&Registry::new(), &["stream", "type"]).unwrap();
    let missing = Reason::MissingLabel("type".into());
    let unknown = Reason::UnknownLabel("kind".into());
    assert_error(known.with([("stream", "a")]), "errors_total", &missing, &["`type`", "give it one"]);
    assert_error(known.with(NO_LABELS), "errors_total", &Reason::MissingLabel("stream".into()), &[]);
    let too_many = [("stream", "a"), ("type", "b"), ("kind", "c")];
    assert_error(known.with(too_many), "errors_total", &unknown, &["no label `kind`", "leave it out"]);
    assert!(known.with([("type", "b"), ("stream", "a")]).is_ok(), "the order does not matter");
    assert!(known.with([("type", ""), ("stream", "\"\n\\é")]).is_ok(), "a value may be anything");
}

#[test]
fn bounds_that_make_no_buckets_are_refused() {
    let registry = plain();
    let refused = |bounds: &[f64], error: BucketsError, words: &[&str]| {
        let buckets = || Buckets::explicit(bounds.iter().copied());
        let reason = Reason::Buckets(error);
        assert_error(registry.histogram_with("size", "", buckets()), "size", &reason, words);
        assert_error(registry.histogram_family_with("size", "", ["l"], buckets()), "size", &reason, words);
        assert_error(Registry::builder().default_buckets(buckets()).build(), "", &reason, words);
    };
    refused(&[], BucketsError::Empty, &["no finite bound", "at least one"]);
    refused(&[f64::INFINITY], BucketsError::Empty, &["no finite bound"]);
    refused(&[1.0, f64::NEG_INFINITY], BucketsError::NotANumber, &["-Inf"]);
    let not_increasing = |before, bound| BucketsError::NotIncreasing { before, bound };
    refused(&[1.0, 3.0, 2.0], not_increasing(3.0, 2.0), &["bound 2 follows 3", "increasing order"]);
    refused(&[1.0, 1.0], not_increasing(1.0, 1.0), &["each once"]);
    refused(&[0.0, -0.0], not_increasing(0.0, -0.0), &["increasing"]);
    refused(&[f64::INFINITY, f64::INFINITY], not_increasing(f64::INFINITY, f64::INFINITY), &[]);
    let many: Vec<f64> = (0..=MAX_BOUNDS as u32).map(f64::from).collect();
    refused(&many, BucketsError::TooMany(MAX_BOUNDS + 1), &["255 bucket bounds", "at most 254"]);
    // NaN equals nothing, so its error is told apart by hand.
    let error = registry.histogram_with("size", "", Buckets::explicit([f64::NAN])).unwrap_err();
    assert!(matches!(error.reason(), Reason::Buckets(BucketsError::NotANumber)));
    assert!(error.to_string().contains("metric `size`") && error.to_string().contains("NaN"), "{error}");
    let layout = registry.histogram_with("size", "", Buckets::linear(0.0, -1.0, 3)).unwrap_err();
    assert!(layout.to_string().contains("a width above 0"), "{layout}");
    assert_eq!(registry.snapshot().families().len(), 0);
}

#[test]
fn a_bound_of_infinity_is_merged_with_the_last_bucket() {
    let registry = Registry::new();
    let explicit = Buckets::explicit([1.0, f64::INFINITY]);
    let histogram = registry.histogram_with("size", "", explicit).unwrap();
    histogram.observe(5.0);
    assert_eq!(histogram.value().counts, [0, 1]);
    assert!(registry.histogram_with("size", "", Buckets::explicit([1.0])).is_ok(), "the same bounds");
    let most = (0..MAX_BOUNDS as u32).map(f64::from).chain([f64::INFINITY]);
    assert!(registry.histogram_with("most", "", Buckets::explicit(most)).is_ok());
}

#[test]
fn a_name_keeps_its_type_help_labels_and_bounds() {
    let registry = Registry::new();
    drop(registry.counter_family("errors_total", "Errors.", ["a", "b"]).unwrap());
    drop(registry.histogram("size", "Size.").unwrap());
    let conflict = |registered, requested| Reason::TypeConflict { registered, requested };
    let gauge = registry.gauge("errors_total", "Errors.");
    assert_error(gauge, "errors_total", &conflict("counter", "gauge"), &["as a counter", "another name"]);
    let float = registry.float_counter_family("errors_total", "Errors.", ["a", "b"]);
    assert_error(float, "errors_total", &conflict("counter", "float counter"), &["float counter"]);
    let counter = registry.counter("size", "Size.");
    assert_error(counter, "size", &conflict("histogram", "counter"), &["as a histogram"]);

    let help = registry.counter_family("errors_total", "Failures.", ["a", "b"]);
    assert_error(help, "errors_total", &Reason::HelpConflict("Errors.".into()), &["`Errors.`", "same text"]);
    let labels = Reason::LabelsConflict(["a".into(), "b".into()].into());
    for names in [&["a"][..], &["b", "a"], &["a", "b", "c"], &[]] {
        assert_error(family(&registry, names), "errors_total", &labels, &["[a, b]", "same order"]);
    }
    let bounds = registry.histogram_with("size", "Size.", Buckets::explicit([1.0]));
    assert_error(bounds, "size", &Reason::BucketsConflict, &["other bounds", "same bounds"]);
}

#[test]
fn a_callback_has_its_name_to_itself() {
    let registry = Registry::new();
    registry.gauge_fn("level", "Level.", || 1.0).unwrap();
    registry.counter_fn("events_total", "Events.", || 1).unwrap();
    let again = registry.gauge_fn("level", "Level.", || 2.0);
    assert_error(again, "level", &Reason::CallbackExists, &["callback", "another name"]);
    let again = registry.counter_fn("events_total", "Events.", || 2);
    assert_error(again, "events_total", &Reason::CallbackExists, &["cannot be shared"]);
    let conflict = Reason::TypeConflict { registered: "gauge callback", requested: "gauge" };
    assert_error(registry.gauge("level", "Level."), "level", &conflict, &[]);
    assert_eq!(registry.snapshot().gauge("level", &[]), Some(1.0), "the first one stays");
}

#[test]
fn sample_names_do_not_clash_in_either_direction() {
    for suffix in ["_bucket", "_sum", "_count"] {
        let sample = format!("size{suffix}");
        let clash =
            |family: &str| Reason::SampleNameClash { sample: sample.as_str().into(), family: family.into() };

        let registry = Registry::new();
        drop(registry.histogram("size", "Size.").unwrap());
        let late = registry.counter(&sample, "");
        assert_error(late, &sample, &clash("size"), &["belongs to the family `size`", "another name"]);

        let registry = Registry::new();
        drop(registry.counter(&sample, "").unwrap());
        assert_error(registry.histogram("size", "Size."), "size", &clash(&sample), &[&sample]);
        assert!(registry.counter("size", "").is_ok(), "what failed has taken no names");
    }
    let registry = Registry::new();
    drop(registry.histogram("size", "Size.").unwrap());
    assert!(registry.counter("sizes_total", "").is_ok());
}

#[test]
fn the_same_metric_again_gives_the_same_cells() {
    let registry = Registry::new();
    let [one, two] = [0, 1].map(|_| registry.counter("events_total", "Events.").unwrap());
    one.inc();
    two.add(2);
    assert_eq!((one.value(), two.value()), (3, 3));
    let [one, two] = [0, 1].map(|_| family(&registry, &["a", "b"]).unwrap());
    one.with([("a", "1"), ("b", "2")]).unwrap().inc();
    two.with([("b", "2"), ("a", "1")]).unwrap().inc();
    two.with([("a", "2"), ("b", "1")]).unwrap().inc();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("errors_total", &[("a", "1"), ("b", "2")]), Some(2));
    assert_eq!(snapshot.family("errors_total").unwrap().series().count(), 2);
    let [one, two] = [0, 1].map(|_| registry.histogram("size", "Size.").unwrap());
    one.observe(1.0);
    two.observe(1.0);
    assert_eq!(one.value(), two.value());
    assert_eq!(one.value().count, 2);
    let [one, two] = [0, 1].map(|_| registry.gauge("level", "Level.").unwrap());
    one.set(3.0);
    two.add(1.0);
    assert_eq!(one.value(), 4.0);
}

#[test]
fn prefixes_and_constant_labels_go_on_every_name() {
    let builder = Registry::builder().namespace("shop").subsystem("web").label("env", "prod");
    let registry = builder.build().unwrap();
    registry.counter("requests_total", "Requests.").unwrap().inc();
    let labels = [("env", "prod")];
    assert_eq!(registry.snapshot().counter("shop_web_requests_total", &labels), Some(1));
    let conflict = registry.counter("requests_total", "Other.");
    assert_error(conflict, "shop_web_requests_total", &Reason::HelpConflict("Requests.".into()), &[]);
    for bad in ["my-shop", "1shop", "größe"] {
        let illegal = &Reason::IllegalPrefix(bad.into());
        assert_error(Registry::builder().namespace(bad).build(), "", illegal, &["registry", bad, "letters"]);
        assert_error(Registry::builder().subsystem(bad).build(), "", illegal, &["registry", bad, "letters"]);
    }
}

#[test]
fn racing_registrations_agree_on_the_cells() {
    let registry = plain();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for name in 0..100 {
                    let counter = registry.counter(&format!("events_{name}_total"), "Events.").unwrap();
                    counter.inc();
                    let family = family(&registry, &["number"]).unwrap();
                    family.with([("number", &*name.to_string())]).unwrap().inc();
                }
            });
        }
    });
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.families().len(), 101);
    for name in 0..100 {
        assert_eq!(snapshot.counter(&format!("events_{name}_total"), &[]), Some(16));
        assert_eq!(snapshot.counter("errors_total", &[("number", &*name.to_string())]), Some(16));
    }
}
