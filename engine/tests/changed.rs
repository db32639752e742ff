//! Which series a snapshot says have changed since another one.
#![forbid(unsafe_code)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use proptest::{collection::vec, prelude::*, sample::select};
use tachometer::{
    Buckets, Collection, FamilyBuilder, MetricKind, NO_LABELS, Number, RegisterError, Registry, Snapshot,
};

fn plain() -> Registry {
    Registry::builder().self_metrics(false).build().expect("nothing can be wrong")
}

/// The names and labels of the series that have changed, and of those that have no value, their indices.
fn changed(after: &Snapshot, before: &Snapshot) -> Vec<String> {
    let named = |index: usize| {
        let mut families = after.families();
        let family = families.find(|family| family.indices().contains(&index)).expect("an index of a series");
        match after.series_at(index) {
            Some(series) => format!("{} {:?}", family.name(), series.labels().collect::<Vec<_>>()),
            None => format!("{} #{index}", family.name()),
        }
    };
    after.changed_since(before).into_iter().map(named).collect()
}

#[test]
fn only_what_was_recorded_in_has_changed() -> Result<(), RegisterError> {
    let registry = plain();
    let sent = registry.counter_family("sent_total", "Sent.", ["stream"])?;
    let streams: Vec<_> =
        (10..99).map(|n: u32| sent.with([("stream", &*n.to_string())])).collect::<Result<_, _>>()?;
    let delay = registry.histogram_with("delay", "Delay.", Buckets::explicit([1.0, 2.0]))?;
    let level = registry.gauge("level", "Level.")?;
    level.set(1.0);

    let before = registry.snapshot();
    assert!(changed(&before, &before).is_empty());
    assert!(changed(&registry.snapshot(), &before).is_empty());

    streams[0].inc();
    streams[7].add(3);
    streams[8].inc();
    streams[88].inc();
    delay.observe(1.5);
    level.set(1.0);
    let expected = [
        "delay []",
        "sent_total [(\"stream\", \"10\")]",
        "sent_total [(\"stream\", \"17\")]",
        "sent_total [(\"stream\", \"18\")]",
        "sent_total [(\"stream\", \"98\")]",
    ];
    assert_eq!(changed(&registry.snapshot(), &before), expected);

    level.set(-1.0);
    assert_eq!(changed(&registry.snapshot(), &before).len(), 6);
    Ok(())
}

#[test]
fn floats_are_compared_bit_by_bit() -> Result<(), RegisterError> {
    let registry = plain();
    let level = registry.gauge("level", "Level.")?;
    let with = |value: f64| {
        level.set(value);
        registry.snapshot()
    };
    assert_eq!(with(0.0).changed_since(&with(-0.0)), [0]);
    assert_eq!(with(f64::NAN).changed_since(&with(f64::NAN)), [0; 0]);
    Ok(())
}

#[test]
fn everything_has_changed_when_something_was_registered() -> Result<(), RegisterError> {
    let registry = plain();
    let before = registry.snapshot();
    for name in ["a_total", "b_total"] {
        let _ = registry.counter(name, "Registered later.")?;
    }
    let after = registry.snapshot();
    assert_eq!(after.changed_since(&before), [0, 1]);
    assert_eq!(before.changed_since(&after), [0; 0], "there was nothing");
    assert!(!after.has_series_of(&before) && after.has_series_of(&after));
    Ok(())
}

#[test]
fn a_series_without_a_value_in_one_of_the_two_has_changed() -> Result<(), RegisterError> {
    let registry = plain();
    let fails = Arc::new(AtomicBool::new(false));
    let does_fail = Arc::clone(&fails);
    let _ = registry.counter("a_total", "A.")?;
    registry.gauge_fn("b", "B.", move || {
        assert!(!does_fail.load(Ordering::Relaxed), "fails as the test wants it");
        // What the column of a missing series holds.
        0.0
    })?;
    let snapshot = |fail| {
        fails.store(fail, Ordering::Relaxed);
        registry.snapshot()
    };
    let (there, gone, still_gone) = (snapshot(false), snapshot(true), snapshot(true));
    assert_eq!(changed(&gone, &there), ["b #1"]);
    assert_eq!(changed(&there, &gone), ["b []"]);
    assert!(changed(&still_gone, &gone).is_empty());
    assert!(!gone.has_series_of(&there) && !there.has_series_of(&gone) && still_gone.has_series_of(&gone));
    assert!(gone.series_at(1).is_none());
    assert!(there.series_at(1).is_some() && there.series_at(2).is_none());
    Ok(())
}

/// What a collector answers: series of all widths, one beside the other in one family.
#[derive(Clone, Debug)]
struct Answer {
    numbers: Vec<(u64, i64)>,
    histograms: Vec<Vec<u64>>,
    states: Vec<bool>,
    fails: bool,
}

const HISTOGRAMS: usize = 5;
const NUMBERS: usize = 30;

fn answers() -> impl Strategy<Value = Answer> {
    let few = || prop_oneof![8 => Just(0), 1 => 0_u64..3];
    let time = prop_oneof![8 => Just(0), 1 => -1_i64..2];
    let numbers = vec((few(), time), NUMBERS);
    let histograms = vec(vec(few(), HISTOGRAMS), HISTOGRAMS);
    let states = vec(select(&[true, false, false][..]), 3);
    (numbers, histograms, states, prop::bool::weighted(0.2))
        .prop_map(|(numbers, histograms, states, fails)| Answer { numbers, histograms, states, fails })
}

impl Answer {
    fn families(&self) -> Vec<FamilyBuilder> {
        let label = |n: usize| n.to_string();
        let mut mixed = FamilyBuilder::new("mixed", MetricKind::Unknown);
        for (n, (value, time)) in self.numbers.iter().enumerate() {
            mixed = mixed.number([("n", &*label(n))], Number::U64(*value));
            if n % 3 == 0 {
                mixed = mixed.timestamp_ms(*time);
            }
        }
        let mut histograms = FamilyBuilder::new("histogram", MetricKind::Histogram);
        for (n, counts) in self.histograms.iter().enumerate() {
            // Each has another number of buckets.
            let mut upto = 0;
            let buckets: Vec<(f64, u64)> = counts[..n]
                .iter()
                .enumerate()
                .map(|(bound, count)| {
                    upto += count;
                    (bound as f64, upto)
                })
                .collect();
            histograms = histograms.histogram([("n", &*label(n))], &buckets, 0.5 * upto as f64, upto);
        }
        let states = ["a", "b", "c"].map(String::from);
        let states: Vec<(&str, bool)> = states.iter().map(String::as_str).zip(self.states.clone()).collect();
        vec![
            FamilyBuilder::new("about_info", MetricKind::Info).info(NO_LABELS),
            histograms,
            mixed,
            FamilyBuilder::new("state", MetricKind::StateSet).state_set(NO_LABELS, &states),
        ]
    }
}

/// What can be seen of a series.
fn seen(snapshot: &Snapshot, index: usize) -> Option<String> {
    let series = snapshot.series_at(index)?;
    Some(format!("{:?} {:?}", series.value(), series.timestamp_ms()))
}

proptest! {
    #[test]
    fn changed_is_what_looks_otherwise(answers in vec(answers(), 2..5)) {
        let registry = plain();
        let now = Arc::new(Mutex::new(answers[0].clone()));
        let answer = Arc::clone(&now);
        let _ = registry.counter("own_total", "Never changes.").unwrap();
        let collect = move |out: &mut Collection| {
            let answer = answer.lock().unwrap().clone();
            if answer.fails {
                std::panic::resume_unwind(Box::new("fails as the test wants it"));
            }
            answer.families().into_iter().for_each(|family| out.family(family));
        };
        registry.collector("any", collect).unwrap();
        let snapshots: Vec<Snapshot> = answers
            .iter()
            .map(|answer| {
                *now.lock().unwrap() = answer.clone();
                registry.snapshot()
            })
            .collect();
        for pair in snapshots.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            let series = after.families().last().map_or(0, |family| family.indices().end);
            let expected: Vec<usize> = if before.schema_id() == after.schema_id() {
                (0..series).filter(|index| seen(before, *index) != seen(after, *index)).collect()
            } else {
                (0..series).collect()
            };
            prop_assert_eq!(after.changed_since(before), expected);
        }
    }
}
