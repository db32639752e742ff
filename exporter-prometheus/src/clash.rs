//! What two registries cannot both expose.

use std::error::Error;
use std::fmt;

use std::slice;

use tachometer::{FamilyView, MetricKind, Snapshot};

use crate::format::Format;
use crate::plan::Plan;

/// What [`encode_as`](crate::encode_as) leaves out of `snapshot` in this format: families and series that have the name
/// of others, and series that the format cannot write.
///
/// A registry makes no snapshot of which something is left out; one that is built by hand may hold anything.
///
/// ```
/// use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
/// use tachometer_prometheus::{Format, clashes};
///
/// let snapshot = Snapshot::builder()
///     .family(FamilyBuilder::new("x", MetricKind::Histogram).histogram(NO_LABELS, &[], 0.0, 0))
///     .family(FamilyBuilder::new("x_sum", MetricKind::Gauge).number(NO_LABELS, Number::U64(1)))
///     .build()?;
/// let left_out = clashes(&snapshot, Format::TEXT);
/// assert_eq!(left_out[0].family(), "x_sum");
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn clashes(snapshot: &Snapshot, format: Format) -> Vec<Clash> {
    Plan::new(slice::from_ref(snapshot), format).into_clashes()
}

/// A family, or one of its series, that is left out because an earlier registry has already taken its name, or because
/// the format cannot write it.
///
/// Its `Display` says what clashes and what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    family: String,
    registry: usize,
    reason: Reason,
}

/// Why something is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The family exists with another kind.
    Kind { first: MetricKind, here: MetricKind },
    /// The family exists with another help text.
    Help { first: Option<String>, here: Option<String> },
    /// The family exists with another unit.
    Unit { first: Option<String>, here: Option<String> },
    /// A sample would have a name that belongs to another family.
    Sample { sample: String, owner: String },
    /// The series exists already.
    Series(String),
    /// The series has a label that is reserved, or that the format adds itself.
    ReservedLabel { series: String, label: String },
    /// The series is a state set without states.
    NoStates(String),
}

impl Clash {
    pub(crate) fn new(family: String, registry: usize, reason: Reason) -> Clash {
        Clash { family, registry, reason }
    }

    /// The name of the family that clashes.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// Which registry of the exporter is left out here: 0 is the one given to [`Exporter::new`](crate::Exporter::new),
    /// 1 the one of the first [`and`](crate::Exporter::and), and so on.
    #[must_use]
    pub fn registry(&self) -> usize {
        self.registry
    }
}

impl Reason {
    /// Why `here` cannot be one family with `first`, if so.
    pub(crate) fn between(first: FamilyView<'_>, here: FamilyView<'_>) -> Option<Reason> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        if first.kind() != here.kind() {
            Some(Reason::Kind { first: first.kind(), here: here.kind() })
        } else if first.help() != here.help() {
            Some(Reason::Help { first: owned(first.help()), here: owned(here.help()) })
        } else if first.unit() != here.unit() {
            Some(Reason::Unit { first: owned(first.unit()), here: owned(here.unit()) })
        } else {
            None
        }
    }
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, or_apart) = (&self.family, "or give one registry another namespace");
        match &self.reason {
            Reason::Kind { first, here } => write!(
                f,
                "family `{family}` is a {} in one registry and a {} in another: rename one of them, {or_apart}",
                first.as_str(),
                here.as_str(),
            ),
            Reason::Help { first, here } => write!(
                f,
                "family `{family}` has the help text {} in one registry and {} in another: make them equal, {or_apart}",
                Quoted(first),
                Quoted(here),
            ),
            Reason::Unit { first, here } => write!(
                f,
                "family `{family}` has the unit {} in one registry and {} in another: make them equal, {or_apart}",
                Quoted(first),
                Quoted(here),
            ),
            Reason::Sample { sample, owner } => write!(
                f,
                "family `{family}` clashes with family `{owner}`: both have samples or metadata named `{sample}`; \
                 rename one of them, {or_apart}",
            ),
            Reason::Series(series) if family.starts_with("tachometer_") => write!(
                f,
                "both registries say the series {series} of themselves: build one with `self_metrics(false)`, {or_apart}",
            ),
            Reason::Series(series) => write!(
                f,
                "family `{family}` has the series {series} twice: give the registries different constant labels, \
                 {or_apart}",
            ),
            Reason::ReservedLabel { series, label } => write!(
                f,
                "the series {series} has the label `{label}`, which is reserved or added by the format: rename the label",
            ),
            Reason::NoStates(series) => {
                write!(f, "the state set {series} has no states: give it one, or leave it out")
            }
        }
    }
}

/// A text in quotes, or the word `none`.
struct Quoted<'a>(&'a Option<String>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "{text:?}"),
            None => f.write_str("none"),
        }
    }
}

/// Why [`Exporter::and`](crate::Exporter::and) failed: the two cannot be one exposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClashError {
    clashes: Vec<Clash>,
}

impl ClashError {
    /// `Err` if there is any clash.
    pub(crate) fn check(clashes: Vec<Clash>) -> Result<(), ClashError> {
        if clashes.is_empty() { Ok(()) } else { Err(ClashError { clashes }) }
    }

    /// All that clashes; never empty.
    #[must_use]
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }
}

impl fmt::Display for ClashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the registries cannot share an exposition: ")?;
        if let Some(first) = self.clashes.first() {
            first.fmt(f)?;
        }
        match self.clashes.len().saturating_sub(1) {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl Error for ClashError {}
