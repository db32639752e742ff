//! What the types of handles have in common for the registry: a kind, and storage to make a handle of.

#![expect(
    private_interfaces,
    reason = "the trait is sealed: nobody outside can name it, so its types cannot leak"
)]

use std::sync::Arc as Shared;

use crate::{
    Counter, FloatCounter, Gauge, Histogram, MetricKind, SignalCounter, UpDownCounter,
    buckets::Layout,
    cells::SumCell,
    histogram::HistogramCore,
    pairs,
    shard::{Arena, CellBlock},
    snapshot::{
        collect::{Callback, Source},
        schema::Shape,
    },
    sync::{Arc, AtomicF64, AtomicU64},
};

/// A type of handle that a registry makes.
pub trait Metric: sealed::Sealed + Clone + Send + Sync + 'static {}

pub(crate) mod sealed {
    use super::{Arena, Kind, Layout, Shared, Storage};

    pub trait Sealed: Sized {
        /// What the family is registered as.
        const KIND: Kind;

        /// The handle that records nothing.
        fn noop() -> Self;

        /// New storage for a series; `None` when the process has no cells left.
        fn storage(arena: &'static Arena, layout: Option<&Shared<Layout>>) -> Option<Storage>;

        /// A handle to storage of this kind, `None` for another kind's.
        fn open(storage: &Storage) -> Option<Self>;
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
    SignalCounter,
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
            Self::SignalCounter => "signal counter",
            Self::CounterFn => "counter callback",
            Self::GaugeFn => "gauge callback",
        }
    }

    pub(crate) fn exposed(self) -> MetricKind {
        match self {
            Self::Counter | Self::FloatCounter | Self::SignalCounter | Self::CounterFn => MetricKind::Counter,
            Self::UpDownCounter | Self::Gauge | Self::GaugeFn => MetricKind::Gauge,
            Self::Histogram => MetricKind::Histogram,
        }
    }
}

/// Where a series' values live.
#[derive(Clone)]
pub(crate) enum Storage {
    Integer(Arc<CellBlock>),
    Float(Arc<CellBlock>),
    Pairs(Arc<HistogramCore>),
    Gauge(Arc<AtomicF64>),
    Signal(Arc<AtomicU64>),
    Callback(Callback),
}

impl Storage {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Integer(block) => Source::Integer(Arc::clone(block)),
            Self::Float(block) => Source::Float(Arc::clone(block)),
            Self::Pairs(core) => Source::Pairs { block: Arc::clone(core.block()), buckets: core.buckets() },
            Self::Gauge(cell) => Source::Gauge(Arc::clone(cell)),
            Self::Signal(cell) => Source::Signal(Arc::clone(cell)),
            Self::Callback(call) => Source::Callback(Callback::clone(call)),
        }
    }

    pub(crate) fn shape(&self, kind: Kind) -> Shape {
        match (self, kind) {
            (Self::Pairs(core), _) => Shape::Histogram(Shared::clone(core.bounds())),
            (_, Kind::UpDownCounter) => Shape::I64,
            (_, Kind::Counter | Kind::SignalCounter | Kind::CounterFn) => Shape::U64,
            (_, Kind::FloatCounter | Kind::Gauge | Kind::GaugeFn | Kind::Histogram) => Shape::F64,
        }
    }
}

/// The counters of one cell differ only in how the cell's bits are read.
macro_rules! one_cell {
    ($($handle:ident in $storage:ident;)*) => {$(
        impl Metric for $handle {}
        impl sealed::Sealed for $handle {
            const KIND: Kind = Kind::$handle;

            fn noop() -> Self {
                Self::noop()
            }

            fn storage(arena: &'static Arena, _: Option<&Shared<Layout>>) -> Option<Storage> {
                Some(Storage::$storage(arena.take_cells(1)?))
            }

            fn open(storage: &Storage) -> Option<Self> {
                match storage {
                    Storage::$storage(block) => Some(Self(SumCell::new(Arc::clone(block)))),
                    _ => None,
                }
            }
        }
    )*};
}

one_cell! {
    Counter in Integer;
    FloatCounter in Float;
    UpDownCounter in Integer;
}

/// The handles to one shared atomic.
macro_rules! one_atomic {
    ($($handle:ident in $storage:ident, zero $zero:expr;)*) => {$(
        impl Metric for $handle {}
        impl sealed::Sealed for $handle {
            const KIND: Kind = Kind::$handle;

            fn noop() -> Self {
                Self::noop()
            }

            fn storage(_: &'static Arena, _: Option<&Shared<Layout>>) -> Option<Storage> {
                Some(Storage::$storage(Arc::new($zero)))
            }

            fn open(storage: &Storage) -> Option<Self> {
                match storage {
                    Storage::$storage(cell) => Some(Self(Some(Arc::clone(cell)))),
                    _ => None,
                }
            }
        }
    )*};
}

one_atomic! {
    Gauge in Gauge, zero AtomicF64::new(0.0);
    SignalCounter in Signal, zero AtomicU64::new(0);
}

impl Metric for Histogram {}
impl sealed::Sealed for Histogram {
    const KIND: Kind = Kind::Histogram;

    fn noop() -> Self {
        Self::noop()
    }

    fn storage(arena: &'static Arena, layout: Option<&Shared<Layout>>) -> Option<Storage> {
        let layout = layout?;
        let cells = pairs::cells(layout.bounds.len() + 1);
        let block = arena.take_cells(cells as u16)?;
        Some(Storage::Pairs(Arc::new(HistogramCore::new(block, Shared::clone(layout)))))
    }

    fn open(storage: &Storage) -> Option<Self> {
        match storage {
            Storage::Pairs(core) => Some(Self::new(Arc::clone(core))),
            _ => None,
        }
    }
}
