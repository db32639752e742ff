//! What a family is called in a format, and the lines that say so.
//!
//! A series has one name in all formats: that of the metric, in an info with `_info` behind it. The lines of metadata
//! call its family otherwise in OpenMetrics, where a counter `x_total` is of the family `x` and an info `x_info` too.
//! A counter without `_total` cannot be one there: it is exposed under its own name, as of unknown type.

use std::borrow::Cow;
use std::iter;

use tachometer::{FamilyView, MetricKind};

use crate::escape::{push_help, push_label_value, push_quoted_help};
use crate::format::{Format, Syntax};
use crate::names::{is_legal_label_name, is_legal_metric_name, is_metric_byte};

/// The names of a family, as they are spelled.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    format: Format,
    kind: MetricKind,
    /// What the names of the samples begin with.
    name: String,
    /// How much of it is the name in the lines of metadata.
    family_len: usize,
    is_quoted: bool,
}

impl Heading {
    pub(crate) fn of(view: FamilyView<'_>, format: Format) -> Heading {
        let (mut name, mut kind) = (format.escaping.metric_name(view.name()).into_owned(), view.kind());
        let suffix = match kind {
            MetricKind::Counter => "_total",
            MetricKind::Info => "_info",
            _ => "",
        };
        if kind == MetricKind::Info && !name.ends_with(suffix) {
            name.push_str(suffix);
        }
        let family_len = match (format.syntax, name.strip_suffix(suffix)) {
            (Syntax::OpenMetrics, Some(family)) if !family.is_empty() => family.len(),
            (Syntax::OpenMetrics, _) => {
                kind = MetricKind::Unknown;
                name.len()
            }
            (Syntax::Text, _) => name.len(),
        };
        let is_quoted = !is_legal_metric_name(&name);
        Heading { format, kind, name, family_len, is_quoted }
    }

    /// The same without a type, and so under its own name.
    pub(crate) fn of_unknown_type(self) -> Heading {
        Heading { kind: MetricKind::Unknown, family_len: self.name.len(), ..self }
    }

    /// The type that it is exposed as.
    pub(crate) fn kind(&self) -> MetricKind {
        self.kind
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// What the names of its samples begin with.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the lines of metadata call it.
    pub(crate) fn family(&self) -> &str {
        &self.name[..self.family_len]
    }

    /// Whether its names stand in quotes.
    pub(crate) fn is_quoted(&self) -> bool {
        self.is_quoted
    }

    /// The names that nothing else may have: its own, and those of its samples.
    pub(crate) fn claimed_names(&self) -> impl Iterator<Item = String> {
        let suffixes: &[&str] = match self.kind {
            MetricKind::Histogram => &["_bucket", "_sum", "_count"],
            MetricKind::Summary => &["_sum", "_count"],
            _ => &[],
        };
        // OpenMetrics has this one in store for when a series began, and no other family may have it either.
        let has_created = self.format.syntax == Syntax::OpenMetrics
            && matches!(self.kind, MetricKind::Counter | MetricKind::Histogram | MetricKind::Summary);
        let created = has_created.then(|| format!("{}_created", self.family()));
        let family = Some(self.family()).filter(|family| *family != self.name);
        let own = family.into_iter().map(str::to_owned).chain(iter::once(self.name.clone()));
        own.chain(suffixes.iter().map(|suffix| format!("{}{suffix}", self.name))).chain(created)
    }

    /// The label that the format adds to the samples, and which no series may therefore have.
    pub(crate) fn added_label(&self) -> Option<Cow<'_, str>> {
        match self.kind {
            MetricKind::Histogram => Some("le".into()),
            MetricKind::Summary => Some("quantile".into()),
            MetricKind::StateSet => Some(self.state_label()),
            _ => None,
        }
    }

    /// A state set's own name, which is spelled as a label already, but for colons.
    fn state_label(&self) -> Cow<'_, str> {
        let family = self.family();
        if is_legal_label_name(family) { family.into() } else { self.format.escaping.label_name(family) }
    }

    /// The lines of metadata.
    pub(crate) fn text(&self, help: Option<&str>, unit: Option<&str>) -> String {
        let mut out = String::new();
        let mut line = |keyword: &str, push: &dyn Fn(&mut String)| {
            out.push_str(keyword);
            self.push_family(&mut out);
            out.push(' ');
            push(&mut out);
            out.push('\n');
        };
        if let Some(help) = help {
            let push = match self.format.syntax {
                Syntax::Text => push_help,
                Syntax::OpenMetrics => push_quoted_help,
            };
            line("# HELP ", &|out| push(out, help));
        }
        line("# TYPE ", &|out| out.push_str(self.type_name()));
        if let Some(unit) = unit.filter(|unit| self.may_have_unit(unit)) {
            line("# UNIT ", &|out| out.push_str(unit));
        }
        out
    }

    /// The text format knows neither info nor state sets, and calls the unknown `untyped`.
    fn type_name(&self) -> &'static str {
        match (self.format.syntax, self.kind) {
            // OpenMetrics takes no label for the states but the family's own name.
            (Syntax::OpenMetrics, MetricKind::StateSet) if self.state_label() != self.family() => "gauge",
            (Syntax::OpenMetrics, kind) => kind.as_str(),
            (Syntax::Text, MetricKind::Info | MetricKind::StateSet) => "gauge",
            (Syntax::Text, MetricKind::Unknown) => "untyped",
            (Syntax::Text, kind) => kind.as_str(),
        }
    }

    /// OpenMetrics has a unit only where the name ends in it, and none of what is no number.
    fn may_have_unit(&self, unit: &str) -> bool {
        let ends_in_it = self.family().strip_suffix(unit).is_some_and(|rest| rest.ends_with('_'));
        let is_number = !matches!(self.kind, MetricKind::Info | MetricKind::StateSet);
        // A unit is never quoted. It stands behind a `_`, so it may begin with a digit.
        let is_writable = !unit.is_empty() && unit.bytes().all(is_metric_byte);
        self.format.syntax == Syntax::OpenMetrics && ends_in_it && is_number && is_writable
    }

    fn push_family(&self, out: &mut String) {
        if self.is_quoted() {
            out.push('"');
            push_label_value(out, self.family());
            out.push('"');
        } else {
            out.push_str(self.family());
        }
    }
}
