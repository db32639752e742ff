//! Which labels of a set are open and which are closed, as types.
//!
//! A list is a nested pair that ends in `()`: the closed labels of `{ stream: String, status: Status, kind: Kind }`
//! are `(Status, (Kind, ()))`, its open ones `(Text, ())`. [`Labels::Open`](super::set::Labels::Open) and
//! [`Labels::Closed`](super::set::Labels::Closed) make them, field by field. So the compiler knows, without a macro
//! that reads types, how many values a look-up takes and what it gives: a handle when nothing is left to choose, else
//! a family of the closed labels.

use super::{key::KeyWriter, value::LabelValue};
use crate::{
    RegisterError,
    registry::{Family, LookUp, Metric},
};

/// Marks labels whose values are known beforehand.
#[derive(Debug)]
pub enum Closed {}

/// Marks labels that take any value.
#[derive(Debug)]
pub enum Open {}

/// Stands for an open label in a list of types.
#[derive(Debug)]
pub enum Text {}

/// Whether the values of a label are known: [`Closed`] or [`Open`].
pub trait Domain: sealed::Domain {
    /// Whether they are.
    const CLOSED: bool;

    /// The open labels `Rest` with one of the type `V` in front, if it is open.
    type OpenList<V, Rest>;

    /// The closed labels `Rest` with one of the type `V` in front, if it is closed.
    type ClosedList<V, Rest>;
}

impl Domain for Closed {
    const CLOSED: bool = true;

    type OpenList<V, Rest> = Rest;
    type ClosedList<V, Rest> = (V, Rest);
}

impl Domain for Open {
    const CLOSED: bool = false;

    type OpenList<V, Rest> = (Text, Rest);
    type ClosedList<V, Rest> = Rest;
}

/// Values for the open labels `Labels` of a set, in the order of their declaration: one value, or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit the open labels of this family",
    label = "one value for each open label is needed, in the order of their declaration",
    note = "one open label takes a value, several take a tuple; closed labels (enums, `bool`) are chosen by an index: \
            `family.with(open)?[closed]`, or `family[closed]` where none are open",
    note = "a value is a string, an integer, a type with `#[derive(LabelValue)]`, or `format_args!(\"{{value}}\")` of \
            whatever implements `Display`"
)]
pub trait OpenValues<Labels> {
    /// Writes the values one after the other.
    #[doc(hidden)]
    fn write(&self, key: &mut KeyWriter);
}

impl OpenValues<()> for () {
    fn write(&self, _: &mut KeyWriter) {}
}

impl<V: LabelValue> OpenValues<(Text, ())> for V {
    fn write(&self, key: &mut KeyWriter) {
        key.push(self);
    }
}

/// A list of closed labels, at most six: what is left to choose when the open ones are resolved.
#[diagnostic::on_unimplemented(
    message = "more than six closed labels would be left to choose",
    note = "look the series up by all of its labels: `family.series(&labels)`"
)]
pub trait ClosedList {
    /// A handle to a series when nothing is left, else a family.
    type Resolved<M: Metric>;

    #[doc(hidden)]
    fn resolve<M: Metric>(look_up: LookUp<'_>) -> Result<Self::Resolved<M>, RegisterError>;
}

impl ClosedList for () {
    type Resolved<M: Metric> = M;

    fn resolve<M: Metric>(look_up: LookUp<'_>) -> Result<M, RegisterError> {
        look_up.handle()
    }
}

impl<A> ClosedList for (A, ()) {
    type Resolved<M: Metric> = Family<A, M>;

    fn resolve<M: Metric>(look_up: LookUp<'_>) -> Result<Family<A, M>, RegisterError> {
        Family::of(look_up)
    }
}

macro_rules! tuples {
    ($($open:ty, $closed:ty: $($v:ident)*;)*) => {$(
        impl<$($v: LabelValue),*> OpenValues<$open> for ($($v,)*) {
            #[expect(non_snake_case, reason = "the variables are named for their types")]
            fn write(&self, key: &mut KeyWriter) {
                let ($($v,)*) = self;
                $(key.push($v);)*
            }
        }

        impl<$($v),*> ClosedList for $closed {
            type Resolved<Me: Metric> = Family<($($v,)*), Me>;

            fn resolve<Me: Metric>(look_up: LookUp<'_>) -> Result<Self::Resolved<Me>, RegisterError> {
                Family::of(look_up)
            }
        }
    )*};
}

tuples! {
    (Text, (Text, ())), (A, (B, ())): A B;
    (Text, (Text, (Text, ()))), (A, (B, (C, ()))): A B C;
    (Text, (Text, (Text, (Text, ())))), (A, (B, (C, (D, ())))): A B C D;
    (Text, (Text, (Text, (Text, (Text, ()))))), (A, (B, (C, (D, (E, ()))))): A B C D E;
    (Text, (Text, (Text, (Text, (Text, (Text, ())))))), (A, (B, (C, (D, (E, (F, ())))))): A B C D E F;
}

mod sealed {
    pub trait Domain {}

    impl Domain for super::Closed {}
    impl Domain for super::Open {}
}
