//! Names and labels as DogStatsD wants them.

use std::borrow::Cow;

use tachometer::{MetricKind, collector::MetricId};

/// What the protocol cuts a datagram with, and so cannot be in a name or a tag.
const SEPARATORS: [char; 5] = ['|', ',', '#', '\n', '\r'];

/// The name: letters, digits, underscores and points. A counter loses its `_total`, which is Prometheus' way to say
/// what the type says here.
pub(crate) fn name(metric: &MetricId) -> Cow<'static, str> {
    let name = metric.name();
    let name = match metric.kind() {
        MetricKind::Counter => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    };
    // The one character that is legal in our names and not in theirs.
    if name.contains(':') { Cow::Owned(name.replace(':', ".")) } else { Cow::Borrowed(name) }
}

/// The labels as tags. One that is empty is none.
pub(crate) fn tags<'a>(metric: &MetricId, labels: &'a [&'a str]) -> Vec<(&'static str, Cow<'a, str>)> {
    let tags = metric.labels(labels).filter(|(_, value)| !value.is_empty());
    tags.map(|(name, value)| (name, tag_value(value))).collect()
}

/// A colon may be in the value of a tag: the first one ends its name.
fn tag_value(value: &str) -> Cow<'_, str> {
    if value.contains(SEPARATORS) { Cow::Owned(value.replace(SEPARATORS, "_")) } else { Cow::Borrowed(value) }
}
