//! Labels written by hand, without a derive, that several tests use.
#![allow(dead_code, reason = "each test uses some")]

use std::fmt;

use tachometer::labels::{Closed, KeyWriter, LabelDescriber, LabelValue, Labels};

/// An enum whose variants are the values of a closed label.
macro_rules! closed_label {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant),* }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];
        }

        impl LabelValue for $name {
            type Domain = Closed;

            const COUNT: usize = Self::ALL.len();

            fn index(&self) -> usize {
                *self as usize
            }

            fn value_at(index: usize) -> &'static str {
                [$($text),*][index]
            }

            fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
                to.write_str(Self::value_at(*self as usize))
            }
        }
    };
}

closed_label!(
    /// What became of a request.
    Status { Ok = "ok", Throttled = "throttled", Failed = "failed" }
);
closed_label!(
    /// What was asked for.
    Method { Read = "read", Write = "write" }
);

/// One open label and one closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<S> {
    pub(crate) stream_name: S,
    pub(crate) status: Status,
}

/// Stands for the shape of [`Sent`], whatever its type parameter.
#[derive(Debug)]
pub(crate) enum SentShape {}

impl<S: LabelValue> Labels for Sent<S> {
    type Shape = SentShape;
    type Open<Rest> = <S as Labels>::Open<<Status as Labels>::Open<Rest>>;
    type Closed<Rest> = <S as Labels>::Closed<<Status as Labels>::Closed<Rest>>;

    const COUNT: usize = <S as Labels>::COUNT * <Status as Labels>::COUNT;

    fn describe(labels: &mut LabelDescriber<'_>) {
        labels.label::<S>("stream_name");
        labels.label::<Status>("status");
    }

    fn index(&self) -> usize {
        Labels::index(&self.stream_name) * <Status as Labels>::COUNT + Labels::index(&self.status)
    }

    fn write(&self, key: &mut KeyWriter) {
        key.push(&self.stream_name);
        key.push(&self.status);
    }
}

/// Two closed labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) status: Status,
}

impl Labels for Request {
    type Shape = Self;
    type Open<Rest> = <Method as Labels>::Open<<Status as Labels>::Open<Rest>>;
    type Closed<Rest> = <Method as Labels>::Closed<<Status as Labels>::Closed<Rest>>;

    const COUNT: usize = <Method as Labels>::COUNT * <Status as Labels>::COUNT;

    fn describe(labels: &mut LabelDescriber<'_>) {
        labels.label::<Method>("method");
        labels.label::<Status>("status");
    }

    fn index(&self) -> usize {
        Labels::index(&self.method) * <Status as Labels>::COUNT + Labels::index(&self.status)
    }

    fn write(&self, key: &mut KeyWriter) {
        key.push(&self.method);
        key.push(&self.status);
    }
}

/// A label value whose index lies where its author did not look: `COUNT` and beyond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stray(pub(crate) usize);

impl LabelValue for Stray {
    type Domain = Closed;

    const COUNT: usize = 3;

    fn index(&self) -> usize {
        self.0
    }

    fn value_at(index: usize) -> &'static str {
        ["a", "b", "c"][index]
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{}", self.0)
    }
}
