//! What the expression in an attribute gives.

use crate::{
    Counter, DynamicFamily, Family, FloatCounter, Gauge, Histogram, RegisterError, SignalCounter,
    StaticCounter, StaticFloatCounter, StaticGauge, StaticHistogram, StaticSignalCounter,
    StaticUpDownCounter, UpDownCounter,
};

/// A handle, a reference to one, or the result of a look-up.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle",
    label = "gives no handle",
    note = "the expression in the attribute gives a handle, a reference to one, or what a look-up returns: \
            `self.latency`, `LATENCY`, `self.requests[method]`, `self.requests.with(endpoint)`",
    note = "the name of a metric is a string literal"
)]
pub trait Given {
    /// The handle.
    type Handle;

    /// The handle; `None` if the look-up failed.
    fn handle(&self) -> Option<&Self::Handle>;
}

macro_rules! handles {
    ($([$($parameters:ident),*] $handle:ty;)*) => {$(
        impl<$($parameters),*> Given for $handle {
            type Handle = Self;

            #[inline(always)]
            fn handle(&self) -> Option<&Self> {
                Some(self)
            }
        }
    )*};
}

handles! {
    [] Counter;
    [] FloatCounter;
    [] UpDownCounter;
    [] Gauge;
    [] Histogram;
    [] SignalCounter;
    [] StaticCounter;
    [] StaticFloatCounter;
    [] StaticUpDownCounter;
    [] StaticGauge;
    [] StaticHistogram;
    [] StaticSignalCounter;
    [L, M] Family<L, M>;
    [M] DynamicFamily<M>;
}

impl<G: Given> Given for &G {
    type Handle = G::Handle;

    #[inline(always)]
    fn handle(&self) -> Option<&G::Handle> {
        (**self).handle()
    }
}

impl<G: Given> Given for Result<G, RegisterError> {
    type Handle = G::Handle;

    #[inline]
    fn handle(&self) -> Option<&G::Handle> {
        self.as_ref().ok().and_then(G::handle)
    }
}

/// A handle that counts events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count calls",
    label = "not a counter",
    note = "`#[counted(...)]` takes a `Counter`, a `FloatCounter`, a `SignalCounter`, or the static twin of one"
)]
pub trait Count {
    /// Counts one.
    fn count(&self);
}

macro_rules! count {
    ($($handle:ident: $one:expr;)*) => {$(
        impl Count for $handle {
            #[inline]
            fn count(&self) {
                self.add($one);
            }
        }
    )*};
}

count! {
    Counter: 1;
    FloatCounter: 1.0;
    SignalCounter: 1;
    StaticCounter: 1;
    StaticFloatCounter: 1.0;
    StaticSignalCounter: 1;
}
