//! What is exposed: which families, under which names, and which series.
//!
//! The rules are in the documentation of the crate. They depend on the schemas only, and on which series have a value,
//! so a plan is kept with the image of the text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use tachometer::{FamilyView, SeriesView, Snapshot, Value};

use crate::clash::{Clash, Reason};
use crate::format::{Escaping, Format};
use crate::heading::Heading;
use crate::labels::LabelNames;
use crate::names::is_legal_label_name;
use crate::text::{Position, series_text};

/// The families and series to expose, and what had to be left out.
#[derive(Debug)]
pub(crate) struct Plan {
    format: Format,
    families: Vec<Exposed>,
    left_out: HashSet<(usize, usize)>,
    clashes: Vec<Clash>,
    /// Whether which series have a value can change anything.
    depends_on_values: bool,
    places: usize,
}

/// A family as it is exposed: one name, one head, and the families of the snapshots that it is made of.
#[derive(Debug)]
pub(crate) struct Exposed {
    heading: Heading,
    /// The lines of metadata.
    head: String,
    label_names: LabelNames,
    place: usize,
    members: Vec<Member>,
}

/// A family of a snapshot that is exposed as one family, or as a part of it.
#[derive(Debug)]
pub(crate) struct Member {
    source: usize,
    position: usize,
    series: Range<usize>,
    place: usize,
}

impl Plan {
    /// Settles what is exposed of `snapshots` in this format.
    pub(crate) fn new(snapshots: &[Snapshot], format: Format) -> Plan {
        let views: Vec<Vec<FamilyView<'_>>> =
            snapshots.iter().map(|snapshot| snapshot.families().collect()).collect();
        let mut plan = Plan {
            format,
            families: Vec::new(),
            left_out: HashSet::new(),
            clashes: Vec::new(),
            depends_on_values: false,
            places: 0,
        };
        plan.settle_families(&views);
        plan.settle_series(&views);
        plan.families.sort_by(|a, b| a.name().cmp(b.name()));
        plan.number_places();
        plan
    }

    /// Exposes no other families than those whose name `wanted` accepts.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.families.retain(|family| wanted(family.name()));
    }

    /// The format that it is for.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The families, sorted by name.
    pub(crate) fn families(&self) -> &[Exposed] {
        &self.families
    }

    /// How many places there are: one for each head and each series, whether it is exposed or not.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// Whether the series `index` of the snapshot `source` must not be written.
    pub(crate) fn leaves_out(&self, source: usize, index: usize) -> bool {
        !self.left_out.is_empty() && self.left_out.contains(&(source, index))
    }

    /// Whether it is the plan of all snapshots with these schemas, whichever of their series have a value.
    pub(crate) fn holds_for_any_values(&self) -> bool {
        !self.depends_on_values
    }

    /// What was left out because something else has its name.
    pub(crate) fn into_clashes(self) -> Vec<Clash> {
        self.clashes
    }

    fn settle_families(&mut self, views: &[Vec<FamilyView<'_>>]) {
        // Who owns each name, be it that of a family or that of its samples.
        let mut owners = HashMap::<String, usize>::new();
        for mut candidate in candidates(views, self.format) {
            candidate.yield_name(&owners, &self.families);
            match candidate.find_family(&owners, &self.families, views) {
                Ok(Some(number)) => self.families[number].members.push(candidate.member()),
                Ok(None) => {
                    let number = self.families.len();
                    owners.extend(candidate.heading.claimed_names().map(|name| (name, number)));
                    self.families.push(candidate.into_exposed());
                }
                Err(reason) => {
                    self.clashes.push(Clash::new(
                        candidate.heading.name().to_owned(),
                        candidate.source,
                        reason,
                    ));
                }
            }
        }
    }

    fn settle_series(&mut self, views: &[Vec<FamilyView<'_>>]) {
        for family in &mut self.families {
            let mut without_value: usize = family.members.iter().map(|member| member.series.len()).sum();
            let mut unwritable = Vec::new();
            for (source, series) in members_series(&family.members, views) {
                without_value -= 1;
                match fit(series, &family.heading) {
                    Fit::Legal => {}
                    Fit::Spelled => family.label_names = LabelNames::Spelled(self.format.escaping),
                    Fit::Unwritable(reserved_label) => unwritable.push((source, series, reserved_label)),
                }
            }
            for (source, series, reserved_label) in unwritable {
                self.left_out.insert((source, series.index()));
                let text = series_text(family, series);
                let reason = match reserved_label {
                    Some(label) => Reason::ReservedLabel { series: text, label },
                    None => Reason::NoStates(text),
                };
                self.clashes.push(Clash::new(family.name().to_owned(), source, reason));
            }
            // No snapshot has a series twice. Only merging or escaping can make two of them one.
            let may_repeat = family.members.len() > 1 || family.label_names != LabelNames::Legal;
            // Of what has no value nothing is known yet, and of two that are one the first with a value is exposed.
            self.depends_on_values |= may_repeat || without_value > 0;
            if may_repeat {
                let clashes = leave_out_repeated(family, views, &mut self.left_out);
                self.clashes.extend(clashes);
            }
        }
    }

    /// Numbers all that may have a text, in the order of the exposition: the head of each family, then its series.
    fn number_places(&mut self) {
        let mut next = 0;
        for family in &mut self.families {
            family.place = next;
            next += 1;
            for member in &mut family.members {
                member.place = next;
                next += member.series.len();
            }
        }
        self.places = next;
    }
}

/// Adds to `left_out` all but the first of equal series.
fn leave_out_repeated(
    family: &Exposed,
    views: &[Vec<FamilyView<'_>>],
    left_out: &mut HashSet<(usize, usize)>,
) -> Vec<Clash> {
    let mut seen = HashSet::new();
    let mut clashes = Vec::new();
    for (source, series) in members_series(&family.members, views) {
        let at = (source, series.index());
        if left_out.contains(&at) {
            continue;
        }
        let text = series_text(family, series);
        if seen.contains(&text) {
            left_out.insert(at);
            clashes.push(Clash::new(family.name().to_owned(), source, Reason::Series(text)));
        } else {
            seen.insert(text);
        }
    }
    clashes
}

/// The series of all `members` that have a value, each with the number of its snapshot.
fn members_series<'a>(
    members: &[Member],
    views: &[Vec<FamilyView<'a>>],
) -> impl Iterator<Item = (usize, SeriesView<'a>)> {
    members.iter().flat_map(|&Member { source, position, .. }| {
        views[source][position].series().map(move |series| (source, series))
    })
}

impl Exposed {
    /// What the names of its samples begin with.
    pub(crate) fn name(&self) -> &str {
        self.heading.name()
    }

    /// What it is called, and how.
    pub(crate) fn heading(&self) -> &Heading {
        &self.heading
    }

    /// The lines of metadata.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// The place of its head.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// The families that it is made of.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// How the labels of its series are to be spelled.
    pub(crate) fn label_names(&self) -> LabelNames {
        self.label_names
    }
}

impl Member {
    /// The family in snapshots of the plan's schemas.
    pub(crate) fn view<'a>(&self, snapshots: &'a [Snapshot]) -> Option<FamilyView<'a>> {
        snapshots[self.source].families().nth(self.position)
    }

    /// The number of the snapshot.
    pub(crate) fn source(&self) -> usize {
        self.source
    }

    /// The indices of its series, those without a value among them.
    pub(crate) fn series(&self) -> Range<usize> {
        self.series.clone()
    }

    /// Where the series with this index is.
    pub(crate) fn position(&self, index: usize) -> Position {
        Position { source: self.source, index, place: self.place + index - self.series.start }
    }
}

/// A family that wants to be exposed.
struct Candidate<'a> {
    source: usize,
    position: usize,
    view: FamilyView<'a>,
    heading: Heading,
}

/// All families, in the order in which they may claim names.
fn candidates<'a>(views: &[Vec<FamilyView<'a>>], format: Format) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for (source, families) in views.iter().enumerate() {
        for (position, &view) in families.iter().enumerate() {
            candidates.push(Candidate { source, position, view, heading: Heading::of(view, format) });
        }
    }
    // The sort is stable: among equals, the order of the snapshots and of the families in them is kept. Who can go by
    // another name comes last.
    candidates.sort_by_key(|candidate| {
        let name = candidate.view.name();
        (format.escaping.metric_name(name) != name, candidate.may_yield_name())
    });
    candidates
}

impl Candidate<'_> {
    /// Whether its family has another name than its samples, and may have theirs.
    fn may_yield_name(&self) -> bool {
        self.heading.family() != self.heading.name()
    }

    /// Leaves the names that come with the type to who has one of them.
    fn yield_name(&mut self, owners: &HashMap<String, usize>, families: &[Exposed]) {
        let name = self.heading.name();
        let is_others = |claimed: String| {
            claimed != name && owners.get(&claimed).is_some_and(|owner| families[*owner].name() != name)
        };
        if self.may_yield_name() && self.heading.claimed_names().any(is_others) {
            self.heading = self.heading.clone().of_unknown_type();
        }
    }

    /// The exposed family that this one is a part of, `None` if it is the first of its name, or why it cannot be
    /// exposed.
    fn find_family(
        &self,
        owners: &HashMap<String, usize>,
        families: &[Exposed],
        views: &[Vec<FamilyView<'_>>],
    ) -> Result<Option<usize>, Reason> {
        if let Some(&owner) = owners.get(self.heading.name())
            && families[owner].name() == self.heading.name()
        {
            let Member { source, position, .. } = families[owner].members[0];
            return match Reason::between(views[source][position], self.view) {
                Some(reason) => Err(reason),
                None => Ok(Some(owner)),
            };
        }
        for sample in self.heading.claimed_names() {
            if let Some(&owner) = owners.get(&sample) {
                return Err(Reason::Sample { sample, owner: families[owner].name().to_owned() });
            }
        }
        Ok(None)
    }

    fn into_exposed(self) -> Exposed {
        let head = self.heading.text(self.view.help(), self.view.unit());
        let member = self.member();
        Exposed {
            heading: self.heading,
            head,
            label_names: LabelNames::Legal,
            place: 0,
            members: vec![member],
        }
    }

    /// The places are known when all families are.
    fn member(&self) -> Member {
        let Candidate { source, position, view, .. } = *self;
        Member { source, position, series: view.indices(), place: 0 }
    }
}

/// How well the labels of a series fit the format.
enum Fit {
    Legal,
    Spelled,
    /// It cannot be written, because of this label, or because there are no states.
    Unwritable(Option<String>),
}

fn fit(series: SeriesView<'_>, heading: &Heading) -> Fit {
    let mut fit = Fit::Legal;
    if matches!(series.value(), Value::StateSet(states) if states.states().len() == 0) {
        return Fit::Unwritable(None);
    }
    let (added, escaping) = (heading.added_label(), heading.format().escaping);
    for (name, _) in series.labels() {
        let exposed = escaping.label_name(name);
        let is_reserved = name.starts_with("__") || exposed == "__name__";
        if is_reserved || Some(&exposed) == added.as_ref() {
            return Fit::Unwritable(Some(name.to_owned()));
        }
        // Quoted names stay as they are, the other schemes leave none that is not legal.
        let is_quoted = || escaping == Escaping::AllowUtf8 && !is_legal_label_name(name);
        if exposed != name || is_quoted() {
            fit = Fit::Spelled;
        }
    }
    fit
}
