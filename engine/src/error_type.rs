//! Errors counted by their type.

use std::{any, fmt};

use crate::{
    Counter, Family, LabelValue, Labels, RegisterError,
    labels::{Closed, Open},
};

/// An error that is a label value: what is known of it beforehand, its type, without what it holds.
///
/// `#[derive(ErrorLabel)]` makes it, and [`LabelValue`] with it: an enum's variant is the value in its own spelling,
/// with or without fields. A family of such errors has a series for each from the start.
///
/// For errors that are not, there is the [`ErrorName`].
pub trait ErrorLabel: LabelValue<Domain = Closed> {}

/// The name of an error's type, without its path: the label value of an error that has no [`ErrorLabel`].
///
/// ```
/// use tachometer::{Counter, ErrorName, Family, Registry, ResultExt};
///
/// let registry = Registry::new();
/// let errors: Family<ErrorName, Counter> =
///     registry.declare("errors_total", "Errors by type.").label("error_type").register()?;
/// let _ = "x".parse::<u32>().count_err(&errors);
/// assert_eq!(registry.snapshot().counter("errors_total", &[("error_type", "ParseIntError")]), Some(1));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorName(&'static str);

impl ErrorName {
    /// The name of the type `E`, without path and parameters, or of what it is a reference or a box to: of a
    /// `Box<dyn Error>` it is `Error`. A type without a name of its own, such as a tuple, is called as the compiler
    /// does.
    #[must_use]
    pub fn of<E: ?Sized>() -> Self {
        let mut name = any::type_name::<E>();
        while let Some(inner) =
            ["&mut ", "&", "alloc::boxed::Box<", "dyn "].iter().find_map(|p| name.strip_prefix(p))
        {
            name = inner;
        }
        Self(last_name(name).unwrap_or(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// The last name of a path whose parts may have parameters, `E` of `<a::B as c::D<e::F>>::g::E<h::I>`; `None` if this is
/// no path.
fn last_name(path: &'static str) -> Option<&'static str> {
    let mut depth = 0_u32;
    let mut last = None;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ if depth > 0 || byte == b':' => {}
            // Behind a trait object's own type, and of the parameters that a box had.
            b' ' => break,
            _ if byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii() => {
                let begins = at == 0 || matches!(path.as_bytes()[at - 1], b':' | b'>' | b'{');
                last = if begins { Some((at, at)) } else { last.map(|(start, _)| (start, at)) };
            }
            b'{' | b'}' | b'#' => {}
            _ => return None,
        }
    }
    last.map(|(start, end)| &path[start..=end])
}

impl LabelValue for ErrorName {
    type Domain = Open;

    fn write(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        to.write_str(self.0)
    }
}

/// The labels `error_type` and `function`: errors by their type and by the function that returned them. `E` is an
/// [`ErrorLabel`], or the [`ErrorName`] for errors of any type.
///
/// A function that is not known is the empty string.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Labels)]
#[label(crate = crate)]
pub struct FunctionErrors<E = ErrorName> {
    /// What kind of error.
    pub error_type: E,
    /// The function that returned it.
    pub function: String,
}

/// A family that counts errors of the type `E`.
///
/// - A `Counter`: all errors in one.
/// - A `Family<E, Counter>` of an [`ErrorLabel`]: by an index.
/// - A `Family<ErrorName, Counter>`: by a look-up, for errors of any type.
/// - A `Family<FunctionErrors, Counter>`, or `Family<FunctionErrors<E>, Counter>`: by the function as well, which
///   [`#[track_errors]`](crate::track_errors) fills in.
/// - What a look-up of one gives, `errors.with(("postgresql", "users"))`. If it failed nothing is counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count errors of the type `{E}`",
    note = "derive `ErrorLabel` for the error and count in a `Family<{E}, Counter>`, or count it by its name in a \
            `Family<ErrorName, Counter>`"
)]
pub trait CountError<E: ?Sized> {
    /// Counts one error.
    fn count_error(&self, error: &E);

    /// Counts one error that the function of this name returned.
    #[inline]
    fn count_error_of(&self, error: &E, _function: &'static str) {
        self.count_error(error);
    }

    /// The counter to add 1 to for this error, if that is all there is to counting it, and the counter is at hand. An
    /// [`Operation`](crate::Operation) then does so together with its other records; else it calls
    /// [`count_error`](Self::count_error).
    #[inline]
    fn counter_of(&self, _error: &E) -> Option<&Counter> {
        None
    }
}

impl<E: ?Sized> CountError<E> for Counter {
    #[inline]
    fn count_error(&self, _: &E) {
        self.inc();
    }

    #[inline]
    fn counter_of(&self, _: &E) -> Option<&Counter> {
        Some(self)
    }
}

impl<E: ErrorLabel> CountError<E> for Family<E, Counter> {
    #[inline]
    fn count_error(&self, error: &E) {
        self.get_by(error).inc();
    }

    #[inline]
    fn counter_of(&self, error: &E) -> Option<&Counter> {
        Some(self.get_by(error))
    }
}

impl<E: ?Sized> CountError<E> for Family<ErrorName, Counter> {
    fn count_error(&self, _: &E) {
        // What cannot be looked up is counted in the registry's self-metrics.
        if let Ok(counter) = self.with(ErrorName::of::<E>()) {
            counter.inc();
        }
    }
}

impl<E: ErrorLabel> CountError<E> for Family<FunctionErrors<E>, Counter> {
    fn count_error(&self, error: &E) {
        self.count_error_of(error, "");
    }

    fn count_error_of(&self, error: &E, function: &'static str) {
        if let Ok(errors) = self.with(function) {
            errors.get_by(error).inc();
        }
    }
}

impl<E: ?Sized> CountError<E> for Family<FunctionErrors, Counter> {
    fn count_error(&self, error: &E) {
        self.count_error_of(error, "");
    }

    fn count_error_of(&self, _: &E, function: &'static str) {
        if let Ok(counter) = self.with((ErrorName::of::<E>(), function)) {
            counter.inc();
        }
    }
}

impl<E: ?Sized, F: CountError<E> + ?Sized> CountError<E> for &F {
    #[inline]
    fn count_error(&self, error: &E) {
        (**self).count_error(error);
    }

    #[inline]
    fn count_error_of(&self, error: &E, function: &'static str) {
        (**self).count_error_of(error, function);
    }

    #[inline]
    fn counter_of(&self, error: &E) -> Option<&Counter> {
        (**self).counter_of(error)
    }
}

/// A look-up that failed counts nothing: the registry has counted it.
impl<E: ?Sized, F: CountError<E>> CountError<E> for Result<F, RegisterError> {
    #[inline]
    fn count_error(&self, error: &E) {
        if let Ok(family) = self {
            family.count_error(error);
        }
    }

    #[inline]
    fn count_error_of(&self, error: &E, function: &'static str) {
        if let Ok(family) = self {
            family.count_error_of(error, function);
        }
    }
}

/// Adds [`count_err`](Self::count_err) to `Result`.
pub trait ResultExt<E> {
    /// Counts the error, if it is one, and hands the result on.
    ///
    /// ```
    /// use tachometer::{Counter, ErrorLabel, Family, Registry, ResultExt};
    ///
    /// #[derive(ErrorLabel)]
    /// enum LoadError { Timeout, Rejected { row: u64 } }
    ///
    /// fn load(row: u64) -> Result<(), LoadError> {
    ///     Err(LoadError::Rejected { row })
    /// }
    ///
    /// let registry = Registry::new();
    /// let errors: Family<LoadError, Counter> =
    ///     registry.declare("errors_total", "Errors by type.").label("error_type").register()?;
    /// let _ = load(7).count_err(&errors);
    /// let snapshot = registry.snapshot();
    /// assert_eq!(snapshot.counter("errors_total", &[("error_type", "Rejected")]), Some(1));
    /// assert_eq!(snapshot.counter("errors_total", &[("error_type", "Timeout")]), Some(0));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use = "the result is handed on"]
    fn count_err(self, family: &impl CountError<E>) -> Self;
}

impl<T, E> ResultExt<E> for Result<T, E> {
    #[inline]
    fn count_err(self, family: &impl CountError<E>) -> Self {
        if let Err(error) = &self {
            family.count_error(error);
        }
        self
    }
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_type_is_named_without_its_path_and_parameters() {
        struct Mine<T>(T);
        trait Fails {
            fn name() -> ErrorName;
        }
        impl<T> Fails for Mine<T> {
            fn name() -> ErrorName {
                struct InAMethod;
                ErrorName::of::<InAMethod>()
            }
        }
        let in_a_closure = || {
            struct InAClosure;
            ErrorName::of::<InAClosure>()
        };
        fn of<E>(_: E) -> ErrorName {
            ErrorName::of::<E>()
        }
        for (name, expected) in [
            (ErrorName::of::<std::num::ParseIntError>(), "ParseIntError"),
            (ErrorName::of::<std::io::Error>(), "Error"),
            (ErrorName::of::<Mine<std::io::Error>>(), "Mine"),
            (ErrorName::of::<Box<dyn std::error::Error + Send + Sync>>(), "Error"),
            (ErrorName::of::<dyn std::error::Error>(), "Error"),
            (ErrorName::of::<str>(), "str"),
            (ErrorName::of::<&str>(), "str"),
            (ErrorName::of::<String>(), "String"),
            (ErrorName::of::<Option<Mine<Vec<u8>>>>(), "Option"),
            (ErrorName::of::<Box<Mine<io::Error>>>(), "Mine"),
            (Mine::<u8>::name(), "InAMethod"),
            (in_a_closure(), "InAClosure"),
            (of(|| ()), "closure"),
            (ErrorName::of::<(String, u32)>(), "(alloc::string::String, u32)"),
            (ErrorName::of::<&[io::Error]>(), "[std::io::error::Error]"),
            (ErrorName::of::<[u8; 4]>(), "[u8; 4]"),
            (ErrorName::of::<fn(u8) -> u8>(), "fn(u8) -> u8"),
        ] {
            assert_eq!(name.as_str(), expected);
        }
    }
}
