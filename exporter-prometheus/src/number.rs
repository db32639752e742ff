//! Numbers as the text format spells them.
//!
//! Most values of an exposition are whole: counts, buckets, queue sizes. They are printed by `itoa`, digit for digit,
//! also when they come as `f64`. The rest is printed by `zmij`, which gives the shortest digits that read back as the
//! same `f64`, and the exponent form for what is very large or very small: no value takes more than 24 bytes.

use std::fmt::Write;

use tachometer::Number;

/// Appends any value.
pub(crate) fn push_number(out: &mut String, number: Number) {
    match number {
        Number::U64(value) => push_u64(out, value),
        Number::I64(value) => push_i64(out, value),
        Number::F64(value) => push_f64(out, value),
    }
}

/// Appends `value` digit for digit.
pub(crate) fn push_u64(out: &mut String, value: u64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends `value` digit for digit.
pub(crate) fn push_i64(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends `value` so that it reads back as the same `f64`: `1`, `0.1`, `1e+16`, `+Inf`, `-Inf`, `NaN`.
pub(crate) fn push_f64(out: &mut String, value: f64) {
    if let Some(whole) = as_small_integer(value) {
        push_i64(out, whole);
    } else if value.is_finite() {
        // A whole number that comes here is so large that its neighbours are not floats. Its point says that it is one:
        // without, it would be taken for a count that is exact to the last digit.
        let mut buffer = zmij::Buffer::new();
        out.push_str(if value == 0.0 { "-0" } else { buffer.format_finite(value) });
    } else if value.is_nan() {
        out.push_str("NaN");
    } else {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
}

/// Appends `value` as OpenMetrics wants a number that is a label's value: as Go prints it, and with a point where that has
/// neither a point nor an exponent: `0.1`, `1.0`, `1e+06`, `1e-09`.
pub(crate) fn push_canonical(out: &mut String, value: f64) {
    /// Exponents from which on Go takes the form with an exponent.
    const SMALL: i32 = -4;
    const LARGE: i32 = 6;
    // The fewest digits that read back, with an exponent.
    let digits = format!("{value:e}");
    let exponent = digits.split_once('e').and_then(|(_, exponent)| exponent.parse().ok());
    match exponent {
        Some(SMALL..LARGE) => {
            // Neither is too long for this form, which has no exponent and reads back too.
            let _ = write!(out, "{value:?}");
        }
        Some(exponent) => {
            let mantissa = digits.split('e').next().unwrap_or_default();
            let sign = if exponent < 0 { '-' } else { '+' };
            let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
        }
        None => push_f64(out, value),
    }
}

/// The integer that `value` is, if it is one whose neighbours are also exact. Comparing bits keeps `-0.0` out, whose
/// sign an integer would lose.
fn as_small_integer(value: f64) -> Option<i64> {
    const EXACT_BELOW: u64 = 1 << f64::MANTISSA_DIGITS;
    let whole = value as i64;
    let exact = whole.unsigned_abs() < EXACT_BELOW && (whole as f64).to_bits() == value.to_bits();
    exact.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::{push_f64, push_number};
    use proptest::prelude::*;
    use tachometer::Number;

    /// A negative `f64` with 17 digits, a point, and an exponent with its sign and three digits.
    const MAX_NUMBER_LEN: usize = "-1.7976931348623157e+308".len();

    fn print(value: f64) -> String {
        let mut out = String::new();
        push_f64(&mut out, value);
        out
    }

    #[test]
    fn floats_are_spelled_as_the_format_wants() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.0, "-1"),
            (10.0, "10"),
            (0.005, "0.005"),
            (0.30000000000000004, "0.30000000000000004"),
            (100_000.0, "100000"),
            (123_456_789.5, "123456789.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (-9_007_199_254_740_991.0, "-9007199254740991"),
            (9_007_199_254_740_992.0, "9007199254740992.0"),
            (-9_007_199_254_740_994.0, "-9007199254740994.0"),
            (1e16, "1e+16"),
            (18_446_744_073_709_551_615.0, "1.8446744073709552e+19"),
            (3.14e42, "3.14e+42"),
            (1e300, "1e+300"),
            (f64::MIN, "-1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(print(value), text);
        }
    }

    #[test]
    fn integers_are_printed_digit_for_digit() {
        let cases = [
            (Number::U64(0), "0"),
            (Number::U64(9_007_199_254_740_993), "9007199254740993"),
            (Number::U64(u64::MAX), "18446744073709551615"),
            (Number::I64(i64::MIN), "-9223372036854775808"),
        ];
        for (value, text) in cases {
            let mut out = String::new();
            push_number(&mut out, value);
            assert_eq!(out, text);
        }
    }

    proptest! {
        #[test]
        fn floats_read_back_as_the_same_bits(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let text = print(value);
            prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits));
            prop_assert!(text.len() <= MAX_NUMBER_LEN, "{text}");
        }

        #[test]
        fn whole_floats_have_no_point(whole in -(1_i64 << 53)..(1 << 53)) {
            prop_assert_eq!(print(whole as f64), whole.to_string());
        }
    }
}
