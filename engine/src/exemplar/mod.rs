//! Exemplars: examples of what was recorded, with the trace that they come from.
//!
//! Each counter, and each bucket of a histogram, has a *slot* for one exemplar. A record that is *sampled* puts its
//! value, the time and a few labels there, and snapshots copy what they find.
//!
//! ```text
//! observe_traced ──► cells, as any record
//!               └──► due? ──► labels (of the hook, or given) ──► slot, unless another thread writes it now
//!                    two relaxed loads
//! ```
//!
//! - [`handles`]: the records that may be sampled;
//! - [`slot`]: one exemplar, written without waiting and read whole;
//! - [`series`]: the slots of a series, which are made when the first exemplar comes;
//! - [`source`]: what is sampled, and where trace and span come from;
//! - [`text`]: labels as the bytes that a slot holds;
//! - [`problem`]: why there is none.

mod handles;
mod problem;
pub(crate) mod series;
mod slot;
mod source;
mod text;

#[cfg(any(tachometer_loom, tachometer_shuttle))]
pub(crate) use slot::Slot;

pub use problem::ExemplarProblem;
pub(crate) use source::Source;
pub use source::{Exemplars, TraceContext};
pub(crate) use text::LabelText;
pub use text::MAX_EXEMPLAR_CHARACTERS;

use std::{fmt, time::SystemTime};

/// An example of what a counter or a bucket of a histogram has counted: its value, and labels that say where it comes
/// from, as a rule a trace.
///
/// A registry records them when it is [told to](crate::RegistryBuilder::exemplars), and snapshots have them:
/// [`SeriesView::exemplars`](crate::SeriesView::exemplars). One for a snapshot that is built by hand is made here, and
/// goes to [`FamilyBuilder::exemplar`](crate::FamilyBuilder::exemplar).
///
/// ```
/// use tachometer::{Exemplar, ExemplarProblem};
///
/// let exemplar = Exemplar::new([("trace_id", "4bf92f35")], 0.67)?;
/// assert!(exemplar.labels().eq([("trace_id", "4bf92f35")]));
/// assert_eq!((exemplar.value(), exemplar.time()), (0.67, None));
/// assert_eq!(Exemplar::new([("trace-id", "4bf92f35")], 0.67), Err(ExemplarProblem::IllegalLabel));
/// # Ok::<(), ExemplarProblem>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Exemplar {
    /// As [`LabelText`] writes it.
    labels: Box<[u8]>,
    value: f64,
    time: Option<SystemTime>,
}

impl Exemplar {
    /// An exemplar with these labels, of a value that was added or observed.
    ///
    /// # Errors
    ///
    /// When a label's name is not `[a-zA-Z_][a-zA-Z0-9_]*` or given twice, and when names and values have more than
    /// [`MAX_EXEMPLAR_CHARACTERS`] together.
    pub fn new<'a, V: fmt::Display>(
        labels: impl IntoIterator<Item = (&'a str, V)>,
        value: f64,
    ) -> Result<Self, ExemplarProblem> {
        let text = LabelText::of(labels)?;
        Ok(Self { labels: text.bytes().into(), value, time: None })
    }

    /// Says when the value was recorded.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        Self { time: Some(time), ..self }
    }

    /// Names and values of the labels, in the order in which they were given.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        text::labels(&self.labels)
    }

    /// The value that was added or observed.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// When it was recorded, to the millisecond where a registry recorded it; one that was made by hand may not say.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        self.time
    }
}

impl fmt::Debug for Exemplar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.labels().collect();
        f.debug_struct("Exemplar")
            .field("labels", &labels)
            .field("value", &self.value)
            .field("time", &self.time)
            .finish()
    }
}

/// An exemplar of a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    /// The index of its series among those of all families.
    pub(crate) series: u32,
    /// The index of its bucket; 0 for a counter.
    pub(crate) bucket: u32,
    pub(crate) exemplar: Exemplar,
}
