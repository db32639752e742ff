//! Names, and how those are spelled that are not of letters, digits, `_` and, of metrics, `:`.

use std::borrow::Cow;
use std::fmt::Write;

use crate::format::Escaping;

impl Escaping {
    /// The name of a metric as it is spelled, without quotes.
    ///
    /// A client that knows the scheme can read the name back, but for [`Underscores`](Self::Underscores) and, beside
    /// dots and underscores, [`Dots`](Self::Dots). The rules are those of Prometheus' libraries.
    ///
    /// ```
    /// use tachometer_prometheus::Escaping;
    ///
    /// let spelled = [Escaping::Underscores, Escaping::Dots, Escaping::Values, Escaping::AllowUtf8]
    ///     .map(|scheme| scheme.metric_name("http.size_total"));
    /// assert_eq!(
    ///     spelled,
    ///     ["http_size_total", "http_dot_size__total", "U__http_2e_size__total", "http.size_total"]
    /// );
    /// ```
    #[must_use]
    pub fn metric_name(self, name: &str) -> Cow<'_, str> {
        self.spelled(name, is_metric_byte)
    }

    /// The name of a label as it is spelled, without quotes.
    #[must_use]
    pub fn label_name(self, name: &str) -> Cow<'_, str> {
        self.spelled(name, is_label_byte)
    }

    /// The empty name stays empty; it cannot be exposed at all.
    fn spelled(self, name: &str, is_legal_byte: fn(u8) -> bool) -> Cow<'_, str> {
        let stays = match self {
            Escaping::AllowUtf8 => true,
            Escaping::Underscores | Escaping::Values => is_legal(name, is_legal_byte),
            // An underscore of a legal name is escaped too, lest it be taken for one that stands for something.
            Escaping::Dots => name.is_empty(),
        };
        if stays {
            return name.into();
        }
        let mut spelled = if self == Escaping::Values { "U__".to_owned() } else { String::new() };
        for (at, character) in name.char_indices() {
            let legal =
                u8::try_from(character).is_ok_and(is_legal_byte) && !(at == 0 && character.is_ascii_digit());
            match (self, character) {
                (Escaping::Dots | Escaping::Values, '_') => spelled.push_str("__"),
                (Escaping::Dots, '.') => spelled.push_str("_dot_"),
                _ if legal => spelled.push(character),
                (Escaping::Dots, _) => spelled.push_str("__"),
                (Escaping::Values, _) => {
                    let _ = write!(spelled, "_{:x}_", u32::from(character));
                }
                _ => spelled.push('_'),
            }
        }
        spelled.into()
    }
}

/// Whether a metric name is legal in every format, as it stands.
pub(crate) fn is_legal_metric_name(name: &str) -> bool {
    is_legal(name, is_metric_byte)
}

/// Whether a label name is.
pub(crate) fn is_legal_label_name(name: &str) -> bool {
    is_legal(name, is_label_byte)
}

fn is_legal(name: &str, is_legal_byte: fn(u8) -> bool) -> bool {
    name.bytes().all(is_legal_byte) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a metric name may have it, but for a digit in front.
pub(crate) fn is_metric_byte(byte: u8) -> bool {
    is_label_byte(byte) || byte == b':'
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use crate::format::Escaping::{self, Dots, Underscores, Values};

    #[test]
    fn metric_names_are_spelled_as_prometheus_does() {
        let cases = [
            ("", "", "", ""),
            (
                "job:requests_total:rate5m",
                "job:requests_total:rate5m",
                "job:requests__total:rate5m",
                "job:requests_total:rate5m",
            ),
            ("no_dots", "no_dots", "no__dots", "no_dots"),
            (
                "mysystem.prod.west.cpu.load",
                "mysystem_prod_west_cpu_load",
                "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
                "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load",
            ),
            (
                "mysystem.prod.west.cpu.load_total",
                "mysystem_prod_west_cpu_load_total",
                "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total",
                "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total",
            ),
            ("http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"),
            ("label with 😱", "label_with__", "label__with____", "U__label_20_with_20__1f631_"),
            ("花火", "__", "____", "U___82b1__706b_"),
            ("9lives", "_lives", "__lives", "U___39_lives"),
            ("_9lives", "_9lives", "__9lives", "_9lives"),
        ];
        for (name, underscores, dots, values) in cases {
            let spelled = [Underscores, Dots, Values].map(|scheme| scheme.metric_name(name));
            assert_eq!(spelled, [underscores, dots, values], "{name}");
            assert_eq!(Escaping::AllowUtf8.metric_name(name), name);
        }
    }

    #[test]
    fn label_names_have_no_colon() {
        let spelled = |name| [Underscores, Dots, Values].map(|scheme| scheme.label_name(name));
        assert_eq!(spelled("service.name"), ["service_name", "service_dot_name", "U__service_2e_name"]);
        assert_eq!(spelled("a:b"), ["a_b", "a__b", "U__a_3a_b"]);
        assert_eq!(spelled("0"), ["_", "__", "U___30_"]);
    }
}
