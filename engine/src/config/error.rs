//! What is wrong with a configuration.

use std::{error::Error, fmt};

use crate::error::{RegisterError, RegisterErrorReason};

/// Why a [`MetricsConfig`](crate::MetricsConfig) could not be read, built or installed.
///
/// The message names the option or the environment variable, shows its value, and says what to change.
///
/// ```
/// use tachometer::MetricsConfig;
///
/// let error = MetricsConfig::from_vars("AMP", [("AMP_METRICS_HISTOGRAM_BUCKETS", "0.1,0.5,0.25")]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`AMP_METRICS_HISTOGRAM_BUCKETS=0.1,0.5,0.25`: the bucket bound 0.25 follows 0.5; give them in increasing \
///      order, each once",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: Box<str>,
    value: Option<Box<str>>,
    reason: ConfigErrorReason,
}

/// What is wrong, for programs that want to tell the cases apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorReason {
    /// The variable is not UTF-8.
    NotUnicode,
    /// The variable is there and empty.
    Empty,
    /// The variable is neither yes nor no.
    NotABool,
    /// A part of the variable has no `=`.
    NotALabel(Box<str>),
    /// A part of the variable is not a number.
    NotANumber(Box<str>),
    /// There is no such variable, but there is one of nearly this name.
    Misspelt {
        /// The variable that there is.
        meant: Box<str>,
    },
    /// The registry cannot have the option. The error is the [source](Error::source) too.
    Illegal(RegisterError),
    /// The default registry was made with another value.
    Differs {
        /// The value that it was made with.
        installed: Box<str>,
    },
}

impl ConfigError {
    pub(super) fn new(setting: &str, value: impl Into<Option<String>>, reason: ConfigErrorReason) -> Self {
        Self { setting: setting.into(), value: value.into().map(Into::into), reason }
    }

    /// An option that no registry can have.
    pub(super) fn illegal(setting: &str, reason: RegisterErrorReason) -> Self {
        Self::new(setting, None, ConfigErrorReason::Illegal(RegisterError::new("", reason)))
    }

    /// The registry's own error, which is of no one option.
    pub(super) fn of_registry(error: RegisterError) -> Self {
        Self::new("", None, ConfigErrorReason::Illegal(error))
    }

    pub(super) fn with_value(self, value: &str) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// The environment variable that is wrong, or else the field of [`MetricsConfig`](crate::MetricsConfig). Empty
    /// where no option is to blame: there is a default registry already.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &ConfigErrorReason {
        &self.reason
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            ConfigErrorReason::Illegal(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            _ if self.setting.is_empty() => self.reason.fmt(f),
            Some(value) => write!(f, "`{}={}`: {}", self.setting, value.escape_debug(), self.reason),
            None => write!(f, "`{}`: {}", self.setting, self.reason),
        }
    }
}

impl fmt::Display for ConfigErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnicode => f.write_str("the value is not UTF-8; correct it, or unset the variable"),
            Self::Empty => f.write_str("the value is empty; give one, or unset the variable"),
            Self::NotABool => {
                f.write_str("use one of `true`, `yes`, `on`, `1`, or one of `false`, `no`, `off`, `0`")
            }
            Self::NotALabel(part) => {
                write!(
                    f,
                    "`{}` is not a label; write `name=value`, and commas between labels",
                    part.escape_debug()
                )
            }
            Self::NotANumber(part) => write!(
                f,
                "`{}` is not a number; write the upper bounds with commas between them, as in `0.01,0.1,1`",
                part.escape_debug()
            ),
            Self::Misspelt { meant } => {
                write!(f, "there is no such variable; call it `{meant}`, if that was meant, or unset it")
            }
            Self::Illegal(error) => error.reason().fmt(f),
            Self::Differs { installed } => write!(
                f,
                "the default registry was made with `{}`; configure it once, or each time alike",
                installed.escape_debug()
            ),
        }
    }
}
