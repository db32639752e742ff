//! Sets of labels: structs, tuples, or one value by itself.

use super::{
    key::KeyWriter,
    label::Label,
    list::{ClosedList, Domain},
    value::LabelValue,
};
use crate::{error::RegisterErrorReason as Reason, name_policy::NamePolicy, registry::MAX_COMBINATIONS};

/// The labels of a family. `#[derive(Labels)]` writes this for structs.
///
/// A [`LabelValue`] by itself and a tuple of up to six are sets of labels too, whose names are given when the family is
/// declared ([`Declaration::labels`](crate::Declaration::labels)).
///
/// Written by hand for a struct, it is:
///
/// ```
/// use tachometer::labels::{Domain, KeyWriter, LabelDescriber, LabelValue, Labels};
///
/// struct Sent {
///     stream_name: String,
///     retried: bool,
/// }
///
/// impl Labels for Sent {
///     type Shape = Sent;
///     type Open<Rest> = <String as Labels>::Open<<bool as Labels>::Open<Rest>>;
///     type Closed<Rest> = <String as Labels>::Closed<<bool as Labels>::Closed<Rest>>;
///     const COUNT: usize = <String as Labels>::COUNT * <bool as Labels>::COUNT;
///
///     fn describe(labels: &mut LabelDescriber<'_>) {
///         labels.label::<String>("stream_name");
///         labels.label::<bool>("retried");
///     }
///
///     fn index(&self) -> usize {
///         Labels::index(&self.stream_name) * <bool as Labels>::COUNT + Labels::index(&self.retried)
///     }
///
///     fn write(&self, key: &mut KeyWriter) {
///         key.push(&self.stream_name);
///         key.push(&self.retried);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of labels",
    label = "not a set of labels",
    note = "use a type with `#[derive(LabelValue)]` for one label, a struct with `#[derive(Labels)]` for several"
)]
pub trait Labels {
    /// Tells the labels of one struct from those of another, whatever their type parameters: a family of
    /// `Stream<String>` is looked up with a `Stream<&str>`.
    type Shape;

    /// The open labels, in front of `Rest`.
    type Open<Rest>;

    /// The closed labels, in front of `Rest`.
    type Closed<Rest>;

    /// The combinations of the closed labels' values; 1 when there are none.
    const COUNT: usize;

    /// How many of the labels have no name of their own, and get one when the family is declared.
    const UNNAMED: usize = 0;

    /// Names the labels, in the order in which the other methods take them.
    fn describe(labels: &mut LabelDescriber<'_>);

    /// Which combination of the closed labels' values this is, less than [`COUNT`](Self::COUNT).
    fn index(&self) -> usize;

    /// Pushes the values of all labels. The writer takes the open ones.
    fn write(&self, key: &mut KeyWriter);
}

/// Labels that are all closed. A family of them is indexed: `family[labels]`.
pub trait ClosedLabels: Labels {}

impl<L: Labels<Open<()>: NoOpenLabels>> ClosedLabels for L {}

/// The list of open labels that has none. A trait instead of an equation of types, for the sake of the message.
#[diagnostic::on_unimplemented(
    message = "this family has open labels, whose values are not known beforehand, and cannot be indexed",
    label = "has open labels (strings, numbers)",
    note = "resolve the open labels once, and keep the result: `family.with(open)?[closed]`"
)]
pub trait NoOpenLabels {}

impl NoOpenLabels for () {}

/// Labels that a family can be looked up by: the family's own, or the same struct with other type parameters for its
/// open labels.
pub trait LabelsOf<L>: Labels {}

impl<L: Labels, K: Labels> LabelsOf<L> for K where All<K>: SameLabels<All<L>> {}

/// What tells sets of labels apart.
type All<L> = (<L as Labels>::Shape, <L as Labels>::Open<()>, Rest<L>);

/// Equality of types, for the sake of the message.
#[diagnostic::on_unimplemented(
    message = "these are not the labels of this family",
    label = "other labels than the family's",
    note = "a family is looked up with the struct it was declared with; its open labels may have other types there, such \
            as `&str` for `String`"
)]
pub trait SameLabels<L> {}

impl<L> SameLabels<L> for L {}

/// What is left to choose when the open labels of `L` are resolved.
pub(crate) type Rest<L> = <L as Labels>::Closed<()>;

/// A handle to a series, or the family of the closed labels of `L`.
pub type Resolved<L, M> = <Rest<L> as ClosedList>::Resolved<M>;

/// An index that no value has. It lies beyond all combinations, and so does whatever is made of it and other labels'
/// indices.
const NO_INDEX: usize = MAX_COMBINATIONS;

/// Stands for the shape of labels without a struct.
#[derive(Debug)]
pub enum Unnamed {}

impl<V: LabelValue> Labels for V {
    type Shape = Unnamed;
    type Open<Rest> = <V::Domain as Domain>::OpenList<V, Rest>;
    type Closed<Rest> = <V::Domain as Domain>::ClosedList<V, Rest>;

    const COUNT: usize = if V::Domain::CLOSED { V::COUNT } else { 1 };
    const UNNAMED: usize = 1;

    fn describe(labels: &mut LabelDescriber<'_>) {
        labels.unnamed::<V>();
    }

    #[inline]
    fn index(&self) -> usize {
        match LabelValue::index(self) {
            _ if !V::Domain::CLOSED => 0,
            index if index < V::COUNT => index,
            // As one digit of several it could make up the index of a combination that it is not part of.
            _ => NO_INDEX,
        }
    }

    fn write(&self, key: &mut KeyWriter) {
        key.push(self);
    }
}

impl Labels for () {
    type Shape = Unnamed;
    type Open<Rest> = Rest;
    type Closed<Rest> = Rest;

    const COUNT: usize = 1;

    fn describe(_: &mut LabelDescriber<'_>) {}

    #[inline]
    fn index(&self) -> usize {
        0
    }

    fn write(&self, _: &mut KeyWriter) {}
}

macro_rules! nested {
    ($list:ident<$rest:ident> of $v:ident) => { <$v as Labels>::$list<$rest> };
    ($list:ident<$rest:ident> of $v:ident $($more:ident)+) => {
        <$v as Labels>::$list<nested!($list<$rest> of $($more)+)>
    };
}

macro_rules! tuples {
    ($($($v:ident)*;)*) => {$(
        impl<$($v: LabelValue),*> Labels for ($($v,)*) {
            type Shape = Unnamed;
            type Open<Rest> = nested!(Open<Rest> of $($v)*);
            type Closed<Rest> = nested!(Closed<Rest> of $($v)*);

            const COUNT: usize = 1 $(* <$v as Labels>::COUNT)*;
            const UNNAMED: usize = 0 $(+ <$v as Labels>::UNNAMED)*;

            fn describe(labels: &mut LabelDescriber<'_>) {
                $(labels.unnamed::<$v>();)*
            }

            #[inline]
            #[expect(non_snake_case, reason = "the variables are named for their types")]
            fn index(&self) -> usize {
                let ($($v,)*) = self;
                let index = 0;
                $(let index = index * <$v as Labels>::COUNT + Labels::index($v);)*
                index
            }

            #[expect(non_snake_case, reason = "the variables are named for their types")]
            fn write(&self, key: &mut KeyWriter) {
                let ($($v,)*) = self;
                $(key.push($v);)*
            }
        }
    )*};
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

/// Takes the names of a set's labels, from [`Labels::describe`].
#[derive(Debug)]
pub struct LabelDescriber<'a> {
    policy: NamePolicy,
    /// For labels that have no name of their own.
    given: std::slice::Iter<'a, &'a str>,
    labels: Vec<Label>,
    problem: Option<Reason>,
}

impl<'a> LabelDescriber<'a> {
    /// Adds a label with this name and values of the type `V`.
    pub fn label<V: LabelValue>(&mut self, name: &str) {
        match Label::of::<V>(self.policy, name) {
            Ok(label) => self.labels.push(label),
            Err(problem) => self.fail(problem),
        }
    }

    /// Adds a label whose name was given when the family was declared.
    pub fn unnamed<V: LabelValue>(&mut self) {
        match self.given.next() {
            Some(name) => self.label::<V>(name),
            None => self.fail(Reason::UnnamedLabel),
        }
    }

    fn fail(&mut self, problem: Reason) {
        self.problem.get_or_insert(problem);
    }

    /// The labels of `L`, with the names in `given` for those that have none.
    pub(crate) fn labels_of<L: Labels>(
        policy: NamePolicy,
        given: &'a [&'a str],
    ) -> Result<Vec<Label>, Reason> {
        let mut labels = LabelDescriber { policy, given: given.iter(), labels: Vec::new(), problem: None };
        L::describe(&mut labels);
        if let Some(name) = labels.given.next() {
            labels.fail(Reason::UnknownLabel((*name).into()));
        }
        labels.problem.map_or(Ok(labels.labels), Err)
    }
}
