//! The account of one series: which amounts are recorded in it, and which of them a value shows.
//!
//! Each amount of an account is another power of two. A sum then says which records are in it and which are not, and
//! a value that mixes two series, or counts something twice, has a bit that it should not have.

/// Amounts that an account has: the sum of all is exact in an `f64`.
pub(crate) const AMOUNTS: usize = 52;

/// How the series of an account puts records together.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Adds them.
    Sum,
    /// Adds them, and every second one is negative.
    Balance,
    /// Adds them, and counts them by buckets with these upper bounds.
    Distribution(Vec<f64>),
    /// Keeps the last one.
    Last,
    /// Counts them.
    Events,
}

/// What a snapshot shows of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram. The last bucket has no bound.
    Buckets {
        /// By bucket.
        counts: Vec<u64>,
        /// Of all buckets.
        sum: f64,
    },
}

/// What a record adds, sets or observes: a power of two, or the negative of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    bit: u32,
    negative: bool,
}

/// The records that a value shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Those with these bits.
    These(u64),
    /// The one with this bit, or none yet.
    Last(Option<u64>),
    /// So many, and nobody knows which.
    Some(u64),
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) family: String,
    pub(crate) labels: String,
    pub(crate) kind: Kind,
}

impl Amount {
    /// The amount as an integer, for what is never negative.
    #[must_use]
    pub fn whole(self) -> u64 {
        self.bit()
    }

    /// The amount as an integer.
    #[must_use]
    pub fn signed(self) -> i64 {
        let amount = self.bit() as i64;
        if self.negative { -amount } else { amount }
    }

    /// The amount as a float, which is exact.
    #[must_use]
    pub fn float(self) -> f64 {
        self.signed() as f64
    }

    pub(crate) fn bit(self) -> u64 {
        1 << self.bit
    }
}

impl Account {
    pub(crate) fn new(family: &str, labels: &str, kind: Kind) -> Self {
        Self { family: family.into(), labels: labels.into(), kind }
    }

    /// The amount of the next record after this many; the amounts of each account begin with another one.
    pub(crate) fn amount(&self, before: usize, account: usize) -> Option<Amount> {
        if self.kind == Kind::Events {
            return Some(Amount { bit: 0, negative: false });
        }
        // Five and the number of amounts have no common divisor, so each comes once.
        let bit = ((17 * account + 5 * before) % AMOUNTS) as u32;
        (before < AMOUNTS).then_some(Amount { bit, negative: self.kind == Kind::Balance && before % 2 == 1 })
    }

    /// Which of the amounts a value shows.
    pub(crate) fn seen(&self, shown: &Shown, amounts: &[Amount]) -> Result<Seen, String> {
        match (&self.kind, shown) {
            (Kind::Sum, Shown::Number(value)) => in_sum(*value, amounts).map(Seen::These),
            (Kind::Balance, Shown::Number(value)) => in_balance(*value, amounts).map(Seen::These),
            (Kind::Distribution(bounds), Shown::Buckets { counts, sum }) => {
                let seen = in_sum(*sum, amounts)?;
                agree(seen, counts, bounds, amounts).map(|()| Seen::These(seen))
            }
            (Kind::Last, Shown::Number(0.0)) => Ok(Seen::Last(None)),
            (Kind::Last, Shown::Number(value)) => {
                let set = amounts.iter().find(|amount| amount.float() == *value);
                set.map(|set| Seen::Last(Some(set.bit()))).ok_or(format!("{value} was never set"))
            }
            (Kind::Events, Shown::Number(value)) => Ok(Seen::Some(integer(*value)?)),
            (kind, shown) => Err(format!("{shown:?} is not of the kind {kind:?}")),
        }
    }
}

/// The amounts in a sum.
fn in_sum(sum: f64, amounts: &[Amount]) -> Result<u64, String> {
    let (bits, issued) = (integer(sum)?, bits_of(amounts, |_| true));
    if bits & !issued == 0 {
        Ok(bits)
    } else {
        Err(format!("{bits:#x} holds what nobody recorded: there were {issued:#x}"))
    }
}

/// The amounts in a balance. Without the negative ones that it shows, and with those that it does not show, it has one
/// bit for each.
fn in_balance(sum: f64, amounts: &[Amount]) -> Result<u64, String> {
    let negative = bits_of(amounts, |amount| amount.negative);
    Ok(in_sum(sum + negative as f64, amounts)? ^ negative)
}

/// Whether each bucket counts just those observations of the sum that belong to it.
fn agree(seen: u64, counts: &[u64], bounds: &[f64], amounts: &[Amount]) -> Result<(), String> {
    let mut expected = vec![0; bounds.len() + 1];
    for amount in amounts.iter().filter(|amount| amount.bit() & seen != 0) {
        expected[bounds.iter().position(|bound| amount.float() <= *bound).unwrap_or(bounds.len())] += 1;
    }
    if counts == expected {
        Ok(())
    } else {
        Err(format!("the buckets {counts:?} do not belong to the sum {seen:#x}"))
    }
}

fn bits_of(amounts: &[Amount], choose: impl Fn(&Amount) -> bool) -> u64 {
    amounts.iter().filter(|amount| choose(amount)).fold(0, |bits, amount| bits | amount.bit())
}

fn integer(value: f64) -> Result<u64, String> {
    let integer = value as u64;
    if integer as f64 == value { Ok(integer) } else { Err(format!("{value} is no sum of what was recorded")) }
}
