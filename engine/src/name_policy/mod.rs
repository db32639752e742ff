//! How the names that a program uses become the names that are exposed.

mod translate;
mod unit;

use crate::{MetricKind, RegisterError};

/// How the names of metrics and labels become those that are exposed: for names in OpenTelemetry's style, such as
/// `kafka.eventbus.publish.duration` in `ms`.
///
/// A registry has one ([`RegistryBuilder::name_policy`](crate::RegistryBuilder::name_policy)), a component can have
/// another ([`Registry::with_name_policy`](crate::Registry::with_name_policy)), and so can a family
/// ([`Declaration::name_policy`](crate::Declaration::name_policy), `#[metrics(names = ..)]`). It is applied once, at
/// the registration. Two names that become one are an error there.
///
/// | policy | `lag` in `messages`, a gauge | `publish.duration` in `ms` | `rpc.errors`, a counter |
/// |---|---|---|---|
/// | [`AS_IS`](Self::AS_IS), the default | an error: `lag_messages` it must be | an error | an error |
/// | [`UTF8`](Self::UTF8) | `lag` | `publish.duration` | `rpc.errors` |
/// | [`WITHOUT_UNITS`](Self::WITHOUT_UNITS), [`OTEL_RUST_WITHOUT_UNITS`](Self::OTEL_RUST_WITHOUT_UNITS) | `lag` | `publish_duration` | `rpc_errors_total` |
/// | [`OTEL_RUST`](Self::OTEL_RUST) | `lag` | `publish_duration_milliseconds` | `rpc_errors_total` |
/// | [`PROMETHEUS_3`](Self::PROMETHEUS_3), [`OTEL_PYTHON`](Self::OTEL_PYTHON) | `lag_messages` | `publish_duration_milliseconds` | `rpc_errors_total` |
///
/// The last two differ where the unit is a word of the name, but not the last: `messages.published` in `messages` is
/// `messages_published_total` by the one and `messages_published_messages_total` by the other.
///
/// ```
/// use tachometer::{NamePolicy, Registry};
///
/// let registry = Registry::builder().name_policy(NamePolicy::WITHOUT_UNITS).build()?;
/// let published = registry.counter_family(
///     "kafka.eventbus.messages.published",
///     "Messages published.",
///     ["messaging.destination"],
/// )?;
/// published.with([("messaging.destination", "orders")])?.inc();
///
/// let labels = [("messaging_destination", "orders")];
/// let snapshot = registry.snapshot();
/// assert_eq!(snapshot.counter("kafka_eventbus_messages_published_total", &labels), Some(1));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a policy does nothing until a registry or a family has it"]
pub struct NamePolicy {
    escape: Escape,
    unit: UnitSuffix,
    total: TotalSuffix,
}

/// What becomes of characters that Prometheus' classic names do not have: all but ASCII letters, digits, `_` and, in
/// the names of metrics, `:`; and a digit in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Escape {
    /// A name that has any is an error.
    Refuse,
    /// Each run of them becomes one underscore, and so does each run of underscores. A digit in front gets `_` before
    /// it in a metric's name, `key_` in a label's. A name of which nothing else would be left is an error.
    Underscores,
    /// They stay: a name is any text but the empty one. The exporter quotes it for clients that ask for UTF-8, and
    /// spells it with underscores for the others; so names that differ in nothing else are an error.
    Utf8,
}

/// When a metric's unit is appended to its name, in front of `_total`.
///
/// Units are symbols of UCUM, `ms`, and become words, `milliseconds`; `By/s` is `bytes_per_second`. An annotation such
/// as `{message}` is no unit, nor is `1`, except of a gauge, of which it makes a `ratio`. What has no word stands for
/// itself: `messages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitSuffix {
    /// It is the last word of the name already, in words; a registration where it is not is an error.
    InName,
    /// Never. The snapshot has it beside the name.
    Never,
    /// Unless the name ends in it.
    IfMissingEnd,
    /// Unless it is a word of the name, wherever.
    IfMissingToken,
    /// Unless the name ends in it, or it has no word.
    KnownOnly,
}

/// When a counter's name gets `_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TotalSuffix {
    /// Never. A counter without it is of unknown type in OpenMetrics.
    Never,
    /// Unless it ends in it.
    IfMissing,
}

impl NamePolicy {
    /// Names are exposed as they are, and must be legal: the default.
    pub const AS_IS: Self =
        Self { escape: Escape::Refuse, unit: UnitSuffix::InName, total: TotalSuffix::Never };

    /// Names are exposed as they are, and may be any text in UTF-8.
    pub const UTF8: Self = Self { escape: Escape::Utf8, unit: UnitSuffix::Never, total: TotalSuffix::Never };

    /// Underscores for dots, `_total` for counters, and no units: what queries that were written by hand expect.
    pub const WITHOUT_UNITS: Self = Self::underscores(UnitSuffix::Never);

    /// As Prometheus 3 and the OpenTelemetry Collector name what they get by OTLP.
    pub const PROMETHEUS_3: Self = Self::underscores(UnitSuffix::IfMissingToken);

    /// As OpenTelemetry's specification and its Python exporter for Prometheus do, but for a gauge in `1`, which they
    /// do not call a ratio.
    pub const OTEL_PYTHON: Self = Self::underscores(UnitSuffix::IfMissingEnd);

    /// As the crate `opentelemetry-prometheus` does, but for what it does wrong: it appends a unit or a `_total` that
    /// is there already, and calls whatever is in `1` a ratio.
    pub const OTEL_RUST: Self = Self::underscores(UnitSuffix::KnownOnly);

    /// As that crate does when it is set up `without_units`.
    pub const OTEL_RUST_WITHOUT_UNITS: Self = Self::WITHOUT_UNITS;

    const fn underscores(unit: UnitSuffix) -> Self {
        Self { escape: Escape::Underscores, unit, total: TotalSuffix::IfMissing }
    }

    /// The same with other characters.
    ///
    /// ```
    /// use tachometer::{Escape, MetricKind, NamePolicy};
    ///
    /// const NAMES: NamePolicy = NamePolicy::OTEL_PYTHON.escape(Escape::Utf8);
    /// let name = NAMES.metric_name("http.server.duration", MetricKind::Histogram, Some("s"))?;
    /// assert_eq!(name, "http.server.duration_seconds");
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub const fn escape(self, escape: Escape) -> Self {
        Self { escape, ..self }
    }

    /// The same with other units.
    pub const fn unit_suffix(self, unit: UnitSuffix) -> Self {
        Self { unit, ..self }
    }

    /// The same with or without `_total`.
    pub const fn total_suffix(self, total: TotalSuffix) -> Self {
        Self { total, ..self }
    }

    /// What a metric with this name is called, without a registry: for adapters of other APIs. A histogram's samples
    /// have `_bucket`, `_sum` and `_count` behind it.
    ///
    /// ```
    /// use tachometer::{MetricKind, NamePolicy};
    ///
    /// let name = NamePolicy::PROMETHEUS_3.metric_name("net.io", MetricKind::Counter, Some("By"))?;
    /// assert_eq!(name, "net_io_bytes_total");
    /// assert!(NamePolicy::PROMETHEUS_3.metric_name("", MetricKind::Counter, None).is_err());
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is empty, has characters that the policy refuses, or none that it keeps; or when it lacks a unit
    /// that must be in it.
    pub fn metric_name(
        self,
        name: &str,
        kind: MetricKind,
        unit: Option<&str>,
    ) -> Result<String, RegisterError> {
        let translation = self.translate(name, kind, unit);
        translation.map(|metric| metric.name).map_err(|reason| RegisterError::new(name, reason))
    }

    /// What a label or an attribute with this key is called.
    ///
    /// ```
    /// use tachometer::NamePolicy;
    ///
    /// assert_eq!(NamePolicy::WITHOUT_UNITS.label_name("messaging.kafka.partition")?, "messaging_kafka_partition");
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the key is empty, has characters that the policy refuses, or none that it keeps; or when the name is
    /// reserved.
    pub fn label_name(self, key: &str) -> Result<String, RegisterError> {
        self.translate_label(key).map_err(|reason| RegisterError::new("", reason))
    }

    /// The policy for names that are taken as they are: they may be what the results of this one may be.
    pub(crate) const fn without_translation(self) -> Self {
        match self.escape {
            Escape::Utf8 => Self::UTF8,
            Escape::Refuse | Escape::Underscores => Self::AS_IS,
        }
    }

    /// Whether names may have any characters, to be kept or translated.
    pub(crate) const fn takes_any_characters(self) -> bool {
        !matches!(self.escape, Escape::Refuse)
    }
}

/// [`AS_IS`](Self::AS_IS).
impl Default for NamePolicy {
    fn default() -> Self {
        Self::AS_IS
    }
}
