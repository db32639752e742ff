//! A lock-free metrics engine for programs that cannot afford their metrics.
//!
//! Recording costs about a nanosecond at any number of threads, a scrape never makes a producer wait, and every
//! snapshot is exact.
//!
//! ```
//! use tachometer::{Buckets, Counter, Family, Histogram, LabelValue, Labels, Metrics, Registry};
//!
//! #[derive(Clone, Copy, LabelValue)]
//! enum Status { Ok, Throttled }
//!
//! #[derive(Labels)]
//! struct Stream { stream_name: String }
//!
//! #[derive(Metrics)]
//! #[metrics(prefix = "producer", common = Stream)]
//! struct Producer {
//!     /// Records sent.
//!     #[metric(label = "status")]
//!     records_sent_total: Family<Status, Counter>,
//!     /// Time to flush.
//!     #[metric(unit = "seconds", buckets = Buckets::exponential(0.001, 2.0, 14))]
//!     flush_seconds: Histogram,
//! }
//!
//! // At start: register, with the labels that are known then.
//! let registry = Registry::builder().namespace("shop").build()?;
//! let producer: Producer = registry.register(Stream { stream_name: "orders".into() })?;
//!
//! // On the hot path: no lock, no hash, no allocation, no error.
//! let timer = producer.flush_seconds.start_timer();
//! producer.records_sent_total[Status::Ok].add(500);
//! timer.stop();
//!
//! // Anywhere, at any time.
//! let labels = [("status", "ok"), ("stream_name", "orders")];
//! assert_eq!(registry.snapshot().counter("shop_producer_records_sent_total", &labels), Some(500));
//! # Ok::<(), tachometer::RegisterError>(())
//! ```
//!
//! Where a metric comes from:
//!
//! | what is known when | use | choosing the series costs |
//! |---|---|---|
//! | there is one series | [`Registry::counter`] and its like, a field of a [`Metrics`] struct | nothing: keep the handle |
//! | all values of the label | [`Family`] of an enum: `family[Status::Ok]` | an array index |
//! | the value, at start | [`Family::with`] of a string, once; [`Registry::child`] for a component | nothing: keep the handle |
//! | the value, each time | [`Family::with`] | a look-up |
//! | the label's name, at run time | [`Registry::counter_family`] and its like | a look-up, or nothing |
//! | its name as a text, at run time | [`named`] | two look-ups among what the thread remembers |
//! | nothing of where records go, in a library | [`collector`] | a look-up in what the thread remembers |
//! | the value of the metric, at a scrape | [`Registry::gauge_fn`], [`gauge_family_fn`](Registry::gauge_family_fn), [`collector`](Registry::collector) | |
//! | no registry yet | [`StaticCounter`] and its like | nothing |
//!
//! # How it works
//!
//! The API has two planes, and no function belongs to both.
//!
//! The **data plane** is `inc`, `add`, `set`, `observe` and the timers. Each thread owns a *shard*, a column of cells
//! that it alone writes; a metric owns the same slots in every shard. A record finds the thread's page of cells by
//! one load of a thread-local, then loads, adds and stores without a lock prefix. It never locks, allocates (after
//! the first touch of a page), hashes, formats, waits, fails or panics.
//!
//! The **control plane** registers, looks labels up and takes snapshots. It may lock, allocate and fail, with a typed
//! [`RegisterError`] that says what to change. A [`Snapshot`] is all that an exporter sees; the engine knows nothing of
//! any exposition format.
//!
//! Which handle for what:
//!
//! | handle | counts | a record costs |
//! |---|---|---|
//! | [`Counter`] | events, `u64` | a plain addition in a cell of the thread's own |
//! | [`FloatCounter`] | sums that only grow, `f64` | the same, with a float addition |
//! | [`UpDownCounter`] | what comes and goes, `i64` | the same as a counter |
//! | [`Gauge`] | a value that is set, `f64` | one store to a shared cell; `add` is a compare-and-swap loop |
//! | [`Histogram`] | a distribution over buckets | a table look-up and six stores |
//! | [`IntegerHistogram`] | the same of integers, as nanoseconds and bytes are, with an exact sum | the same |
//! | [`SignalCounter`] | events in signal handlers, `u64` | one `fetch_add`; the only async-signal-safe handle |
//!
//! The first three and [`Histogram`] have a *local* handle for the tightest loops ([`Counter::local`]). It holds the
//! thread's own cells and cannot leave the thread: a record in a counter is then one addition to memory and nothing
//! else.
//!
//! Each but [`IntegerHistogram`] has a twin to declare in a `static` ([`StaticCounter`] and so on), which records from
//! the first instruction of `main` and joins the [`default_registry`] when [`register_statics`] is called. A
//! [`StateSet`] says which of a few states something is in, and [`Registry::info`] describes the program.
//!
//! Guards record when the work ends, however it ends: [`Timer`], [`InFlight`], [`OutcomeGuard`], and [`Operation`],
//! which has all of it in one; [`FutureExt`] puts them around futures, and [`ResultExt`] counts errors by type.
//! Attributes record what a function does: [`timed`](macro@timed), [`counted`](macro@counted),
//! [`tracked`](macro@tracked) and [`track_errors`](macro@track_errors).
//!
//! Names are exposed as they are, unless a [`NamePolicy`] translates them: those of OpenTelemetry, such as
//! `kafka.eventbus.publish.duration` in `ms`, as Prometheus 3 and others do, or as your queries have them; or it keeps
//! them in UTF-8. A registry has one, and a component, a struct or a family can have another. What two metrics would
//! share in any format, be it the name of a sample, a name in OpenMetrics only, or one that a policy makes of two, is
//! an error when the second is registered.
//!
//! A registry can keep examples of what was recorded, with the trace that they come from ([`Exemplars`]), and when each
//! series began ([`RegistryBuilder::created`]).
//!
//! # Promises
//!
//! 1. Recording on a thread's own shard is wait-free, and free of allocation once the thread has touched the page.
//!    Recording through a lease (see 2) is lock-free, except when it must make a shard or map a page.
//! 2. Nothing recorded is lost or counted twice, except what promise 6 lists. When a thread ends, the next one adopts
//!    its shard and keeps adding; a record made while thread-locals are being destroyed leases a shard. A local handle
//!    that lives longer than the rest of its thread keeps the shard until it is dropped.
//! 3. A counter never goes backwards between two snapshots. A histogram's count is the sum of its buckets, and its sum
//!    is that of exactly those observations, always.
//! 4. A scrape never makes a producer wait or retry; a producer, stopped half-way or recording flat out, never makes a
//!    scrape wait.
//! 5. Memory is bounded by the limits on families and series and the peak number of threads: a shard holds only the
//!    pages that its threads touched. [`Registry::memory`] says how much.
//! 6. What cannot be recorded honestly (NaN and infinities in counters and histograms, memory refused, re-entry) is
//!    dropped and counted by reason: [`dropped_records`].
//!
//! What is dropped, leased and taken of memory the [`default_registry`] exposes, and every registry its series, failed
//! registrations and failed callbacks: see [`RegistryBuilder::self_metrics`] and [`Registry::memory`].
//!
//! # Limits worth knowing
//!
//! - A `u64` counter wraps around at 2⁶⁴, which Prometheus reads as a reset.
//! - "Exact" means whole observations and representable values: `f64` sums round as floats do.
//! - A callback that blocks delays the snapshot that asked it first, by [`DEFAULT_CALLBACK_TIMEOUT`] (several by 10 ms
//!   more each), and nothing else. It holds a thread until it returns.
//! - Only [`SignalCounter`] may be used in a signal handler. A histogram of either kind survives one: an
//!   observation of a handler that meets its own thread half-way through another in the same histogram is dropped and
//!   counted, and all others count. The handler must not be the first to record on its thread in a page of cells,
//!   because that takes memory.
//! - A local handle that is leaked keeps its thread's shard, and the memory of it, for ever.
//! - An exemplar is left out, and counted by [`Registry::exemplar_problems`], where another thread is just writing one
//!   in the same place; a snapshot goes without one that is being written. The record itself counts in any case. The
//!   first exemplar of a series takes memory, and so does the first long one in a place.
//! - After `fork`, the child may record at once, on old and new threads. It must not register, look up or take
//!   snapshots if another thread of the parent may have been doing so when it forked: their locks are copied as they
//!   were. Threads that wait for callbacks to ask do not count; the child makes its own.
//! - Needs 64-bit atomics.

#![cfg_attr(not(tachometer_loom), forbid(unsafe_code))]
// Under loom one block is needed: `sync::loomed` says why.
#![cfg_attr(tachometer_loom, deny(unsafe_code))]

#[cfg(not(target_has_atomic = "64"))]
compile_error!("tachometer keeps its cells in 64-bit atomics, which this target does not have");

#[cfg(not(tachometer_loom))]
#[doc(hidden)]
pub mod attributes;
mod bucket_index;
mod buckets;
mod caught;
mod cells;
mod clock;
pub mod collector;
#[cfg(not(tachometer_loom))]
mod config;
mod counter;
#[cfg(not(tachometer_loom))]
mod distance;
mod drops;
mod error;
mod error_type;
mod exemplar;
mod extras;
mod future;
mod gauge;
mod held;
mod histogram;
mod in_flight;
mod integer_histogram;
pub mod labels;
mod local_handle;
#[cfg(any(tachometer_loom, tachometer_shuttle))]
#[doc(hidden)]
pub mod model;
mod name;
mod name_policy;
#[cfg(not(tachometer_loom))]
pub mod named;
mod operation;
mod outcome;
mod pairs;
mod problems;
mod reentry;
mod registry;
mod shard;
mod signal_counter;
mod size;
mod snapshot;
mod state_set;
mod statics;
mod sums;
mod sync;
#[cfg(not(tachometer_loom))]
pub mod testing;
mod timer;
mod work;

pub use buckets::{Buckets, IntoBuckets, MAX_BOUNDS};
#[cfg(not(tachometer_loom))]
pub use config::{ConfigError, ConfigErrorReason, MetricsConfig};
pub use counter::{Counter, FloatCounter, UpDownCounter};
pub use drops::{DropReason, dropped_records};
pub use error::{BucketsError, RegisterError, RegisterErrorReason};
pub use error_type::{CountError, ErrorLabel, ErrorName, FunctionErrors, ResultExt};
pub use exemplar::{Exemplar, ExemplarProblem, Exemplars, MAX_EXEMPLAR_CHARACTERS, TraceContext};
pub use future::FutureExt;
pub use gauge::Gauge;
pub use histogram::{Histogram, HistogramValue};
pub use in_flight::InFlight;
pub use integer_histogram::{IntegerHistogram, Resolution};
pub use labels::{LabelValue, Labels};
pub use local_handle::{LocalCounter, LocalFloatCounter, LocalHistogram, LocalUpDownCounter};
pub use name_policy::{Escape, NamePolicy, TotalSuffix, UnitSuffix};
pub use operation::{NoErrors, Operation, OperationGuard, Progress};
pub use outcome::{HasOutcome, Outcome, OutcomeGuard};
pub use problems::{NamedProblem, named_problems};
#[cfg(not(tachometer_loom))]
pub use registry::default_registry;
#[doc(hidden)]
pub use registry::derived;
pub use registry::{
    CommonLabels, DEFAULT_CALLBACK_TIMEOUT, DEFAULT_MAX_FAMILIES, DEFAULT_MAX_SERIES_PER_FAMILY, Declaration,
    DynamicFamily, Family, FamilyMemory, Instrument, MAX_COMBINATIONS, MAX_LABELS, Memory, Metric, Metrics,
    NO_LABELS, Registry, RegistryBuilder,
};
#[doc(hidden)]
pub use shard::arena::shards_made;
pub use signal_counter::SignalCounter;
pub use snapshot::{
    Snapshot,
    build::{FamilyBuilder, SnapshotBuilder},
    number::Number,
    observer::{Collection, Observer},
    schema::SchemaId,
    view::{FamilyView, HistogramView, MetricKind, SeriesView, StateSetView, SummaryView, Value},
};
pub use state_set::{MAX_STATES, StateSet};
#[cfg(not(tachometer_loom))]
pub use statics::register_statics;
pub use statics::{
    StaticCounter, StaticFloatCounter, StaticGauge, StaticHistogram, StaticMetric, StaticSignalCounter,
    StaticUpDownCounter,
};
pub use tachometer_macros::{ErrorLabel, LabelValue, Labels, Metrics};
#[cfg(not(tachometer_loom))]
pub use tachometer_macros::{counted, timed, track_errors, tracked};
pub use timer::Timer;
