//! What a metric is called, for collectors.

use std::fmt;

#[cfg(doc)]
use crate::Buckets;
use crate::{
    MAX_BOUNDS, MAX_LABELS, MetricKind,
    name::{is_label_name, is_metric_name, is_reserved_label},
};

/// What a library tells a collector of a metric: its name, its help text, its kind and the names of its labels.
///
/// Declared in a `static`, where what no registry could take does not compile: an illegal name, a label given twice,
/// `le` on a histogram, or buckets that do not rise.
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
///
/// ```compile_fail
/// use tachometer::collector::MetricId;
///
/// static BATCH_SIZE: MetricId =
///     MetricId::histogram("batch_size", "Records in a batch.", &[]).with_buckets(&[10.0, 1.0]);
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
    /// At run time, outside of a constant, when a name is illegal, a label is given twice, or there are more than
    /// [`MAX_LABELS`].
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
    /// As [`counter`](Self::counter), and when a label is named `le`.
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        help: &'static str,
        label_names: &'static [&'static str],
    ) -> Self {
        Self::checked(name, help, MetricKind::Histogram, label_names)
    }

    /// The same histogram with these buckets, for collectors that have buckets.
    ///
    /// # Panics
    ///
    /// At run time, outside of a constant, when the metric is no histogram, or when [`Buckets::explicit`] would refuse
    /// the bounds: they must be finite, but for a last one of +Inf, and rise.
    #[must_use]
    pub const fn with_buckets(self, bounds: &'static [f64]) -> Self {
        assert!(matches!(self.kind, MetricKind::Histogram), "only a histogram has buckets");
        check_bounds(bounds);
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
        assert!(label_names.len() <= MAX_LABELS, "there are too many labels");
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
            assert!(
                !(matches!(kind, MetricKind::Histogram) && is_same(label_names[at], "le")),
                "a histogram's label must not be `le`"
            );
            let mut before = 0;
            while before < at {
                assert!(!is_same(label_names[before], label_names[at]), "a label's name is given twice");
                before += 1;
            }
            at += 1;
        }
        Self::unchecked(name, help, kind, label_names)
    }
}

/// The checks of [`Buckets::explicit`], which constants cannot call.
const fn check_bounds(bounds: &[f64]) {
    let mut finite = 0;
    while finite < bounds.len() && bounds[finite].is_finite() {
        assert!(finite == 0 || bounds[finite - 1] < bounds[finite], "the buckets' bounds must rise");
        finite += 1;
    }
    let rest_is_infinity = finite + 1 == bounds.len() && bounds[finite] == f64::INFINITY;
    assert!(
        finite == bounds.len() || rest_is_infinity,
        "the buckets' bounds must be finite, but for a last one of +Inf"
    );
    assert!(finite > 0, "the buckets need a finite bound");
    assert!(finite <= MAX_BOUNDS, "there are too many buckets");
}

/// Whether two names are equal, for constants, which cannot compare texts.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

impl fmt::Debug for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricId").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::Buckets;

    const NAN: f64 = f64::NAN;
    const INFINITY: f64 = f64::INFINITY;

    /// Whether it does not compile in a constant: the same assertion panics here.
    fn is_refused(make: fn() -> MetricId) -> bool {
        catch_unwind(make).is_err()
    }

    fn labels(names: &'static [&'static str]) -> [bool; 3] {
        [MetricId::counter, MetricId::gauge, MetricId::histogram]
            .map(|make| catch_unwind(|| make("name", "", names)).is_err())
    }

    #[test]
    fn labels_that_no_metric_can_have_are_refused() {
        assert_eq!(labels(&["a", "b", "ab"]), [false; 3]);
        assert_eq!(labels(&["a", "b", "a"]), [true; 3]);
        assert_eq!(labels(&["le"]), [false, false, true]);
        assert_eq!(labels(&["length", "l"]), [false; 3]);
        assert_eq!(labels(&["a.b"]), [true; 3]);
        assert_eq!(labels(&["quantile"]), [true; 3]);
        let many: Vec<&str> = (0..=MAX_LABELS).map(|at| &*format!("label_{at}").leak()).collect();
        let many: &[&str] = many.leak();
        assert_eq!(labels(&many[1..]), [false; 3]);
        assert_eq!(labels(many), [true; 3]);
    }

    #[test]
    fn buckets_are_refused_when_a_registry_would_refuse_them() {
        let too_many: Vec<f64> = (0..=MAX_BOUNDS).map(|bound| bound as f64).collect();
        let too_many: &[f64] = too_many.leak();
        let all: [&'static [f64]; 14] = [
            &[],
            &[1.0],
            &[-1.0, 0.0, 1.0],
            &[1.0, INFINITY],
            &[INFINITY],
            &[INFINITY, INFINITY],
            &[1.0, INFINITY, 2.0],
            &[1.0, 1.0],
            &[2.0, 1.0],
            &[1.0, 3.0, 2.0, INFINITY],
            &[NAN],
            &[1.0, NAN],
            &[-INFINITY, 1.0],
            &too_many[1..],
        ];
        for bounds in all.into_iter().chain([too_many]) {
            let refused = catch_unwind(|| MetricId::histogram("size", "", &[]).with_buckets(bounds)).is_err();
            assert_eq!(refused, Buckets::explicit(bounds.iter().copied()).is_err(), "{bounds:?}");
        }
    }

    #[test]
    fn only_a_histogram_has_buckets() {
        assert!(is_refused(|| MetricId::counter("sent", "", &[]).with_buckets(&[1.0])));
        assert!(is_refused(|| MetricId::gauge("depth", "", &[]).with_buckets(&[1.0])));
        assert!(!is_refused(|| MetricId::histogram("size", "", &[]).with_buckets(&[1.0])));
    }
}
