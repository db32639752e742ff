//! The one error of the control plane.

use std::{error::Error, fmt};

mod label;

/// Why a metric, a family, a series or a registry could not be made.
///
/// The message names the metric and says what to change. Recording never fails; only registration and look-ups do.
///
/// ```
/// let registry = tachometer::Registry::new();
/// let error = registry.counter("bytes-sent", "Bytes sent.").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "metric `bytes-sent`: the name may hold only letters, digits, `_` and `:`, and must not begin with a digit",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterError {
    metric: Box<str>,
    reason: RegisterErrorReason,
}

/// What is wrong, for programs that want to tell the cases apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterErrorReason {
    /// There is no name.
    EmptyName,
    /// The metric's name is not `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    IllegalMetricName,
    /// Nothing but underscores would be left of this name of a metric or a label.
    UntranslatableName(Box<str>),
    /// Two names become one by their [policies](crate::NamePolicy), or where UTF-8 is not asked for.
    NameCollision {
        /// The name that is registered, as it was declared; with ` in ` and the unit, where only that differs.
        registered: Box<str>,
        /// The name that was to be registered, likewise.
        requested: Box<str>,
        /// What both become.
        name: Box<str>,
    },
    /// Two labels of a family become one by their [policies](crate::NamePolicy), or where UTF-8 is not asked for.
    LabelCollision {
        /// The names, as they were declared.
        labels: [Box<str>; 2],
        /// What both become.
        name: Box<str>,
    },
    /// A registry's namespace or subsystem is not `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    IllegalPrefix(Box<str>),
    /// A label's name is not `[a-zA-Z_][a-zA-Z0-9_]*`.
    IllegalLabelName(Box<str>),
    /// A label's name means something else already: `le` on a histogram, `quantile`, or two leading underscores.
    ReservedLabel(Box<str>),
    /// A label occurs twice, be it among the constant labels.
    DuplicateLabel(Box<str>),
    /// Two values of a label have the same text, be it the empty one of `None`.
    DuplicateLabelValue {
        /// The label.
        label: Box<str>,
        /// The text.
        value: Box<str>,
    },
    /// The family has more labels than [`MAX_LABELS`](crate::MAX_LABELS).
    TooManyLabels(usize),
    /// A family of a label that has no name of its own was declared without one.
    UnnamedLabel,
    /// A look-up left a label out.
    MissingLabel(Box<str>),
    /// A look-up named a label that the family does not have.
    UnknownLabel(Box<str>),
    /// The label's value has more bytes than
    /// [`MAX_LABEL_VALUE_BYTES`](crate::labels::MAX_LABEL_VALUE_BYTES).
    LabelValueTooLong(Box<str>),
    /// The label's value returned an error when it was written.
    UnwritableLabelValue(Box<str>),
    /// The unit is not the last word of the metric's name.
    UnitMismatch(Box<str>),
    /// An option does not suit the kind of metric.
    UnsuitableOption {
        /// The option's name.
        option: &'static str,
        /// The kind of metric that it was given for.
        kind: &'static str,
    },
    /// The closed labels have more combinations than the family may have series.
    TooManyCombinations {
        /// How many there are.
        combinations: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The registry has as many families as it may have.
    TooManyFamilies(usize),
    /// The process has as many [metrics by name](crate::named) as it may have.
    TooManyNames(usize),
    /// The name of a [metric by name](crate::named), or that of a label of it, has more bytes than this.
    NameTooLong(usize),
    /// A first use or a declaration [by name](crate::named) came from inside another look-up of the thread: from a
    /// global allocator that records. The error does not name the metric, since that would take memory again.
    Reentry,
    /// The family has as many series as it may have, and is of a kind that has no overflow series.
    TooManySeries(u64),
    /// The bounds of a histogram's buckets are no good.
    Buckets(BucketsError),
    /// The name is taken by a metric of another type.
    TypeConflict {
        /// The type that the name has.
        registered: &'static str,
        /// The type that was asked for.
        requested: &'static str,
    },
    /// The name is taken by a family with another help text.
    HelpConflict(Box<str>),
    /// The name is taken by a family with other labels.
    LabelsConflict(Box<[Box<str>]>),
    /// The name is taken by a histogram with other bounds.
    BucketsConflict,
    /// The name is taken by a state set with other states.
    StatesConflict,
    /// The name is taken by a family with another unit, or by a gauge that differs in being absent until it is set.
    OptionsConflict,
    /// The name is taken by a callback, which cannot be shared.
    CallbackExists,
    /// The name is taken by another collector.
    CollectorExists,
    /// One of the names that the metric takes in an exposition belongs to another family: a sample's, or what
    /// OpenMetrics calls the family, `x` of a counter `x_total`.
    SampleNameClash {
        /// The name that both would have.
        sample: Box<str>,
        /// The family that has it.
        family: Box<str>,
    },
    /// The same family occurs twice in a hand-built snapshot.
    DuplicateFamily,
    /// The same series occurs twice in a hand-built family.
    DuplicateSeries,
    /// A series of a hand-built family has a value that does not fit the family's type.
    WrongValue(&'static str),
    /// All cells of the process are taken.
    NoSlots,
    /// There is a default registry already.
    DefaultExists,
    /// A registry's callback timeout is zero.
    NoCallbackTimeout,
}

/// What is wrong with the bounds of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BucketsError {
    /// There is no finite bound.
    Empty,
    /// A bound is NaN or minus infinity.
    NotANumber,
    /// A bound is not greater than the one before it.
    NotIncreasing {
        /// The bound before.
        before: f64,
        /// The bound that should be greater.
        bound: f64,
    },
    /// There are more bounds than [`MAX_BOUNDS`](crate::MAX_BOUNDS).
    TooMany(usize),
    /// A start, width, factor or number of steps makes no layout.
    BadLayout(&'static str),
}

impl Eq for BucketsError {}

impl RegisterError {
    pub(crate) fn new(metric: &str, reason: RegisterErrorReason) -> Self {
        Self { metric: metric.into(), reason }
    }

    /// The name of the metric or collector that was to be registered or looked up; empty for an error of a registry's
    /// own options, and for [`Reentry`](RegisterErrorReason::Reentry).
    #[must_use]
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &RegisterErrorReason {
        &self.reason
    }
}

impl Error for RegisterError {}
impl Error for BucketsError {}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            RegisterErrorReason::EmptyName | RegisterErrorReason::Reentry => self.reason.fmt(f),
            RegisterErrorReason::CollectorExists => write!(f, "collector `{}`: {}", self.metric, self.reason),
            _ if self.metric.is_empty() => write!(f, "registry: {}", self.reason),
            _ => write!(f, "metric `{}`: {}", self.metric, self.reason),
        }
    }
}

impl fmt::Display for RegisterErrorReason {
    #[expect(clippy::too_many_lines, reason = "a list: one message for each reason")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName => f.write_str("a metric has no name; give it one"),
            Self::IllegalPrefix(prefix) => write!(
                f,
                "the prefix `{prefix}` may hold only letters, digits, `_` and `:`, and must not begin with a digit"
            ),
            Self::IllegalMetricName => f.write_str(
                "the name may hold only letters, digits, `_` and `:`, and must not begin with a digit",
            ),
            Self::UntranslatableName(name) => write!(
                f,
                "nothing but underscores would be left of `{name}`; use ASCII letters, or a policy that keeps UTF-8"
            ),
            Self::NameCollision { registered, requested, name } => write!(
                f,
                "`{registered}`, which is registered, and `{requested}` both become `{name}`; rename one, or give its \
                 family another name policy"
            ),
            Self::LabelCollision { labels: [one, other], name } => {
                write!(f, "the labels `{one}` and `{other}` both become `{name}`; rename one, or leave one out")
            }
            Self::IllegalLabelName(label) => write!(
                f,
                "the label name `{label}` may hold only letters, digits and `_`, and must not begin with a digit"
            ),
            Self::ReservedLabel(label) => write!(f, "the label name `{label}` is reserved; choose another"),
            Self::DuplicateLabel(label) => {
                write!(f, "the label `{label}` occurs twice (constant labels count); leave one out")
            }
            Self::DuplicateLabelValue { label, value } => {
                write!(f, "two values of the label `{label}` have the text `{value}`; give each a text of its own")
            }
            Self::TooManyLabels(count) => {
                write!(f, "{count} labels are too many; use at most {}", crate::MAX_LABELS)
            }
            Self::MissingLabel(label) => write!(f, "the label `{label}` has no value; give it one"),
            Self::UnknownLabel(label) => {
                write!(f, "there is no label `{label}`; declare it with the family, or leave it out")
            }
            Self::UnnamedLabel => f.write_str("a label has no name; name it with `label`, or use a struct of labels"),
            Self::LabelValueTooLong(label) => write!(
                f,
                "the value of the label `{label}` has more than {} bytes; use a shorter one",
                crate::labels::MAX_LABEL_VALUE_BYTES
            ),
            Self::UnwritableLabelValue(label) => {
                write!(f, "the value of the label `{label}` returned an error when it was displayed; mend its `Display`")
            }
            Self::Buckets(error) => error.fmt(f),
            Self::TypeConflict { registered, requested } => write!(
                f,
                "already registered as a {registered}, so it cannot be a {requested}; use another name"
            ),
            Self::HelpConflict(help) => {
                write!(f, "already registered with the help text `{help}`; use the same text or another name")
            }
            Self::LabelsConflict(labels) => write!(
                f,
                "already registered with the labels [{}]; use the same in the same order, or another name",
                labels.join(", ")
            ),
            Self::BucketsConflict => {
                f.write_str("already registered with other bounds; use the same bounds or another name")
            }
            Self::CallbackExists => {
                f.write_str("already registered with a callback, which cannot be shared; use another name")
            }
            Self::CollectorExists => {
                f.write_str("the name is taken; unregister that one, or use another name")
            }
            Self::SampleNameClash { sample, family } => {
                write!(
                    f,
                    "the name `{sample}` belongs to the family `{family}` already, be it for a sample or in \
                     OpenMetrics only; use another name"
                )
            }
            Self::StatesConflict => {
                f.write_str("already registered with other states; use the same enum or another name")
            }
            Self::OptionsConflict => f.write_str(
                "already registered with another `unit` or `absent_until_set`; use the same options or another name",
            ),
            Self::UnitMismatch(unit) => {
                write!(f, "the name does not end in the unit `{unit}` (before `_total`); rename it, or leave the unit out")
            }
            Self::UnsuitableOption { option, kind } => {
                write!(f, "`{option}` means nothing for a {kind}; leave it out")
            }
            Self::TooManyCombinations { combinations, limit } => write!(
                f,
                "its closed labels have {combinations} combinations, more than the {limit} series of a family; use fewer \
                 labels or raise `max_series_per_family`"
            ),
            Self::TooManyFamilies(limit) => write!(
                f,
                "the registry has {limit} families, and may have no more; do not make names of data, or raise \
                 `max_families`"
            ),
            Self::TooManyNames(limit) => write!(
                f,
                "the process has {limit} metrics by name, and may have no more; do not make names of data, use labels"
            ),
            Self::NameTooLong(limit) => {
                write!(f, "the name, or that of a label, has more than {limit} bytes; use a shorter one")
            }
            Self::Reentry => f.write_str(
                "a name was looked up inside another look-up, by the allocator; use it once before",
            ),
            Self::TooManySeries(limit) => {
                write!(f, "the family has {limit} series, and may have no more; raise `max_series_per_family`")
            }
            Self::DuplicateFamily => f.write_str("two families have this name; make them one, or rename one"),
            Self::DuplicateSeries => {
                f.write_str("two series have the same labels; change a label value, or leave one out")
            }
            Self::WrongValue(expected) => write!(f, "a series of this family must hold {expected}"),
            Self::DefaultExists => f.write_str(
                "there is a default registry already; install one before its first use, at the start of main",
            ),
            Self::NoCallbackTimeout => f.write_str("the callback timeout is zero; give callbacks time"),
            Self::NoSlots => f.write_str(
                "the process has no cells left; drop metrics that are not used, or use fewer series",
            ),
        }
    }
}

impl fmt::Display for BucketsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the buckets have no finite bound; give at least one"),
            Self::NotANumber => f.write_str("a bucket's bound is NaN or -Inf; give finite bounds"),
            Self::NotIncreasing { before, bound } => {
                write!(
                    f,
                    "the bucket bound {bound} follows {before}; give them in increasing order, each once"
                )
            }
            Self::TooMany(count) => {
                write!(f, "{count} bucket bounds are too many; use at most {}", crate::MAX_BOUNDS)
            }
            Self::BadLayout(advice) => write!(f, "the buckets {advice}"),
        }
    }
}
