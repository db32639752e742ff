//! What is sampled in a registry, and where trace and span come from.

use std::{
    cell::Cell,
    fmt,
    hash::{BuildHasher, Hasher},
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe},
    sync::Arc as Shared,
};

use foldhash::fast::RandomState;

use super::{ExemplarProblem as Problem, LabelText};
use crate::{
    caught::caught,
    sync::{AtomicU64, Ordering, per_thread},
};

/// Records exemplars, and says how many and where their labels come from: an option of a registry, see
/// [`RegistryBuilder::exemplars`](crate::RegistryBuilder::exemplars).
///
/// Of what the methods with `traced` or `with_exemplar` in their names record, and timers and operations, the *first
/// record after each snapshot* is sampled for each counter and each bucket of a histogram, so that what is rare has an
/// exemplar too, and *one in so many* of the others, so that it is not always the first. A record that is not sampled
/// costs two to four nanoseconds more than a plain one and asks nobody for a trace; one that is sampled takes half a
/// microsecond. `inc`, `add` and `observe` never look.
///
/// ```
/// use tachometer::{Exemplars, Registry, TraceContext};
///
/// // As a program gets it from its tracing library.
/// fn current_trace() -> Option<TraceContext> {
///     Some(TraceContext::new(0x4bf92f3577b34da6a3ce929d0e0e4736, 0x00f067aa0ba902b7))
/// }
///
/// let registry = Registry::builder().exemplars(Exemplars::one_in(64).from(current_trace)).build()?;
/// let latency = registry.histogram("request_duration_seconds", "Time to answer.")?;
/// latency.observe_traced(0.3);
///
/// let snapshot = registry.snapshot();
/// let series = snapshot.series("request_duration_seconds", &[]).unwrap();
/// let (_bucket, exemplar) = series.exemplars().next().unwrap();
/// assert_eq!(exemplar.value(), 0.3);
/// assert!(exemplar.labels().eq([
///     ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
///     ("span_id", "00f067aa0ba902b7"),
/// ]));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Exemplars {
    one_in: u32,
    hook: Option<Hook>,
}

type Hook = Shared<dyn Fn() -> Option<TraceContext> + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The trace and the span that a record is made in.
///
/// The exemplar has them as W3C's Trace Context does, in hexadecimal digits: `trace_id` of 32, `span_id` of 16. An id
/// of 0 is none and is left out; a context of two zeros makes no exemplar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
}

impl TraceContext {
    /// The context with these ids, each 0 if there is none.
    pub const fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id }
    }

    /// The labels, if there is an id.
    fn text(self) -> Result<Option<LabelText>, Problem> {
        if self == Self::default() {
            return Ok(None);
        }
        let trace = ("trace_id", Hexadecimal { value: self.trace_id, digits: 32 });
        let span = ("span_id", Hexadecimal { value: self.span_id.into(), digits: 16 });
        LabelText::of([trace, span].into_iter().filter(|(_, id)| id.value != 0)).map(Some)
    }
}

/// A number as so many hexadecimal digits.
struct Hexadecimal {
    value: u128,
    digits: usize,
}

impl fmt::Display for Hexadecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0digits$x}", self.value, digits = self.digits)
    }
}

impl Exemplars {
    /// Samples one in `n` of the records beside the first ones; all of them with 1.
    pub fn one_in(n: u32) -> Self {
        Self { one_in: n.max(1), hook: None }
    }

    /// Takes trace and span from this function, which is asked by each sampled record on the thread that makes it. With
    /// `None` there is no exemplar, and the next record asks again.
    ///
    /// Without a function, only records that bring labels have exemplars
    /// ([`Histogram::observe_with_exemplar`](crate::Histogram::observe_with_exemplar)). A panic in it goes no further
    /// than to [`ExemplarProblem::Unreadable`](crate::ExemplarProblem::Unreadable); what it records itself asks it for
    /// nothing.
    ///
    /// With OpenTelemetry, for example:
    ///
    /// ```text
    /// Exemplars::one_in(64).from(|| {
    ///     let context = opentelemetry::Context::current();
    ///     let span = context.span().span_context().clone();
    ///     span.is_sampled().then(|| {
    ///         let (trace, span) = (span.trace_id().to_bytes(), span.span_id().to_bytes());
    ///         TraceContext::new(u128::from_be_bytes(trace), u64::from_be_bytes(span))
    ///     })
    /// })
    /// ```
    pub fn from(self, hook: impl Fn() -> Option<TraceContext> + Send + Sync + 'static) -> Self {
        // Its panics are caught, and it is asked again: that handles hold it makes them no less safe to unwind through.
        let hook = AssertUnwindSafe(hook);
        let hook = move || {
            let AssertUnwindSafe(hook) = &hook;
            hook()
        };
        Self { hook: Some(Shared::new(hook)), ..self }
    }

    /// Takes the span from [`tracing`](https://docs.rs/tracing): the id of the current one is the `span_id`.
    ///
    /// `tracing` itself knows no traces, so there is no `trace_id`, and its ids are unique among the spans that are
    /// open in this process alone: they help to find a span in what the program's own subscriber writes. Where
    /// `tracing-opentelemetry` gives spans the ids of traces, pass these on by [`from`](Self::from).
    ///
    /// ```
    /// use tachometer::{Exemplars, Registry};
    ///
    /// let registry = Registry::builder().exemplars(Exemplars::one_in(64).from_tracing()).build()?;
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[cfg(feature = "tracing")]
    pub fn from_tracing(self) -> Self {
        self.from(|| tracing::Span::current().id().map(|id| TraceContext::new(0, id.into_u64())))
    }
}

impl fmt::Debug for Exemplars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exemplars").field("one_in", &self.one_in).field("hook", &self.hook.is_some()).finish()
    }
}

/// What the series of a registry have in common for their exemplars.
#[derive(Debug)]
pub(crate) struct Source {
    exemplars: Exemplars,
    /// A random number below this is drawn by one record in so many.
    below: u64,
    /// Raised by each snapshot.
    round: AtomicU64,
    problems: [AtomicU64; Problem::ALL.len()],
}

impl Source {
    pub(crate) fn new(exemplars: Exemplars) -> Self {
        Self {
            below: u64::MAX / u64::from(exemplars.one_in),
            exemplars,
            // No slot was sampled in it.
            round: AtomicU64::new(1),
            problems: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The number of snapshots before, from 1 on.
    #[inline]
    pub(super) fn round(&self) -> u64 {
        // Relaxed, here and below: these are numbers of their own.
        self.round.load(Ordering::Relaxed)
    }

    /// Says that a snapshot has read the exemplars.
    pub(crate) fn next_round(&self) {
        self.round.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a record that is not the first of its round is sampled.
    #[inline]
    pub(super) fn draws(&self) -> bool {
        self.below == u64::MAX || draw().is_some_and(|number| number < self.below)
    }

    /// The labels that the hook gives; `None` without a trace, and inside the hook.
    pub(super) fn ask(&self) -> Result<Option<LabelText>, Problem> {
        let Some(hook) = &self.exemplars.hook else { return Ok(None) };
        let context = apart(|| caught(|| hook())).unwrap_or(Some(None));
        context.ok_or(Problem::Unreadable)?.map_or(Ok(None), TraceContext::text)
    }

    /// The labels that a record brings, read in the same way.
    pub(super) fn read<'a, V: fmt::Display>(
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) -> Result<Option<LabelText>, Problem> {
        let text = apart(|| caught(|| LabelText::of(labels)));
        text.map(|text| text.unwrap_or(Err(Problem::Unreadable))).transpose()
    }

    #[cold]
    pub(super) fn count(&self, problem: Problem) {
        self.problems[problem as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn problems(&self, problem: Problem) -> u64 {
        self.problems[problem as usize].load(Ordering::Relaxed)
    }
}

per_thread! {
    /// Whether the thread is asking for labels.
    static ASKING: Cell<bool> = Cell::new(false);
    /// What the last number was drawn from; 0 before the first.
    static DRAWN: Cell<u64> = Cell::new(0);
}

/// Runs code of the program that may itself record, with its own exemplars left out: `None` inside another such call,
/// and where the thread has no thread-locals any more.
fn apart<R>(work: impl FnOnce() -> R) -> Option<R> {
    let is_asking = ASKING.try_with(|asking| asking.replace(true)).unwrap_or(true);
    if is_asking {
        return None;
    }
    let result = work();
    let _ = ASKING.try_with(|asking| asking.set(false));
    Some(result)
}

/// A random number (xorshift64*), cheap and the thread's own; `None` where the thread has no thread-locals any more.
#[inline]
fn draw() -> Option<u64> {
    DRAWN
        .try_with(|drawn| {
            let mut state = if drawn.get() == 0 { first() } else { drawn.get() };
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            drawn.set(state);
            state.wrapping_mul(0x2545_f491_4f6c_dd1d)
        })
        .ok()
}

/// Where a thread begins to draw: anything but 0, and for each thread another number.
#[cold]
fn first() -> u64 {
    RandomState::default().build_hasher().finish() | 1
}
