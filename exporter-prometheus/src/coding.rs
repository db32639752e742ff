//! How an exposition is compressed on its way, and what a client wants of that.

use sfv::{BareItem, Item, List, ListEntry, Parser};

/// How the body of an answer is coded.
///
/// ```
/// use tachometer_prometheus::Coding;
///
/// assert_eq!(Coding::negotiate(Some("gzip")), Coding::Gzip);
/// assert_eq!(Coding::negotiate(Some("gzip;q=0")), Coding::Identity);
/// assert_eq!(Coding::negotiate(None), Coding::Identity);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    #[default]
    Identity,
    /// Compressed with gzip.
    Gzip,
}

impl Coding {
    /// The coding that a client prefers, by the `Accept-Encoding` header of its request.
    ///
    /// Gzip if the client accepts it and does not like the plain text better. The plain text in all other cases, also
    /// when the header cannot be read or refuses the plain text too: a client that cannot be pleased is not turned
    /// away.
    #[must_use]
    pub fn negotiate(accept_encoding: Option<&str>) -> Coding {
        // The names of codings and of the weight are the same in either case. The header is a list as structured
        // fields have it, though it is older than they are.
        let header = accept_encoding.unwrap_or_default().to_ascii_lowercase();
        let Ok(list) = Parser::new(&header).parse::<List>() else { return Coding::Identity };
        let weight = |coding| list.iter().filter_map(|entry| weight(entry, coding)).max();
        let any = weight("*");
        let gzip = weight("gzip").or(weight("x-gzip")).or(any).unwrap_or(0);
        let identity = weight("identity").or(any).unwrap_or(0);
        if gzip > 0 && gzip >= identity { Coding::Gzip } else { Coding::Identity }
    }

    /// The value of the header `Content-Encoding`, if the coding has one.
    #[must_use]
    pub fn content_encoding(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
        }
    }
}

/// The weight that an entry gives to a coding, in thousandths, if it is about this coding.
fn weight(entry: &ListEntry, coding: &str) -> Option<i64> {
    let ListEntry::Item(Item { bare_item: BareItem::Token(token), params }) = entry else { return None };
    let weight = match params.get("q") {
        Some(BareItem::Decimal(weight)) => weight.as_integer_scaled_1000().into(),
        Some(BareItem::Integer(weight)) => i64::from(*weight).saturating_mul(1_000),
        _ => 1_000,
    };
    (token.as_str() == coding).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::Coding;

    #[test]
    fn clients_get_gzip_if_they_accept_it_and_like_nothing_better() {
        let cases = [
            ("gzip", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("gZip;Q=0.5", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("deflate, gzip;q=1.0, *;q=0.5", Coding::Gzip),
            ("br, gzip", Coding::Gzip),
            ("gzip;q=0.001", Coding::Gzip),
            ("gzip; q=0.5", Coding::Gzip),
            ("*", Coding::Gzip),
            ("*;q=0.1", Coding::Gzip),
            ("identity;q=0, gzip", Coding::Gzip),
            ("identity;q=0.5, gzip;q=0.5", Coding::Gzip),
            ("", Coding::Identity),
            ("br", Coding::Identity),
            ("gzip;q=0", Coding::Identity),
            ("gzip;q=0.0, *", Coding::Identity),
            ("gzip;q=0.000", Coding::Identity),
            ("gzip; q=0", Coding::Identity),
            ("GZIP;Q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("identity", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0", Coding::Identity),
            ("identity;q=0, *;q=0", Coding::Identity),
            ("gzip;q=nonsense;;", Coding::Identity),
            ("gzip;q=-1", Coding::Identity),
            (";;,,/", Coding::Identity),
            ("gzipped", Coding::Identity),
        ];
        for (header, expected) in cases {
            assert_eq!(Coding::negotiate(Some(header)), expected, "{header}");
        }
        assert_eq!(Coding::negotiate(None), Coding::Identity);
    }
}
