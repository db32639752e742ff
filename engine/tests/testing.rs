//! `assert_metric!` passes when it should, and says what is there when it does not.
#![forbid(unsafe_code)]

#[path = "common/plain.rs"]
mod plain;

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use plain::plain;
use tachometer::{
    FamilyBuilder, LabelValue, MetricKind, NO_LABELS, Number, Registry, Snapshot, StateSet, assert_metric,
};

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    #[expect(dead_code, reason = "one of the values that the family has")]
    Failed,
}

/// A registry with a series of each kind.
fn registry() -> Registry {
    let registry = plain();
    let requests = registry.counter_family("requests_total", "Requests.", ["method", "status"]).unwrap();
    requests.with([("method", "get"), ("status", "ok")]).unwrap().add(5);
    requests.with([("method", "put"), ("status", "ok")]).unwrap().add(2);
    registry.up_down_counter("active", "Under way.").unwrap().add(-3);
    registry.gauge("queue_size", "Waiting.").unwrap().set(2.5);
    registry.float_counter("cost_total", "Cost.").unwrap().add(0.25);
    let flush = registry.histogram("flush_seconds", "Time to flush.").unwrap();
    flush.observe(0.5);
    flush.observe(1.0);
    registry
}

thread_local! {
    /// Where this thread panicked, while a panic is expected.
    static EXPECTED: RefCell<Option<Vec<(String, u32)>>> = const { RefCell::new(None) };
}

/// The message of the panic that `work` ends in, and the line.
fn failure_at(work: impl FnOnce()) -> (String, u32) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|place| (place.file().to_owned(), place.line()));
            let expected = EXPECTED
                .with_borrow_mut(|places| places.as_mut().map(|places| places.extend(place)).is_some());
            if !expected {
                hook(info);
            }
        }));
    });
    EXPECTED.set(Some(Vec::new()));
    let unwound = catch_unwind(AssertUnwindSafe(work));
    let places = EXPECTED.take().unwrap_or_default();
    let message = unwound.expect_err("the assertion should have failed").downcast::<String>().unwrap();
    let [(file, line)] = &*places else { panic!("{places:?}") };
    assert!(file.ends_with("testing.rs"), "{file}");
    (*message, *line)
}

/// The message alone.
fn failure(work: impl FnOnce()) -> String {
    failure_at(work).0
}

#[test]
fn what_holds_passes_in_every_kind_and_with_every_comparison() {
    let registry = registry();
    assert_metric!(registry, "requests_total" { status = "ok", method = "get" } == 5);
    assert_metric!(registry, "requests_total" { method = "get", status = Status::Ok, } == 5_u64);
    assert_metric!(registry, "active" == -3);
    assert_metric!(registry, "queue_size" == 2.5);
    assert_metric!(registry, "cost_total" == 0.25_f32);
    assert_metric!(registry, "flush_seconds".count == 2_usize);
    assert_metric!(registry, "flush_seconds".sum == 1.5);
    assert_metric!(registry, "queue_size" != 2);
    assert_metric!(registry, "queue_size" > 2);
    assert_metric!(registry, "queue_size" >= 2.5);
    assert_metric!(registry, "queue_size" < 3);
    assert_metric!(registry, "queue_size" <= 2.5);
    assert_metric!(registry, "flush_seconds".count < 3);
    assert_metric!(registry, "requests_total" { status = "ok", method = "post" } absent);
    assert_metric!(registry, "nothing_total" absent);
}

#[test]
fn snapshots_references_variables_and_expressions_are_taken() {
    let registry = registry();
    let snapshot = registry.snapshot();
    let (name, prefix, method) = ("queue_size", "requests", String::from("put"));
    assert_metric!(snapshot, name == 2.5);
    assert_metric!(&snapshot, name == 2.5);
    assert_metric!(&registry, (format!("{prefix}_total")) { method = method, status = "ok" } == 1 + 1);
    assert_metric!(registry.snapshot().since(&snapshot), "requests_total" { method = "put", status = "ok" } == 0);
}

#[test]
fn constant_labels_belong_to_a_series_and_empty_ones_do_not() {
    let registry = Registry::builder().namespace("shop").label("env", "prod").build().unwrap();
    let errors = registry.counter_family("errors_total", "Errors.", ["type", "function"]).unwrap();
    errors.with([("type", "timeout"), ("function", "")]).unwrap().inc();
    assert_metric!(registry, "shop_errors_total" { env = "prod", type = "timeout" } == 1);
    assert_metric!(registry, "shop_errors_total" { env = "prod", type = "timeout", function = "" } == 1);
    assert_metric!(registry, "shop_errors_total" { type = "timeout" } absent);
}

#[test]
fn integers_are_not_rounded_to_floats() {
    let registry = plain();
    let counter = registry.counter("large_total", "").unwrap();
    counter.add((1 << 53) + 1);
    assert_metric!(registry, "large_total" == (1_u64 << 53) + 1);
    assert_metric!(registry, "large_total" != 1_u64 << 53);
    assert_metric!(registry, "large_total" > (1_u64 << 53) as f64);
    counter.add(u64::MAX - counter.value());
    assert_metric!(registry, "large_total" == u64::MAX);
    assert_metric!(registry, "large_total" < u64::MAX as f64);
}

#[test]
fn nan_equals_itself_and_nothing_else() {
    let registry = plain();
    registry.gauge("ratio", "").unwrap().set(f64::NAN);
    assert_metric!(registry, "ratio" == f64::NAN);
    assert_metric!(registry, "ratio" != 0);
    let message = failure(|| assert_metric!(registry, "ratio" >= 0));
    assert_eq!(message, "assertion failed: ratio >= 0\n  expected: >= 0\n     found: NaN");
}

#[test]
fn a_failure_tells_the_series_what_was_expected_and_what_was_found() {
    let registry = registry();
    let message =
        failure(|| assert_metric!(registry, "requests_total" { status = "ok", method = "get" } == 6));
    let lines = [
        r#"assertion failed: requests_total{method="get",status="ok"} == 6"#,
        "  expected: == 6",
        "     found: 5",
    ];
    assert_eq!(message, lines.join("\n"));
    let message = failure(|| assert_metric!(registry, "flush_seconds".sum < 1));
    assert_eq!(message, "assertion failed: flush_seconds.sum < 1\n  expected: < 1\n     found: 1.5");
    let message =
        failure(|| assert_metric!(registry, "requests_total" { status = "ok", method = "put" } absent));
    let lines = [
        r#"assertion failed: requests_total{method="put",status="ok"} absent"#,
        "  it is there, and holds 2",
    ];
    assert_eq!(message, lines.join("\n"));
}

#[test]
fn a_failure_lists_the_series_that_the_family_has() {
    let registry = registry();
    let message = failure(|| assert_metric!(registry, "requests_total" { method = "got" } == 5));
    let lines = [
        r#"assertion failed: requests_total{method="got"} == 5"#,
        "  there is no such series; requests_total has",
        r#"    requests_total{method="get",status="ok"} 5"#,
        r#"    requests_total{method="put",status="ok"} 2"#,
    ];
    assert_eq!(message, lines.join("\n"));
    let message = failure(|| assert_metric!(registry, "flush_seconds" { shard = 7 }.count == 2));
    assert!(message.ends_with("\n    flush_seconds a histogram (count 2, sum 1.5)"), "{message}");
}

#[test]
fn a_long_list_of_series_is_cut() {
    let registry = plain();
    let family = registry.counter_family("shards_total", "", ["shard"]).unwrap();
    for shard in 0..25 {
        family.with([("shard", shard.to_string().as_str())]).unwrap().inc();
    }
    let why = || failure(|| assert_metric!(registry, "shards_total" { shard = 25 } == 1));
    let message = why();
    assert_eq!(message.lines().count(), 2 + 20 + 1, "{message}");
    assert!(message.ends_with("\n    and 5 more"), "{message}");
    (20..25_u32).for_each(|shard| assert!(family.remove([("shard", &*shard.to_string())])));
    assert_eq!(why().lines().count(), 2 + 20, "{}", why());
    family.clear();
    assert!(why().ends_with("\n  shards_total has no series yet"), "{}", why());
}

#[test]
fn a_failure_names_the_families_that_are_near() {
    let registry = registry();
    let why = |name: &str| {
        let message = failure(|| assert_metric!(registry, name == 1));
        message.split_once('\n').unwrap().1.to_owned()
    };
    assert_eq!(why("request_total"), "  there is no such family; near it is `requests_total`");
    assert_eq!(why("shop_queue_size"), "  there is no such family; near it is `queue_size`");
    assert_eq!(
        why("throttles_per_stream"),
        "  there is no such family, and none of the 5 has a name like it"
    );
    let message = failure(|| assert_metric!(Registry::disabled(), "queue_size" == 1));
    assert!(
        message.ends_with("the snapshot is empty; is the registry disabled, or another one?"),
        "{message}"
    );
}

#[test]
fn a_failure_says_which_part_of_a_series_can_be_compared() {
    let registry = registry();
    let message = failure(|| assert_metric!(registry, "flush_seconds" == 2));
    assert!(message.ends_with("is not one number; say `.count` or `.sum`"), "{message}");
    let message = failure(|| assert_metric!(registry, "queue_size".sum == 2));
    let why = "\n  2.5 has no count and no sum; leave `.count` or `.sum` out";
    assert!(message.ends_with(why), "{message}");

    let states: StateSet<Status> = registry.declare("link", "Link.").register().unwrap();
    states.set(Status::Ok);
    let message = failure(|| assert_metric!(registry, "link" == 1));
    assert!(message.ends_with("is not a number; look at `Snapshot::series`"), "{message}");
}

#[test]
fn infos_and_summaries_can_be_compared() {
    let summary =
        FamilyBuilder::new("wait_seconds", MetricKind::Summary).summary(NO_LABELS, &[(0.5, 1.0)], 4.5, 3);
    let snapshot = Snapshot::builder()
        .family(FamilyBuilder::new("build", MetricKind::Info).info([("version", "1.2")]))
        .family(summary)
        .family(FamilyBuilder::new("load", MetricKind::Unknown).number(NO_LABELS, Number::F64(0.25)))
        .build()
        .unwrap();
    assert_metric!(snapshot, "build" { version = "1.2" } == 1);
    assert_metric!(snapshot, "wait_seconds".count == 3);
    assert_metric!(snapshot, "wait_seconds".sum == 4.5);
    assert_metric!(snapshot, "load" == 0.25);
}

#[test]
fn a_failure_points_to_the_line_of_the_assertion() {
    let line = line!() + 1;
    let (_, at) = failure_at(|| assert_metric!(plain(), "nothing" == 1));
    assert_eq!(at, line);
}
