//! Units: UCUM's symbols, as OpenTelemetry writes them, in Prometheus' words.

/// The symbols that have a word, and the word. (`tebibytes` is what the binary prefix is called; translators that say
/// `tibibytes` misspell it.)
const WORDS: [(&str, &str); 26] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tebibytes"),
    ("kBy", "kilobytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("%", "percent"),
];

/// The same behind a `/`, where `m` is a minute.
const PER_WORDS: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// A unit in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// What is measured, `bytes`.
    main: Option<Word>,
    /// What it is measured against, `second`.
    per: Option<Word>,
}

#[derive(Debug, PartialEq, Eq)]
struct Word {
    text: String,
    is_known: bool,
}

impl Unit {
    /// Reads a unit. An annotation such as `{message}` is no unit, nor is `1`, except of a gauge, which it makes a
    /// ratio. A symbol without a word stands for itself: `messages`. Unless `keeps_utf8`, it gets underscores for what
    /// names cannot have.
    pub(super) fn parse(unit: &str, is_gauge: bool, keeps_utf8: bool) -> Self {
        let word = |symbol: &str, known: &[(&str, &str)]| {
            let symbol = symbol.trim();
            if symbol.contains(['{', '}']) {
                return None;
            }
            let found = known.iter().find(|(known, _)| *known == symbol).map(|(_, word)| *word);
            let text = found.map_or_else(|| own_word(symbol, keeps_utf8), str::to_owned);
            (!text.is_empty()).then_some(Word { text, is_known: found.is_some() })
        };
        let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
        let per = word(per, &PER_WORDS);
        let main = match main.trim() {
            "1" if is_gauge && per.is_none() => Some(Word { text: "ratio".to_owned(), is_known: true }),
            "1" => None,
            main => word(main, &WORDS),
        };
        Self { main, per }
    }

    /// `bytes`, `per_second` or `bytes_per_second`; nothing when there is no unit.
    pub(super) fn text(&self) -> Option<String> {
        let per = self.per();
        match (self.main(), per) {
            (Some(main), Some(per)) => Some(format!("{main}_{per}")),
            (main, per) => per.or_else(|| main.map(str::to_owned)),
        }
    }

    pub(super) fn main(&self) -> Option<&str> {
        self.main.as_ref().map(|main| &*main.text)
    }

    /// `per_second`.
    pub(super) fn per(&self) -> Option<String> {
        self.per.as_ref().map(|per| format!("per_{}", per.text))
    }

    /// The unit without what has no word in the tables; nothing of one that is per something unknown.
    pub(super) fn only_known(self) -> Self {
        let is_known = |word: &Word| word.is_known;
        match &self.per {
            Some(per) if !per.is_known => Self::default(),
            _ => Self { main: self.main.filter(is_known), per: self.per },
        }
    }
}

/// A symbol as part of a name.
fn own_word(symbol: &str, keeps_utf8: bool) -> String {
    let is_kept =
        |character: char| character.is_ascii_alphanumeric() || (keeps_utf8 && character.is_alphanumeric());
    let words = symbol.split(|character| !is_kept(character));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_words() {
        for (unit, expected) in [
            ("ms", Some("milliseconds")),
            ("By", Some("bytes")),
            ("%", Some("percent")),
            ("messages", Some("messages")),
            ("per-cent", Some("per_cent")),
            ("By/s", Some("bytes_per_second")),
            ("m/m", Some("meters_per_minute")),
            ("requests/parsec", Some("requests_per_parsec")),
            ("/s", Some("per_second")),
            ("1/s", Some("per_second")),
            ("{message}/s", Some("per_second")),
            ("By/{message}", Some("bytes")),
            ("{message}", None),
            ("1", None),
            ("", None),
            ("größe", Some("gr_e")),
            ("€", None),
        ] {
            assert_eq!(Unit::parse(unit, false, false).text().as_deref(), expected, "{unit}");
        }
        assert_eq!(Unit::parse("1", true, false).text().as_deref(), Some("ratio"));
        assert_eq!(Unit::parse("1/s", true, false).text().as_deref(), Some("per_second"));
        assert_eq!(Unit::parse("größe", false, true).text().as_deref(), Some("größe"));
    }

    #[test]
    fn what_has_no_word_is_not_known() {
        for (unit, expected) in [
            ("ms", Some("milliseconds")),
            ("messages", None),
            ("seconds", None),
            ("By/s", Some("bytes_per_second")),
            ("requests/s", Some("per_second")),
            ("By/parsec", None),
        ] {
            assert_eq!(Unit::parse(unit, false, false).only_known().text().as_deref(), expected, "{unit}");
        }
    }
}
