//! Building a snapshot or a family by hand: for collectors, tests and other formats.

use std::{collections::HashSet, sync::Arc as Shared, time::SystemTime};

use super::{
    Snapshot,
    collect::Plan,
    number::Number,
    schema::{Draft, FamilyDraft, Labels, Schema, SeriesDraft, Shape, with_constant_labels},
    view::MetricKind,
};
use crate::{
    Exemplar,
    error::{RegisterError, RegisterErrorReason as Reason},
    exemplar::Placed,
    labels::key::MAX_LABEL_VALUE_BYTES,
    name::{ConstantLabel, LabelName, underscored_label},
    name_policy::NamePolicy,
    registry::MAX_LABELS,
    sync::Arc,
};

/// Collects families into a snapshot. See [`Snapshot::builder`].
#[derive(Debug, Default)]
#[must_use]
pub struct SnapshotBuilder {
    families: Vec<FamilyBuilder>,
}

/// Collects the series of one family, for a snapshot or a collector. See [`Snapshot::builder`] and
/// [`Registry::collector`](crate::Registry::collector).
#[derive(Debug)]
#[must_use]
pub struct FamilyBuilder {
    draft: FamilyDraft<Built>,
    wrong_value: bool,
    wrong_exemplar: bool,
}

/// What a series was given.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) values: Vec<u64>,
    /// By bucket, ascending.
    pub(super) exemplars: Vec<(u32, Exemplar)>,
}

impl Snapshot {
    /// Begins a snapshot that holds what the caller puts in.
    ///
    /// It may hold what a registry does not make: summaries, infos, state sets, sample times, series of one family
    /// with different label names, and names in UTF-8. A renderer decides what its format can say.
    ///
    /// ```
    /// use tachometer::{FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
    ///
    /// let snapshot = Snapshot::builder()
    ///     .family(
    ///         FamilyBuilder::new("node_load1", MetricKind::Gauge)
    ///             .help("Load average over one minute.")
    ///             .number(NO_LABELS, Number::F64(0.25))
    ///             .timestamp_ms(1_700_000_000_000),
    ///     )
    ///     .build()?;
    /// assert_eq!(snapshot.gauge("node_load1", &[]), Some(0.25));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn builder() -> SnapshotBuilder {
        SnapshotBuilder::default()
    }
}

impl SnapshotBuilder {
    /// Adds a family.
    pub fn family(mut self, family: FamilyBuilder) -> Self {
        self.families.push(family);
        self
    }

    /// Makes the snapshot.
    ///
    /// # Errors
    ///
    /// When a name is empty, two families have the same name, two series of a family have the same labels, a series
    /// has a label twice, or a value does not fit its family's type.
    pub fn build(self) -> Result<Snapshot, RegisterError> {
        let mut names = HashSet::new();
        for family in &self.families {
            family.check()?;
            if !names.insert(Shared::clone(&family.draft.name)) {
                return Err(RegisterError::new(&family.draft.name, Reason::DuplicateFamily));
            }
        }
        let (mut values, mut exemplars) = (Vec::new(), Vec::new());
        let drafts = self.families.into_iter().map(|family| Draft::Listed(family.draft)).collect();
        let parts = Schema::assemble(drafts, |series, _, built: Built| {
            values.extend(built.values);
            let own = built.exemplars.into_iter();
            exemplars.extend(own.map(|(bucket, exemplar)| Placed { series, bucket, exemplar }));
        });
        let schema = Arc::new(Schema::new(parts, Plan::default()));
        Ok(Snapshot::new(schema, values.into(), Box::default(), exemplars))
    }
}

impl FamilyBuilder {
    /// A family without series, help text and unit.
    pub fn new(name: &str, kind: MetricKind) -> Self {
        let draft = FamilyDraft { name: name.into(), help: None, unit: None, kind, series: Vec::new() };
        Self { draft, wrong_value: false, wrong_exemplar: false }
    }

    /// Sets the help text.
    pub fn help(mut self, help: &str) -> Self {
        self.draft.help = Some(help.into());
        self
    }

    /// Sets the unit.
    pub fn unit(mut self, unit: &str) -> Self {
        self.draft.unit = Some(unit.into());
        self
    }

    /// Adds a series to a counter, gauge or unknown.
    pub fn number<'a>(self, labels: impl IntoIterator<Item = (&'a str, &'a str)>, value: Number) -> Self {
        let fits = matches!(self.draft.kind, MetricKind::Counter | MetricKind::Gauge | MetricKind::Unknown);
        let (shape, bits) = match value {
            Number::U64(value) => (Shape::U64, value),
            Number::I64(value) => (Shape::I64, value as u64),
            Number::F64(value) => (Shape::F64, value.to_bits()),
        };
        self.series(fits, labels, shape, vec![bits])
    }

    /// Adds a series to a histogram: upper bounds, each with the number of observations at or below it. A bound of
    /// +Inf may be left out and else has `count`, the number of all observations.
    pub fn histogram<'a>(
        self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        cumulative: &[(f64, u64)],
        sum: f64,
        count: u64,
    ) -> Self {
        let ascending = cumulative.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let finite = cumulative.iter().filter(|(bound, _)| *bound != f64::INFINITY);
        let infinite = cumulative.iter().find(|(bound, _)| *bound == f64::INFINITY);
        let last = cumulative.last().map_or(0, |(_, upto)| *upto);
        let fits = self.draft.kind == MetricKind::Histogram
            && ascending
            && infinite.is_none_or(|(_, upto)| *upto == count)
            && !cumulative.iter().any(|(bound, _)| bound.is_nan() || *bound == f64::NEG_INFINITY)
            && last <= count;
        let mut values = Vec::with_capacity(cumulative.len() + 3);
        let mut below = 0;
        for (_, upto) in finite.clone() {
            values.push(upto.saturating_sub(below));
            below = *upto;
        }
        values.extend([count.saturating_sub(below), count, sum.to_bits()]);
        let bounds: Shared<[f64]> = finite.map(|(bound, _)| *bound).collect();
        self.series(fits, labels, Shape::Histogram(bounds), values)
    }

    /// Adds a series to a summary: quantiles, each with its value.
    pub fn summary<'a>(
        self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        quantiles: &[(f64, f64)],
        sum: f64,
        count: u64,
    ) -> Self {
        let fits = self.draft.kind == MetricKind::Summary;
        let mut values: Vec<u64> = quantiles.iter().map(|(_, value)| value.to_bits()).collect();
        values.extend([count, sum.to_bits()]);
        let shape = Shape::Summary(quantiles.iter().map(|(quantile, _)| *quantile).collect());
        self.series(fits, labels, shape, values)
    }

    /// Adds a series to an info.
    pub fn info<'a>(self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fits = self.draft.kind == MetricKind::Info;
        self.series(fits, labels, Shape::Info, Vec::new())
    }

    /// Adds a series to a state set: each state, and whether it is on.
    pub fn state_set<'a>(
        self,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        states: &[(&str, bool)],
    ) -> Self {
        let fits = self.draft.kind == MetricKind::StateSet;
        let values = states.iter().map(|(_, on)| u64::from(*on)).collect();
        let shape = Shape::StateSet(states.iter().map(|(state, _)| Box::from(*state)).collect());
        self.series(fits, labels, shape, values)
    }

    /// Sets the time of the series added last, in milliseconds since the Unix epoch.
    pub fn timestamp_ms(mut self, timestamp_ms: i64) -> Self {
        if let Some(series) = self.draft.series.last_mut() {
            if std::mem::replace(&mut series.timed, true) {
                series.source.values.pop();
            }
            series.source.values.push(timestamp_ms as u64);
        }
        self
    }

    /// Gives the series added last an exemplar: a counter with bucket 0, a histogram of the bucket with this index, the
    /// one up to +Inf included. Another one for the same bucket takes the place of the first.
    ///
    /// ```
    /// use tachometer::{Exemplar, FamilyBuilder, MetricKind, NO_LABELS, Number, Snapshot};
    ///
    /// let exemplar = Exemplar::new([("trace_id", "4bf92f35")], 1.0).expect("the labels are short");
    /// let orders = FamilyBuilder::new("orders_total", MetricKind::Counter)
    ///     .number(NO_LABELS, Number::U64(7))
    ///     .exemplar(0, exemplar.clone());
    /// let snapshot = Snapshot::builder().family(orders).build()?;
    /// let series = snapshot.series("orders_total", &[]).unwrap();
    /// assert!(series.exemplars().eq([(0, &exemplar)]));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn exemplar(mut self, bucket: usize, exemplar: Exemplar) -> Self {
        let Some(series) = self.draft.series.last_mut() else { return self };
        let buckets = match (&series.shape, self.draft.kind) {
            (Shape::Histogram(bounds), _) => bounds.len() + 1,
            (_, MetricKind::Counter) => 1,
            _ => 0,
        };
        self.wrong_exemplar |= bucket >= buckets;
        let (bucket, exemplars) = (bucket as u32, &mut series.source.exemplars);
        match exemplars.binary_search_by_key(&bucket, |(other, _)| *other) {
            Ok(at) => exemplars[at].1 = exemplar,
            Err(at) => exemplars.insert(at, (bucket, exemplar)),
        }
        self
    }

    /// Says when the series added last began, for a counter, a histogram or a summary. A collector should answer the
    /// same time as long as it is the same series: another one is another schema.
    pub fn created(mut self, time: SystemTime) -> Self {
        if let Some(series) = self.draft.series.last_mut() {
            series.created = Some(time);
        }
        self
    }

    /// Keeps only the first `most` series, and says whether there were more.
    pub(super) fn truncate(&mut self, most: usize) -> bool {
        let more = self.draft.series.len() > most;
        self.draft.series.truncate(most);
        more
    }

    /// The family as a collector of a registry with these constant labels gives it: checked, and with the series sorted
    /// by their labels, so that the order in which they were added makes no new schema.
    pub(super) fn collected(
        mut self,
        constant_labels: &[ConstantLabel],
        policy: NamePolicy,
    ) -> Result<FamilyDraft<Built>, RegisterError> {
        for series in &mut self.draft.series {
            let labels = std::mem::take(&mut series.labels);
            series.labels = with_constant_labels(labels.into_iter(), constant_labels);
        }
        self.check()?;
        self.check_names(constant_labels.len(), policy)?;
        self.draft.series.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        Ok(self.draft)
    }

    fn series<'a>(
        mut self,
        fits: bool,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        shape: Shape,
        values: Vec<u64>,
    ) -> Self {
        self.wrong_value |= !fits;
        let mut labels: Labels =
            labels.into_iter().map(|(name, value)| (Shared::from(name), Shared::from(value))).collect();
        labels.sort();
        let source = Built { values, exemplars: Vec::new() };
        self.draft.series.push(SeriesDraft { labels, shape, timed: false, created: None, source });
        self
    }

    fn check(&self) -> Result<(), RegisterError> {
        let FamilyDraft { name, kind, series, .. } = &self.draft;
        let error = |reason| Err(RegisterError::new(name, reason));
        if name.is_empty() {
            return error(Reason::EmptyName);
        }
        if self.wrong_value {
            return error(Reason::WrongValue(expected(*kind)));
        }
        if self.wrong_exemplar {
            return error(Reason::WrongValue(
                "exemplars of a counter, or of the buckets that a histogram has",
            ));
        }
        let mut seen = HashSet::new();
        for draft in series {
            if draft.labels.iter().any(|(name, _)| name.is_empty()) {
                return error(Reason::IllegalLabelName("".into()));
            }
            if let Some(pair) = draft.labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return error(Reason::DuplicateLabel((&*pair[0].0).into()));
            }
            if !seen.insert(&draft.labels) {
                return error(Reason::DuplicateSeries);
            }
        }
        Ok(())
    }

    /// Checks the names as a registration with this policy does.
    fn check_names(&self, constant_labels: usize, policy: NamePolicy) -> Result<(), RegisterError> {
        let FamilyDraft { name, kind, series, .. } = &self.draft;
        policy.metric_name(name, *kind, None)?;
        for SeriesDraft { labels, shape, .. } in series {
            let own_labels = labels.len() - constant_labels;
            let problem = if own_labels > MAX_LABELS {
                Some(Reason::TooManyLabels(own_labels))
            } else if matches!(shape, Shape::StateSet(states) if states.is_empty()) {
                Some(Reason::WrongValue("at least one state"))
            } else {
                self.label_problem(labels, policy)
            };
            if let Some(problem) = problem {
                return Err(RegisterError::new(name, problem));
            }
        }
        Ok(())
    }

    /// What is wrong with the labels of a series. The label that an exposition adds to the samples is reserved: `le`,
    /// `quantile`, and for a state set the family's own name.
    fn label_problem(&self, labels: &Labels, policy: NamePolicy) -> Option<Reason> {
        let FamilyDraft { name, kind, .. } = &self.draft;
        let added = kind.added_label(name).map(underscored_label);
        let mut before: Vec<LabelName> = Vec::with_capacity(labels.len());
        for (label, value) in labels {
            if value.len() > MAX_LABEL_VALUE_BYTES {
                return Some(Reason::LabelValueTooLong((&**label).into()));
            }
            let label_name = match LabelName::translated(policy, label) {
                Ok(_) if added == Some(underscored_label(label)) => {
                    return Some(Reason::ReservedLabel((&**label).into()));
                }
                Ok(label_name) => label_name,
                Err(reason) => return Some(reason),
            };
            if let Some(clash) = before.iter().find_map(|other| label_name.clash(other)) {
                return Some(clash);
            }
            before.push(label_name);
        }
        None
    }
}

fn expected(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter | MetricKind::Gauge | MetricKind::Unknown => "a number",
        MetricKind::Histogram => {
            "a histogram whose bounds and cumulative counts ascend, up to the count of all"
        }
        MetricKind::Summary => "a summary",
        MetricKind::Info => "an info",
        MetricKind::StateSet => "a state set",
    }
}
