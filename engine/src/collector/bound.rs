//! A collector with values for some of the labels, which can be given another collector later.
//!
//! It is one answer to [several consumers in one process](super#several-consumers-in-one-process).

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use smallvec::SmallVec;

use super::{MetricId, MetricsCollector, with_default};
use crate::{
    RegisterError, RegisterErrorReason as Reason,
    clock::Stopwatch,
    sync::{AtomicU32, Mutex, Once, Ordering, lock},
};

/// The value of a label of a [standalone](BoundCollector::standalone) collector that nobody has bound.
pub const STANDALONE: &str = "<standalone>";

/// Records in a collector with the values of some labels filled in: of those that all that is recorded here has in
/// common, such as the name of the stream. A call passes the others, in the order of the metric's labels.
///
/// A part of a program that may be used with or without a consumer (a checkpointer, a client) begins
/// [standalone](Self::standalone) and is [bound](Self::bind) by the consumer that adopts it. Clones are bound together.
///
/// ```
/// use std::sync::Arc;
///
/// use tachometer::collector::{BoundCollector, InMemoryCollector, MetricId};
///
/// static CHECKPOINTS: MetricId =
///     MetricId::counter("consumer_checkpoint_success_total", "Checkpoints.", &["stream_name", "shard_id"]);
///
/// let checkpointer = BoundCollector::standalone(["stream_name"]);
/// // Goes to the default collector, with the stream `<standalone>`.
/// checkpointer.increment(&CHECKPOINTS, 1.0, &["shard-0"]);
///
/// let memory = Arc::new(InMemoryCollector::new());
/// checkpointer.bind(memory.clone(), [("stream_name", "orders")])?;
/// checkpointer.increment(&CHECKPOINTS, 1.0, &["shard-0"]);
/// let key = "consumer_checkpoint_success_total{shard_id=shard-0,stream_name=orders}";
/// assert_eq!(memory.counters()[key], 1.0);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// A record costs some 14 nanoseconds more than the collector's own. Binding takes a lock; a collector that was bound
/// more than once takes it for each record as well.
#[derive(Clone, Debug)]
pub struct BoundCollector(Arc<Bindings>);

/// The values of a metric's labels: on the stack, unless there are many.
type Values<'a> = SmallVec<[&'a str; 16]>;

/// What the clones share: where they record. The first binding and the second stay where they are, so that a record
/// reads them without a lock; those after that take each other's place.
#[derive(Debug)]
struct Bindings {
    /// The labels that have values here.
    names: Box<[Box<str>]>,
    first: Binding,
    second: Once<Binding>,
    later: Mutex<Option<Arc<Binding>>>,
    /// Whether there has been a later one: 0 or 1.
    is_later: AtomicU32,
}

/// A collector, and the values.
#[derive(Debug)]
struct Binding {
    /// `None` is the default one.
    collector: Option<Arc<dyn MetricsCollector>>,
    /// In the order of the names.
    values: Box<[Box<str>]>,
}

impl BoundCollector {
    /// Records in this collector, with these labels. A label that is given twice has the last value.
    #[must_use]
    pub fn new<'a>(
        collector: Arc<dyn MetricsCollector>,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let labels: BTreeMap<_, _> = labels.into_iter().collect();
        let names = labels.keys().map(|name| (*name).into()).collect();
        let values = labels.values().map(|value| (*value).into()).collect();
        Self::with_first(names, Binding { collector: Some(collector), values })
    }

    /// Records in the [default](super::default_collector) collector, whichever that is at the time, with the value
    /// [`STANDALONE`] for these labels, until it is [bound](Self::bind).
    #[must_use]
    pub fn standalone<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Box<[Box<str>]> = names.into_iter().map(Box::from).collect();
        let values = names.iter().map(|_| STANDALONE.into()).collect();
        Self::with_first(names, Binding { collector: None, values })
    }

    fn with_first(names: Box<[Box<str>]>, first: Binding) -> Self {
        let (later, is_later) = (Mutex::new(None), AtomicU32::new(0));
        Self(Arc::new(Bindings { names, first, second: Once::new(), later, is_later }))
    }

    /// Records in this collector from now on, with these values, and so do the clones. A label that is not named keeps
    /// its value. A record that another thread makes meanwhile goes to the one before or to this one, whole.
    ///
    /// The collector that was there first stays in memory as long as this one, and so does the second.
    ///
    /// # Errors
    ///
    /// When a label is not one of those that it was made with: calls pass the values of all others. Nothing changes
    /// then.
    pub fn bind<'a>(
        &self,
        collector: Arc<dyn MetricsCollector>,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), RegisterError> {
        let labels: Vec<_> = labels.into_iter().collect();
        let replaced = {
            let mut later = lock(&self.0.later);
            let mut values = later.as_deref().unwrap_or_else(|| self.0.early()).values.clone();
            for (name, value) in labels {
                let unknown = || RegisterError::new("", Reason::UnknownLabel(name.into()));
                values[self.0.position(name).ok_or_else(unknown)?] = value.into();
            }
            self.0.second.set(Binding { collector: Some(collector), values }).err().and_then(|binding| {
                let before = later.replace(Arc::new(binding));
                // Relaxed, under the lock: see `Bindings::with`.
                self.0.is_later.store(1, Ordering::Relaxed);
                before
            })
        };
        // Without the lock: a collector's destructor may record here.
        drop(replaced);
        Ok(())
    }

    /// Adds to a counter. `others` are the values of the labels that are not filled in, in their order.
    pub fn increment(&self, metric: &'static MetricId, value: f64, others: &[&str]) {
        self.record(metric, others, |collector, labels| collector.increment(metric, value, labels));
    }

    /// Sets a gauge.
    pub fn gauge(&self, metric: &'static MetricId, value: f64, others: &[&str]) {
        self.record(metric, others, |collector, labels| collector.gauge(metric, value, labels));
    }

    /// Records an observation in a histogram.
    pub fn histogram(&self, metric: &'static MetricId, value: f64, others: &[&str]) {
        self.record(metric, others, |collector, labels| collector.histogram(metric, value, labels));
    }

    /// Adds to a gauge, or subtracts, if the collector [can](MetricsCollector::add_to_gauge).
    pub fn add_to_gauge(&self, metric: &'static MetricId, change: f64, others: &[&str]) {
        self.record(metric, others, |collector, labels| collector.add_to_gauge(metric, change, labels));
    }

    /// Starts a timer that records the seconds in a histogram, once, when it is stopped or dropped: with the collector
    /// and the values that are bound then. It owns what it needs and can go wherever the work goes.
    pub fn timer(&self, metric: &'static MetricId, others: &[&str]) -> BoundTimer {
        let started = self.is_enabled().then(Stopwatch::start);
        let others = others.iter().map(|value| Box::from(*value)).collect();
        BoundTimer { collector: self.clone(), metric, others, started }
    }

    /// Whether anything is done with what is recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.0.with(|binding| binding.with_collector(|collector| collector.is_enabled()))
    }

    fn record(
        &self,
        metric: &'static MetricId,
        others: &[&str],
        record: impl FnOnce(&dyn MetricsCollector, &[&str]),
    ) {
        self.0.with(|binding| {
            binding.with_collector(|collector| {
                if collector.is_enabled() {
                    let mut values = Values::new();
                    self.0.fill_in(binding, metric, others, &mut values);
                    record(collector, &values);
                }
            });
        });
    }
}

impl Bindings {
    /// Calls `work` with the binding that is in force, without a lock.
    fn with<R>(&self, work: impl FnOnce(&Binding) -> R) -> R {
        // Relaxed: who sees it takes the lock after the binding that has stored it, and finds that one or a later one.
        // Had it taken the lock before, its load would have come before the store.
        let later = match self.is_later.load(Ordering::Relaxed) {
            0 => None,
            _ => lock(&self.later).clone(),
        };
        work(later.as_deref().unwrap_or_else(|| self.early()))
    }

    /// The second binding, or else the first.
    fn early(&self) -> &Binding {
        self.second.get().unwrap_or(&self.first)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| **known == *name)
    }

    /// Adds the values of all labels of the metric, in their order. To where they stay: they would take long to move.
    fn fill_in<'a>(
        &self,
        binding: &'a Binding,
        metric: &MetricId,
        others: &[&'a str],
        values: &mut Values<'a>,
    ) {
        let mut others = others.iter().copied();
        let value = |name| match self.position(name) {
            Some(at) => &*binding.values[at],
            None => others.next().unwrap_or_default(),
        };
        values.extend(metric.label_names().iter().copied().map(value));
    }
}

impl Binding {
    fn with_collector<R>(&self, work: impl FnOnce(&dyn MetricsCollector) -> R) -> R {
        match &self.collector {
            Some(collector) => work(&**collector),
            None => with_default(work),
        }
    }
}

/// Records the seconds since it was started, once: when it is stopped, or else when it is dropped, be it by a return, a
/// panic or a cancelled future. Made by [`BoundCollector::timer`].
#[derive(Debug)]
#[must_use = "a timer that is dropped at once records a duration of nothing"]
pub struct BoundTimer {
    collector: BoundCollector,
    metric: &'static MetricId,
    others: Box<[Box<str>]>,
    /// `None` when there is nothing to record, or it has recorded, or was discarded.
    started: Option<Stopwatch>,
}

impl BoundTimer {
    /// The same for what has been under way since `start`, a reading of the standard library's clock that the caller
    /// already has.
    pub fn since(mut self, start: Instant) -> Self {
        self.started = self.started.map(|_| Stopwatch::since(start));
        self
    }

    /// Records now and returns what was recorded; zero when the collector was not enabled.
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Records a duration that the caller has measured, and reads no clock.
    pub fn stop_with(mut self, elapsed: Duration) {
        self.started = self.started.map(|_| Stopwatch::Stopped(elapsed));
    }

    /// Ends the timer without recording.
    pub fn discard(mut self) {
        self.started = None;
    }

    fn record(&mut self) -> Duration {
        let Some(started) = self.started.take() else { return Duration::ZERO };
        let elapsed = started.elapsed();
        let others: Values<'_> = self.others.iter().map(|value| &**value).collect();
        self.collector.histogram(self.metric, elapsed.as_secs_f64(), &others);
        elapsed
    }
}

impl Drop for BoundTimer {
    fn drop(&mut self) {
        self.record();
    }
}
