//! The formats that an exposition can have, and which of them a client wants.

use mediatype::{MediaType, MediaTypeList, Name, ReadParams, names};

/// How an exposition is written: the format, and how it spells names that are not of letters, digits and `_`.
///
/// ```
/// use tachometer_prometheus::{Escaping, Format};
///
/// let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
/// assert_eq!(Format::negotiate(Some(accept)), Format::OPEN_METRICS);
/// assert_eq!(Format::negotiate(None), Format::TEXT);
/// assert_eq!(Format::TEXT.content_type(), "text/plain; version=0.0.4; charset=utf-8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    pub(crate) syntax: Syntax,
    pub(crate) escaping: Escaping,
    version: Version,
}

/// Which version of a format was asked for. An exposition is the same in both, but for names in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Version {
    /// Text 0.0.4 and OpenMetrics 0.0.1.
    Early,
    /// Version 1.0.0 of both, the first whose names may be quoted.
    Current,
}

/// What the lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Syntax {
    Text,
    OpenMetrics,
}

/// How names are spelled that the older formats cannot spell. Prometheus 3 asks for one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// Each illegal character becomes `_`. Two names may become one.
    #[default]
    Underscores,
    /// `.` becomes `_dot_`, `_` becomes `__`, and every other illegal character too.
    Dots,
    /// A name that is not legal begins with `U__`, and each illegal character becomes its number: `_2e_`.
    Values,
    /// Names are quoted and kept as they are.
    AllowUtf8,
}

impl Format {
    /// The text format 0.0.4, which everything reads.
    pub const TEXT: Format =
        Format { syntax: Syntax::Text, escaping: Escaping::Underscores, version: Version::Early };
    /// OpenMetrics 1.0.0, which Prometheus asks for first.
    pub const OPEN_METRICS: Format =
        Format { syntax: Syntax::OpenMetrics, escaping: Escaping::Underscores, version: Version::Current };

    /// The same format with names spelled otherwise.
    #[must_use]
    pub const fn with_escaping(self, escaping: Escaping) -> Format {
        let version = if matches!(escaping, Escaping::AllowUtf8) { Version::Current } else { self.version };
        Format { escaping, version, ..self }
    }

    /// The format that a client prefers, by the `Accept` header of its request: of those that there are the first with
    /// the greatest weight. [`TEXT`](Self::TEXT) if there is none, or no header: a client that cannot be pleased is not
    /// turned away.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Format {
        // What is no media type is passed over.
        let named = MediaTypeList::new(accept.unwrap_or_default()).filter_map(Result::ok);
        let mut wanted: Vec<(Format, f64)> =
            named.filter_map(|media_type| Some((Format::of(&media_type)?, weight(&media_type)))).collect();
        wanted.retain(|(_, weight)| *weight > 0.0);
        // Stable: of equals the first.
        wanted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        wanted.first().map_or(Format::TEXT, |(format, _)| *format)
    }

    /// The format with this media type, if there is one.
    fn of(media_type: &MediaType<'_>) -> Option<Format> {
        let version = media_type.get_param(VERSION).map(|version| version.unquoted_str().into_owned());
        let format = match (&*lower(media_type.ty), &*lower(media_type.subty), version.as_deref()) {
            // Without a version the first of the standard is meant.
            ("application", "openmetrics-text", None | Some("1.0.0")) => Format::OPEN_METRICS,
            ("application", "openmetrics-text", Some("0.0.1")) => {
                Format { version: Version::Early, ..Format::OPEN_METRICS }
            }
            ("text", "plain", None | Some("0.0.4")) | ("text" | "*", "*", None) => Format::TEXT,
            ("text", "plain", Some("1.0.0")) => Format { version: Version::Current, ..Format::TEXT },
            _ => return None,
        };
        let scheme = media_type.get_param(ESCAPING).map(|scheme| scheme.unquoted_str().into_owned());
        let escaping = scheme.and_then(|scheme| Escaping::of(&scheme));
        let fits =
            |escaping: &Escaping| *escaping != Escaping::AllowUtf8 || format.version == Version::Current;
        Some(format.with_escaping(escaping.filter(fits).unwrap_or_default()))
    }

    /// What an exposition ends in.
    pub(crate) fn end(self) -> &'static str {
        match self.syntax {
            Syntax::Text => "",
            Syntax::OpenMetrics => "# EOF\n",
        }
    }

    /// The value of the header `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        macro_rules! with_escaping {
            ($media_type:literal) => {
                match self.escaping {
                    Escaping::Underscores => $media_type,
                    Escaping::Dots => concat!($media_type, "; escaping=dots"),
                    Escaping::Values => concat!($media_type, "; escaping=values"),
                    Escaping::AllowUtf8 => concat!($media_type, "; escaping=allow-utf-8"),
                }
            };
        }
        use Syntax::{OpenMetrics, Text};
        use Version::{Current, Early};
        match (self.syntax, self.version) {
            (Text, Early) => with_escaping!("text/plain; version=0.0.4; charset=utf-8"),
            (Text, Current) => with_escaping!("text/plain; version=1.0.0; charset=utf-8"),
            (OpenMetrics, Early) => {
                with_escaping!("application/openmetrics-text; version=0.0.1; charset=utf-8")
            }
            (OpenMetrics, Current) => {
                with_escaping!("application/openmetrics-text; version=1.0.0; charset=utf-8")
            }
        }
    }
}

impl Escaping {
    /// The scheme that Prometheus calls so.
    fn of(name: &str) -> Option<Escaping> {
        match name {
            "underscores" => Some(Escaping::Underscores),
            "dots" => Some(Escaping::Dots),
            "values" => Some(Escaping::Values),
            "allow-utf-8" => Some(Escaping::AllowUtf8),
            _ => None,
        }
    }
}

const VERSION: Name<'_> = Name::new_unchecked("version");
const ESCAPING: Name<'_> = Name::new_unchecked("escaping");

fn lower(name: Name<'_>) -> String {
    name.as_str().to_ascii_lowercase()
}

/// The weight that a client gives to a media type, from 0 to 1.
fn weight(media_type: &MediaType<'_>) -> f64 {
    let given = media_type.get_param(names::Q).and_then(|q| q.as_str().parse().ok());
    given.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::{Escaping, Format, Version};

    #[test]
    fn clients_get_what_they_prefer_of_what_there_is() {
        let (text, open_metrics) = (Format::TEXT, Format::OPEN_METRICS);
        let utf8 = |format: Format| format.with_escaping(Escaping::AllowUtf8);
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;\
                            q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            application/openmetrics-text;version=0.0.1;q=0.5,\
                            text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let only_text = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5";
        for (accept, expected) in [
            (prometheus_2, open_metrics),
            (prometheus_3, utf8(open_metrics)),
            (only_text, utf8(text)),
            ("", text),
            ("*/*", text),
            ("text/*", text),
            ("text/plain", text),
            ("text/html, application/json", text),
            ("application/openmetrics-text", open_metrics),
            (
                "application/openmetrics-text;version=0.0.1",
                Format { version: Version::Early, ..open_metrics },
            ),
            ("application/openmetrics-text;version=0.0.4", text),
            (
                "application/openmetrics-text;version=1.0.0; escaping=values;",
                open_metrics.with_escaping(Escaping::Values),
            ),
            ("text/plain;version=1.0.0", Format { version: Version::Current, ..text }),
            ("text/plain;version=0.0.4;", text),
            // This version cannot quote names, so it is not what the client means.
            ("text/plain;version=0.0.4;escaping=allow-utf-8", text),
            ("application/openmetrics-text;escaping=allow-utf-8", utf8(open_metrics)),
            ("application/openmetrics-text; version=2.0.0, */*", text),
            ("APPLICATION/OpenMetrics-Text;Version=1.0.0", open_metrics),
            ("application/openmetrics-text; version=\"1.0.0\"", open_metrics),
            ("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1", text),
            ("application/openmetrics-text;version=1.0.0;q=0, text/plain;q=0.1", text),
            ("application/openmetrics-text;q=0", text),
            ("application/openmetrics-text;q=nonsense", open_metrics),
            ("garbage;;;q=,,,/", text),
            ("garbage, application/openmetrics-text", open_metrics),
            ("text/plain;escaping=dots", text.with_escaping(Escaping::Dots)),
            ("text/plain;escaping=values", text.with_escaping(Escaping::Values)),
            ("text/plain;escaping=nonsense", text),
        ] {
            assert_eq!(Format::negotiate(Some(accept)), expected, "{accept}");
        }
        assert_eq!(Format::negotiate(None), text);
    }

    #[test]
    fn the_content_type_is_of_the_version_that_was_asked_for() {
        let asked = |accept: &str| Format::negotiate(Some(accept)).content_type();
        for version in ["text/plain; version=0.0.4", "text/plain; version=1.0.0"] {
            assert_eq!(asked(version), format!("{version}; charset=utf-8"));
            let values = format!("{version}; escaping=values");
            assert_eq!(asked(&values), format!("{version}; charset=utf-8; escaping=values"));
        }
        for version in
            ["0.0.1", "1.0.0"].map(|version| format!("application/openmetrics-text; version={version}"))
        {
            assert_eq!(asked(&version), format!("{version}; charset=utf-8"));
        }
        let quoted = Format::TEXT.with_escaping(Escaping::AllowUtf8);
        assert_eq!(quoted.content_type(), "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
    }
}
