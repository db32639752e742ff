//! What a request holds.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;
use serde_json::value::RawValue;
use tachometer_prometheus::Escaping;

/// Why a request is answered with a rejection.
pub(crate) type Rejection = Box<dyn Error>;

/// A line of the requests.
#[derive(Deserialize)]
pub(crate) struct Request<'a> {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// Read once it is known what it is. Its texts may not be Unicode, and then there is still an id to answer to.
    #[serde(borrow)]
    pub(crate) input: &'a RawValue,
}

#[derive(Deserialize)]
pub(crate) struct Exposition {
    pub(crate) families: Vec<Family>,
    #[serde(default)]
    pub(crate) escaping: Scheme,
}

/// A family: of a snapshot built by hand, or to register and record in.
#[derive(Clone, Deserialize)]
pub(crate) struct Family {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) r#type: Type,
    pub(crate) help: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) label_names: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) const_labels: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
    StateSet,
    #[default]
    #[serde(alias = "untyped")]
    Unknown,
}

/// A series. Which of the fields there are depends on the type.
#[derive(Clone, Deserialize)]
pub(crate) struct Metric {
    #[serde(default)]
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: Option<Decimal>,
    pub(crate) buckets: Option<Vec<Bucket>>,
    pub(crate) quantiles: Option<Vec<(Decimal, Decimal)>>,
    pub(crate) sum: Option<Decimal>,
    pub(crate) count: Option<Decimal>,
    pub(crate) states: Option<Vec<(String, Decimal)>>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) exemplar: Option<Exemplar>,
    /// What is added to a live counter or gauge.
    #[serde(default)]
    pub(crate) inc: Vec<Decimal>,
    pub(crate) bounds: Option<Vec<Decimal>>,
    #[serde(default)]
    pub(crate) observe: Vec<Decimal>,
}

/// An upper bound, the observations up to it, and perhaps an exemplar.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Bucket {
    Plain(Decimal, Decimal),
    WithExemplar(Decimal, Decimal, Exemplar),
}

#[derive(Clone, Deserialize)]
pub(crate) struct Exemplar {
    #[serde(default)]
    pub(crate) labels: Labels,
    pub(crate) value: Decimal,
    pub(crate) timestamp_ms: Option<u64>,
    /// In seconds.
    pub(crate) timestamp: Option<Decimal>,
}

/// Names and values, as pairs or as an object.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Labels {
    Pairs(Vec<(String, String)>),
    Object(BTreeMap<String, String>),
}

impl Default for Labels {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

impl Labels {
    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::Object(object) => object.into_iter().collect(),
        }
    }
}

/// A number, which stands in a text because JSON has neither NaN nor all of `u64`.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Decimal {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    #[default]
    Underscores,
    Dots,
    Values,
    #[serde(rename = "allow-utf-8")]
    AllowUtf8,
}

#[derive(Deserialize)]
pub(crate) struct Accept {
    pub(crate) accept: Option<String>,
}

/// A name, or several that must not become one.
#[derive(Deserialize)]
pub(crate) struct AcceptEncoding {
    pub(crate) accept_encoding: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Name {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) unit: Option<String>,
}

impl Name {
    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        self.name.iter().chain(&self.names)
    }
}

impl Bucket {
    pub(crate) fn upto(&self) -> Result<(f64, u64), Rejection> {
        let (Self::Plain(bound, count) | Self::WithExemplar(bound, count, _)) = self;
        Ok((bound.to_f64()?, count.to_u64()?))
    }

    pub(crate) fn exemplar(&self) -> Option<&Exemplar> {
        match self {
            Self::Plain(..) => None,
            Self::WithExemplar(_, _, exemplar) => Some(exemplar),
        }
    }
}

impl Decimal {
    pub(crate) fn to_f64(&self) -> Result<f64, Rejection> {
        self.parse()
    }

    pub(crate) fn to_u64(&self) -> Result<u64, Rejection> {
        self.parse()
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(&self) -> Result<T, Rejection> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        };
        text.parse().map_err(|error| format!("the number `{text}`: {error}").into())
    }
}

impl From<Scheme> for Escaping {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Underscores => Self::Underscores,
            Scheme::Dots => Self::Dots,
            Scheme::Values => Self::Values,
            Scheme::AllowUtf8 => Self::AllowUtf8,
        }
    }
}
