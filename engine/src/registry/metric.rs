//! What the types of handles have in common for the registry: a kind, and a series to make a handle of.

#![expect(
    private_interfaces,
    reason = "the trait is sealed: nobody outside can name it, so its types cannot leak"
)]

use std::sync::Arc as Shared;

use crate::{
    Counter, FloatCounter, Gauge, Histogram, IntegerHistogram, MetricKind, SignalCounter, UpDownCounter,
    buckets::Layout,
    cells::SumCell,
    extras::SeriesExtras,
    gauge::GaugeCell,
    held::{Body, Header, Held, Origin},
    histogram::HistogramCore,
    integer_histogram::{IntegerCore, Scale},
    pairs,
    shard::{Arena, CellBlock},
    signal_counter::SignalCell,
    snapshot::schema::Shape,
    state_set::StateCell,
    sums,
    sync::Arc,
};

/// A type of handle that a family has one of for each series.
pub trait Metric: sealed::Sealed + Clone + Send + Sync + 'static {}

/// What the series of a family are made with.
pub(crate) struct Material<'a> {
    pub(crate) arena: &'static Arena,
    /// Of a histogram.
    pub(crate) layout: Option<&'a Shared<Layout>>,
    /// Of a histogram of integers.
    pub(crate) scale: Option<&'a Shared<Scale>>,
    /// Of a gauge.
    pub(crate) absent_until_set: bool,
}

impl Material<'_> {
    fn cells(&self, len: usize) -> Option<CellBlock> {
        self.arena.take_cells(len as u16)
    }
}

pub(crate) mod sealed {
    use super::{AnySeries, Kind, Material, Origin, Series};

    pub trait Sealed: Sized {
        /// What the family is registered as.
        const KIND: Kind;

        /// The handle that records nothing.
        fn noop() -> Self;

        /// The same, to lend.
        fn noop_ref() -> &'static Self;

        /// A handle to a new series; `None` when the process has no cells left.
        fn make(material: &Material<'_>, origin: Origin<'_>) -> Option<Self>;

        /// The series behind the handle; `None` behind one that records nothing.
        fn series(&self) -> Option<Series<'_>>;

        /// The same, to keep.
        fn kept(&self) -> Option<AnySeries>;

        /// A handle to a series of this kind, `None` for another's.
        fn open(series: &AnySeries) -> Option<Self>;
    }
}

/// What a family was registered as. One kind of handle each, and finer than the type that is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    FloatCounter,
    UpDownCounter,
    Gauge,
    Histogram,
    IntegerHistogram,
    SignalCounter,
    StateSet,
    Info,
    CounterFn,
    GaugeFn,
}

impl Kind {
    /// The kind in the words of an error message.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::FloatCounter => "float counter",
            Self::UpDownCounter => "up-down counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::IntegerHistogram => "integer histogram",
            Self::SignalCounter => "signal counter",
            Self::StateSet => "state set",
            Self::Info => "info",
            Self::CounterFn => "counter callback",
            Self::GaugeFn => "gauge callback",
        }
    }

    pub(crate) fn exposed(self) -> MetricKind {
        match self {
            Self::Counter | Self::FloatCounter | Self::SignalCounter | Self::CounterFn => MetricKind::Counter,
            Self::UpDownCounter | Self::Gauge | Self::GaugeFn => MetricKind::Gauge,
            Self::Histogram | Self::IntegerHistogram => MetricKind::Histogram,
            Self::StateSet => MetricKind::StateSet,
            Self::Info => MetricKind::Info,
        }
    }

    /// Whether the series have handles and only grow.
    pub(crate) fn is_cumulative(self) -> bool {
        matches!(self.exposed(), MetricKind::Counter | MetricKind::Histogram) && !self.is_asked()
    }

    /// Whether the series have buckets.
    pub(crate) const fn has_buckets(self) -> bool {
        matches!(self, Self::Histogram | Self::IntegerHistogram)
    }

    /// Whether the series are asked for, and not kept.
    pub(crate) fn is_asked(self) -> bool {
        matches!(self, Self::CounterFn | Self::GaugeFn)
    }
}

/// A series of any kind, as its family and schemas keep it: without being counted as a handle.
#[derive(Clone)]
pub(crate) enum AnySeries {
    Counter(Arc<Body<CellBlock>>),
    FloatCounter(Arc<Body<CellBlock>>),
    UpDownCounter(Arc<Body<CellBlock>>),
    Gauge(Arc<Body<GaugeCell>>),
    Histogram(Arc<Body<HistogramCore>>),
    IntegerHistogram(Arc<Body<IntegerCore>>),
    SignalCounter(Arc<Body<SignalCell>>),
    StateSet(Arc<Body<StateCell>>),
    Info(Arc<Body<()>>),
}

impl AnySeries {
    pub(crate) fn borrow(&self) -> Series<'_> {
        match self {
            Self::Counter(body) => Series::Counter(body),
            Self::FloatCounter(body) => Series::FloatCounter(body),
            Self::UpDownCounter(body) => Series::UpDownCounter(body),
            Self::Gauge(body) => Series::Gauge(body),
            Self::Histogram(body) => Series::Histogram(body),
            Self::IntegerHistogram(body) => Series::IntegerHistogram(body),
            Self::SignalCounter(body) => Series::SignalCounter(body),
            Self::StateSet(body) => Series::StateSet(body),
            Self::Info(body) => Series::Info(body),
        }
    }
}

/// A series, to look at.
#[derive(Clone, Copy)]
pub(crate) enum Series<'a> {
    Counter(&'a Body<CellBlock>),
    FloatCounter(&'a Body<CellBlock>),
    UpDownCounter(&'a Body<CellBlock>),
    Gauge(&'a Body<GaugeCell>),
    Histogram(&'a Body<HistogramCore>),
    IntegerHistogram(&'a Body<IntegerCore>),
    SignalCounter(&'a Body<SignalCell>),
    StateSet(&'a Body<StateCell>),
    Info(&'a Body<()>),
}

impl<'a> Series<'a> {
    pub(crate) fn header(self) -> &'a Header {
        match self {
            Self::Counter(body) | Self::FloatCounter(body) | Self::UpDownCounter(body) => body.header(),
            Self::Gauge(body) => body.header(),
            Self::Histogram(body) => body.header(),
            Self::IntegerHistogram(body) => body.header(),
            Self::SignalCounter(body) => body.header(),
            Self::StateSet(body) => body.header(),
            Self::Info(body) => body.header(),
        }
    }

    /// What is kept beside the cells, if anything.
    pub(crate) fn extras(self) -> Option<&'a SeriesExtras> {
        self.header().extras()
    }

    /// The cells in the shards, of those that have some.
    pub(crate) fn block(self) -> Option<&'a CellBlock> {
        match self {
            Self::Counter(block) | Self::FloatCounter(block) | Self::UpDownCounter(block) => Some(block),
            Self::Histogram(core) => Some(core.block()),
            Self::IntegerHistogram(core) => Some(core.block()),
            Self::Gauge(_) | Self::SignalCounter(_) | Self::StateSet(_) | Self::Info(_) => None,
        }
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Histogram(core) => Shape::Histogram(Shared::clone(core.bounds())),
            Self::IntegerHistogram(core) => Shape::Histogram(Shared::clone(core.scale().bounds())),
            Self::StateSet(cell) => Shape::StateSet(Shared::clone(cell.names())),
            Self::Info(_) => Shape::Info,
            Self::UpDownCounter(_) => Shape::I64,
            Self::Counter(_) | Self::SignalCounter(_) => Shape::U64,
            Self::FloatCounter(_) | Self::Gauge(_) => Shape::F64,
        }
    }

    /// Begins the series again.
    pub(crate) fn reset(self) {
        match self {
            Self::Counter(cell) | Self::UpDownCounter(cell) => sums::reset_integer(cell),
            Self::FloatCounter(cell) => sums::reset_float(cell),
            Self::Gauge(cell) => cell.reset(),
            Self::Histogram(core) => core.reset(),
            Self::IntegerHistogram(core) => core.reset(),
            Self::SignalCounter(cell) => cell.reset(),
            Self::StateSet(_) | Self::Info(_) => {}
        }
        // Last: who sees the new time sees the new zero.
        self.extras().into_iter().for_each(SeriesExtras::reset);
    }

    /// Whether the series may be forgotten when it has no more than so many handles; false where these are not counted.
    pub(crate) fn is_unheld(self, handles: u32) -> bool {
        let is_needed = match self {
            // What was added will be taken away again, also through a handle that is looked up then.
            Self::UpDownCounter(cell) => sums::integer(cell) != 0,
            _ => false,
        };
        self.header().has_holders(handles) && !is_needed
    }

    /// A number that differs when something was recorded (but for a gauge that was set to the same value).
    pub(crate) fn fingerprint(self) -> u64 {
        match self {
            Self::Counter(cell) | Self::UpDownCounter(cell) => sums::integer(cell),
            Self::FloatCounter(cell) => sums::float(cell).to_bits(),
            Self::Gauge(cell) => cell.bits(),
            Self::Histogram(core) => core.value().count,
            Self::IntegerHistogram(core) => core.value().count,
            Self::SignalCounter(cell) => cell.get(),
            Self::StateSet(_) | Self::Info(_) => 0,
        }
    }
}

/// A type of handle: what it holds, how it is made of that, and what lies in it.
macro_rules! metric {
    ($($handle:ident: $held:expr, $of:expr, $make:expr;)*) => {$(
        impl Metric for $handle {}
        impl sealed::Sealed for $handle {
            const KIND: Kind = Kind::$handle;

            fn noop() -> Self {
                Self::noop()
            }

            #[cold]
            #[inline(never)]
            fn noop_ref() -> &'static Self {
                static NOOP: $handle = $handle::noop();
                &NOOP
            }

            fn make(material: &Material<'_>, origin: Origin<'_>) -> Option<Self> {
                let make: fn(&Material<'_>) -> Option<_> = $make;
                Some($of(Held::new(Arc::new(Body::new(origin, make(material)?)))))
            }

            fn series(&self) -> Option<Series<'_>> {
                let held: fn(&Self) -> Option<&Held<_>> = $held;
                held(self).map(|held| Series::$handle(held.body()))
            }

            fn kept(&self) -> Option<AnySeries> {
                let held: fn(&Self) -> Option<&Held<_>> = $held;
                held(self).map(|held| AnySeries::$handle(Arc::clone(held.body())))
            }

            fn open(series: &AnySeries) -> Option<Self> {
                match series {
                    AnySeries::$handle(body) => Some($of(Held::new(Arc::clone(body)))),
                    _ => None,
                }
            }
        }
    )*};
}

metric! {
    Counter: |counter| counter.0.block(), |held| Self(SumCell::new(held)), |material| material.cells(1);
    FloatCounter: |counter| counter.0.block(), |held| Self(SumCell::new(held)), |material| material.cells(1);
    UpDownCounter: |counter| counter.0.block(), |held| Self(SumCell::new(held)), |material| material.cells(1);
    Gauge: |gauge| gauge.0.as_ref(), |held| Self(Some(held)),
        |material| Some(GaugeCell::new(material.absent_until_set));
    SignalCounter: |counter| counter.0.as_ref(), |held| Self(Some(held)), |_| Some(SignalCell::new());
    Histogram: |histogram| histogram.core(), Self::new, |material| {
        let layout = material.layout?;
        let block = material.cells(pairs::cells(layout.bounds.len() + 1))?;
        Some(HistogramCore::new(block, Shared::clone(layout)))
    };
    IntegerHistogram: |histogram| histogram.core(), Self::new, |material| {
        let scale = material.scale?;
        let block = material.cells(pairs::cells(scale.bounds().len() + 1))?;
        Some(IntegerCore::new(block, scale))
    };
}
