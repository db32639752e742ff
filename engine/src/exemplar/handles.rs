//! Records that may become exemplars: those that ask for the trace, and those that bring labels.
//!
//! They record first, by the same way as the plain ones, and then look at the exemplars.

use std::fmt::Display;

use super::series::{Bucket, SeriesExemplars};
use crate::{Counter, FloatCounter, Histogram, IntegerHistogram, cells::SumCell, counter, held::Held};

impl Counter {
    /// Adds 1, with the trace as an exemplar if the record is sampled. See [`Exemplars`](crate::Exemplars).
    #[inline]
    pub fn inc_traced(&self) {
        self.add_traced(1);
    }

    /// Adds `n`, with the trace as an exemplar if the record is sampled. See [`Exemplars`](crate::Exemplars).
    ///
    /// Costs what [`add`](Self::add) does, and a load where the registry records no exemplars. Where it does, some
    /// nanoseconds, and for a record that is sampled the call of the hook and a reading of the clock.
    #[inline]
    pub fn add_traced(&self, n: u64) {
        self.add(n);
        self.trace(n);
    }

    /// Adds `n`, with these labels as an exemplar if the record is sampled. They are looked at only then. See
    /// [`Exemplars`](crate::Exemplars).
    ///
    /// Names and values may have [`MAX_EXEMPLAR_CHARACTERS`](crate::MAX_EXEMPLAR_CHARACTERS) together. With more, or
    /// with an illegal name, there is no exemplar, which is [counted](crate::Registry::exemplar_problems).
    ///
    /// ```
    /// use tachometer::{Exemplars, Registry};
    ///
    /// let registry = Registry::builder().exemplars(Exemplars::one_in(64)).build()?;
    /// let orders = registry.counter("orders_total", "Orders placed.")?;
    /// orders.add_with_exemplar(3, [("order_id", 4711)]);
    /// let snapshot = registry.snapshot();
    /// let (_, exemplar) = snapshot.series("orders_total", &[]).unwrap().exemplars().next().unwrap();
    /// assert!(exemplar.labels().eq([("order_id", "4711")]));
    /// assert_eq!(exemplar.value(), 3.0);
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[inline]
    pub fn add_with_exemplar<'a, V: Display>(&self, n: u64, labels: impl IntoIterator<Item = (&'a str, V)>) {
        self.add(n);
        if let Some(exemplars) = of_counter(&self.0).filter(|_| n > 0) {
            exemplars.offer(Bucket::ONLY, n as f64, labels);
        }
    }

    /// Looks at the exemplars after `n` was added.
    #[inline]
    pub(crate) fn trace(&self, n: u64) {
        if let Some(exemplars) = of_counter(&self.0).filter(|_| n > 0) {
            exemplars.trace(Bucket::ONLY, n as f64);
        }
    }

    /// Whether its records may become exemplars.
    pub(crate) fn has_exemplars(&self) -> bool {
        of_counter(&self.0).is_some()
    }
}

impl FloatCounter {
    /// Adds `amount`, with the trace as an exemplar if the record is sampled. See [`Counter::add_traced`].
    #[inline]
    pub fn add_traced(&self, amount: f64) {
        self.add(amount);
        if let Some(exemplars) = self.exemplars(amount) {
            exemplars.trace(Bucket::ONLY, amount);
        }
    }

    /// Adds `amount`, with these labels as an exemplar if the record is sampled. See [`Counter::add_with_exemplar`].
    #[inline]
    pub fn add_with_exemplar<'a, V: Display>(
        &self,
        amount: f64,
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        self.add(amount);
        if let Some(exemplars) = self.exemplars(amount) {
            exemplars.offer(Bucket::ONLY, amount, labels);
        }
    }

    /// The exemplars, for an amount that adds something.
    #[inline]
    fn exemplars(&self, amount: f64) -> Option<&SeriesExemplars> {
        of_counter(&self.0).filter(|_| counter::is_amount(amount) && amount > 0.0)
    }
}

impl Histogram {
    /// Records a value, with the trace as an exemplar of its bucket if the record is sampled. See
    /// [`Counter::add_traced`].
    ///
    /// A timer does so by itself.
    #[inline]
    pub fn observe_traced(&self, value: f64) {
        self.observe(value);
        self.trace(value);
    }

    /// Records a value, with these labels as an exemplar of its bucket if the record is sampled. See
    /// [`Counter::add_with_exemplar`].
    #[inline]
    pub fn observe_with_exemplar<'a, V: Display>(
        &self,
        value: f64,
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        self.observe(value);
        if let Some((exemplars, bucket)) = self.exemplars(value) {
            exemplars.offer(bucket, value, labels);
        }
    }

    /// Looks at the exemplars after a value was recorded.
    #[inline]
    pub(crate) fn trace(&self, value: f64) {
        if let Some((exemplars, bucket)) = self.exemplars(value) {
            exemplars.trace(bucket, value);
        }
    }

    /// Whether its records may become exemplars.
    pub(crate) fn has_exemplars(&self) -> bool {
        self.core().and_then(of_series).is_some()
    }

    /// The exemplars, and the bucket of a value that belongs to one.
    #[inline]
    fn exemplars(&self, value: f64) -> Option<(&SeriesExemplars, Bucket)> {
        let core = self.core()?;
        let exemplars = of_series(core)?;
        Some((exemplars, Bucket { at: core.layout().find(value)?, of: core.buckets() }))
    }
}

impl IntegerHistogram {
    /// Records a value, with the trace as an exemplar of its bucket if the record is sampled. See
    /// [`Counter::add_traced`]. The exemplar has the value as it is exposed.
    #[inline]
    pub fn observe_traced(&self, value: u64) {
        self.observe(value);
        if let Some((exemplars, bucket, exposed)) = self.exemplars(value) {
            exemplars.trace(bucket, exposed);
        }
    }

    /// Records a value, with these labels as an exemplar of its bucket if the record is sampled. See
    /// [`Counter::add_with_exemplar`]. The exemplar has the value as it is exposed.
    #[inline]
    pub fn observe_with_exemplar<'a, V: Display>(
        &self,
        value: u64,
        labels: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        self.observe(value);
        if let Some((exemplars, bucket, exposed)) = self.exemplars(value) {
            exemplars.offer(bucket, exposed, labels);
        }
    }

    /// The exemplars, the bucket of a value, and the value as it is exposed.
    #[inline]
    fn exemplars(&self, value: u64) -> Option<(&SeriesExemplars, Bucket, f64)> {
        let core = self.core()?;
        let exemplars = of_series(core)?;
        let (at, exposed) = core.bucket(value)?;
        Some((exemplars, Bucket { at, of: core.buckets() }, exposed))
    }
}

#[inline]
fn of_counter(cell: &SumCell) -> Option<&SeriesExemplars> {
    of_series(cell.block()?)
}

#[inline]
fn of_series<T>(held: &Held<T>) -> Option<&SeriesExemplars> {
    held.body().header().extras()?.exemplars()
}
