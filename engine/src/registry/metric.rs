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
    gauge::GaugeCell,
    held::Held,
    histogram::HistogramCore,
    integer_histogram::{IntegerCore, Scale},
    pairs,
    shard::{Arena, CellBlock},
    signal_counter::SignalCell,
    snapshot::{collect::Source, schema::Shape},
    state_set::StateCell,
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
    /// Whether handles count themselves.
    pub(crate) counted: bool,
}

impl Material<'_> {
    fn cells(&self, len: usize) -> Option<Arc<CellBlock>> {
        self.arena.take_cells(len as u16, self.counted)
    }
}

pub(crate) mod sealed {
    use super::{AnyHandle, Kind, Material, Series};

    pub trait Sealed: Sized {
        /// What the family is registered as.
        const KIND: Kind;

        /// The handle that records nothing.
        fn noop() -> Self;

        /// The same, to lend.
        fn noop_ref() -> &'static Self;

        /// A handle to a new series; `None` when the process has no cells left.
        fn make(material: &Material<'_>) -> Option<Self>;

        /// The series behind the handle.
        fn series(&self) -> Series<'_>;

        /// The handle, with its type as a value.
        fn into_any(self) -> AnyHandle;

        /// The handle in one of this type, `None` for another type's.
        fn of(handle: &AnyHandle) -> Option<&Self>;
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

    /// Whether the series have buckets.
    pub(crate) const fn has_buckets(self) -> bool {
        matches!(self, Self::Histogram | Self::IntegerHistogram)
    }

    /// Whether the series are asked for, and not kept.
    pub(crate) fn is_asked(self) -> bool {
        matches!(self, Self::CounterFn | Self::GaugeFn)
    }

    /// What the names of the family's samples end in.
    pub(crate) fn sample_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram | Self::IntegerHistogram => &["", "_bucket", "_sum", "_count"],
            Self::Info => &["", "_info"],
            _ => &[""],
        }
    }
}

/// A handle of any type.
#[derive(Clone)]
pub(crate) enum AnyHandle {
    Counter(Counter),
    FloatCounter(FloatCounter),
    UpDownCounter(UpDownCounter),
    Gauge(Gauge),
    Histogram(Histogram),
    IntegerHistogram(IntegerHistogram),
    SignalCounter(SignalCounter),
    StateSet(Arc<StateCell>),
    Info,
}

impl AnyHandle {
    pub(crate) fn series(&self) -> Series<'_> {
        match self {
            Self::Counter(counter) => Series::Counter(counter),
            Self::FloatCounter(counter) => Series::FloatCounter(counter),
            Self::UpDownCounter(counter) => Series::UpDownCounter(counter),
            Self::Gauge(gauge) => Series::Gauge(gauge),
            Self::Histogram(histogram) => Series::Histogram(histogram),
            Self::IntegerHistogram(histogram) => Series::IntegerHistogram(histogram),
            Self::SignalCounter(counter) => Series::SignalCounter(counter),
            Self::StateSet(cell) => Series::StateSet(cell),
            Self::Info => Series::Info,
        }
    }
}

/// A series, as a handle to it knows it.
#[derive(Clone, Copy)]
pub(crate) enum Series<'a> {
    Counter(&'a Counter),
    FloatCounter(&'a FloatCounter),
    UpDownCounter(&'a UpDownCounter),
    Gauge(&'a Gauge),
    Histogram(&'a Histogram),
    IntegerHistogram(&'a IntegerHistogram),
    SignalCounter(&'a SignalCounter),
    StateSet(&'a Arc<StateCell>),
    Info,
}

impl Series<'_> {
    /// Where a snapshot finds the values. Handles without cells are not made into series.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Counter(Counter(cell)) | Self::UpDownCounter(UpDownCounter(cell)) => {
                cell.block().map(|block| Source::Integer(Arc::clone(block.arc())))
            }
            Self::FloatCounter(FloatCounter(cell)) => {
                cell.block().map(|block| Source::Float(Arc::clone(block.arc())))
            }
            Self::Gauge(Gauge(cell)) => cell.as_ref().map(|cell| Source::Gauge(Arc::clone(cell.arc()))),
            Self::Histogram(histogram) => histogram
                .core()
                .map(|core| Source::Pairs { block: Arc::clone(core.block()), buckets: core.buckets() }),
            Self::IntegerHistogram(histogram) => histogram.core().map(|core| Source::IntegerPairs {
                block: Arc::clone(core.block()),
                buckets: core.buckets(),
                per_unit: core.scale().resolution().per_unit(),
            }),
            Self::SignalCounter(SignalCounter(cell)) => {
                cell.as_ref().map(|cell| Source::Signal(Arc::clone(cell.arc())))
            }
            Self::StateSet(cell) => Some(Source::States(Arc::clone(cell))),
            Self::Info => None,
        }
        .unwrap_or(Source::Info)
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Histogram(histogram) => {
                let bounds = histogram.core().map(|core| Shared::clone(core.bounds()));
                Shape::Histogram(bounds.unwrap_or_default())
            }
            Self::IntegerHistogram(histogram) => {
                let bounds = histogram.core().map(|core| Shared::clone(core.scale().bounds()));
                Shape::Histogram(bounds.unwrap_or_default())
            }
            Self::StateSet(cell) => Shape::StateSet(Shared::clone(cell.names())),
            Self::Info => Shape::Info,
            Self::UpDownCounter(_) => Shape::I64,
            Self::Counter(_) | Self::SignalCounter(_) => Shape::U64,
            Self::FloatCounter(_) | Self::Gauge(_) => Shape::F64,
        }
    }

    /// Begins the series again.
    pub(crate) fn reset(self) {
        match self {
            Self::Counter(counter) => counter.reset(),
            Self::FloatCounter(counter) => counter.reset(),
            Self::UpDownCounter(counter) => counter.reset(),
            Self::Gauge(gauge) => gauge.reset(),
            Self::Histogram(histogram) => histogram.reset(),
            Self::IntegerHistogram(histogram) => histogram.reset(),
            Self::SignalCounter(counter) => counter.reset(),
            Self::StateSet(_) | Self::Info => {}
        }
    }

    /// Whether nobody but this series itself needs it; false where handles are not counted.
    pub(crate) fn is_unheld(self) -> bool {
        match self {
            Self::Counter(Counter(cell)) | Self::FloatCounter(FloatCounter(cell)) => {
                cell.block().is_some_and(Held::is_only)
            }
            // What was added will be taken away again, also through a handle that is looked up then.
            Self::UpDownCounter(counter) => {
                counter.0.block().is_some_and(Held::is_only) && counter.value() == 0
            }
            Self::Gauge(Gauge(cell)) => cell.as_ref().is_some_and(Held::is_only),
            Self::Histogram(histogram) => histogram.core().is_some_and(Held::is_only),
            Self::IntegerHistogram(histogram) => histogram.core().is_some_and(Held::is_only),
            Self::SignalCounter(SignalCounter(cell)) => cell.as_ref().is_some_and(Held::is_only),
            Self::StateSet(_) | Self::Info => false,
        }
    }

    /// A number that differs when something was recorded (but for a gauge that was set to the same value).
    pub(crate) fn fingerprint(self) -> u64 {
        match self {
            Self::Counter(counter) => counter.value(),
            Self::FloatCounter(counter) => counter.value().to_bits(),
            Self::UpDownCounter(counter) => counter.value() as u64,
            Self::Gauge(gauge) => gauge.bits(),
            Self::Histogram(histogram) => histogram.value().count,
            Self::IntegerHistogram(histogram) => histogram.value().count,
            Self::SignalCounter(counter) => counter.value(),
            Self::StateSet(_) | Self::Info => 0,
        }
    }
}

macro_rules! metric {
    ($($handle:ident: $make:expr;)*) => {$(
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

            fn make(material: &Material<'_>) -> Option<Self> {
                let make: fn(&Material<'_>) -> Option<Self> = $make;
                make(material)
            }

            fn series(&self) -> Series<'_> {
                Series::$handle(self)
            }

            fn into_any(self) -> AnyHandle {
                AnyHandle::$handle(self)
            }

            fn of(handle: &AnyHandle) -> Option<&Self> {
                match handle {
                    AnyHandle::$handle(handle) => Some(handle),
                    _ => None,
                }
            }
        }
    )*};
}

metric! {
    Counter: |material| Some(Self(sum_cell(material)?));
    FloatCounter: |material| Some(Self(sum_cell(material)?));
    UpDownCounter: |material| Some(Self(sum_cell(material)?));
    Gauge: |material| {
        let cell = GaugeCell::new(material.absent_until_set, material.counted);
        Some(Self(Some(Held::new(Arc::new(cell)))))
    };
    SignalCounter: |material| Some(Self(Some(Held::new(Arc::new(SignalCell::new(material.counted))))));
    Histogram: |material| {
        let layout = material.layout?;
        let block = material.cells(pairs::cells(layout.bounds.len() + 1))?;
        Some(Self::new(Arc::new(HistogramCore::new(block, Shared::clone(layout)))))
    };
    IntegerHistogram: |material| {
        let scale = material.scale?;
        let block = material.cells(pairs::cells(scale.bounds().len() + 1))?;
        Some(Self::new(IntegerCore::new(block, scale)))
    };
}

fn sum_cell(material: &Material<'_>) -> Option<SumCell> {
    Some(SumCell::new(Held::new(material.cells(1)?)))
}
