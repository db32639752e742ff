//! What actors write down: plain values of `std`, beside the engine and without it.
//!
//! An actor that looks up, records, removes or takes a snapshot writes when it began and when it was done. One lock
//! orders all that is written, so of two things of which one was done before the other began, the ledger knows it.
//! Nothing of the engine runs under that lock. Whether it all fits together is for [`judge`](crate::judge) to say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::account::{Account, Amount, Kind, Shown};

/// A place in the order of all that was written.
pub(crate) type Moment = u32;

/// From when to when something was under way.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub(crate) from: Moment,
    /// The greatest moment while it still is.
    pub(crate) until: Moment,
}

/// The account of one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountId(pub(crate) usize);

/// A handle to a series, as the ledger knows it.
#[derive(Clone, Copy, Debug)]
pub struct HoldId(usize);

/// What a removal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The series leaves. What handles from before record in it is never seen again; who looks it up has a new one.
    Removed,
    /// The metric leaves with all its series, also for families that were registered before.
    Unregistered,
    /// The series goes on from zero, for all handles.
    Restarted,
}

/// Where all actors of one registry write.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
pub(crate) struct Book {
    now: Moment,
    /// Shifts the amounts, so that those of two registries differ.
    number: usize,
    /// Whether series may go by themselves.
    pub(crate) forgets: bool,
    pub(crate) accounts: Vec<Account>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) records: Vec<Record>,
    pub(crate) removals: Vec<Removal>,
    pub(crate) readings: Vec<Reading>,
}

#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) account: AccountId,
    /// When the metric was registered, and when the series was found in it: the same for one without labels.
    pub(crate) registered: Span,
    pub(crate) found: Span,
    pub(crate) given_up: Moment,
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) hold: usize,
    pub(crate) amount: Amount,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) fate: Fate,
    pub(crate) family: String,
    /// `None` if all series of the family are meant.
    pub(crate) labels: Option<String>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) span: Span,
    /// By family and labels.
    pub(crate) values: BTreeMap<(String, String), Shown>,
}

impl Span {
    const NEVER: Self = Self { from: Moment::MAX, until: Moment::MAX };

    /// One that is still under way.
    fn since(from: Moment) -> Self {
        Self { from, until: Moment::MAX }
    }

    /// Whether it was over before the other one began.
    pub(crate) fn before(self, other: Self) -> bool {
        self.until < other.from
    }
}

impl Ledger {
    /// An empty one. Ledgers of one execution have numbers of their own.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self(Arc::new(Mutex::new(Book { number, ..Book::default() })))
    }

    /// The account of a series, opened when it is asked for the first time.
    pub fn account(&self, family: &str, labels: &str, kind: &Kind) -> AccountId {
        let mut book = self.book();
        let known =
            book.accounts.iter().position(|account| account.family == family && account.labels == labels);
        AccountId(known.unwrap_or_else(|| {
            book.accounts.push(Account::new(family, labels, kind.clone()));
            book.accounts.len() - 1
        }))
    }

    /// Says that the registry forgets series when nobody holds or records in them.
    pub fn forgets_idle_series(&self) {
        self.book().forgets = true;
    }

    /// Does something, and says when.
    pub fn during<R>(&self, work: impl FnOnce() -> R) -> (Span, R) {
        let from = self.book().tick();
        let result = work();
        (Span { from, until: self.book().tick() }, result)
    }

    /// A handle that does not exist yet, as that in a static metric.
    #[must_use]
    pub fn expect(&self, account: AccountId) -> HoldId {
        let mut book = self.book();
        book.holds.push(Hold { account, registered: Span::NEVER, found: Span::NEVER, given_up: Moment::MAX });
        HoldId(book.holds.len() - 1)
    }

    /// Registers the metric that the handle is to.
    pub fn register<R>(&self, hold: HoldId, register: impl FnOnce() -> R) -> R {
        self.register_all(&[hold], register)
    }

    /// Registers a family all of whose series exist from then on.
    pub fn register_all<R>(&self, holds: &[HoldId], register: impl FnOnce() -> R) -> R {
        let from = self.book().tick();
        holds.iter().for_each(|hold| self.book().holds[hold.0].set(Span::since(from), Span::since(from)));
        let result = register();
        let span = Span { from, until: self.book().tick() };
        holds.iter().for_each(|hold| self.book().holds[hold.0].set(span, span));
        result
    }

    /// Finds the series that the handle is to, in a family that was registered then.
    pub fn find<R>(&self, hold: HoldId, registered: Span, find: impl FnOnce() -> R) -> R {
        let from = self.book().tick();
        self.book().holds[hold.0].set(registered, Span::since(from));
        let result = find();
        let until = self.book().tick();
        self.book().holds[hold.0].set(registered, Span { from, until });
        result
    }

    /// Says that the handle is about to be dropped.
    pub fn give_up(&self, hold: HoldId) {
        let mut book = self.book();
        book.holds[hold.0].given_up = book.tick();
    }

    /// Records an amount through a handle, unless the account has no amount left.
    pub fn record(&self, hold: HoldId, record: impl FnOnce(Amount)) {
        let Some((entry, amount)) = self.book().begin_record(hold.0) else { return };
        record(amount);
        let mut book = self.book();
        book.records[entry].span.until = book.tick();
    }

    /// Removes series of a family: those with these labels, or all.
    pub fn remove<R>(&self, fate: Fate, family: &str, labels: Option<&str>, remove: impl FnOnce() -> R) -> R {
        let entry = {
            let mut book = self.book();
            let span = book.begin();
            book.removals.push(Removal {
                fate,
                family: family.into(),
                labels: labels.map(str::to_owned),
                span,
            });
            book.removals.len() - 1
        };
        let result = remove();
        let mut book = self.book();
        book.removals[entry].span.until = book.tick();
        result
    }

    /// Takes a snapshot, which is given as family, labels and value of each series.
    pub fn read(&self, read: impl FnOnce() -> Vec<(String, String, Shown)>) {
        let (span, values) = self.during(read);
        let values = values.into_iter().map(|(family, labels, shown)| ((family, labels), shown)).collect();
        self.book().readings.push(Reading { span, values });
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    fn set(&mut self, registered: Span, found: Span) {
        (self.registered, self.found) = (registered, found);
    }
}

impl Book {
    pub(crate) fn account_of(&self, record: &Record) -> AccountId {
        self.holds[record.hold].account
    }

    fn tick(&mut self) -> Moment {
        self.now += 1;
        self.now
    }

    fn begin(&mut self) -> Span {
        Span::since(self.tick())
    }

    fn begin_record(&mut self, hold: usize) -> Option<(usize, Amount)> {
        let account = self.holds[hold].account;
        let before = self.records.iter().filter(|record| self.account_of(record) == account).count();
        let amount = self.accounts[account.0].amount(before, account.0 + 7 * self.number)?;
        let span = self.begin();
        self.records.push(Record { hold, amount, span });
        Some((self.records.len() - 1, amount))
    }
}
