//! The exporter: what it caches, several registries in one exposition, and callbacks that fail.

mod collected;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tachometer::{Buckets, RegisterError, Registry};
use tachometer_prometheus::{CONTENT_TYPE_TEXT, Exporter, encode};

fn render(exporter: &Exporter) -> String {
    let text = exporter.render();
    collected::collect(&text, CONTENT_TYPE_TEXT);
    text
}

fn plain() -> Registry {
    Registry::builder().self_metrics(false).build().expect("nothing can be wrong")
}

fn labelled(worker: &str) -> Result<Registry, RegisterError> {
    Registry::builder().label("worker", worker).self_metrics(false).build()
}

#[test]
fn renders_what_encode_renders_as_values_and_series_change() -> Result<(), RegisterError> {
    let registry = plain();
    let exporter = Exporter::new(&registry);
    assert_eq!(render(&exporter), "");

    let sent = registry.counter_family("sent_total", "Sent.", ["stream"])?;
    let orders = sent.with([("stream", "orders")])?;
    let delay = registry.histogram("delay_seconds", "Delay.")?;
    for round in 0..3_u64 {
        orders.add(round * 1_000_000);
        delay.observe(0.01 * round as f64);
        assert_eq!(render(&exporter), encode(&registry.snapshot()));
    }

    // A new series before an old one, a new family before all, and one after all.
    sent.with([("stream", "audit")])?.inc();
    assert_eq!(render(&exporter), encode(&registry.snapshot()));
    registry.gauge("age_seconds", "Age.")?.set(0.5);
    registry.gauge("zeal", "Zeal.")?.set(-1.0);
    assert_eq!(render(&exporter), encode(&registry.snapshot()));
    assert!(
        render(&exporter)
            .contains("\nsent_total{stream=\"audit\"} 1\nsent_total{stream=\"orders\"} 3000000\n")
    );
    Ok(())
}

#[test]
fn clones_and_threads_render_at_the_same_time() -> Result<(), RegisterError> {
    let registry = plain();
    let family = registry.counter_family("n_total", "N.", ["n"])?;
    let exporter = Exporter::new(&registry);
    thread::scope(|scope| {
        for _ in 0..3 {
            let exporter = exporter.clone();
            scope.spawn(move || {
                for _ in 0..50 {
                    let text = exporter.render();
                    let series = text.lines().filter(|line| !line.starts_with('#'));
                    assert!(
                        series.clone().all(|line| line.starts_with("n_total{n=\"1") && line.len() == 19),
                        "{text}"
                    );
                    assert!(series.is_sorted(), "{text}");
                }
            });
        }
        (1000..1200)
            .try_for_each(|n: i32| family.with([("n", n.to_string().as_str())]).map(|counter| counter.inc()))
    })?;
    let text = render(&exporter);
    assert_eq!(text.lines().filter(|line| line.ends_with("\"} 1")).count(), 200);
    assert_eq!(text, encode(&registry.snapshot()));
    Ok(())
}

#[test]
fn one_family_of_two_registries_is_one_block() -> Result<(), Box<dyn std::error::Error>> {
    let (first, second) = (labelled("1")?, labelled("2")?);
    for (registry, records) in [(&first, 3), (&second, 4)] {
        registry.counter("records_total", "Records.")?.add(records);
    }
    second.gauge("lag", "Lag.")?.set(1.5);
    let exporter = Exporter::new(&first).and(&second)?;
    let expected = "# HELP lag Lag.\n\
                    # TYPE lag gauge\n\
                    lag{worker=\"2\"} 1.5\n\
                    # HELP records_total Records.\n\
                    # TYPE records_total counter\n\
                    records_total{worker=\"1\"} 3\n\
                    records_total{worker=\"2\"} 4\n";
    assert_eq!(render(&exporter), expected);
    assert_eq!(render(&exporter), expected, "from the cache");
    assert!(exporter.clashes().is_empty());

    // Either registry may change.
    first.gauge("lag", "Lag.")?.set(0.5);
    assert!(render(&exporter).contains("\nlag{worker=\"1\"} 0.5\nlag{worker=\"2\"} 1.5\n"));
    Ok(())
}

/// The message of the clash when `second` is added to `first`.
fn clash(
    first: impl Fn(&Registry) -> Result<(), RegisterError>,
    second: impl Fn(&Registry) -> Result<(), RegisterError>,
) -> Result<String, RegisterError> {
    let (one, two) = (labelled("1")?, labelled("2")?);
    first(&one)?;
    second(&two)?;
    let error = Exporter::new(&one).and(&two).expect_err("the two clash");
    assert_eq!(error.clashes().len(), 1);
    assert_eq!(error.clashes()[0].registry(), 1);
    assert!(error.to_string().contains(&format!("`{}`", error.clashes()[0].family())));
    Ok(error.to_string())
}

#[test]
fn clashes_name_the_family_and_what_to_change() -> Result<(), RegisterError> {
    let counter = |help: &'static str| move |registry: &Registry| registry.counter("x", help).map(drop);
    let gauge = |name: &'static str| move |registry: &Registry| registry.gauge(name, "h").map(drop);
    let histogram = |registry: &Registry| registry.histogram("x", "h").map(drop);
    let cases = [
        (clash(counter("h"), gauge("x"))?, "`x` is a counter in one registry and a gauge in another: rename"),
        (
            clash(counter("h"), counter("other"))?,
            "the help text \"h\" in one registry and \"other\" in another: make",
        ),
        (
            clash(histogram, gauge("x_sum"))?,
            "`x_sum` clashes with family `x`: both have samples or metadata named",
        ),
        (clash(gauge("x_count"), histogram)?, "`x` clashes with family `x_count`"),
    ];
    for (message, part) in cases {
        assert!(message.contains(part), "{message}");
        assert!(message.contains("or give one registry another namespace"), "{message}");
    }
    Ok(())
}

#[test]
fn the_same_series_in_two_registries_is_a_clash() -> Result<(), RegisterError> {
    let (one, two) = (plain(), plain());
    for registry in [&one, &two] {
        registry.counter_family("x_total", "h", ["a"])?.with([("a", "b")])?.inc();
    }
    let message = Exporter::new(&one).and(&two).expect_err("the series is in both").to_string();
    assert!(
        message.contains("`x_total` has the series x_total{a=\"b\"} twice: give the registries"),
        "{message}"
    );
    let same = Exporter::new(&one).and(&one);
    assert!(same.is_err());
    Ok(())
}

#[test]
fn a_name_that_openmetrics_alone_takes_is_a_clash() -> Result<(), RegisterError> {
    let (gauges, histograms) = (plain(), plain());
    gauges.gauge("foo_created", "Foo.")?.set(1.0);
    histograms.histogram("foo", "Foo.")?.observe(1.0);
    let error = Exporter::new(&gauges).and(&histograms).expect_err("OpenMetrics would lose a family");
    assert!(error.to_string().contains("both have samples or metadata named `foo_created`"), "{error}");
    Ok(())
}

#[test]
fn late_clashes_stay_out_of_the_exposition_and_are_listed() -> Result<(), Box<dyn std::error::Error>> {
    let (first, second) = (plain(), plain());
    let exporter = Exporter::new(&first).and(&second)?;
    second.gauge("mine", "Of the second.")?.set(2.0);
    second.counter("shared", "Twice.")?.add(2);
    second.gauge("delay_sum", "A name taken.")?.set(2.0);
    assert_eq!(render(&exporter).lines().count(), 9);
    assert!(exporter.clashes().is_empty());

    first.counter("shared", "Twice.")?.add(1);
    first.gauge("mine", "Of the first.")?.set(1.0);
    let _ = first.histogram_with("delay", "Delay.", Buckets::explicit([1.0]))?;
    let expected = "# HELP delay Delay.\n\
                    # TYPE delay histogram\n\
                    delay_bucket{le=\"1\"} 0\n\
                    delay_bucket{le=\"+Inf\"} 0\n\
                    delay_sum 0\n\
                    delay_count 0\n\
                    # HELP mine Of the first.\n\
                    # TYPE mine gauge\n\
                    mine 1\n\
                    # HELP shared Twice.\n\
                    # TYPE shared counter\n\
                    shared 1\n";
    assert_eq!(render(&exporter), expected);
    assert_eq!(render(&exporter), expected, "from the cache");

    let clashes = exporter.clashes();
    let mut families: Vec<&str> = clashes.iter().map(|clash| clash.family()).collect();
    families.sort();
    assert_eq!(families, ["delay_sum", "mine", "shared"]);
    assert!(clashes.iter().all(|clash| clash.registry() == 1));

    // They do not keep a third registry out.
    assert!(exporter.and(&labelled("3")?).is_ok());
    Ok(())
}

#[test]
fn a_callback_that_panics_costs_only_its_own_series() -> Result<(), RegisterError> {
    let registry = plain();
    let (fails, value) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(7)));
    let (does_fail, its_value) = (Arc::clone(&fails), Arc::clone(&value));
    registry.counter("a_total", "A.")?.add(1);
    registry.counter_fn("b_total", "B.", move || {
        assert!(!does_fail.load(Ordering::Relaxed), "fails as the test wants it");
        its_value.load(Ordering::Relaxed)
    })?;
    registry.counter("c_total", "C.")?.add(3);
    let exporter = Exporter::new(&registry);

    let without = "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n\
                   # HELP c_total C.\n# TYPE c_total counter\nc_total 3\n";
    let with = without.replace("# HELP c", "# HELP b_total B.\n# TYPE b_total counter\nb_total 7\n# HELP c");
    for _ in 0..2 {
        // Its text is not known to the cache when it comes back for the first time.
        for (fail, expected) in [(true, without), (false, with.as_str())] {
            fails.store(fail, Ordering::Relaxed);
            assert_eq!(render(&exporter), expected);
            assert_eq!(render(&exporter), expected, "from the cache");
        }
    }
    assert_eq!(registry.callback_errors(), 4);
    Ok(())
}
