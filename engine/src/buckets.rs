//! Buckets: the bounds of a histogram, and the constructors that lay them out.

use std::{iter, mem, sync::Arc};

use crate::{bucket_index::BucketIndex, error::BucketsError, pairs::MAX_BUCKETS, size};

/// Most finite bounds a histogram can have: with the bucket up to +Inf they fill a page of cells.
pub const MAX_BOUNDS: usize = MAX_BUCKETS - 1;

/// The upper bounds of a histogram's buckets, and the table that finds a value's bucket.
///
/// A bucket holds the values that are greater than the bound before it and at most its own. One more bucket, up to
/// +Inf, always follows the last bound. Cloning shares bounds and table.
///
/// ```
/// use tachometer::{Buckets, Registry};
///
/// let registry = Registry::new();
/// let latency = registry.histogram_with("flush_seconds", "Time to flush.", Buckets::exponential(0.001, 2.0, 14))?;
/// let size = registry.histogram_with("batch_size", "Records a batch.", Buckets::explicit([1.0, 10.0, 100.0, 500.0]))?;
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Buckets(Arc<Layout>);

#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) bounds: Arc<[f64]>,
    pub(crate) index: BucketIndex,
}

impl Layout {
    /// For finite bounds, none below the one before it. (Only those of integers are ever equal.)
    pub(crate) fn new(bounds: Arc<[f64]>) -> Self {
        let index = BucketIndex::new(&bounds);
        Self { bounds, index }
    }

    /// What bounds and table take of memory.
    pub(crate) fn bytes(&self) -> usize {
        size::shared(self) + size::shared(&*self.bounds) + self.index.bytes()
    }

    /// The index of a value's bucket; `None` for what is not recorded, NaN and the infinities.
    #[inline(always)]
    pub(crate) fn find(&self, value: f64) -> Option<usize> {
        self.index.find(value).or_else(|| self.search(value))
    }

    /// The same for a value that is not in the table.
    #[cold]
    #[inline(never)]
    pub(crate) fn search(&self, value: f64) -> Option<usize> {
        let (first, last) = (self.bounds.first()?, self.bounds.last()?);
        match value {
            _ if !value.is_finite() => None,
            // As a rule it is one of these.
            _ if value > *last => Some(self.bounds.len()),
            _ if value <= *first => Some(0),
            _ => Some(self.bounds.partition_point(|bound| *bound < value)),
        }
    }
}

impl Buckets {
    /// Buckets with these upper bounds. A last bound of +Inf is merged with the bucket that is there anyway.
    ///
    /// # Errors
    ///
    /// When there is no finite bound, one is NaN or not greater than the one before, or there are more than
    /// [`MAX_BOUNDS`].
    pub fn explicit(bounds: impl IntoIterator<Item = f64>) -> Result<Self, BucketsError> {
        let mut bounds: Vec<f64> = bounds.into_iter().collect();
        if bounds.iter().any(|bound| bound.is_nan() || *bound == f64::NEG_INFINITY) {
            return Err(BucketsError::NotANumber);
        }
        if let Some(pair) = bounds.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(BucketsError::NotIncreasing { before: pair[0], bound: pair[1] });
        }
        if bounds.last() == Some(&f64::INFINITY) {
            bounds.pop();
        }
        if bounds.is_empty() {
            return Err(BucketsError::Empty);
        }
        if bounds.len() > MAX_BOUNDS {
            return Err(BucketsError::TooMany(bounds.len()));
        }
        Ok(Self::of(bounds))
    }

    /// `count` buckets, the first up to `start` and each `width` wide.
    ///
    /// # Errors
    ///
    /// When `count` is 0 or too large, or `width` is not positive and finite.
    pub fn linear(start: f64, width: f64, count: usize) -> Result<Self, BucketsError> {
        if !(width > 0.0 && width.is_finite() && start.is_finite()) {
            return Err(BucketsError::BadLayout("need a finite start and a width above 0"));
        }
        Self::counted(count, |i| start + width * i as f64)
    }

    /// `count` buckets, the first up to `start` and each bound `factor` times the one before.
    ///
    /// # Errors
    ///
    /// When `count` is 0 or too large, `start` is not positive or `factor` not greater than 1.
    pub fn exponential(start: f64, factor: f64, count: usize) -> Result<Self, BucketsError> {
        if !(start > 0.0 && start.is_finite() && factor > 1.0 && factor.is_finite()) {
            return Err(BucketsError::BadLayout("need a start above 0 and a factor above 1"));
        }
        let mut bound = start;
        Self::counted(count, |i| {
            if i > 0 {
                bound *= factor;
            }
            bound
        })
    }

    /// The layout of an HDR histogram: from `lowest` on, every doubling is divided into `steps` equal buckets, until a
    /// bound reaches `highest`. A value within is known to within a `1 / steps` part of itself.
    ///
    /// # Errors
    ///
    /// When `lowest` is not positive, `highest` not greater, `steps` is 0, or the range needs more than [`MAX_BOUNDS`].
    pub fn log_linear(lowest: f64, highest: f64, steps: u32) -> Result<Self, BucketsError> {
        if !(lowest > 0.0 && highest > lowest && highest.is_finite() && steps > 0) {
            return Err(BucketsError::BadLayout("need 0 < lowest < highest and at least 1 step"));
        }
        let octaves =
            iter::successors(Some(lowest), |octave| Some(octave * 2.0).filter(|next| next.is_finite()));
        let bounds = octaves.flat_map(|octave| {
            let width = octave / f64::from(steps);
            (0..steps).map(move |step| octave + width * f64::from(step))
        });
        let mut is_reached = false;
        let within = bounds.take_while(|bound| !mem::replace(&mut is_reached, *bound >= highest));
        let bounds: Vec<f64> = within.take(MAX_BOUNDS + 1).collect();
        if bounds.len() > MAX_BOUNDS {
            return Err(BucketsError::BadLayout("need too many bounds; use fewer steps or a narrower range"));
        }
        Self::explicit(bounds)
    }

    /// The default: 11 bounds for durations in seconds, from 5 ms to 10 s.
    #[must_use]
    pub fn seconds() -> Self {
        Self::of(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
    }

    /// What bounds and table take of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Whether these are clones of one another.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Buckets with bounds that are known to be good.
    fn of(bounds: Vec<f64>) -> Self {
        Self(Arc::new(Layout::new(bounds.into())))
    }

    /// The finite upper bounds, ascending.
    #[must_use]
    pub fn bounds(&self) -> &[f64] {
        &self.0.bounds
    }

    /// The index of the bucket that a value belongs to: the first whose bound is not below it, and that up to +Inf,
    /// behind all bounds, when there is none. `None` for what no histogram records, NaN and the infinities.
    ///
    /// The same look-up as that of [`Histogram::observe`](crate::Histogram::observe), at about a nanosecond. Searched
    /// for, at some nanoseconds more, are negative values, those far beyond the last bound, and all where no table can
    /// be had, because bounds are not above 0 or lie too close together.
    ///
    /// ```
    /// let buckets = tachometer::Buckets::explicit([0.1, 0.5])?;
    /// assert_eq!([0.0, 0.1, 0.3, 7.0].map(|value| buckets.index_of(value)), [Some(0), Some(0), Some(1), Some(2)]);
    /// assert_eq!(buckets.index_of(f64::NAN), None);
    /// # Ok::<(), tachometer::BucketsError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn index_of(&self, value: f64) -> Option<usize> {
        self.0.find(value)
    }

    fn counted(count: usize, bound: impl FnMut(usize) -> f64) -> Result<Self, BucketsError> {
        if count > MAX_BOUNDS {
            return Err(BucketsError::TooMany(count));
        }
        let bounds: Vec<f64> = (0..count).map(bound).collect();
        if bounds.iter().any(|bound| bound.is_infinite()) {
            return Err(BucketsError::BadLayout("go beyond the largest float; use fewer or narrower ones"));
        }
        Self::explicit(bounds)
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.0
    }
}

impl Default for Buckets {
    /// [`Buckets::seconds`].
    fn default() -> Self {
        Self::seconds()
    }
}

/// Equal when the bounds are.
impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        self.bounds() == other.bounds()
    }
}

/// Buckets, or the result of making some: what a registration takes, so that its error can carry theirs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no buckets",
    label = "not buckets",
    note = "use one of the constructors: `Buckets::explicit([0.1, 1.0, 10.0])`, `Buckets::exponential(0.001, 2.0, 14)`"
)]
pub trait IntoBuckets {
    /// The buckets, or what was wrong with them.
    fn into_buckets(self) -> Result<Buckets, BucketsError>;
}

impl IntoBuckets for Buckets {
    fn into_buckets(self) -> Result<Buckets, BucketsError> {
        Ok(self)
    }
}

impl IntoBuckets for &Buckets {
    fn into_buckets(self) -> Result<Buckets, BucketsError> {
        Ok(self.clone())
    }
}

impl IntoBuckets for Result<Buckets, BucketsError> {
    fn into_buckets(self) -> Result<Buckets, BucketsError> {
        self
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    #[test]
    fn layouts_have_the_bounds_they_promise() {
        assert_eq!(Buckets::linear(1.0, 0.5, 3).unwrap().bounds(), [1.0, 1.5, 2.0]);
        assert_eq!(Buckets::exponential(0.001, 2.0, 3).unwrap().bounds(), [0.001, 0.002, 0.004]);
        let hdr = Buckets::log_linear(1.0, 8.0, 4).unwrap();
        assert_eq!(hdr.bounds(), [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(Buckets::explicit([1.0, f64::INFINITY]).unwrap().bounds(), [1.0]);
        assert_eq!(Buckets::default().bounds().len(), 11);
    }

    #[test]
    fn bad_bounds_are_errors_that_say_why() {
        use BucketsError as E;
        assert_eq!(Buckets::explicit([]).unwrap_err(), E::Empty);
        assert_eq!(Buckets::explicit([f64::INFINITY]).unwrap_err(), E::Empty);
        assert_eq!(Buckets::explicit([1.0, f64::NAN]).unwrap_err(), E::NotANumber);
        assert_eq!(Buckets::explicit([f64::NEG_INFINITY, 1.0]).unwrap_err(), E::NotANumber);
        assert_eq!(Buckets::explicit([1.0, 1.0]).unwrap_err(), E::NotIncreasing { before: 1.0, bound: 1.0 });
        assert_eq!(Buckets::explicit([2.0, 1.0]).unwrap_err(), E::NotIncreasing { before: 2.0, bound: 1.0 });
        assert!(Buckets::linear(0.0, 1.0, MAX_BOUNDS).is_ok());
        assert_eq!(Buckets::linear(0.0, 1.0, MAX_BOUNDS + 1).unwrap_err(), E::TooMany(MAX_BOUNDS + 1));
        assert_eq!(Buckets::linear(0.0, 1.0, usize::MAX).unwrap_err(), E::TooMany(usize::MAX));
        assert_eq!(Buckets::linear(0.0, 1.0, 0).unwrap_err(), E::Empty);
        assert!(matches!(Buckets::linear(0.0, 0.0, 3).unwrap_err(), E::BadLayout(_)));
        assert!(matches!(Buckets::linear(1e300, 1.0, 3).unwrap_err(), E::NotIncreasing { .. }));
        assert!(matches!(Buckets::exponential(0.0, 2.0, 3).unwrap_err(), E::BadLayout(_)));
        assert!(matches!(Buckets::exponential(1.0, 1.0, 3).unwrap_err(), E::BadLayout(_)));
        assert!(Buckets::exponential(1e300, 1e300, 3).is_err());
        for (lowest, highest, steps) in [(0.0, 1.0, 3), (1.0, 1.0, 3), (1.0, f64::INFINITY, 3), (1.0, 2.0, 0)]
        {
            assert!(matches!(Buckets::log_linear(lowest, highest, steps).unwrap_err(), E::BadLayout(_)));
        }
        assert!(Buckets::log_linear(1.0, 2.0, MAX_BOUNDS as u32 - 1).is_ok());
        // Doublings that come to an end before the bound does.
        let most = 2_f64.powi(1023);
        assert_eq!(Buckets::log_linear(most, f64::MAX, 2).unwrap().bounds(), [most, 1.5 * most]);
        for (lowest, highest, steps) in
            [(1.0, 2.0, MAX_BOUNDS as u32), (1e-9, 1e9, 100), (1.0, 2.0, u32::MAX), (1.0, f64::MAX, 1)]
        {
            let error = Buckets::log_linear(lowest, highest, steps).unwrap_err();
            assert!(matches!(error, E::BadLayout(why) if why.contains("too many")), "{error}");
        }
    }
}
