//! Numbers of a snapshot, each in the type that its metric counts in.

use std::{cmp::Ordering, fmt};

/// A number in the type that its metric counts in, so that nothing is lost on the way to a renderer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Of a counter.
    U64(u64),
    /// Of an up-down counter.
    I64(i64),
    /// Of a float counter or a gauge.
    F64(f64),
}

impl Number {
    /// The nearest float.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::U64(value) => value as f64,
            Self::I64(value) => value as f64,
            Self::F64(value) => value,
        }
    }

    /// Which one is greater, exactly and whatever their types: no integer is rounded to a float for it. `None` when one
    /// of them is NaN.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use tachometer::Number;
    ///
    /// assert_eq!(Number::U64(3).compare(Number::F64(3.0)), Some(Ordering::Equal));
    /// assert_eq!(Number::U64((1 << 53) + 1).compare(Number::F64((1_u64 << 53) as f64)), Some(Ordering::Greater));
    /// ```
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self.integer(), other.integer()) {
            (Some(one), Some(two)) => Some(one.cmp(&two)),
            (Some(one), None) => compare_with_float(one, other.as_f64()),
            (None, Some(two)) => compare_with_float(two, self.as_f64()).map(Ordering::reverse),
            (None, None) => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }

    fn integer(self) -> Option<i128> {
        match self {
            Self::U64(value) => Some(value.into()),
            Self::I64(value) => Some(value.into()),
            Self::F64(_) => None,
        }
    }
}

/// As the value, with a point in floats: `3` is a number of events, `3.0` a level.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U64(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::F64(value) => fmt::Debug::fmt(value, f),
        }
    }
}

macro_rules! from {
    ($($variant:ident: $($from:ty),+;)+) => {
        $($(
            impl From<$from> for Number {
                fn from(value: $from) -> Self {
                    Self::$variant(value.into())
                }
            }
        )+)+
    };
}

from! {
    U64: u8, u16, u32, u64;
    I64: i8, i16, i32, i64;
    F64: f32, f64;
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        // No wider than 64 bits anywhere.
        Self::U64(value as u64)
    }
}

/// Compares an integer of at most 64 bits with a float.
fn compare_with_float(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // Exact where the float is small enough to meet the integer at all, and on the right side of it elsewhere.
    match integer.cmp(&(float.trunc() as i128)) {
        Ordering::Equal => 0.0.partial_cmp(&float.fract()),
        unequal => Some(unequal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_exactly_across_their_types() {
        use Number::{F64, I64, U64};
        let beyond = (1_u64 << 53) + 1;
        for (one, two, expected) in [
            (U64(3), I64(3), Some(Ordering::Equal)),
            (U64(3), F64(3.0), Some(Ordering::Equal)),
            (U64(3), F64(3.5), Some(Ordering::Less)),
            (I64(-3), F64(-3.5), Some(Ordering::Greater)),
            (I64(0), F64(-0.0), Some(Ordering::Equal)),
            (I64(-1), U64(u64::MAX), Some(Ordering::Less)),
            (U64(beyond), F64(beyond as f64), Some(Ordering::Greater)),
            (U64(beyond), U64(beyond - 1), Some(Ordering::Greater)),
            (U64(u64::MAX), F64(f64::INFINITY), Some(Ordering::Less)),
            (U64(u64::MAX), F64(1e300), Some(Ordering::Less)),
            (I64(i64::MIN), F64(f64::NEG_INFINITY), Some(Ordering::Greater)),
            (U64(0), F64(f64::NAN), None),
            (F64(f64::NAN), F64(f64::NAN), None),
            (F64(1.5), F64(2.5), Some(Ordering::Less)),
        ] {
            assert_eq!(one.compare(two), expected, "{one} and {two}");
            assert_eq!(two.compare(one), expected.map(Ordering::reverse), "{two} and {one}");
        }
    }
}
