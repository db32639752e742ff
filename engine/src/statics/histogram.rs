//! The static histogram: each bucket's count and sum in one early cell, so that they move as one.

use std::time::{Duration, Instant};

use super::{
    deferred::Deferred,
    static_metric,
    wide::{Wide, pack, unpack},
};
use crate::{
    Buckets, Histogram, HistogramValue, Registry, Timer,
    clock::Stopwatch,
    drops::{DropReason, drop_record},
    error::RegisterError,
    pairs::MAX_BUCKETS,
    sync::{array_of, const_fn},
    timer::Timed,
};

/// Where the count of a bucket wraps around, as the handle's does.
const COUNT_BITS: u64 = u64::MAX >> 1;

/// A [`Histogram`] for a `static`.
///
/// It records from the start. Until it is registered a record searches the bounds one by one and does a
/// compare-and-swap on the bucket's 128-bit cell in the static, lock-free on all but old or small processors; after
/// that it costs what the handle does and one load. Count and sum agree in every snapshot, also while it is being
/// registered.
///
/// The static holds early cells for the most buckets there can be, 4 KiB of the program's data. Bounds are checked when
/// it is registered, as by [`Buckets::explicit`]; with bad ones the registration fails, and with it everything that was
/// recorded goes.
///
/// ```
/// use tachometer::{StaticHistogram, default_registry};
///
/// static LATENCY: StaticHistogram =
///     StaticHistogram::new("request_duration_seconds", "Time to serve.", &[0.005, 0.05, 0.5]);
///
/// LATENCY.observe(0.02);
/// LATENCY.register();
/// LATENCY.time(|| 6 * 7);
/// let snapshot = default_registry().snapshot();
/// assert_eq!(snapshot.histogram("request_duration_seconds", &[]).unwrap().count(), 2);
/// ```
pub struct StaticHistogram {
    deferred: Deferred<Histogram>,
    bounds: &'static [f64],
    /// The count and the bits of the sum of each bucket.
    early: [Wide; MAX_BUCKETS],
}

impl StaticHistogram {
    const_fn! {
        /// A histogram with this name, help text and upper bounds, which are checked when it is registered.
        #[must_use]
        pub fn new(name: &'static str, help: &'static str, bounds: &'static [f64]) -> Self {
            Self { deferred: Deferred::new(name, help), bounds, early: array_of![Wide::new(); MAX_BUCKETS] }
        }
    }

    /// Records a value.
    #[inline]
    pub fn observe(&self, value: f64) {
        self.observe_n(value, 1);
    }

    /// Records `n` observations of the same value. See [`Histogram::observe_n`].
    #[inline]
    pub fn observe_n(&self, value: f64, n: u64) {
        match self.handle() {
            Some(handle) => handle.observe_n(value, n),
            None => self.observe_early(value, n),
        }
    }

    /// Records a duration, in seconds.
    #[inline]
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// Starts a timer that records the seconds until it is stopped or dropped; a registration in between does not
    /// matter to it.
    ///
    /// Costs two readings of the clock. Before the process has registered its first histogram that is the system's
    /// clock, which `quanta::with_clock` does not replace.
    #[inline]
    pub fn start_timer(&self) -> Timer<&Self> {
        Timer::start(self)
    }

    /// The same with a timer that has been running since `start`, a reading of the standard library's clock.
    #[inline]
    pub fn start_timer_at(&self, start: Instant) -> Timer<&Self> {
        Timer::start_at(self, start)
    }

    /// Records the seconds since `start`, a reading of the standard library's clock that the caller already has.
    #[inline]
    pub fn observe_since(&self, start: Instant) {
        self.start_timer_at(start).stop();
    }

    /// Calls `work` and records the seconds it took, also when it panics.
    #[inline]
    pub fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        let _timer = self.start_timer();
        work()
    }

    /// What it holds; nothing when it is a no-op. Takes a lock, against a registration under way; for tests and
    /// reports.
    #[must_use]
    pub fn value(&self) -> HistogramValue {
        self.deferred.settled(|handle| handle.map_or_else(|| self.early_value(), Histogram::value))
    }

    #[cold]
    fn observe_early(&self, value: f64, n: u64) {
        // What the handle refuses, and what it takes for nothing.
        let sum = value * n as f64;
        if !sum.is_finite() || !value.is_finite() {
            return drop_record(DropReason::NotFinite);
        }
        if n & COUNT_BITS == 0 {
            return;
        }
        let observe = |cell| {
            let (count, bits) = unpack(cell);
            pack(count.wrapping_add(n) & COUNT_BITS, (f64::from_bits(bits) + sum).to_bits())
        };
        if !self.early[self.bucket(value)].update(observe)
            && let Some(next) = self.deferred.next()
        {
            next.observe_n(value, n);
        }
    }

    /// The bucket of a value: the bounds below it, in whatever order they are. Those beyond the largest number of
    /// buckets are an error by and by, and must not be one here.
    fn bucket(&self, value: f64) -> usize {
        let below = self.bounds.iter().take_while(|bound| **bound < value).count();
        below.min(MAX_BUCKETS - 1)
    }

    fn early_value(&self) -> HistogramValue {
        // A last bound of +Inf is merged with the bucket that is there anyway.
        let finite = self.bounds.len() - usize::from(self.bounds.last() == Some(&f64::INFINITY));
        let buckets = self.early.iter().take(finite + 1).map(|bucket| unpack(bucket.value()));
        let mut value = HistogramValue { count: 0, sum: 0.0, counts: Vec::new(), most_tries: 1 };
        for (count, bits) in buckets {
            value.count = value.count.wrapping_add(count);
            value.sum += f64::from_bits(bits);
            value.counts.push(count);
        }
        value
    }

    fn make(&self, registry: &Registry, name: &str, help: &str) -> Result<Histogram, RegisterError> {
        registry.histogram_with(name, help, Buckets::explicit(self.bounds.iter().copied()))
    }

    fn take_over(&self, handle: &Histogram) {
        for (bucket, cell) in self.early.iter().enumerate() {
            let (count, bits) = unpack(cell.close());
            match (count, f64::from_bits(bits)) {
                (0, 0.0) => {}
                // 2⁶³ observations, which wrapped around to none: the sum needs one to come with.
                (0, sum) => {
                    handle.add_to_bucket(bucket, 1, sum);
                    handle.add_to_bucket(bucket, COUNT_BITS, 0.0);
                }
                (count, sum) => handle.add_to_bucket(bucket, count, sum),
            }
        }
    }
}

static_metric!(StaticHistogram, Histogram);

#[cfg(any(tachometer_loom, tachometer_shuttle))]
impl StaticHistogram {
    /// For a control: takes the counts in one step and the sums in another.
    pub(crate) fn register_by_halves(&self, registry: &Registry) {
        self.register_with(registry, |handle| {
            for (bucket, cell) in self.early.iter().enumerate() {
                let (count, _) = unpack(cell.value());
                let (_, bits) = unpack(cell.close());
                handle.add_to_bucket(bucket, count, f64::from_bits(bits));
            }
        });
    }
}

impl Timed for StaticHistogram {
    #[inline]
    fn is_recording(&self) -> bool {
        !self.handle().is_some_and(Histogram::is_noop)
    }

    #[inline]
    fn stopwatch(&self) -> Stopwatch {
        Stopwatch::start_early()
    }

    #[inline]
    fn record(&self, elapsed: Duration) {
        self.observe_duration(elapsed);
    }
}
