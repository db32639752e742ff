//! Values of one label.

use std::{borrow::Cow, fmt, rc::Rc, sync::Arc};

use super::list::{Closed, Domain, Open};

/// A type whose values are values of a label. `#[derive(LabelValue)]` writes this for enums and for newtypes.
///
/// Strings, integers, `char`, `bool` and [`fmt::Arguments`] are label values; so is an [`Option`] of one, with the
/// empty string for `None`. Whatever else can be displayed goes through [`format_args!`], which copies nothing to the
/// heap: `family.with(format_args!("{shard}"))`.
///
/// Written by hand for an enum, it is:
///
/// ```
/// use std::fmt;
/// use tachometer::labels::{Closed, LabelValue};
///
/// #[derive(Clone, Copy)]
/// enum Status { Ok, Failed }
///
/// impl LabelValue for Status {
///     type Domain = Closed;
///     const COUNT: usize = 2;
///
///     fn index(&self) -> usize {
///         *self as usize
///     }
///
///     fn value_at(index: usize) -> &'static str {
///         ["ok", "failed"][index]
///     }
///
///     fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
///         to.write_str(Self::value_at(self.index()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label value",
    label = "not a label value",
    note = "label values are strings, integers, `bool`, `Option`s of them, and types with `#[derive(LabelValue)]`",
    note = "for a type that implements `Display`, pass `format_args!(\"{{value}}\")`"
)]
pub trait LabelValue {
    /// [`Closed`] when the values are known beforehand, [`Open`] when they are not.
    type Domain: Domain;

    /// How many values there are. Means something for closed labels only.
    const COUNT: usize = 1;

    /// Which of the known values this is, less than [`COUNT`](Self::COUNT). Means something for closed labels only.
    #[inline]
    fn index(&self) -> usize {
        0
    }

    /// The known value with this index, which is less than [`COUNT`](Self::COUNT). Each index has another value. Means
    /// something for closed labels only.
    #[must_use]
    fn value_at(_index: usize) -> &'static str {
        ""
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// Those of the writer, and an error for a value that cannot be written; the look-up then fails.
    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result;
}

impl<V: LabelValue + ?Sized> LabelValue for &V {
    type Domain = V::Domain;

    const COUNT: usize = V::COUNT;

    #[inline]
    fn index(&self) -> usize {
        (**self).index()
    }

    fn value_at(index: usize) -> &'static str {
        V::value_at(index)
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        (**self).write(to)
    }
}

impl LabelValue for bool {
    type Domain = Closed;

    const COUNT: usize = 2;

    #[inline]
    fn index(&self) -> usize {
        usize::from(*self)
    }

    fn value_at(index: usize) -> &'static str {
        if index == 0 { "false" } else { "true" }
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        to.write_str(Self::value_at(self.index()))
    }
}

/// `None` is the empty string, which Prometheus treats as a label that is not there.
impl<V: LabelValue> LabelValue for Option<V> {
    type Domain = V::Domain;

    const COUNT: usize = if V::Domain::CLOSED { V::COUNT + 1 } else { 1 };

    #[inline]
    fn index(&self) -> usize {
        match self {
            Some(value) if V::Domain::CLOSED => value.index().saturating_add(1),
            _ => 0,
        }
    }

    fn value_at(index: usize) -> &'static str {
        index.checked_sub(1).map_or("", V::value_at)
    }

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| value.write(to))
    }
}

macro_rules! open_string {
    ($($string:ty),*) => {$(
        impl LabelValue for $string {
            type Domain = Open;

            fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
                to.write_str(self)
            }
        }
    )*};
}

open_string!(str, String, Box<str>, Arc<str>, Rc<str>, Cow<'_, str>);

macro_rules! open_display {
    ($($displayed:ty),*) => {$(
        impl LabelValue for $displayed {
            type Domain = Open;

            fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
                write!(to, "{self}")
            }
        }
    )*};
}

open_display!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, fmt::Arguments<'_>);
