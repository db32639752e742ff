//! What a metric is called, for collectors.

use std::fmt;

use crate::{
    MetricKind,
    name::{is_label_name, is_metric_name, is_reserved_label},
};

/// What a library tells a collector of a metric: its name, its help text, its kind and the names of its labels.
///
/// Declared in a `static`, where a name that is illegal does not compile:
///
/// ```
/// use tachometer::collector::MetricId;
///
/// static RECORDS_SENT: MetricId =
///     MetricId::counter("producer_records_sent_total", "Records sent.", &["stream_name"]);
/// assert_eq!(RECORDS_SENT.label_names(), ["stream_name"]);
/// ```
///
/// ```compile_fail
/// use tachometer::collector::MetricId;
///
/// static RECORDS_SENT: MetricId =
///     MetricId::counter("producer_records_sent_total", "Records sent.", &["stream.name"]);
/// ```
#[derive(Clone, Copy)]
pub struct MetricId {
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    label_names: &'static [&'static str],
    unit: Option<&'static str>,
    buckets: Option<&'static [f64]>,
}

impl MetricId {
    /// A counter. Like the other two it is for statics and constants, where what is illegal does not compile.
    ///
    /// # Panics
    ///
    /// At run time, outside of a constant, when a name is illegal.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        help: &'static str,
        label_names: &'static [&'static str],
    ) -> Self {
        Self::checked(name, help, MetricKind::Counter, label_names)
    }

    /// A gauge.
    ///
    /// # Panics
    ///
    /// As [`counter`](Self::counter).
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str, label_names: &'static [&'static str]) -> Self {
        Self::checked(name, help, MetricKind::Gauge, label_names)
    }

    /// A histogram, with the collector's buckets unless others are [given](Self::with_buckets).
    ///
    /// # Panics
    ///
    /// As [`counter`](Self::counter).
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        help: &'static str,
        label_names: &'static [&'static str],
    ) -> Self {
        Self::checked(name, help, MetricKind::Histogram, label_names)
    }

    /// The same with these buckets, for collectors that have buckets.
    #[must_use]
    pub const fn with_buckets(self, bounds: &'static [f64]) -> Self {
        Self { buckets: Some(bounds), ..self }
    }

    /// The same with this unit, which the name says already.
    #[must_use]
    pub const fn with_unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// The name, as the library gave it: a collector may put a prefix in front.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The help text.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }

    /// [`Counter`](MetricKind::Counter), [`Gauge`](MetricKind::Gauge) or [`Histogram`](MetricKind::Histogram).
    #[must_use]
    pub const fn kind(&self) -> MetricKind {
        self.kind
    }

    /// The names of the labels, in the order in which their values are passed.
    #[must_use]
    pub const fn label_names(&self) -> &'static [&'static str] {
        self.label_names
    }

    /// The unit, if it was given.
    #[must_use]
    pub const fn unit(&self) -> Option<&'static str> {
        self.unit
    }

    /// The buckets, if they were given.
    #[must_use]
    pub const fn buckets(&self) -> Option<&'static [f64]> {
        self.buckets
    }

    /// The labels with these values: all of them, those without a value empty.
    pub fn labels<'a>(
        &self,
        values: &'a [&'a str],
    ) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let values = values.iter().copied().chain(std::iter::repeat(""));
        self.label_names.iter().copied().zip(values)
    }

    /// One whose names are known to be legal, and which is made at run time.
    pub(crate) const fn unchecked(
        name: &'static str,
        help: &'static str,
        kind: MetricKind,
        label_names: &'static [&'static str],
    ) -> Self {
        Self { name, help, kind, label_names, unit: None, buckets: None }
    }

    const fn checked(
        name: &'static str,
        help: &'static str,
        kind: MetricKind,
        label_names: &'static [&'static str],
    ) -> Self {
        assert!(
            is_metric_name(name),
            "a metric's name may hold only letters, digits, `_` and `:`, and must not begin with a digit"
        );
        let mut at = 0;
        while at < label_names.len() {
            assert!(
                is_label_name(label_names[at]),
                "a label's name may hold only letters, digits and `_`, and must not begin with a digit"
            );
            assert!(
                !is_reserved_label(label_names[at]),
                "a label's name must not be `quantile` or `overflow`, nor begin with `__`"
            );
            at += 1;
        }
        Self::unchecked(name, help, kind, label_names)
    }
}

impl fmt::Debug for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricId").field(&self.name).finish()
    }
}
