//! Reading a configuration from environment variables.

use std::{collections::BTreeMap, ffi::OsStr};

use super::{ConfigError, ConfigErrorReason as Reason, MetricsConfig, misspelt, setting::Setting};
use crate::error::{RegisterError, RegisterErrorReason};

impl MetricsConfig {
    /// The configuration that the environment variables `{prefix}_METRICS_..` describe; the default, where they say
    /// nothing. An empty prefix means `METRICS_..`. The environment is read now, and not again.
    ///
    /// # Errors
    ///
    /// When a variable cannot be read: see the [table](Self#environment-variables).
    ///
    /// ```no_run
    /// let registry = tachometer::MetricsConfig::from_env("AMP")?.install()?;
    /// # Ok::<(), tachometer::ConfigError>(())
    /// ```
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::default().with_env(prefix)
    }

    /// This configuration, with what the environment says in its place. Errors as [`from_env`](Self::from_env).
    pub fn with_env(self, prefix: &str) -> Result<Self, ConfigError> {
        self.with_vars(prefix, std::env::vars_os())
    }

    /// The same as [`from_env`](Self::from_env), from variables that are passed: for tests, and for files of settings.
    ///
    /// ```
    /// use tachometer::MetricsConfig;
    ///
    /// let config = MetricsConfig::from_vars("AMP", [("AMP_METRICS_DEFAULT_LABELS", "env=prod,zone=eu")])?;
    /// assert_eq!(config.default_labels["zone"], "eu");
    /// # Ok::<(), tachometer::ConfigError>(())
    /// ```
    pub fn from_vars<N, V>(
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError>
    where
        N: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        Self::default().with_vars(prefix, variables)
    }

    /// The same as [`with_env`](Self::with_env), from variables that are passed.
    pub fn with_vars<N, V>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError>
    where
        N: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let given = Given::select(prefix, variables)?;
        for (setting, text) in &given.texts {
            let set = self.set(*setting, text);
            set.map_err(|reason| ConfigError::new(&given.variable(*setting), text.clone(), reason))?;
        }
        match self.check() {
            Ok(()) => Ok(self),
            Err((setting, reason)) => Err(match given.texts.get(&setting) {
                Some(text) => ConfigError::illegal(&given.variable(setting), reason).with_value(text),
                None => ConfigError::illegal(setting.field(), reason),
            }),
        }
    }

    fn set(&mut self, setting: Setting, text: &str) -> Result<(), Reason> {
        match setting {
            Setting::Enabled => self.enabled = parse_bool(text)?,
            Setting::Namespace => text.clone_into(&mut self.namespace),
            Setting::Subsystem => text.clone_into(&mut self.subsystem),
            Setting::DefaultLabels => self.default_labels = parse_labels(text)?,
            Setting::HistogramBuckets => self.histogram_buckets = parse_bounds(text)?,
        }
        Ok(())
    }
}

/// The variables that are of this configuration.
struct Given {
    /// What the names begin with.
    stem: String,
    texts: BTreeMap<Setting, String>,
}

impl Given {
    fn select<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigError> {
        let stem = if prefix.is_empty() { "METRICS_".to_owned() } else { format!("{prefix}_METRICS_") };
        let mut given = Self { stem, texts: BTreeMap::new() };
        for (name, value) in variables {
            // What is not UTF-8 is none of ours.
            let Some(name) = name.as_ref().to_str() else { continue };
            let Some(end) = name.strip_prefix(&given.stem) else { continue };
            if let Some(setting) = Setting::ALL.into_iter().find(|setting| setting.variable() == end) {
                given.texts.insert(setting, text_of(name, value.as_ref())?);
            } else if let Some(meant) = misspelt::meant(end) {
                let value = value.as_ref().to_string_lossy().into_owned();
                let meant = given.variable(meant).into();
                return Err(ConfigError::new(name, value, Reason::Misspelt { meant }));
            }
        }
        Ok(given)
    }

    fn variable(&self, setting: Setting) -> String {
        format!("{}{}", self.stem, setting.variable())
    }
}

/// The text of a variable, without spaces around it.
fn text_of(name: &str, value: &OsStr) -> Result<String, ConfigError> {
    let Some(text) = value.to_str() else {
        return Err(ConfigError::new(name, value.to_string_lossy().into_owned(), Reason::NotUnicode));
    };
    match text.trim() {
        "" => Err(ConfigError::new(name, text.to_owned(), Reason::Empty)),
        text => Ok(text.to_owned()),
    }
}

fn parse_bool(text: &str) -> Result<bool, Reason> {
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(["true", "yes", "on", "1"]) {
        Ok(true)
    } else if is_one_of(["false", "no", "off", "0"]) {
        Ok(false)
    } else {
        Err(Reason::NotABool)
    }
}

fn parse_labels(text: &str) -> Result<BTreeMap<String, String>, Reason> {
    let mut labels = BTreeMap::new();
    for part in text.split(',').map(str::trim) {
        let (name, value) = part.split_once('=').ok_or_else(|| Reason::NotALabel(part.into()))?;
        if labels.insert(name.trim().to_owned(), value.trim().to_owned()).is_some() {
            let twice = RegisterErrorReason::DuplicateLabel(name.trim().into());
            return Err(Reason::Illegal(RegisterError::new("", twice)));
        }
    }
    Ok(labels)
}

fn parse_bounds(text: &str) -> Result<Vec<f64>, Reason> {
    let bound = |part: &str| part.parse().map_err(|_| Reason::NotANumber(part.into()));
    text.split(',').map(str::trim).map(bound).collect()
}
