//! What an exporter makes of the text that it kept is what it would make anew, whatever has happened in between.

mod collected;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tachometer::{
    Buckets, Collection, DynamicFamily, FamilyBuilder, Gauge, Histogram, MetricKind, NO_LABELS, Number,
    RegisterError, Registry,
};
use tachometer_prometheus::{Body, CONTENT_TYPE_TEXT, Exporter, encode};

/// Something that happens between two scrapes.
#[derive(Clone, Debug)]
enum Change {
    /// A counter grows, is made, or is made again.
    Add(u8, u64),
    Remove(u8),
    Observe(u8, f64),
    Set(f64),
    /// What the callbacks of the program answer from now on; `None` is a failure.
    Answer(Option<Answer>),
    Scrape,
    /// A reader takes the text and keeps it; later it is checked.
    Hold,
    /// Readers let go of what they hold.
    Release,
}

#[derive(Clone, Debug, Default)]
struct Answer {
    gauge: f64,
    count: u64,
    timestamp_ms: i64,
    is_on: bool,
    is_timed: bool,
}

fn changes() -> impl Strategy<Value = Change> {
    // Sums of these have all lengths, and grow by one digit or more at a time.
    let by = select(&[1_u64, 1, 3, 9, 90, 999, 12_345, 999_999_999, u64::MAX / 3][..]);
    let value = || select(&[0.0, -0.0, 0.5, 1.0, 10.0, 1e16, -1.5e-7, f64::NAN, f64::INFINITY][..]);
    let answer =
        (value(), 0_u64..120, select(&[-1_i64, 5, 17, 1_700_000_000_000][..]), any::<bool>(), any::<bool>())
            .prop_map(|(gauge, count, timestamp_ms, is_on, is_timed)| Answer {
                gauge,
                count,
                timestamp_ms,
                is_on,
                is_timed,
            });
    prop_oneof![
        8 => (0_u8..12, by).prop_map(|(series, by)| Change::Add(series, by)),
        1 => (0_u8..12).prop_map(Change::Remove),
        2 => (0_u8..2, select(&[0.5, 1.5, 1e9][..])).prop_map(|(series, value)| Change::Observe(series, value)),
        2 => value().prop_map(Change::Set),
        3 => prop::option::weighted(0.8, answer).prop_map(Change::Answer),
        6 => Just(Change::Scrape),
        2 => Just(Change::Hold),
        1 => Just(Change::Release),
    ]
}

/// Two registries in one exposition, one family in both of them.
struct Program {
    registries: [Registry; 2],
    exporter: Exporter,
    answer: Arc<Mutex<Option<Answer>>>,
    histograms: DynamicFamily<Histogram>,
    gauge: Gauge,
    held: Vec<(Body, String)>,
}

impl Program {
    fn new() -> Result<Program, Box<dyn std::error::Error>> {
        // As long that some series fill a chunk.
        let instance = |name: &str| format!("{name}{}", " and so on".repeat(600));
        let registry =
            |name| Registry::builder().label("instance", instance(name)).self_metrics(false).build();
        let registries = [registry("a b")?, registry("c\nd")?];
        let answer = Arc::new(Mutex::new(Some(Answer::default())));
        ask(&registries[0], &answer)?;
        let histograms =
            registries[1].histogram_family_with("delay", "Delay.", ["n"], Buckets::explicit([1.0, 2.0]))?;
        let gauge = registries[1].gauge("level", "Level.")?;
        let exporter = Exporter::new(&registries[0]).and(&registries[1])?;
        Ok(Program { registries, exporter, answer, histograms, gauge, held: Vec::new() })
    }

    fn apply(&mut self, change: Change) -> Result<(), RegisterError> {
        match change {
            Change::Add(series, by) => self.counters(series)?.with([("n", &*series.to_string())])?.add(by),
            Change::Remove(series) => {
                self.counters(series)?.remove([("n", &*series.to_string())]);
            }
            Change::Observe(series, value) => {
                self.histograms.with([("n", &*series.to_string())])?.observe(value);
            }
            Change::Set(value) => self.gauge.set(value),
            Change::Answer(answer) => *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer,
            Change::Scrape => self.scrape(),
            Change::Hold => self.held.push((self.exporter.render_body(), self.expected())),
            Change::Release => self.held.clear(),
        }
        Ok(())
    }

    /// The counters of the first registry or the second.
    fn counters(&self, series: u8) -> Result<DynamicFamily<tachometer::Counter>, RegisterError> {
        self.registries[usize::from(series % 2)].counter_family("sent_total", "Sent.", ["n"])
    }

    fn scrape(&self) {
        assert_eq!(self.exporter.render(), self.expected());
        for (body, text) in &self.held {
            assert_eq!(body.to_text(), *text, "what a reader holds stays as it is");
        }
    }

    /// The text of the two registries, by way of an exporter that keeps nothing yet.
    fn expected(&self) -> String {
        let [first, second] = &self.registries;
        Exporter::new(first).and(second).expect("nothing clashes").render()
    }
}

/// Registers callbacks that answer what they are told to: one gauge, and families with all that the text has.
fn ask(registry: &Registry, answer: &Arc<Mutex<Option<Answer>>>) -> Result<(), RegisterError> {
    let told = |answer: &Mutex<Option<Answer>>| answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let fail = || -> Answer { std::panic::resume_unwind(Box::new("fails as the test wants it")) };
    let of_gauge = Arc::clone(answer);
    registry.gauge_fn("asked", "Asked.", move || told(&of_gauge).unwrap_or_else(fail).gauge)?;
    let of_all = Arc::clone(answer);
    registry.collector("all kinds", move |out: &mut Collection| {
        let Answer { gauge, count, timestamp_ms, is_on, is_timed } = told(&of_all).unwrap_or_else(fail);
        let labels = [("text", "with 1 space")];
        let mut timed = FamilyBuilder::new("timed", MetricKind::Unknown).number(labels, Number::U64(count));
        if is_timed {
            timed = timed.timestamp_ms(timestamp_ms);
        }
        out.family(timed);
        let states = FamilyBuilder::new("state", MetricKind::StateSet);
        out.family(states.state_set(NO_LABELS, &[("on", is_on), ("off", !is_on)]));
        let summary = FamilyBuilder::new("summary", MetricKind::Summary);
        out.family(summary.summary(labels, &[(0.5, gauge), (0.5, gauge), (0.9, 1.0)], gauge, count));
        out.family(FamilyBuilder::new("about_info", MetricKind::Info).info(labels));
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_kept_text_is_brought_up_to_what_is_rendered_anew(changes in vec(changes(), 1..60)) {
        let mut program = Program::new().expect("nothing clashes");
        for change in changes {
            program.apply(change).expect("all names are legal");
        }
        program.scrape();
        collected::collect(&program.exporter.render(), CONTENT_TYPE_TEXT);
    }
}

/// Where the text lies.
fn place(body: &Body) -> Option<*const u8> {
    body.chunks().next().map(<[u8]>::as_ptr)
}

#[test]
fn a_body_is_shared_until_something_changes() -> Result<(), RegisterError> {
    let registry = Registry::builder().self_metrics(false).build()?;
    let sent = registry.counter("sent_total", "Sent.")?;
    sent.add(9);
    let exporter = Exporter::new(&registry);
    let (first, same) = (exporter.render_body(), exporter.render_body());
    assert_eq!(place(&first), place(&same), "nothing was copied");

    sent.inc();
    let second = exporter.render_body();
    assert!(first.to_text().ends_with("\nsent_total 9\n"));
    assert!(second.to_text().ends_with("\nsent_total 10\n"));

    drop((first, same));
    let before = place(&second);
    drop(second);
    sent.inc();
    let third = exporter.render_body();
    assert_eq!(place(&third), before, "nobody reads, so the text is changed in place");
    assert!(third.to_text().ends_with("\nsent_total 11\n"));
    Ok(())
}

#[test]
fn one_of_two_equal_series_is_exposed_as_long_as_it_has_a_value() -> Result<(), Box<dyn std::error::Error>> {
    let fails = Arc::new(AtomicBool::new(false));
    let plain = || Registry::builder().self_metrics(false).build();
    let (first, second) = (plain()?, plain()?);
    let exporter = Exporter::new(&first).and(&second)?;
    let does_fail = Arc::clone(&fails);
    first.gauge_fn("shared", "Shared.", move || {
        assert!(!does_fail.load(Ordering::Relaxed), "fails as the test wants it");
        1.0
    })?;
    second.gauge("shared", "Shared.")?.set(2.0);

    for (fail, value) in [(false, 1), (true, 2), (false, 1), (true, 2)] {
        fails.store(fail, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(exporter.render().ends_with(&format!("# TYPE shared gauge\nshared {value}\n")));
        }
    }
    Ok(())
}

#[test]
fn renders_at_the_same_time_are_whole_and_never_fall_behind() -> Result<(), RegisterError> {
    let registry = Registry::builder().self_metrics(false).build()?;
    let family = registry.counter_family("n_total", "N.", ["n"])?;
    let counters: Vec<_> =
        (100..200).map(|n: u32| family.with([("n", &*n.to_string())])).collect::<Result<_, _>>()?;
    let exporter = Exporter::new(&registry);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut before = BTreeMap::new();
                for _ in 0..100 {
                    let text = exporter.render_body().to_text();
                    let now: BTreeMap<String, u64> = text
                        .lines()
                        .filter(|line| !line.starts_with('#'))
                        .filter_map(|line| line.split_once(' '))
                        .filter_map(|(series, value)| Some((series.to_owned(), value.parse().ok()?)))
                        .collect();
                    assert_eq!(now.len(), 100, "{text}");
                    assert!(before.iter().all(|(series, value)| now.get(series) >= Some(value)), "{text}");
                    before = now;
                }
            });
        }
        (0..50_000).for_each(|n| counters[n % 100].add(1 + (n as u64 % 7) * 1000));
    });
    assert_eq!(exporter.render(), encode(&registry.snapshot()));
    Ok(())
}
