//! Histograms: distributions over fixed buckets.

use std::{
    fmt,
    sync::Arc as Shared,
    time::{Duration, Instant},
};

use crate::{
    LocalHistogram, Timer,
    buckets::Layout,
    cells::growth,
    clock,
    drops::{DropReason, drop_record},
    held::Held,
    pairs::{self, Reading},
    shard::{
        Baseline, CellBlock, NO_SLOT, Page,
        local::{self, OwnPages},
        table::offset_of,
    },
};

/// A distribution of values over fixed buckets: latencies in seconds, sizes in bytes.
///
/// Recording is wait-free and costs a few nanoseconds at any number of threads and buckets. In every snapshot the
/// count is the sum of the buckets and the sum is that of exactly the observations counted, also while threads
/// record; neither side ever waits for the other. A NaN or infinite observation is dropped and counted by
/// [`dropped_records`](crate::dropped_records).
///
/// ```
/// let registry = tachometer::Registry::new();
/// let latency = registry.histogram("request_duration_seconds", "Time to serve a request.")?;
/// latency.observe(0.03);
/// let answer = latency.time(|| 6 * 7);
/// assert_eq!(answer, 42);
/// assert_eq!(latency.value().count, 2);
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Histogram {
    core: Option<Held<HistogramCore>>,
}

/// The cells and the layout of a histogram's series.
#[derive(Debug)]
pub(crate) struct HistogramCore {
    /// The block's slot, here to save a record the way to it.
    slot: u32,
    block: CellBlock,
    layout: Shared<Layout>,
}

/// What a histogram holds, from [`Histogram::value`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistogramValue {
    /// Observations in all.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Observations by bucket, each counted once; the last bucket goes up to +Inf.
    pub counts: Vec<u64>,
    /// How often the busiest bucket had to be loaded until it stood still. 1 when nobody was recording in it.
    pub most_tries: u32,
}

impl Histogram {
    /// A histogram that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self { core: None }
    }

    pub(crate) fn new(core: Held<HistogramCore>) -> Self {
        Self { core: Some(core) }
    }

    /// A handle for the tightest loops of the calling thread, which it cannot leave. See [`Counter::local`].
    ///
    /// [`Counter::local`]: crate::Counter::local
    pub fn local(&self) -> LocalHistogram {
        LocalHistogram::new(self)
    }

    pub(crate) fn core(&self) -> Option<&Held<HistogramCore>> {
        self.core.as_ref()
    }

    /// Records a value.
    #[inline]
    pub fn observe(&self, value: f64) {
        if let Some(core) = &self.core {
            core.observe(value, || local::own_page(core.slot));
        }
    }

    /// Records `n` observations of the same value at the cost of one. Their sum is taken as `value * n`, and must be
    /// finite as well. The count of a bucket wraps around at 2⁶³.
    #[inline]
    pub fn observe_n(&self, value: f64, n: u64) {
        if let Some(core) = &self.core {
            core.observe_n(value, n, || local::own_page(core.slot));
        }
    }

    /// [`observe`](Self::observe), with a pause half-way: for tests and benches of what readers find then. Nothing is
    /// observed unless the thread has observed something in this histogram before.
    #[doc(hidden)]
    pub fn observe_slowly(&self, value: f64, pause: impl FnOnce()) {
        if let Some(core) = &self.core
            && let (Some(bucket), Some(page)) = (core.layout.find(value), local::own_page(core.slot))
        {
            let _ = pairs::record_slowly(page, offset_of(core.slot), bucket, 1, pairs::plus(value), pause);
        }
    }

    /// Records a value, when the thread's pages are at hand.
    #[inline(always)]
    pub(crate) fn observe_in(&self, pages: OwnPages<'_>, value: f64) {
        if let Some(core) = &self.core {
            core.observe(value, || pages.page(core.slot));
        }
    }

    /// Records a value, when the page of the calling thread may be at hand.
    #[inline(always)]
    pub(crate) fn observe_at(&self, page: Option<&Page>, value: f64) {
        if let Some(core) = &self.core {
            core.observe(value, || page.or_else(|| local::own_page(core.slot)));
        }
    }

    /// Records `n` observations of the same value, when the page of the calling thread may be at hand.
    #[inline(always)]
    pub(crate) fn observe_n_at(&self, page: Option<&Page>, value: f64, n: u64) {
        if let Some(core) = &self.core {
            core.observe_n(value, n, || page.or_else(|| local::own_page(core.slot)));
        }
    }

    /// Records a duration, in seconds.
    #[inline]
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// Starts a timer that records the seconds until it is stopped or dropped. Reads the clock once now and once then,
    /// about 16 ns each; a disabled histogram's timer reads none.
    #[inline]
    pub fn start_timer(&self) -> Timer<&Self> {
        Timer::start(self)
    }

    /// The same with a timer that owns a handle and so may outlive this one, in a task or on another thread. Costs the
    /// clone of a handle more.
    #[inline]
    pub fn start_timer_owned(&self) -> Timer<Self> {
        Timer::start(self.clone())
    }

    /// [`start_timer`](Self::start_timer) with a timer that has been running since `start`, a reading of the standard
    /// library's clock that the caller already has. It ends by that clock too.
    #[inline]
    pub fn start_timer_at(&self, start: Instant) -> Timer<&Self> {
        Timer::start_at(self, start)
    }

    /// The same with a timer that owns a handle.
    #[inline]
    pub fn start_timer_owned_at(&self, start: Instant) -> Timer<Self> {
        Timer::start_at(self.clone(), start)
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

    /// Adds `n` observations that sum up to `sum` to a bucket, as they come from a static's early cells. They are no
    /// more than 2⁶³ - 1.
    pub(crate) fn add_to_bucket(&self, bucket: usize, n: u64, sum: f64) {
        if let Some(core) = &self.core {
            core.record(local::own_page(core.slot), bucket, n, pairs::plus(sum));
        }
    }

    /// The sum over all threads, for tests and reports. Each bucket is read as it stood between two observations.
    #[must_use]
    pub fn value(&self) -> HistogramValue {
        self.core.as_ref().map_or_else(|| HistogramValue::zero(0), |core| core.value())
    }

    /// The slot of the first cell, [`NO_SLOT`] when records go nowhere.
    pub(crate) fn slot(&self) -> u32 {
        self.core.as_ref().map_or(NO_SLOT, |core| core.slot)
    }

    #[inline(always)]
    pub(crate) fn is_noop(&self) -> bool {
        self.core.is_none()
    }
}

impl HistogramValue {
    pub(crate) fn zero(buckets: usize) -> Self {
        Self { count: 0, sum: 0.0, counts: vec![0; buckets], most_tries: 1 }
    }

    fn add(&mut self, bucket: usize, reading: Reading) {
        self.add_counts(bucket, reading);
        self.sum += f64::from_bits(reading.sum);
    }

    /// Adds all but the sum.
    pub(crate) fn add_counts(&mut self, bucket: usize, reading: Reading) {
        self.counts[bucket] = self.counts[bucket].wrapping_add(reading.count);
        self.count = self.count.wrapping_add(reading.count);
        self.most_tries = self.most_tries.max(reading.tries);
    }

    /// As a snapshot holds it: the counts, the count, the bits of the sum.
    fn columns(&self) -> Baseline {
        self.counts.iter().copied().chain([self.count, self.sum.to_bits()]).collect()
    }

    fn subtract(&mut self, columns: &[u64]) {
        if let [counts @ .., count, sum] = columns {
            self.subtract_counts(counts, *count);
            self.sum = growth(self.sum, f64::from_bits(*sum));
        }
    }

    pub(crate) fn subtract_counts(&mut self, counts: &[u64], count: u64) {
        let pairs = self.counts.iter_mut().zip(counts);
        pairs.for_each(|(count, before)| *count = count.wrapping_sub(*before));
        self.count = self.count.wrapping_sub(count);
    }
}

impl HistogramCore {
    pub(crate) fn new(block: CellBlock, layout: Shared<Layout>) -> Self {
        clock::warm_up();
        Self { slot: block.slot(), block, layout }
    }

    pub(crate) fn value(&self) -> HistogramValue {
        let baseline = self.block.baseline();
        let mut value = self.total();
        if let Some(baseline) = baseline {
            value.subtract(&baseline);
        }
        value
    }

    /// Begins again without observations.
    pub(crate) fn reset(&self) {
        self.block.reset(|| self.total().columns());
    }

    /// All that was ever observed.
    fn total(&self) -> HistogramValue {
        let mut value = HistogramValue::zero(self.buckets());
        self.read(|bucket, reading| value.add(bucket, reading));
        value
    }

    /// Reads every bucket of every shard.
    pub(crate) fn read(&self, mut visit: impl FnMut(usize, Reading)) {
        for page in self.block.arena().shards().filter_map(|shard| shard.page(self.slot)) {
            for bucket in 0..self.buckets() {
                visit(bucket, pairs::read(page, offset_of(self.slot), bucket));
            }
        }
    }

    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }

    pub(crate) fn block(&self) -> &CellBlock {
        &self.block
    }

    pub(crate) fn layout(&self) -> &Shared<Layout> {
        &self.layout
    }

    pub(crate) fn bounds(&self) -> &Shared<[f64]> {
        &self.layout.bounds
    }

    pub(crate) fn buckets(&self) -> usize {
        self.layout.bounds.len() + 1
    }

    /// Records a value in the thread's own page, if it has it.
    ///
    /// The page is asked for when the bucket is known. Where thread-locals are found by a call, the value would wait on
    /// the stack meanwhile, and the bucket for the value.
    #[inline(always)]
    fn observe<'a>(&self, value: f64, page: impl FnOnce() -> Option<&'a Page>) {
        // What is in the table is finite.
        match self.layout.index.find(value) {
            Some(bucket) => self.record(page(), bucket, 1, pairs::plus(value)),
            None => self.observe_outside_table(value),
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_outside_table(&self, value: f64) {
        match self.layout.search(value) {
            Some(bucket) => self.record(local::own_page(self.slot), bucket, 1, pairs::plus(value)),
            None => drop_record(DropReason::NotFinite),
        }
    }

    #[inline(always)]
    fn observe_n<'a>(&self, value: f64, n: u64, page: impl FnOnce() -> Option<&'a Page>) {
        let sum = value * n as f64;
        match self.layout.find(value).filter(|_| sum.is_finite()) {
            // A reader tells by a bucket's number whether an observation ended meanwhile, so each must change it. None
            // at all does not, and neither do 2⁶³, which wrap around to none.
            Some(bucket) if n << 1 != 0 => self.record(page(), bucket, n, pairs::plus(sum)),
            Some(_) => {}
            None => drop_record(DropReason::NotFinite),
        }
    }

    /// Records in the thread's own page, if it has it.
    #[inline(always)]
    pub(crate) fn record(&self, page: Option<&Page>, bucket: usize, n: u64, add: impl Fn(u64) -> u64 + Copy) {
        let offset = offset_of(self.slot);
        match page {
            Some(page) => record_in(page, offset, bucket, n, add),
            None => local::record_cold(self.slot, move |page| record_in(page, offset, bucket, n, add)),
        }
    }
}

/// Records in a page that holds the cells, from this offset on.
#[inline(always)]
pub(crate) fn record_in(page: &Page, offset: usize, bucket: usize, n: u64, add: impl Fn(u64) -> u64) {
    if pairs::record(page, offset, bucket, n, add).is_err() {
        drop_record(DropReason::Reentry);
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_noop() { "Histogram(noop)" } else { "Histogram" })
    }
}
