//! Registrations, look-ups, records and removals of anything whatever: nothing panics; what is accepted is exposed with
//! its value; what is refused says why and has changed nothing.
//!
//! ```text
//! registry|namespace|subsystem|env=test|2000
//! counter|orders_total|Help text.|stream=a,shard=b|3|unit
//! float, updown, gauge, signals                            the same
//! histogram|size_bytes||stream=a|0.5|bytes|1,2,4
//! integers                                                 the same
//! info|build||version=1.2
//! remove|orders_total|Help text.|stream=a,shard=b          a series of a counter
//! unregister|orders_total
//! child|producer|stream=b                                  until `root`
//! named|counter|requests|1|endpoint=/                      also `set`, `add` and `observe`
//! collector                                                the families in front, as in `families`
//! ```

use std::time::Duration;

use tachometer::{
    Buckets, Counter, DynamicFamily, FloatCounter, Gauge, Histogram, IntegerHistogram, Metric, Number,
    RegisterError, Registry, Resolution, SignalCounter, UpDownCounter,
};
use tachometer_prometheus::{Exporter, encode};

use crate::{
    by_name::ByName,
    exposition,
    families::{self, Family},
    model::{Held, Labels, Model, Sum},
    script::{self, Line, float},
    structure,
    threads::until_alone,
};

/// Runs a script. Gives the exposition at the end.
///
/// # Panics
///
/// When something is not as it must be.
#[must_use]
pub fn run(script: &[u8]) -> Vec<String> {
    until_alone(|| run_script(script))
}

fn run_script(script: &[u8]) -> Vec<String> {
    let script = String::from_utf8_lossy(script);
    let mut lines = script::lines(&script).peekable();
    let first = lines.next_if(|line| line.word() == "registry");
    let run = match Run::new(first.as_ref()) {
        Ok(run) => run,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Vec::new();
        }
    };
    lines.fold(run, Run::step).end()
}

struct Run {
    root: Scope,
    /// The root, or a child of it.
    current: Scope,
    exporter: Exporter,
    /// The last text.
    text: String,
    model: Model,
    /// Whether nothing is limited. Else the model would have to know what is beyond a limit.
    is_unlimited: bool,
    by_name: ByName,
    families: Vec<Family>,
}

/// A registry, and what it puts in front of names and on every series.
#[derive(Clone)]
struct Scope {
    registry: Registry,
    prefix: String,
    labels: Labels,
}

impl Run {
    fn new(options: Option<&Line<'_>>) -> Result<Self, RegisterError> {
        // A busy machine is no reason to miss a callback.
        let mut builder =
            Registry::builder().self_metrics(false).callback_timeout(Duration::from_secs(3_600));
        let mut root = Scope { registry: Registry::disabled(), prefix: String::new(), labels: Vec::new() };
        let mut limit = None;
        if let Some(line) = options {
            builder = builder.namespace(line.text(1)).subsystem(line.text(2));
            root.prefix = joined(&line.text(1), &line.text(2));
            root.labels = line.pairs(3);
            builder = root.labels.iter().fold(builder, |builder, (name, value)| builder.label(name, value));
            limit = line.raw(4).parse().ok();
            builder = limit.into_iter().fold(builder, tachometer::RegistryBuilder::max_series_per_family);
        }
        root.registry = builder.build()?;
        Ok(Self {
            current: root.clone(),
            exporter: Exporter::new(&root.registry),
            root,
            text: String::new(),
            model: Model::default(),
            is_unlimited: limit.is_none(),
            by_name: ByName::new(),
            families: Vec::new(),
        })
    }

    fn step(mut self, line: Line<'_>) -> Self {
        let result = self.perform(&line);
        self.scrape_after(&result);
        self
    }

    /// Renders, and checks that what was refused has changed nothing.
    fn scrape_after(&mut self, result: &Result<(), RegisterError>) {
        let text = self.exporter.render();
        assert_eq!(text, encode(&self.root.registry.snapshot()), "what was kept has changed the text");
        if let Err(error) = result {
            assert!(!error.to_string().is_empty());
            assert_eq!(text, self.text, "{error}, and yet something has changed");
        }
        self.text = text;
    }

    fn end(self) -> Vec<String> {
        let lines = exposition::read(&self.text);
        structure::check(&lines);
        if self.is_unlimited {
            self.model.check(&lines);
        }
        vec![self.text, self.by_name.text]
    }

    fn perform(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        match line.word() {
            "counter" => self.add_integer::<Counter>(line, Counter::add),
            "signals" => self.add_integer::<SignalCounter>(line, SignalCounter::add),
            "float" | "gauge" => self.set_float(line),
            "updown" => self.add_signed(line),
            "histogram" => self.observe(line),
            "integers" => self.observe_integer(line),
            "info" => self.describe(line),
            "remove" => self.remove(line),
            "unregister" => {
                self.unregister(&line.text(1));
                Ok(())
            }
            "child" => self.enter_child(line),
            "root" => {
                self.current = self.root.clone();
                Ok(())
            }
            "named" => {
                self.by_name.record(line);
                Ok(())
            }
            "collector" => self.collect(),
            _ => {
                families::read(&mut self.families, line);
                Ok(())
            }
        }
    }

    fn add_integer<M: Metric>(&mut self, line: &Line<'_>, add: fn(&M, u64)) -> Result<(), RegisterError> {
        let value = line.integer(4);
        let handle = self.look_up::<M>(line)?;
        add(&handle, value);
        if let Held::Number(Number::U64(held)) = self.held(line, Held::Number(Number::U64(0))) {
            *held = held.wrapping_add(value);
        }
        Ok(())
    }

    fn add_signed(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        let value = line.integer(4);
        self.look_up::<UpDownCounter>(line)?.add(value);
        if let Held::Number(Number::I64(held)) = self.held(line, Held::Number(Number::I64(0))) {
            *held = held.wrapping_add(value);
        }
        Ok(())
    }

    /// A float counter, which drops what is negative or not finite, or a gauge, which takes everything.
    fn set_float(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        let value = line.float(4);
        let is_gauge = line.word() == "gauge";
        if is_gauge {
            self.look_up::<Gauge>(line)?.set(value);
        } else {
            self.look_up::<FloatCounter>(line)?.add(value);
        }
        if let Held::Number(Number::F64(held)) = self.held(line, Held::Number(Number::F64(0.0))) {
            match value {
                _ if is_gauge => *held = value,
                _ if value.is_finite() && value >= 0.0 => *held += value,
                _ => {}
            }
        }
        Ok(())
    }

    fn observe(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        self.look_up::<Histogram>(line)?.observe(line.float(4));
        self.held(line, Held::distribution(&bounds(line), Sum::Float(0.0))).observe(line.float(4));
        Ok(())
    }

    fn observe_integer(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        self.look_up::<IntegerHistogram>(line)?.observe(line.integer(4));
        self.held(line, Held::distribution(&bounds(line), Sum::Integer(0))).observe_integer(line.integer(4));
        Ok(())
    }

    fn describe(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        let labels = line.pairs(3);
        self.current.registry.info(&line.text(1), &line.text(2), borrowed(&labels))?;
        let name = joined(&self.current.prefix, &line.text(1));
        let name = if name.ends_with("_info") { name } else { name + "_info" };
        self.model.series(name, self.current.all_labels(labels), Held::Number(Number::U64(1)));
        Ok(())
    }

    /// Registers a family and looks a series of it up.
    fn look_up<M: Metric>(&mut self, line: &Line<'_>) -> Result<M, RegisterError> {
        let (name, help, labels, unit) = (line.text(1), line.text(2), line.pairs(3), line.text(5));
        let names = labels.iter().map(|(name, _)| &**name);
        let mut declaration = self.current.registry.declare(&name, &help).labels(names);
        if !unit.is_empty() {
            declaration = declaration.unit(&unit);
        }
        if ["histogram", "integers"].contains(&line.word()) {
            declaration = declaration.buckets(Buckets::explicit(bounds(line)));
        }
        if line.word() == "integers" {
            declaration = declaration.resolution(Resolution::Units);
        }
        let family: DynamicFamily<M> = declaration.register()?;
        // A family of the collector's may have had the name.
        self.scrape_after(&Ok(()));
        family.with(borrowed(&labels))
    }

    /// What the model says that the line's series holds.
    fn held(&mut self, line: &Line<'_>, initial: Held) -> &mut Held {
        let labels = self.current.all_labels(line.pairs(3));
        self.model.series(joined(&self.current.prefix, &line.text(1)), labels, initial)
    }

    fn remove(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        let labels = line.pairs(3);
        let names = labels.iter().map(|(name, _)| &**name);
        let family = self.current.registry.counter_family(&line.text(1), &line.text(2), names)?;
        let name = joined(&self.current.prefix, &line.text(1));
        let was_there = self.model.remove(&name, &self.current.all_labels(labels.clone()));
        let removed = family.remove(borrowed(&labels));
        assert!(removed == was_there || !self.is_unlimited, "`{name}{labels:?}` was there: {was_there}");
        Ok(())
    }

    fn unregister(&mut self, name: &str) {
        if self.current.registry.unregister(name) {
            let name = joined(&self.current.prefix, name);
            self.model.remove_family(&name, &self.current.labels);
            self.model.remove_family(&(name + "_info"), &self.current.labels);
        }
    }

    fn enter_child(&mut self, line: &Line<'_>) -> Result<(), RegisterError> {
        let (prefix, labels) = (line.text(1), line.pairs(2));
        let parent = &self.current.registry;
        let registry = match &labels[..] {
            [] => parent.child(&prefix, tachometer::NO_LABELS),
            [one] => parent.child(&prefix, [one.clone()]),
            [one, two, ..] => parent.child(&prefix, [one.clone(), two.clone()]),
        }?;
        let prefix = joined(&self.current.prefix, &prefix);
        let labels = labels.into_iter().take(2).chain(self.current.labels.iter().cloned()).collect();
        self.current = Scope { registry, prefix, labels };
        Ok(())
    }

    fn collect(&mut self) -> Result<(), RegisterError> {
        let families = std::mem::take(&mut self.families);
        let name = format!("collector {}", families.len());
        self.root.registry.collector(&name, move |out| {
            families.iter().for_each(|family| out.family(family.build()));
        })
    }
}

impl Scope {
    /// These labels and those of all series, sorted by name.
    fn all_labels(&self, own: Labels) -> Labels {
        let mut labels = own;
        labels.extend(self.labels.iter().cloned());
        labels.sort();
        labels
    }
}

fn bounds(line: &Line<'_>) -> Vec<f64> {
    let raw = line.raw(6);
    if raw.is_empty() { Vec::new() } else { raw.split(',').map(float).collect() }
}

fn borrowed(labels: &Labels) -> impl Iterator<Item = (&str, &str)> + Clone {
    labels.iter().map(|(name, value)| (&**name, &**value))
}

/// A prefix and a name, or the one that is not empty.
fn joined(prefix: &str, name: &str) -> String {
    let parts: Vec<&str> = [prefix, name].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("_")
}
