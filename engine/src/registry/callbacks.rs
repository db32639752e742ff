//! Metrics whose values are asked for: callbacks of gauges and counters, singly and as families, and collectors.

use std::sync::Arc as Shared;

use super::{
    Registry,
    catalog::{Collector, Options},
    metric::Kind,
    typed::FamilyScope,
};
use crate::{
    error::{RegisterError, RegisterErrorReason as Reason},
    snapshot::{
        callback::{Callback, FamilyCall},
        observer::{Collection, CollectorLimits, Observer},
    },
    sync::{Arc, Ordering, lock},
};

/// Callbacks and collectors.
///
/// A callback is a function of the program that every snapshot asks for values. It runs on a worker thread of the
/// registry, outside every lock, so it may record, register, look up, and even take a snapshot of its own registry,
/// whose callbacks are then asked in turn, four deep. Two snapshots at the same time, and two callbacks when one is
/// slow, run at the same time. No thread is started before there is a snapshot with callbacks to ask; the workers end
/// with the registry. Handing over to a worker costs such a snapshot some 20 microseconds.
///
/// What goes wrong in a callback harms its own series alone, and [`callback_errors`](Self::callback_errors) counts it:
///
/// - When it panics, its series are missing in that snapshot.
/// - When it does not return within [`callback_timeout`](crate::RegistryBuilder::callback_timeout), they are missing
///   too, and the snapshot goes on without it. Later snapshots do not call it again while it is stuck: they miss its
///   series at once, until it has returned. A snapshot that is taken in a callback waits half as long.
/// - When no thread can be started, the series of all callbacks are missing.
///
/// The registry owns the callbacks: one that holds a clone of the registry keeps it alive until it is unregistered.
impl Registry {
    /// Registers a gauge whose value every snapshot asks for.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// let queue = Arc::new(Mutex::new(vec!["a", "b"]));
    /// let registry = tachometer::Registry::new();
    /// let asked = Arc::clone(&queue);
    /// registry.gauge_fn("queue_size", "Records waiting.", move || asked.lock().unwrap().len() as f64)?;
    /// assert_eq!(registry.snapshot().gauge("queue_size", &[]), Some(2.0));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter); a second callback under one name is an error.
    pub fn gauge_fn(
        &self,
        name: &str,
        help: &str,
        callback: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        let call = || FamilyCall::Single(Box::new(move || callback().to_bits()));
        self.callback(name, help, Kind::GaugeFn, &[], call)
    }

    /// Registers a counter whose value every snapshot asks for. It must not fall, which is not checked: Prometheus
    /// takes a fall for a reset.
    ///
    /// # Errors
    ///
    /// As [`gauge_fn`](Self::gauge_fn).
    pub fn counter_fn(
        &self,
        name: &str,
        help: &str,
        callback: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        let call = || FamilyCall::Single(Box::new(callback));
        self.callback(name, help, Kind::CounterFn, &[], call)
    }

    /// Registers a family of gauges whose series and values every snapshot asks for.
    ///
    /// A series exists in the snapshots in which it is observed. While the label values stay the same, so does the
    /// schema. A call costs the snapshot about half a microsecond a series, to copy, sort and compare the labels.
    ///
    /// ```
    /// let registry = tachometer::Registry::new();
    /// let names = ["topic", "partition"];
    /// registry.gauge_family_fn("consumer_lag", "Records behind.", names, |out| {
    ///     out.observe(["orders", "0"], 17.0);
    ///     out.observe(["orders", "1"], 0.0);
    /// })?;
    /// let labels = [("topic", "orders"), ("partition", "0")];
    /// assert_eq!(registry.snapshot().gauge("consumer_lag", &labels), Some(17.0));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`gauge_fn`](Self::gauge_fn), and when a label name is illegal, reserved or given twice.
    pub fn gauge_family_fn<const N: usize>(
        &self,
        name: &str,
        help: &str,
        label_names: [&str; N],
        callback: impl Fn(&mut Observer<f64, N>) + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        let call = || FamilyCall::many(f64::to_bits, callback);
        self.callback(name, help, Kind::GaugeFn, &label_names, call)
    }

    /// Registers a family of counters whose series and values every snapshot asks for. No series' value must fall. See
    /// [`gauge_family_fn`](Self::gauge_family_fn).
    ///
    /// # Errors
    ///
    /// As [`gauge_family_fn`](Self::gauge_family_fn).
    pub fn counter_family_fn<const N: usize>(
        &self,
        name: &str,
        help: &str,
        label_names: [&str; N],
        callback: impl Fn(&mut Observer<u64, N>) + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        let call = || FamilyCall::many(|value| value, callback);
        self.callback(name, help, Kind::CounterFn, &label_names, call)
    }

    /// Registers a collector: a callback that gives every snapshot whole families, of any kind and not known before.
    ///
    /// `name` is the collector's own, by which it can be unregistered, and is exposed nowhere; each child registry has
    /// names of its own. The families' names are
    /// taken as they are, without the registry's prefix; its constant labels are on every series.
    /// [`Collection::family`] says which families are left out. Until the first call has returned, the collector has no
    /// families; while it fails, the snapshots have those of its last answer, without series.
    ///
    /// ```
    /// use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Registry};
    ///
    /// let registry = Registry::new();
    /// registry.collector("process", |out| {
    ///     let threads = FamilyBuilder::new("process_threads", MetricKind::Gauge).help("Threads of the process.");
    ///     out.family(threads.number(NO_LABELS, Number::U64(4)));
    /// })?;
    /// assert_eq!(registry.snapshot().gauge("process_threads", &[]), Some(4.0));
    /// assert!(registry.unregister_collector("process"));
    /// assert!(registry.snapshot().family("process_threads").is_none());
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is a collector with this name, or as many as the registry may have families.
    pub fn collector(
        &self,
        name: &str,
        callback: impl Fn(&mut Collection) + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        if !self.is_enabled() {
            return Ok(());
        }
        // Made before the lock is taken, so that one that is refused is dropped when it is released.
        let Options { families, series_per_family, .. } = self.catalog.options;
        let names = self.scope.policy().without_translation();
        let limits = CollectorLimits { families, series_per_family, names };
        let callback = Shared::new(Callback::collector(self.constant_labels(), limits, callback));
        let collectors = &mut lock(&self.catalog.names).collectors;
        let problem = if collectors.iter().any(|collector| collector.is(name, &self.scope)) {
            Reason::CollectorExists
        } else if collectors.len() >= families {
            Reason::TooManyFamilies(families)
        } else {
            collectors.push(Collector { name: name.into(), scope: Arc::clone(&self.scope), callback });
            self.catalog.changed();
            return Ok(());
        };
        self.counted(Err(RegisterError::new(name, problem)))
    }

    /// Unregisters the collector with this name; false if there is none. Its families are in no snapshot that is taken
    /// after this. A call of it that is under way goes on, and the collector is dropped when that has returned.
    pub fn unregister_collector(&self, name: &str) -> bool {
        let removed = {
            let collectors = &mut lock(&self.catalog.names).collectors;
            let at = collectors.iter().position(|collector| collector.is(name, &self.scope));
            at.map(|at| {
                self.catalog.changed();
                collectors.remove(at)
            })
        };
        let there = removed.is_some();
        self.catalog.forget(removed);
        there
    }

    /// What has gone wrong in callbacks since the registry was made.
    ///
    /// Each snapshot counts 1 for every callback that panicked, did not return in time, was stuck already, lay too
    /// deep, or found no thread to run on. It counts 1 for every family of which a label set was observed twice, 1 for
    /// every one with too many series, and 1 for every one of a collector's that is invalid or clashes.
    #[must_use]
    pub fn callback_errors(&self) -> u64 {
        // Relaxed, here and where it is raised: the number orders nothing.
        self.catalog.callback_errors.load(Ordering::Relaxed)
    }

    /// For models: calls of callbacks that were given up and have not returned yet.
    #[cfg(any(tachometer_loom, tachometer_shuttle))]
    pub(crate) fn late_calls(&self) -> u32 {
        self.catalog.late_calls()
    }

    /// For a control: see [`Runner`](crate::snapshot::workers::Runner).
    #[cfg(any(tachometer_loom, tachometer_shuttle))]
    pub(crate) fn end_workers_too_late(&self) {
        self.catalog.runner.close_too_late();
    }

    fn callback(
        &self,
        name: &str,
        help: &str,
        kind: Kind,
        label_names: &[&str],
        call: impl FnOnce() -> FamilyCall,
    ) -> Result<(), RegisterError> {
        let add = |family: Option<FamilyScope>| match family {
            Some(family) => family.core.add_callback(&self.scope, self.constant_labels(), call()),
            None => Ok(()),
        };
        self.counted(self.declare(name, help).open_scope(kind, label_names.iter().copied()).and_then(add))
    }
}
