//! Metrics of every kind, as actors see them: a name, an account, and something that takes an amount.

use std::{fmt, sync::Arc};

use shuttle::rand::{Rng, thread_rng};
use tachometer::{
    Buckets, Counter, Declaration, DynamicFamily, Family, FloatCounter, Gauge, Histogram, IntegerHistogram,
    Metric, Registry, SignalCounter, UpDownCounter,
};

use crate::account::{Amount, Kind};

/// Bounds of all histograms; each of the four buckets is met by amounts.
pub const BOUNDS: [f64; 3] = [(1_u64 << 13) as f64, (1_u64 << 26) as f64, (1_u64 << 39) as f64];

/// What a handle does with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Adds it to an integer counter.
    Counted,
    /// Adds it to a float counter.
    Summed,
    /// Adds it to an up-down counter, the negative ones too.
    Balanced,
    /// Adds it to a gauge.
    Added,
    /// Sets a gauge to it.
    Set,
    /// Observes it in a histogram.
    Observed,
    /// Observes it in a histogram of integers.
    ObservedWhole,
    /// Adds it to a counter for signal handlers.
    Signalled,
}

/// A handle.
pub type Record = Arc<dyn Fn(Amount) + Send + Sync>;

/// Finds the series with a value of the label `key`.
pub type Find = Arc<dyn Fn(&str) -> Record + Send + Sync>;

/// A family with the open label `key`.
#[derive(Clone)]
pub struct OpenFamily {
    /// Looks a series up.
    pub find: Find,
    /// Removes one, and says whether it was there.
    pub remove: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Removes all.
    pub clear: Arc<dyn Fn() + Send + Sync>,
}

/// A family with the closed label `retried`.
#[derive(Clone)]
pub struct ClosedFamily {
    /// The series with `false` and with `true`.
    pub series: [Record; 2],
    /// Begins one of them again, and says whether it was there.
    pub restart: Arc<dyn Fn(bool) -> bool + Send + Sync>,
}

impl fmt::Debug for OpenFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenFamily")
    }
}

impl fmt::Debug for ClosedFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClosedFamily")
    }
}

/// What is made of a metric type and what its handles do.
trait Make {
    type Made;

    fn make<M: Metric>(self, put: fn(&M, Amount)) -> Self::Made;
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Counted,
        Self::Summed,
        Self::Balanced,
        Self::Added,
        Self::Set,
        Self::Observed,
        Self::ObservedWhole,
        Self::Signalled,
    ];

    /// Any of them.
    #[must_use]
    pub fn drawn() -> Self {
        Self::ALL[thread_rng().gen_range(0..Self::ALL.len())]
    }

    /// How its accounts are kept.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Counted | Self::Summed | Self::Signalled => Kind::Sum,
            Self::Balanced | Self::Added => Kind::Balance,
            Self::Set => Kind::Last,
            Self::Observed | Self::ObservedWhole => Kind::Distribution(BOUNDS.to_vec()),
        }
    }

    /// Registers a metric without labels.
    #[must_use]
    pub fn register(self, registry: &Registry, name: &str) -> Record {
        self.make(Plain(self.declare(registry, name)))
    }

    /// Registers it for this thread alone, where there are local handles.
    #[must_use]
    pub fn register_local(self, registry: &Registry, name: &str) -> Box<dyn Fn(Amount)> {
        let declaration = self.declare(registry, name);
        match self {
            Self::Counted => {
                let local = registered::<Counter>(declaration).local();
                Box::new(move |amount| local.add(amount.whole()))
            }
            Self::Summed => {
                let local = registered::<FloatCounter>(declaration).local();
                Box::new(move |amount| local.add(amount.float()))
            }
            Self::Balanced => {
                let local = registered::<UpDownCounter>(declaration).local();
                Box::new(move |amount| local.add(amount.signed()))
            }
            Self::Observed => {
                let local = registered::<Histogram>(declaration).local();
                Box::new(move |amount| local.observe(amount.float()))
            }
            _ => {
                let record = self.register(registry, name);
                Box::new(move |amount| record(amount))
            }
        }
    }

    /// Registers a family with an open label.
    #[must_use]
    pub fn register_open(self, registry: &Registry, name: &str) -> OpenFamily {
        self.make(Open(self.declare(registry, name).label("key")))
    }

    /// Registers a family with a closed label.
    #[must_use]
    pub fn register_closed(self, registry: &Registry, name: &str) -> ClosedFamily {
        self.make(Closed(self.declare(registry, name).label("retried")))
    }

    fn declare<'a>(self, registry: &Registry, name: &'a str) -> Declaration<'a> {
        let declaration = registry.declare(name, "");
        match self {
            Self::Observed | Self::ObservedWhole => declaration.buckets(Buckets::explicit(BOUNDS)),
            _ => declaration,
        }
    }

    fn make<T: Make>(self, make: T) -> T::Made {
        match self {
            Self::Counted => make.make::<Counter>(|counter, amount| counter.add(amount.whole())),
            Self::Summed => make.make::<FloatCounter>(|counter, amount| counter.add(amount.float())),
            Self::Balanced => make.make::<UpDownCounter>(|counter, amount| counter.add(amount.signed())),
            Self::Added => make.make::<Gauge>(|gauge, amount| gauge.add(amount.float())),
            Self::Set => make.make::<Gauge>(|gauge, amount| gauge.set(amount.float())),
            Self::Observed => make.make::<Histogram>(|histogram, amount| histogram.observe(amount.float())),
            Self::ObservedWhole => {
                make.make::<IntegerHistogram>(|histogram, amount| histogram.observe(amount.whole()))
            }
            Self::Signalled => make.make::<SignalCounter>(|counter, amount| counter.add(amount.whole())),
        }
    }
}

struct Plain<'a>(Declaration<'a>);

impl Make for Plain<'_> {
    type Made = Record;

    fn make<M: Metric>(self, put: fn(&M, Amount)) -> Record {
        record(registered(self.0), put)
    }
}

struct Open<'a>(Declaration<'a>);

impl Make for Open<'_> {
    type Made = OpenFamily;

    fn make<M: Metric>(self, put: fn(&M, Amount)) -> OpenFamily {
        let family: DynamicFamily<M> = registered(self.0);
        let (removing, clearing) = (family.clone(), family.clone());
        OpenFamily {
            find: Arc::new(move |key| record(family.with([("key", key)]).expect("the label is legal"), put)),
            remove: Arc::new(move |key| removing.remove([("key", key)])),
            clear: Arc::new(move || clearing.clear()),
        }
    }
}

struct Closed<'a>(Declaration<'a>);

impl Make for Closed<'_> {
    type Made = ClosedFamily;

    fn make<M: Metric>(self, put: fn(&M, Amount)) -> ClosedFamily {
        let family: Family<bool, M> = registered(self.0);
        let series = [false, true].map(|retried| record(family[retried].clone(), put));
        ClosedFamily { series, restart: Arc::new(move |retried| family.remove(&retried)) }
    }
}

fn registered<I: tachometer::Instrument>(declaration: Declaration<'_>) -> I {
    declaration.register().expect("no other metric has the name")
}

fn record<M: Metric>(handle: M, put: fn(&M, Amount)) -> Record {
    Arc::new(move |amount| put(&handle, amount))
}
