//! Decides whether what a ledger holds can have happened, knowing nothing of shards, cells and slots.
//!
//! For each series and each snapshot:
//!
//! - what was recorded before the snapshot began is in it, and what was recorded after it ended is not;
//! - nothing else is in it, in no bucket, under no name;
//! - a series is there from the end of its registration to the beginning of its removal, and not outside of these;
//! - after a removal or a restart nothing is left of what was before.
//!
//! For each series and two snapshots of which one ended before the other began:
//!
//! - the later one has what the earlier one has, unless the series was removed or restarted between the two;
//! - what was in one and not in the next never comes back.
//!
//! What two actors did at the same time may be taken either way, once.

use crate::{
    account::{Account, Amount, Kind, Seen},
    ledger::{AccountId, Book, Fate, Hold, Ledger, Reading, Record, Removal, Span},
};

/// What was looked at, of which a scenario must see enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records of all accounts.
    pub records: usize,
    /// Values of series in snapshots.
    pub values: usize,
    /// Those among them beside which something was under way.
    pub contested: usize,
}

impl std::ops::Add for Summary {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            values: self.values + other.values,
            contested: self.contested + other.contested,
        }
    }
}

impl Ledger {
    /// Whether all of it can have happened.
    ///
    /// # Errors
    ///
    /// What cannot, in words.
    pub fn verdict(&self) -> Result<Summary, String> {
        let book = self.book();
        let mut summary = Summary { records: book.records.len(), ..Summary::default() };
        for reading in &book.readings {
            let known = |family: &str, labels: &str| {
                book.accounts.iter().any(|account| account.family == family && account.labels == labels)
            };
            if let Some((family, labels)) =
                reading.values.keys().find(|(family, labels)| !known(family, labels))
            {
                return Err(format!("{family}{{{labels}}} is in a snapshot and was never registered"));
            }
        }
        for (id, account) in book.accounts.iter().enumerate() {
            let case = Case::new(&book, AccountId(id));
            let told = |what| format!("{}{{{}}}: {what}", account.family, account.labels);
            summary = summary + case.verdict().map_err(told)?;
        }
        Ok(summary)
    }
}

/// All about one account.
struct Case<'a> {
    account: &'a Account,
    forgets: bool,
    holds: Vec<&'a Hold>,
    /// With the handle through which each was made.
    records: Vec<(&'a Record, &'a Hold)>,
    removals: Vec<&'a Removal>,
    readings: &'a [Reading],
    amounts: Vec<Amount>,
}

impl<'a> Case<'a> {
    fn new(book: &'a Book, id: AccountId) -> Self {
        let account = &book.accounts[id.0];
        let records = book.records.iter().filter(|record| book.account_of(record) == id);
        let meant = |removal: &&Removal| {
            removal.family == account.family
                && removal.labels.as_ref().is_none_or(|labels| *labels == account.labels)
        };
        Self {
            account,
            forgets: book.forgets,
            holds: book.holds.iter().filter(|hold| hold.account == id).collect(),
            amounts: records.clone().map(|record| record.amount).collect(),
            records: records.map(|record| (record, &book.holds[record.hold])).collect(),
            removals: book.removals.iter().filter(meant).collect(),
            readings: &book.readings,
        }
    }

    fn verdict(&self) -> Result<Summary, String> {
        let mut summary = Summary::default();
        let mut seen = Vec::new();
        for reading in self.readings {
            let span = reading.span;
            let told = |what| format!("{what}, in the snapshot from {} to {}", span.from, span.until);
            let shown = reading.values.get(&(self.account.family.clone(), self.account.labels.clone()));
            self.may_be_there(shown.is_some(), span).map_err(told)?;
            let Some(shown) = shown else {
                seen.push((span, None));
                continue;
            };
            let what = self.account.seen(shown, &self.amounts).map_err(told)?;
            summary.values += 1;
            summary.contested += usize::from(self.agrees(what, span).map_err(told)?);
            seen.push((span, Some(what)));
        }
        self.agree(&seen)?;
        Ok(summary)
    }

    fn may_be_there(&self, there: bool, reading: Span) -> Result<(), String> {
        if there && !self.holds.iter().any(|hold| self.may_show(hold, None, reading)) {
            return Err("is there and cannot be".into());
        }
        if !there && self.holds.iter().any(|hold| self.must_show(hold, None, reading)) {
            return Err("is missing".into());
        }
        Ok(())
    }

    /// Whether one snapshot shows what it must and no more than it may; if so, whether the two differ.
    fn agrees(&self, seen: Seen, reading: Span) -> Result<bool, String> {
        let must = self.records_that(|record, hold| self.must_show(hold, Some(record), reading));
        let may = self.records_that(|record, hold| self.may_show(hold, Some(record), reading));
        let (least, most) = (bits(&must), bits(&may));
        let fits = match seen {
            Seen::These(seen) => seen & least == least && seen & !most == 0,
            Seen::Some(seen) => (must.len() as u64..=may.len() as u64).contains(&seen),
            // The first value, which a removal or a restart sets again, unless a record came after it for certain.
            Seen::Last(None) => must.is_empty(),
            Seen::Last(Some(bit)) => may.iter().any(|set| {
                let later = |other: &&Record| set.span.before(other.span) && other.span.before(reading);
                set.amount.bit() == bit && !must.iter().any(later)
            }),
        };
        if fits {
            Ok(must.len() != may.len())
        } else {
            Err(format!(
                "{seen:x?} where {least:#x} must be and {most:#x} may, {} and {}",
                must.len(),
                may.len()
            ))
        }
    }

    /// Whether the snapshots agree with each other.
    fn agree(&self, seen: &[(Span, Option<Seen>)]) -> Result<(), String> {
        for (earlier, first) in seen {
            for (later, second) in seen.iter().filter(|(later, _)| earlier.before(*later)) {
                if self.goes_back(*first, *second) && !self.may_end_between(*earlier, *later) {
                    return Err(format!(
                        "{first:x?} at {earlier:?} and {second:x?} at {later:?}: it went back"
                    ));
                }
            }
        }
        let shown = |reading: &dyn Fn(Span) -> bool| {
            seen.iter().filter(|(span, _)| reading(*span)).fold(0, |bits, (_, seen)| bits | these(*seen))
        };
        for (span, now) in seen {
            let (before, after) = (shown(&|other| other.before(*span)), shown(&|other| span.before(other)));
            if before & !these(*now) & after != 0 {
                return Err(format!("{now:x?} at {span:?} lacks what was there before and comes back"));
            }
        }
        let forgotten = bits(&self.records_that(|_, _| true)) & !shown(&|_| true);
        let tells = !matches!(self.account.kind, Kind::Last | Kind::Events);
        if self.forgets && tells && self.removals.is_empty() && forgotten != 0 {
            return Err(format!("{forgotten:#x} was forgotten before any snapshot had it"));
        }
        Ok(())
    }

    fn goes_back(&self, first: Option<Seen>, second: Option<Seen>) -> bool {
        match (first, second) {
            (Some(Seen::Some(first)), Some(Seen::Some(second))) => second < first,
            (Some(Seen::Last(Some(first))), Some(Seen::Last(second))) => {
                let set = |bit| self.records.iter().find(|(record, _)| record.amount.bit() == bit);
                let (Some((first, _)), second) = (set(first), second.and_then(set)) else { return false };
                second.is_none_or(|(second, _)| second.span.before(first.span))
            }
            (first, second) => these(first) & !these(second) != 0,
        }
    }

    /// Whether the series can have been removed or restarted after the one snapshot looked and before the other did.
    fn may_end_between(&self, earlier: Span, later: Span) -> bool {
        let between =
            |removal: &&Removal| removal.span.until > earlier.from && removal.span.from < later.until;
        self.forgets || self.removals.iter().any(between)
    }

    /// Whether a snapshot can show the series that a handle is to, or a record made through it.
    fn may_show(&self, hold: &Hold, record: Option<&Record>, reading: Span) -> bool {
        let begun = [Some(hold.found), record.map(|record| record.span)].into_iter().flatten();
        begun.into_iter().all(|span| span.from < reading.until)
            && !self.removals.iter().any(|removal| {
                let since = since(removal.fate, hold, record);
                since.is_some_and(|since| since.before(removal.span)) && removal.span.before(reading)
            })
    }

    /// Whether a snapshot can do nothing else.
    fn must_show(&self, hold: &Hold, record: Option<&Record>, reading: Span) -> bool {
        let done = [Some(hold.found), record.map(|record| record.span)].into_iter().flatten();
        let held = !self.forgets || hold.given_up > reading.until;
        held && done.into_iter().all(|span| span.before(reading))
            && !self.removals.iter().any(|removal| {
                let since = since(removal.fate, hold, record);
                since.is_some_and(|since| removal.span.until > since.from)
                    && removal.span.from < reading.until
            })
    }

    fn records_that(&self, choose: impl Fn(&Record, &Hold) -> bool) -> Vec<&'a Record> {
        let chosen = self.records.iter().filter(|(record, hold)| choose(record, hold));
        chosen.map(|(record, _)| *record).collect()
    }
}

/// Of which moment it depends whether a removal takes a record with it; `None` if it does not.
fn since(fate: Fate, hold: &Hold, record: Option<&Record>) -> Option<Span> {
    match fate {
        Fate::Removed => Some(hold.found),
        Fate::Unregistered => Some(hold.registered),
        Fate::Restarted => record.map(|record| record.span),
    }
}

fn bits(records: &[&Record]) -> u64 {
    records.iter().fold(0, |bits, record| bits | record.amount.bit())
}

fn these(seen: Option<Seen>) -> u64 {
    match seen {
        Some(Seen::These(bits)) => bits,
        _ => 0,
    }
}
