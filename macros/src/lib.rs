//! The derives and attributes of [`tachometer`](https://docs.rs/tachometer), which re-exports them.
//!
//! | derive | on | makes |
//! |---|---|---|
//! | [`LabelValue`](derive@LabelValue) | an enum, a newtype | values of one label |
//! | [`ErrorLabel`](derive@ErrorLabel) | an error | values of one label, by the error's type |
//! | [`Labels`](derive@Labels) | a struct | the labels of a family |
//! | [`Metrics`](derive@Metrics) | a struct | metrics that are registered together |
//!
//! | attribute | on a function, records |
//! |---|---|
//! | [`timed`](macro@timed) | how long it took |
//! | [`counted`](macro@counted) | that it was called |
//! | [`tracked`](macro@tracked) | how many calls are under way |
//! | [`track_errors`](macro@track_errors) | the errors that it returned |
//!
//! ```
//! use tachometer::{Buckets, Counter, Family, Gauge, Histogram, LabelValue, Labels, Metrics, Registry};
//!
//! #[derive(Clone, Copy, LabelValue)]
//! enum Status { Ok, Throttled, Failed }
//!
//! #[derive(Labels)]
//! struct Stream { stream_name: String }
//!
//! #[derive(Metrics)]
//! #[metrics(prefix = "producer", common = Stream)]
//! struct ProducerMetrics {
//!     /// Records sent.
//!     #[metric(label = "status")]
//!     records_sent_total: Family<Status, Counter>,
//!     /// Time to flush records.
//!     #[metric(buckets = Buckets::exponential(0.001, 2.0, 14))]
//!     flush_duration_seconds: Histogram,
//!     /// Current queue size.
//!     queue_size: Gauge,
//! }
//!
//! let registry = Registry::builder().namespace("shop").build()?;
//! let metrics = registry.register::<ProducerMetrics>(Stream { stream_name: "orders".into() })?;
//! metrics.records_sent_total[Status::Ok].add(500);
//!
//! let snapshot = registry.snapshot();
//! let labels = [("stream_name", "orders"), ("status", "ok")];
//! assert_eq!(snapshot.counter("shop_producer_records_sent_total", &labels), Some(500));
//! # Ok::<(), tachometer::RegisterError>(())
//! ```
//!
//! Nothing needs a derive: each expands to what the documentation of its trait shows written by hand. Mistakes in
//! names, attributes and types are errors of the compiler, at the token that is wrong.
//!
//! # Attributes of all derives
//!
//! `crate = path` says where the engine is, for crates that re-export it: `#[label(crate = my_metrics::tachometer)]`
//! on what derives `LabelValue`, `ErrorLabel` or `Labels`, `#[metrics(crate = ...)]` on what derives `Metrics`. It is
//! `::tachometer` unless said.
#![forbid(unsafe_code)]

mod attribute;
mod closed;
mod error_label;
mod help;
mod input;
mod label_value;
mod labels;
mod metric;
mod metrics;
mod names;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

use attribute::Kind;

/// Makes an enum or a newtype the value of a label.
///
/// # Enums
///
/// An enum of variants without fields is a closed label: all its values are known, so a family has a series for each
/// from the start and chooses one by an index. The value is the variant's name in snake case, `timed_out` for
/// `TimedOut`; the index is its position, whatever its discriminant is.
///
/// - `#[label(rename_all = "...")]` on the enum: another style, one of `snake_case`, `kebab-case`, `camelCase`,
///   `PascalCase` (the name as it is written), `SCREAMING_SNAKE_CASE`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE`.
/// - `#[label("...")]` on a variant: just this value.
///
/// ```
/// use tachometer::LabelValue;
///
/// #[derive(LabelValue)]
/// #[label(rename_all = "kebab-case")]
/// enum Outcome {
///     Delivered,
///     TimedOut,
///     #[label("ProvisionedThroughputExceededException")]
///     Throttled,
/// }
///
/// let values: Vec<_> = (0..Outcome::COUNT).map(Outcome::value_at).collect();
/// assert_eq!(values, ["delivered", "timed-out", "ProvisionedThroughputExceededException"]);
/// ```
///
/// No two variants may have the same value, and none an empty one, which is no label at all: an `Option` of the enum
/// has that for `None`.
///
/// # Newtypes
///
/// A struct with one field, named or not, is what the field is: open over strings and numbers, closed over enums and
/// `bool`. It may have parameters and lifetimes.
///
/// ```
/// use tachometer::LabelValue;
///
/// #[derive(LabelValue)]
/// struct StreamName<S = String>(S);
///
/// let mut text = String::new();
/// StreamName("orders").write(&mut text)?;
/// assert_eq!(text, "orders");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn derive_label_value(input: TokenStream) -> TokenStream {
    expand(input, label_value::derive)
}

/// Makes an error a label value by its type, whatever it holds.
///
/// | on | the values |
/// |---|---|
/// | an enum, its variants with or without fields | the variants' names in their own spelling, `TimedOut` |
/// | a struct | one, the struct's name |
///
/// All values are known, so a family of the error has a series for each from the start, and counts an error by an
/// index. It makes the type a `LabelValue` too; both cannot be derived.
///
/// - `#[label(rename_all = "...")]` on the type: another style, as for [`LabelValue`](derive@LabelValue).
/// - `#[label("...")]` on a variant: just this value.
///
/// ```
/// use tachometer::{Counter, ErrorLabel, Family, Registry, ResultExt};
///
/// #[derive(Debug, ErrorLabel)]
/// enum LoadError {
///     Io(std::io::Error),
///     Rejected { row: u64 },
///     #[label("deadline")]
///     TimedOut,
/// }
///
/// fn load(row: u64) -> Result<(), LoadError> {
///     Err(LoadError::Rejected { row })
/// }
///
/// let registry = Registry::new();
/// let errors: Family<LoadError, Counter> =
///     registry.declare("load_errors_total", "Loads that failed.").label("error_type").register()?;
/// let _ = load(7).count_err(&errors);
///
/// let snapshot = registry.snapshot();
/// let counted = ["Io", "Rejected", "deadline"]
///     .map(|error| snapshot.counter("load_errors_total", &[("error_type", error)]));
/// assert_eq!(counted, [Some(0), Some(1), Some(0)]);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// The type may have parameters and lifetimes, without bounds. A variant that wraps another error is one value: the
/// values of the other would have to be known here. Errors of other crates are counted by the names of their types, in
/// a `Family<ErrorName, Counter>`.
#[proc_macro_derive(ErrorLabel, attributes(label))]
pub fn derive_error_label(input: TokenStream) -> TokenStream {
    expand(input, error_label::derive)
}

/// Makes a struct the labels of a family.
///
/// Each field is a label of that name, `type` for `r#type`. Its type is a label value: a string, a number, `bool`, an
/// `Option` of these, or a type with `#[derive(LabelValue)]`.
///
/// - `#[label(name = "...")]`: another name.
/// - `#[label(flatten)]`: the field is a struct with `#[derive(Labels)]` itself, whose labels come in its place.
/// - `#[label(skip)]`: no label.
///
/// And on the struct `#[label(translated)]`: the names are those of attributes, such as `error.type`, which the name
/// policy of the registry or the family translates. They may be any text; what is wrong with them is an error of the
/// registration.
///
/// ```
/// use tachometer::{Counter, Family, LabelValue, Labels, Registry};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Status { Ok, Failed }
///
/// #[derive(Labels)]
/// struct Place { zone: String, host: u16 }
///
/// #[derive(Labels)]
/// struct Sent {
///     #[label(flatten)]
///     place: Place,
///     #[label(name = "outcome")]
///     status: Status,
///     #[label(skip)]
///     bytes: u64,
/// }
///
/// let registry = Registry::new();
/// let sent: Family<Sent, Counter> = registry.declare("sent_bytes_total", "Bytes sent.").register()?;
/// let record = Sent { place: Place { zone: "eu".into(), host: 7 }, status: Status::Ok, bytes: 512 };
/// sent.series(&record)?.add(record.bytes);
///
/// let labels = [("zone", "eu"), ("host", "7"), ("outcome", "ok")];
/// assert_eq!(registry.snapshot().counter("sent_bytes_total", &labels), Some(512));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// # Look-ups with borrowed strings
///
/// A look-up takes the same struct with other types for its open labels. With a parameter, or a lifetime, it need not
/// own them:
///
/// ```
/// use tachometer::{Counter, Family, Labels, Registry};
///
/// #[derive(Labels)]
/// struct Sent<S = String> { stream: S, retried: bool }
///
/// #[derive(Labels)]
/// struct Read<'a> { stream: &'a str, retried: bool }
///
/// let registry = Registry::new();
/// let sent: Family<Sent, Counter> = registry.declare("sent_total", "Records sent.").register()?;
/// let read: Family<Read<'static>, Counter> = registry.declare("read_total", "Records read.").register()?;
///
/// let stream = String::from("orders");
/// sent.series(&Sent { stream: &stream, retried: false })?.inc();
/// read.series(&Read { stream: &stream, retried: false })?.inc();
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// # Limits
///
/// Label names that begin with `__`, `quantile` and `overflow` are reserved. That a flattened struct has a label of
/// the same name is an error when the family is registered. The types of the fields must be as public as the struct
/// is: a family of it is resolved to one of its closed labels.
#[proc_macro_derive(Labels, attributes(label))]
pub fn derive_labels(input: TokenStream) -> TokenStream {
    expand(input, labels::derive)
}

/// Makes a struct one that a registry registers with all its metrics.
///
/// Each field is a metric, and its type is the kind: a handle, a `Family` or `DynamicFamily` of handles, a
/// `StateSet`, or whatever else implements `Instrument`. The field's name is the metric's.
///
/// On the struct, `#[metrics(...)]`:
///
/// - `prefix = "..."`: comes in front of all names, with an underscore.
/// - `common = Type`: labels that all metrics have, a struct with `#[derive(Labels)]` whose value
///   `registry.register(common)` takes. Without it there are none, and that is `registry.register(())`. A registry can have
///   any number of instances of a struct, each with other values.
/// - `names = policy`: the `NamePolicy` of all metrics, instead of the registry's. Names, the prefix, and units may
///   then be whatever it takes.
///
/// On a field, `#[metric(...)]`:
///
/// - `name = "..."`: another name.
/// - `help = "..."`: the help text. Without it that is the first paragraph of the doc comment, on one line; what
///   follows is for those who read the code. A metric without either does not compile.
/// - `label = "..."`, or `labels("...", "...")`: the names of labels that have none of their own. A `Family<Status, _>`
///   has one such label, a family of a tuple or a `DynamicFamily` several, a family of a struct none.
/// - `unit = "..."`: the unit. Without a policy the name must end in it (before `_total`), and nothing is appended.
/// - `buckets = expression`: the buckets of a histogram, such as `Buckets::seconds()`. They are the registry's default
///   unless given.
/// - `absent_until_set`: leaves a gauge out of snapshots until it is set.
/// - `names = policy`: the name policy of just this metric. The prefix is that of the struct.
///
/// And `#[metrics(nested)]`: the field is a struct with `#[derive(Metrics)]`, registered with the same prefix, in
/// front of its own, and the same common labels. It cannot have common labels of its own.
///
/// ```
/// use tachometer::{Buckets, Counter, Family, Gauge, Histogram, LabelValue, Labels, Metrics, Registry};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Status { Ok, Failed }
///
/// #[derive(Labels)]
/// struct Stream { stream_name: String }
///
/// #[derive(Metrics)]
/// #[metrics(prefix = "producer", common = Stream)]
/// struct ProducerMetrics {
///     /// Records sent.
///     ///
///     /// Counted when they are acknowledged.
///     #[metric(label = "status")]
///     records_sent_total: Family<Status, Counter>,
///     /// Time to flush records.
///     #[metric(buckets = Buckets::exponential(0.001, 2.0, 14), unit = "seconds")]
///     flush_duration_seconds: Histogram,
///     #[metric(name = "queue_length", help = "Records in the queue.", absent_until_set)]
///     queue_size: Gauge,
///     #[metrics(nested)]
///     retries: RetryMetrics,
/// }
///
/// #[derive(Metrics)]
/// #[metrics(prefix = "retry")]
/// struct RetryMetrics {
///     /// Retries.
///     #[metric(labels("status", "last"))]
///     attempts_total: Family<(Status, bool), Counter>,
/// }
///
/// let registry = Registry::new();
/// let orders = registry.register::<ProducerMetrics>(Stream { stream_name: "orders".into() })?;
/// let clicks = registry.register::<ProducerMetrics>(Stream { stream_name: "clicks".into() })?;
/// orders.retries.attempts_total[(Status::Failed, true)].inc();
/// clicks.queue_size.set(3.0);
///
/// let snapshot = registry.snapshot();
/// let labels = [("stream_name", "orders"), ("status", "failed"), ("last", "true")];
/// assert_eq!(snapshot.counter("producer_retry_attempts_total", &labels), Some(1));
/// assert_eq!(snapshot.gauge("producer_queue_length", &[("stream_name", "clicks")]), Some(3.0));
/// assert_eq!(snapshot.family("producer_records_sent_total").unwrap().help(), Some("Records sent."));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// Names as OpenTelemetry has them need a policy:
///
/// ```
/// use tachometer::{Counter, Family, Labels, Metrics, NamePolicy, Registry};
///
/// #[derive(Labels)]
/// #[label(translated)]
/// struct Published { #[label(name = "messaging.destination")] destination: String }
///
/// #[derive(Metrics)]
/// #[metrics(prefix = "kafka.eventbus", names = NamePolicy::WITHOUT_UNITS)]
/// struct BusMetrics {
///     #[metric(name = "messages.published", unit = "messages", help = "Messages published.")]
///     published: Family<Published, Counter>,
/// }
///
/// let registry = Registry::new();
/// let bus = registry.register::<BusMetrics>(())?;
/// bus.published.with("orders")?.inc();
/// let labels = [("messaging_destination", "orders")];
/// let name = "kafka_eventbus_messages_published_total";
/// assert_eq!(registry.snapshot().counter(name, &labels), Some(1));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
///
/// Names, units, and the names of labels are checked by the compiler, as far as the struct says them: what a nested
/// struct or the registry has in front, and metrics of the same name elsewhere, are looked at when it is registered.
#[proc_macro_derive(Metrics, attributes(metrics, metric))]
pub fn derive_metrics(input: TokenStream) -> TokenStream {
    expand(input, metrics::derive)
}

// What the attributes do is told at such length that it has files of its own.

#[doc = include_str!("../docs/timed.md")]
#[proc_macro_attribute]
pub fn timed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Timed, arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/counted.md")]
#[proc_macro_attribute]
pub fn counted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Counted, arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/tracked.md")]
#[proc_macro_attribute]
pub fn tracked(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::Tracked, arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/track_errors.md")]
#[proc_macro_attribute]
pub fn track_errors(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Kind::TrackErrors, arguments.into(), item.into()).into()
}

fn expand(
    input: TokenStream,
    derive: fn(&DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input).unwrap_or_else(Error::into_compile_error).into()
}
