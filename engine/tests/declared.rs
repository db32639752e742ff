//! What a declaration says: a unit that the name has, gauges that are absent until set, infos and state sets.
#![forbid(unsafe_code)]

#[path = "common/labels.rs"]
mod labels;
#[path = "common/plain.rs"]
mod plain;

use std::thread;

use labels::{Method, Status, Stray};
use plain::plain;
use tachometer::{
    Counter, Family, Gauge, Histogram, LabelValue, MAX_STATES, MetricKind, NO_LABELS, RegisterError,
    RegisterErrorReason as Reason, Registry, StateSet, Value, labels::Closed,
};

#[track_caller]
fn assert_error<T>(result: Result<T, RegisterError>, reason: &Reason, words: &[&str]) {
    let Err(error) = result else { panic!("made, where {reason:?} was expected") };
    assert_eq!(error.reason(), reason, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no `{word}` in: {error}");
    }
}

/// The states of a set in a snapshot, and whether they are on.
fn states(registry: &Registry, name: &str) -> Vec<(String, bool)> {
    let snapshot = registry.snapshot();
    let Value::StateSet(states) = snapshot.series(name, &[]).unwrap().value() else { panic!("no state set") };
    states.states().map(|(state, on)| (state.to_owned(), on)).collect()
}

fn status_set(registry: &Registry) -> StateSet<Status> {
    registry.declare("link", "State of the link.").register().unwrap()
}

#[test]
fn a_state_set_has_its_first_state_until_another_is_set() {
    let registry = plain();
    let [link, again] = [(); 2].map(|()| status_set(&registry));
    let on = |ok, throttled, failed| {
        [("ok", ok), ("throttled", throttled), ("failed", failed)]
            .map(|(state, on)| (state.to_owned(), on))
            .to_vec()
    };
    assert_eq!(states(&registry, "link"), on(true, false, false));
    link.set(Status::Failed);
    assert_eq!(states(&registry, "link"), on(false, false, true));
    again.enable(Status::Ok);
    assert_eq!(states(&registry, "link"), on(true, false, true));
    link.disable(Status::Failed);
    link.disable(Status::Throttled);
    assert_eq!(states(&registry, "link"), on(true, false, false));
    assert!(again.is_on(Status::Ok) && !again.is_on(Status::Failed));
    link.clone().set(Status::Throttled);
    assert!(again.is_on(Status::Throttled) && !again.is_on(Status::Ok));
    assert_eq!(registry.snapshot().family("link").unwrap().kind(), MetricKind::StateSet);
}

#[test]
fn a_snapshot_sees_the_states_of_one_instant() {
    let registry = plain();
    let link = status_set(&registry);
    thread::scope(|scope| {
        let writers = [0, 1].map(|first| {
            let link = &link;
            scope.spawn(move || (0..5_000).for_each(|turn| link.set(Status::ALL[(first + turn) % 3])))
        });
        while writers.iter().any(|writer| !writer.is_finished()) {
            let on = states(&registry, "link").into_iter().filter(|(_, on)| *on).count();
            assert_eq!(on, 1, "one state at a time");
        }
    });
}

#[test]
fn changes_of_different_states_do_not_undo_each_other() {
    let registry = plain();
    let link = status_set(&registry);
    thread::scope(|scope| {
        for status in [Status::Throttled, Status::Failed] {
            let link = &link;
            scope.spawn(move || {
                for _ in 0..5_000 {
                    link.enable(status);
                    assert!(link.is_on(status));
                    link.disable(status);
                    assert!(!link.is_on(status));
                }
                link.enable(status);
            });
        }
    });
    assert!(Status::ALL.iter().all(|status| link.is_on(*status)));
}

/// As many states as there can be.
struct Wide(usize);

impl LabelValue for Wide {
    type Domain = Closed;

    const COUNT: usize = MAX_STATES;

    fn index(&self) -> usize {
        self.0
    }

    fn value_at(index: usize) -> &'static str {
        const { assert!(MAX_STATES == 64) }
        const TEXT: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+";
        &TEXT[index..=index]
    }

    fn write(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result {
        to.write_str(Self::value_at(self.0))
    }
}

#[test]
fn a_state_set_has_up_to_64_states() {
    let registry = plain();
    let wide: StateSet<Wide> = registry.declare("wide", "").register().unwrap();
    for state in [0, 1, 31, 32, 62, 63] {
        wide.set(Wide(state));
        let on = states(&registry, "wide");
        assert_eq!(on.len(), 64);
        assert!(on.iter().enumerate().all(|(index, (_, on))| *on == (index == state)), "{state}: {on:?}");
        assert!(wide.is_on(Wide(state)));
    }
    (0..64).for_each(|state| wide.enable(Wide(state)));
    assert!(states(&registry, "wide").iter().all(|(_, on)| *on));
}

#[test]
fn an_index_that_no_state_has_changes_nothing() {
    let registry = plain();
    let set: StateSet<Stray> = registry.declare("stray", "").register().unwrap();
    set.set(Stray(1));
    for index in [3, 63, 64, 65, 1 << 32, (1 << 32) + 1, usize::MAX] {
        set.set(Stray(index));
        set.enable(Stray(index));
        set.disable(Stray(index));
        assert!(!set.is_on(Stray(index)) && set.is_on(Stray(1)));
    }
    let on: Vec<_> = states(&registry, "stray").into_iter().map(|(_, on)| on).collect();
    assert_eq!(on, [false, true, false]);
}

#[test]
fn a_state_set_of_other_states_is_a_conflict() {
    let registry = plain();
    let link = status_set(&registry);
    let declare = || registry.declare("link", "State of the link.");
    assert_error(declare().register::<StateSet<Method>>(), &Reason::StatesConflict, &["same enum"]);
    let other = Reason::TypeConflict { registered: "state set", requested: "gauge" };
    assert_error(declare().register::<Gauge>(), &other, &["state set"]);
    let unknown = Reason::UnknownLabel("link".into());
    assert_error(declare().label("link").register::<StateSet<Status>>(), &unknown, &["leave it out"]);
    let child = registry.child("", [("link", "a")]).unwrap();
    assert_error(
        child.declare("link", "State of the link.").register::<StateSet<Status>>(),
        &Reason::ReservedLabel("link".into()),
        &["choose another"],
    );
    let option = |option| Reason::UnsuitableOption { option, kind: "state set" };
    assert_error(
        declare().absent_until_set().register::<StateSet<Status>>(),
        &option("absent_until_set"),
        &["leave it out"],
    );
    assert!(link.is_on(Status::Ok));
}

#[test]
fn an_info_is_labels_alone() {
    let registry =
        Registry::builder().self_metrics(false).namespace("shop").label("env", "prod").build().unwrap();
    let build = [("version", "1.2"), ("commit", "abc")];
    registry.info("build", "The build.", build).unwrap();
    registry.info("build", "The build.", build).unwrap();
    let snapshot = registry.snapshot();
    let family = snapshot.family("shop_build").unwrap();
    assert_eq!(
        (family.kind(), family.help(), family.series().count()),
        (MetricKind::Info, Some("The build."), 1)
    );
    let labels = [("env", "prod"), ("version", "1.2"), ("commit", "abc")];
    assert!(matches!(snapshot.series("shop_build", &labels).unwrap().value(), Value::Info));
    // Its sample has a name of its own, which is taken.
    let clash = Reason::SampleNameClash { sample: "shop_build_info".into(), family: "shop_build".into() };
    assert_error(registry.gauge("build_info", ""), &clash, &["shop_build_info"]);
    let labels = Reason::LabelsConflict(["version".into(), "commit".into()].into());
    assert_error(registry.info("build", "The build.", [("version", "1.2")]), &labels, &["version, commit"]);
    assert_error(
        registry.info("b", "", [("a", ""), ("a", "")]),
        &Reason::DuplicateLabel("a".into()),
        &["twice"],
    );
    // Other values are another series.
    registry.info("build", "The build.", [("version", "1.3"), ("commit", "def")]).unwrap();
    assert_eq!(registry.snapshot().family("shop_build").unwrap().series().count(), 2);
    assert!(registry.unregister("build"));
    let _gauge = registry.gauge("build_info", "").unwrap();
    assert!(registry.info("none", "", NO_LABELS).is_ok());
}

#[test]
fn a_unit_is_part_of_the_name_and_never_appended() {
    let registry = plain();
    let unit = |name: &'static str, unit| registry.declare(name, "").unit(unit);
    let _: Histogram = unit("wait_seconds", "seconds").register().unwrap();
    let _: Counter = unit("sent_bytes_total", "bytes").register().unwrap();
    let _: Family<Status, Gauge> = unit("ratio", "ratio").label("status").register().unwrap();
    let snapshot = registry.snapshot();
    let units: Vec<_> = snapshot.families().map(|family| (family.name(), family.unit())).collect();
    let expected = [("ratio", "ratio"), ("sent_bytes_total", "bytes"), ("wait_seconds", "seconds")];
    assert_eq!(units, expected.map(|(name, unit)| (name, Some(unit))));
    for (name, wrong) in
        [("wait", "seconds"), ("wait_milliseconds", "seconds"), ("seconds_wait", "seconds"), ("x", "")]
    {
        assert_error(
            unit(name, wrong).register::<Gauge>(),
            &Reason::UnitMismatch(wrong.into()),
            &[name, "rename"],
        );
    }
    assert_error(registry.histogram("wait_seconds", ""), &Reason::OptionsConflict, &["unit"]);
    let _: Histogram = unit("wait_seconds", "seconds").register().unwrap();
}

#[test]
fn a_gauge_may_be_absent_until_it_is_set_or_added_to() {
    let registry = plain();
    let gauge =
        |name: &'static str| -> Gauge { registry.declare(name, "").absent_until_set().register().unwrap() };
    let gauges = ["set", "added", "subtracted", "raised", "nan", "untouched"].map(gauge);
    let [set, added, subtracted, raised, nan, untouched] = &gauges;
    assert!(gauges.iter().all(|gauge| gauge.value() == 0.0));
    let seen = |name| registry.snapshot().gauge(name, &[]);
    assert!(registry.snapshot().families().all(|family| family.series().count() == 0));
    set.set(0.0);
    added.add(2.5);
    subtracted.sub(1.5);
    raised.inc();
    nan.set(f64::NAN);
    assert_eq!(
        ["set", "added", "subtracted", "raised", "untouched"].map(seen),
        [Some(0.0), Some(2.5), Some(-1.5), Some(1.0), None]
    );
    assert!(seen("nan").unwrap().is_nan());
    added.add(1.0);
    assert_eq!((seen("added"), added.value(), untouched.value()), (Some(3.5), 3.5, 0.0));
    let conflict = registry.gauge("set", "");
    assert_error(conflict, &Reason::OptionsConflict, &["absent_until_set"]);
    let option = Reason::UnsuitableOption { option: "absent_until_set", kind: "counter" };
    let counter = registry.declare("counter_total", "").absent_until_set().register::<Counter>();
    assert_error(counter, &option, &["leave it out"]);
}

#[test]
fn first_additions_of_an_absent_gauge_are_never_lost() {
    for _ in 0..200 {
        let registry = plain();
        let gauge: Gauge = registry.declare("level", "").absent_until_set().register().unwrap();
        thread::scope(|scope| {
            for amount in [1.0, 2.0, 4.0] {
                let gauge = &gauge;
                scope.spawn(move || gauge.add(amount));
            }
        });
        assert_eq!(registry.snapshot().gauge("level", &[]), Some(7.0));
    }
}

/// Values whose texts the test chooses, and which use a registry while they are asked for them.
#[derive(Clone, Copy)]
struct Texts<const EQUAL: bool>(usize);

impl<const EQUAL: bool> LabelValue for Texts<EQUAL> {
    type Domain = Closed;
    const COUNT: usize = 2;

    fn index(&self) -> usize {
        self.0
    }

    fn value_at(index: usize) -> &'static str {
        let _ = tachometer::default_registry().counter("asked_total", "Values that were asked for.").unwrap();
        if EQUAL { "same" } else { ["one", "other"][index] }
    }

    fn write(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result {
        to.write_str(Self::value_at(self.0))
    }
}

#[test]
fn known_values_differ_in_their_texts() {
    let registry = plain();
    let reason =
        |label: &str, value: &str| Reason::DuplicateLabelValue { label: label.into(), value: value.into() };
    let family =
        registry.declare("events_total", "").label("kind").register::<Family<Texts<true>, Counter>>();
    assert_error(family, &reason("kind", "same"), &["`kind`", "`same`", "a text of its own"]);
    let set = registry.declare("state", "").register::<StateSet<Texts<true>>>();
    assert_error(set, &reason("state", "same"), &["`same`"]);
}

#[test]
fn known_values_are_asked_for_under_no_lock() {
    let registry = tachometer::default_registry();
    for _ in 0..2 {
        let family: Family<Texts<false>, Counter> =
            registry.declare("kinds_total", "").label("kind").register().unwrap();
        family[Texts(1)].inc();
    }
    assert_eq!(registry.snapshot().counter("kinds_total", &[("kind", "other")]), Some(2));
}
